// @ts-check
/** Small files that are replaced while the process runs: tokens, certificates, keys. */
import { readFileSync, statSync } from 'node:fs';
import { warnOnce } from './report.js';

/** How often a file is looked at. */
const LOOK_MS = 1_000;

/** By path, as last read. @type {Map<string, { lookedAt: number, stamp?: string, text?: string }>} */
const files = new Map();

/**
 * The content, no older than a second. A file that cannot be read any more is as it was.
 *
 * @param {string | undefined} path
 * @returns {string | undefined}
 */
export function contentOf(path) {
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
export function lookAgain(path) {
  const file = path === undefined ? undefined : files.get(path);
  if (file) file.lookedAt = -Infinity;
}
