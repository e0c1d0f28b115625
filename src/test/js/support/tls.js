// @ts-check
/** Certificates for a test, made by openssl: an authority, and what it vouches for. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Whether there is an openssl; a reason to skip where there is none, but not where `CI=true`. */
export const lacking = (() => {
  try {
    execFileSync('openssl', ['version']);
    return false;
  } catch {
    return process.env.CI === 'true' ? false : 'openssl is not on the PATH';
  }
})();

/** An authority of its own, in a directory. */
export class Authority {
  #dir;
  #serial = 1;
  /** Its certificate. */
  file;

  /** @param {string} dir @param {string} name */
  constructor(dir, name) {
    this.#dir = dir;
    this.file = path.join(dir, `${name}.pem`);
    const key = path.join(dir, `${name}.key`);
    openssl(
      'req',
      '-x509',
      ...KEY,
      '-keyout',
      key,
      '-out',
      this.file,
      '-subj',
      `/CN=${name}`,
      '-days',
      '2',
    );
    this.key = key;
  }

  /**
   * @param {string} name
   * @returns {{ cert: string, key: string }} the files
   */
  issue(name) {
    const at = (/** @type {string} */ end) => path.join(this.#dir, `${name}${end}`);
    openssl('req', ...KEY, '-keyout', at('.key'), '-out', at('.csr'), '-subj', `/CN=${name}`);
    writeFileSync(at('.ext'), 'subjectAltName=IP:127.0.0.1,DNS:localhost\n');
    const by = ['-CA', this.file, '-CAkey', this.key, '-set_serial', String(this.#serial++)];
    openssl(
      'x509',
      '-req',
      '-in',
      at('.csr'),
      ...by,
      '-extfile',
      at('.ext'),
      '-out',
      at('.pem'),
      '-days',
      '2',
    );
    return { cert: at('.pem'), key: at('.key') };
  }
}

const KEY = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];

/** @param {...string} given */
function openssl(...given) {
  execFileSync('openssl', given, { stdio: ['ignore', 'ignore', 'pipe'] });
}

/** @param {{ cert: string, key: string }} files */
export function read({ cert, key }) {
  return { cert: readFileSync(cert), key: readFileSync(key) };
}
