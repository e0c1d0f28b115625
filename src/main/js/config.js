// @ts-check
/**
 * The settings, read from the environment when a request needs them: a build bakes none of them.
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { addressesIn } from './address.js';
import { isToken } from './credentials.js';
import { warnOnce } from './report.js';

/**
 * @typedef {object} Config
 * @property {import('./address.js').Address[]} addresses of the gateway, the preferred first
 * @property {string} app whose tags these are
 * @property {number} deadlineMs the longest that one call may take
 * @property {number} waitMs the longest that a follower waits for its leader; 0 never waits
 * @property {number} invalidateMs the longest that an invalidation may take
 * @property {boolean} early whether what is soon to be stale is refreshed ahead
 * @property {number} nearMaxBytes of copies in this process; 0 keeps none
 * @property {'strict' | 'bounded'} coherence when a copy may answer: once the clock was asked for
 * the very request, or while it was asked lately
 * @property {string} [token] what it shows to the gateway
 * @property {string} [tokenFile] which holds it, rather
 * @property {string} [caFile] which vouches for the gateway, PEM
 * @property {string} [certFile] what it shows to the gateway in TLS, PEM
 * @property {string} [keyFile] of that, PEM
 */

/*
 * When a lease ends, be it that its leader failed or died, the gateway has one of the followers
 * lead, and the others wait on. So the default is two leases of the gateway's 10 s: that of a leader
 * that dies, and that of the one who takes its place.
 */
const SETTINGS = /** @type {const} */ ({
  FRESHET_URL: {
    usual: 'http://127.0.0.1:8484',
    read: addressesIn,
    rule: '1 to 16 of http://…, https://… and unix:/…, separated by commas',
  },
  FRESHET_APP: {
    usual: 'app',
    read: appName,
    rule: '1 to 63 of a-z 0-9 . _ -, beginning with a letter or a digit',
  },
  FRESHET_DEADLINE_MS: { usual: '500', read: within(50, 30_000), rule: '50 to 30000' },
  FRESHET_WAIT_MS: { usual: '20000', read: within(0, 30_000), rule: '0 to 30000' },
  FRESHET_INVALIDATE_MS: { usual: '5000', read: within(500, 60_000), rule: '500 to 60000' },
  FRESHET_EARLY: { usual: 'on', read: onOrOff, rule: 'on or off' },
  FRESHET_NEAR_MAX_BYTES: { usual: '32MiB', read: bytes, rule: '0 to 64GiB, in B, KiB, MiB, GiB' },
  FRESHET_COHERENCE: { usual: 'strict', read: coherence, rule: 'strict or bounded' },
  FRESHET_TOKEN: {
    usual: '',
    read: token,
    rule: '1 to 4096 printable characters without a space',
    secret: true,
  },
  FRESHET_TOKEN_FILE: { usual: '', read: file, rule: 'a path' },
  FRESHET_CA_FILE: { usual: '', read: file, rule: 'a path' },
  FRESHET_CERT_FILE: { usual: '', read: file, rule: 'a path' },
  FRESHET_KEY_FILE: { usual: '', read: file, rule: 'a path' },
});

/** @type {string | undefined} */
let lastRaw;
/** @type {Config | undefined} */
let last;

/**
 * The settings as they are now. Never throws: what is wrong is said once, and the default serves.
 */
export function config() {
  const raw = Object.keys(SETTINGS)
    .map((key) => process.env[key])
    .join('\0');
  if (last === undefined || raw !== lastRaw) {
    last = {
      addresses: setting('FRESHET_URL'),
      app: setting('FRESHET_APP'),
      deadlineMs: setting('FRESHET_DEADLINE_MS'),
      waitMs: setting('FRESHET_WAIT_MS'),
      invalidateMs: setting('FRESHET_INVALIDATE_MS'),
      early: setting('FRESHET_EARLY'),
      nearMaxBytes: setting('FRESHET_NEAR_MAX_BYTES'),
      coherence: setting('FRESHET_COHERENCE'),
      token: setting('FRESHET_TOKEN') || undefined,
      tokenFile: setting('FRESHET_TOKEN_FILE') || undefined,
      caFile: setting('FRESHET_CA_FILE') || undefined,
      certFile: setting('FRESHET_CERT_FILE') || undefined,
      keyFile: setting('FRESHET_KEY_FILE') || undefined,
    };
    lastRaw = raw;
  }
  return last;
}

/**
 * True in `next build`: its workers must neither read the live cache nor write to it.
 * (NEXT_PHASE is unset in `next start`, so there is nothing else to compare with.)
 */
export function building() {
  return process.env.NEXT_PHASE === 'phase-production-build';
}

/**
 * The name of the running build, the same for both interfaces; undefined when nothing tells it.
 * BUILD_ID is the same for all builds that set a deploymentId, so that one comes first.
 *
 * @param {{ buildId?: string, deploymentId?: string, serverDistDir?: string, dev?: boolean }} [known]
 */
export function deployment(known = {}) {
  const name =
    process.env.NEXT_DEPLOYMENT_ID ||
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

/**
 * @param {keyof typeof SETTINGS} key
 * @returns {any}
 */
function setting(key) {
  const { usual, read, rule } = SETTINGS[key];
  const text = process.env[key]?.trim() || usual;
  const value = read(text);
  if (value !== undefined) return value;
  const was = 'secret' in SETTINGS[key] ? `${text.length} characters` : JSON.stringify(text);
  warnOnce(`${key} is ${rule}, was ${was}; ${usual || 'none'} is used`);
  return read(usual);
}

/** @param {string} text */
function token(text) {
  return text === '' || isToken(text) ? text : undefined;
}

/** @param {string} text */
function file(text) {
  return text.includes('\0') ? undefined : text;
}

/** @param {string} text */
function appName(text) {
  return /^[a-z0-9][a-z0-9._-]{0,62}$/.test(text) ? text : undefined;
}

/** @param {string} text */
function onOrOff(text) {
  return /^(on|off)$/.test(text) ? text === 'on' : undefined;
}

/** @param {string} text */
function coherence(text) {
  return /^(strict|bounded)$/.test(text) ? text : undefined;
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
  return (/** @type {string} */ text) => {
    const number = /^\d+$/.test(text) ? Number(text) : NaN;
    return number >= min && number <= max ? number : undefined;
  };
}
