// @ts-check
/**
 * The settings, read from the environment when a request first needs them: a build bakes none of
 * them.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { addressesIn } from './address.js';
import { TOKEN } from './credentials.js';
import { warnOnce } from './report.js';

/**
 * @typedef {object} Config
 * @property {import('./address.js').Address[]} addresses of the gateway, the preferred first
 * @property {string} app whose tags these are
 * @property {number} deadlineMs the longest that one call may take
 * @property {number} waitMs the longest that a follower waits for its leader; 0 never waits
 * @property {number} invalidateMs the longest that an invalidation may take
 * @property {'on' | 'off'} early whether what is soon to be stale is refreshed ahead
 * @property {number} nearMaxBytes of copies in this process; 0 keeps none
 * @property {'strict' | 'bounded'} coherence when a copy may answer: once the clock was asked for
 * the very request, or while it was asked lately
 * @property {string} [token] what it shows to the gateway
 * @property {string} [tokenFile] which holds it, rather
 * @property {string} [caFile] which vouches for the gateway, PEM
 * @property {string} [certFile] what it shows to the gateway in TLS, PEM
 * @property {string} [keyFile] of that, PEM
 * @property {boolean} building in `next build`, whose workers must neither read the live cache nor
 * write to it. (NEXT_PHASE is unset in `next start`, so there is nothing else to compare with.)
 * @property {string} [deploymentId]
 */

/**
 * @typedef {object} Setting
 * @property {string} variable
 * @property {string} [usual] else it is nothing
 * @property {(text: string) => any} read undefined when it breaks the rule
 * @property {string} rule
 * @property {boolean} [secret]
 */

const PATH = matching(/./, 'a path');

/*
 * When a lease ends, be it that its leader failed or died, the gateway has one of the followers
 * lead, and the others wait on. So the default is two leases of the gateway's 10 s: that of a leader
 * that dies, and that of the one who takes its place.
 */
/** @type {Record<string, Setting>} */
const SETTINGS = {
  addresses: {
    variable: 'FRESHET_URL',
    usual: 'http://127.0.0.1:8484',
    read: addressesIn,
    rule: '1 to 16 of http://…, https://… and unix:/…, separated by commas',
  },
  app: {
    variable: 'FRESHET_APP',
    usual: 'app',
    ...matching(
      /^[a-z0-9][a-z0-9._-]{0,62}$/,
      '1 to 63 of a-z 0-9 . _ -, beginning with a letter or a digit',
    ),
  },
  deadlineMs: { variable: 'FRESHET_DEADLINE_MS', usual: '500', ...within(50, 30_000) },
  waitMs: { variable: 'FRESHET_WAIT_MS', usual: '20000', ...within(0, 30_000) },
  invalidateMs: { variable: 'FRESHET_INVALIDATE_MS', usual: '5000', ...within(500, 60_000) },
  early: { variable: 'FRESHET_EARLY', usual: 'on', ...matching(/^(on|off)$/, 'on or off') },
  nearMaxBytes: {
    variable: 'FRESHET_NEAR_MAX_BYTES',
    usual: '32MiB',
    read: bytes,
    rule: '0 to 64GiB, in B, KiB, MiB, GiB',
  },
  coherence: {
    variable: 'FRESHET_COHERENCE',
    usual: 'strict',
    ...matching(/^(strict|bounded)$/, 'strict or bounded'),
  },
  token: {
    variable: 'FRESHET_TOKEN',
    ...matching(TOKEN, '1 to 4096 printable characters without a space'),
    secret: true,
  },
  tokenFile: { variable: 'FRESHET_TOKEN_FILE', ...PATH },
  caFile: { variable: 'FRESHET_CA_FILE', ...PATH },
  certFile: { variable: 'FRESHET_CERT_FILE', ...PATH },
  keyFile: { variable: 'FRESHET_KEY_FILE', ...PATH },
};

/** @type {any} */
let known;

/**
 * The settings. Read once, for each get would look at all of them. Never throws: what is wrong is
 * said once, and the default serves.
 *
 * @returns {Config}
 */
export function config() {
  known ??= {
    ...Object.fromEntries(
      Object.entries(SETTINGS).map(([key, setting]) => [key, valueOf(setting)]),
    ),
    building: process.env.NEXT_PHASE === 'phase-production-build',
    deploymentId: process.env.NEXT_DEPLOYMENT_ID,
  };
  return known;
}

/** Has the settings read when they are needed next. */
export function lookAgain() {
  known = undefined;
}

/**
 * The name of the running build, the same for both interfaces; undefined when nothing tells it.
 * BUILD_ID is the same for all builds that set a deploymentId, so that one comes first.
 *
 * @param {{ buildId?: string, deploymentId?: string, serverDistDir?: string, dev?: boolean }} [known]
 */
export function deployment(known = {}) {
  const name =
    config().deploymentId ||
    known.deploymentId ||
    known.buildId ||
    buildIdIn(known.serverDistDir ? path.join(known.serverDistDir, '..') : path.resolve('.next')) ||
    (known.dev ? 'development' : undefined);
  if (!name) {
    warnOnce('neither NEXT_DEPLOYMENT_ID nor a BUILD_ID file is there: nothing is cached');
    return undefined;
  }
  if (/^[A-Za-z0-9._-]{1,128}$/.test(name) && name !== '.' && name !== '..') return name;
  return createHash('sha256').update(name).digest('hex');
}

/** @type {Map<string, string>} */
const buildIds = new Map();

/** @param {string} distDir */
function buildIdIn(distDir) {
  if (!buildIds.has(distDir)) {
    try {
      buildIds.set(distDir, readFileSync(path.join(distDir, 'BUILD_ID'), 'utf8').trim());
    } catch {
      return undefined;
    }
  }
  return buildIds.get(distDir);
}

/** @param {Setting} setting */
function valueOf({ variable, usual, read, rule, secret }) {
  const text = process.env[variable]?.trim();
  const value = text ? read(text) : undefined;
  if (text && value === undefined) {
    const was = secret ? `${text.length} characters` : JSON.stringify(text);
    warnOnce(`${variable} is ${rule}, was ${was}; ${usual ?? 'none'} is used`);
  }
  return value ?? (usual && read(usual));
}

/**
 * @param {RegExp} form
 * @param {string} rule
 */
function matching(form, rule) {
  return { read: (/** @type {string} */ text) => (form.test(text) ? text : undefined), rule };
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB'];
const BYTES_MAX = 64 * 1024 ** 3;

/** @param {string} text */
function bytes(text) {
  const [, number, unit] = /^(\d+)([KMG]iB|B)?$/.exec(text) ?? [];
  const value = Number(number) * 1024 ** UNITS.indexOf(unit ?? 'B');
  return value <= BYTES_MAX ? value : undefined;
}

/**
 * @param {number} min
 * @param {number} max
 */
function within(min, max) {
  const read = (/** @type {string} */ text) => {
    const number = /^\d+$/.test(text) ? Number(text) : NaN;
    return number >= min && number <= max ? number : undefined;
  };
  return { read, rule: `${min} to ${max}` };
}
