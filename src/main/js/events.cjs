// @ts-check
'use strict';
const { AsyncLocalStorage } = require('node:async_hooks');
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
 * Calls back with each event, from now on, in the async context of this call: what a listener does is no part of the request
 * that it is told of (Next fails a render that reads the clock, `server/node-environment-extensions/date.tsx`). What it throws
 * is not heard of.
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
  const bound = AsyncLocalStorage.bind(listener);
  all.add(bound);
  return () => void all.delete(bound);
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
