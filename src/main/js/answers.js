// @ts-check
/**
 * When the answer is out that a value was computed for. Next tells no handler of a computation that
 * has failed; but what is not written by then will not be.
 */
import { subscribe } from 'node:diagnostics_channel';
import { outside } from './exchange.js';
import { answer } from './next.js';

/**
 * What to call when the answer is an error, by the headers of its request.
 *
 * @type {WeakMap<object, (() => void)[]>}
 */
const failing = new WeakMap();

/**
 * What to call when the answer has ended, by Next's own account of it.
 *
 * @type {WeakMap<object, (() => void)[]>}
 */
const ending = new WeakMap();

subscribe('http.server.response.finish', (message) => {
  const { request, response } = /** @type {any} */ (message);
  if (response.statusCode >= 500) call(failing.get(request.headers));
});

/**
 * Calls back once the request has been answered with an error.
 *
 * @param {object} headers the very object that Node has put them in
 * @param {() => void} callback
 */
export function onFailure(headers, callback) {
  const callbacks = failing.get(headers) ?? [];
  callbacks.push(callback);
  failing.set(headers, callbacks);
}

/**
 * Calls back once the answer that is being rendered has ended.
 *
 * @param {() => void} callback
 * @returns {boolean} whether it will: not where Next does not tell of it
 */
export function onEnd(callback) {
  const rendered = answer();
  if (!rendered) return false;
  const callbacks = ending.get(rendered);
  if (callbacks) {
    callbacks.push(callback);
  } else {
    const first = [callback];
    ending.set(rendered, first);
    rendered.onClose(() => {
      ending.delete(rendered);
      call(first);
    });
  }
  return true;
}

/** @param {(() => void)[] | undefined} callbacks */
function call(callbacks) {
  if (callbacks) outside(() => callbacks.splice(0).forEach((callback) => callback()));
}
