// @ts-check
'use strict';
/*
 * The app may load this package more than once: as a module, by require, bundled with its
 * instrumentation. So the listeners are the process's.
 */

/** @typedef {import('./events.d.cts').Event} Event */
/** @typedef {import('./events.d.cts').Listener} Listener */

const KEY = Symbol.for('freshet.events');
const LISTENERS_MAX = 64;

/** @returns {Set<Listener>} */
function listeners() {
  const shared = /** @type {any} */ (globalThis);
  return (shared[KEY] ??= new Set());
}

/**
 * Calls back with each event, from now on. What the listener throws is not heard of.
 *
 * @param {Listener} listener
 * @returns {() => void} ends it
 * @throws {RangeError} when there are 64 already: somebody forgets to end them
 */
exports.onEvent = function onEvent(listener) {
  const all = listeners();
  if (all.size >= LISTENERS_MAX) {
    throw new RangeError(`at most ${LISTENERS_MAX} listeners hear the events of freshet-next`);
  }
  all.add(listener);
  return () => void all.delete(listener);
};

/** @param {Event} event */
exports.emit = function emit(event) {
  for (const listener of listeners()) {
    try {
      const result = /** @type {any} */ (listener(event));
      result?.then?.(undefined, () => {});
    } catch {
      // its own affair
    }
  }
};
