// @ts-check
/** What went otherwise than wished: counted for the curious, said once for the operator. */

/** How often each thing happened in this process, by name. @type {Record<string, number>} */
export const counts = Object.create(null);

/** @param {string} name */
export function count(name) {
  counts[name] = (counts[name] ?? 0) + 1;
}

const SAID_MAX = 100;
/** @type {Set<string>} */
const said = new Set();

/** Warns once for each text, however often it is true. @param {string} text */
export function warnOnce(text) {
  if (said.has(text) || said.size >= SAID_MAX) return;
  said.add(text);
  console.warn(`freshet-next: ${text}`);
}
