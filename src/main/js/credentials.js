// @ts-check
/**
 * By what this process is known to the gateway, and the gateway to it: settings, and small files,
 * which are replaced while the process runs.
 */
import { readFileSync, statSync } from 'node:fs';
import { isSecure } from './address.js';
import { emit } from './events.cjs';
import { count, warnOnce } from './report.js';

/** @typedef {import('./config.js').Config} Config */
/** @typedef {import('./address.js').Address} Address */

/** How often a file is looked at. */
const LOOK_MS = 1_000;

/** By path, as last read. @type {Map<string, { lookedAt: number, stamp?: string, text?: string }>} */
const files = new Map();

/**
 * What a request to the address needs besides its own, as the files are now.
 *
 * @param {Config} config
 * @param {Address} address
 * @returns {{ headers: Record<string, string>, tls: import('node:tls').SecureContextOptions }}
 */
export function credentials(config, address) {
  const token = config.tokenFile ? tokenIn(config.tokenFile) : config.token;
  return {
    headers: token ? { authorization: `Bearer ${token}` } : {},
    tls: isSecure(address)
      ? {
          ca: contentOf(config.caFile),
          cert: contentOf(config.certFile),
          key: contentOf(config.keyFile),
        }
      : {},
  };
}

/** What may be sent as a bearer token. */
export const TOKEN = /^[\x21-\x7e]{1,4096}$/;

/** @param {string} file */
function tokenIn(file) {
  const token = contentOf(file)?.trim();
  if (token === undefined || TOKEN.test(token)) return token;
  warnOnce(`${file} holds no token: that is 1 to 4096 printable characters without a space`);
  return undefined;
}

/**
 * Says what to do about a 401 or 403. The next call reads the token anew.
 *
 * @param {Config} config
 * @param {Address} address
 * @param {number} status
 */
export function noteRefusal({ app, token, tokenFile }, { name }, status) {
  if (status !== 401 && status !== 403) return;
  lookAgain(tokenFile);
  count('refused');
  emit({ type: 'refused', address: name, status });
  warnOnce(
    status === 403
      ? `the gateway at ${name} lets this token do something else (403): for app ${app} it needs ` +
          'entries:read, entries:write, tags:invalidate and events:read'
      : `the gateway at ${name} does not know ` +
          `${tokenFile || token ? 'the token' : 'who asks'} (401): name a valid token by ` +
          'FRESHET_TOKEN or FRESHET_TOKEN_FILE, or a certificate by FRESHET_CERT_FILE and ' +
          'FRESHET_KEY_FILE',
  );
}

/**
 * The content, no older than a second. A file that cannot be read any more is as it was.
 *
 * @param {string | undefined} path
 * @returns {string | undefined}
 */
function contentOf(path) {
  if (path === undefined) return undefined;
  const file = files.get(path) ?? { lookedAt: -Infinity };
  files.set(path, file);
  const now = performance.now();
  if (now - file.lookedAt < LOOK_MS) return file.text;
  file.lookedAt = now;
  try {
    const { ino, mtimeNs, ctimeNs } = statSync(path, { bigint: true });
    const stamp = `${ino} ${mtimeNs} ${ctimeNs}`;
    if (stamp !== file.stamp) file.text = readFileSync(path, 'utf8');
    file.stamp = stamp;
  } catch (error) {
    warnOnce(`${path} cannot be read: ${/** @type {any} */ (error).code ?? error}`);
  }
  return file.text;
}

/** Has the file looked at when it is asked for next. @param {string | undefined} path */
function lookAgain(path) {
  const file = path === undefined ? undefined : files.get(path);
  if (file) file.lookedAt = -Infinity;
}
