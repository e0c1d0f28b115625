// @ts-check
/** A handler of pages for tests that look at what the gateway was given. */
import diagnostics from 'node:diagnostics_channel';
import Incremental from '../../../main/js/incremental.js';

/** The writes that are under way. @type {Set<object>} */
const writes = new Set();

diagnostics.subscribe('http.client.request.start', (message) => {
  const { request } = /** @type {{ request: import('node:http').ClientRequest }} */ (message);
  if (request.method !== 'PUT') return;
  writes.add(request);
  request.once('close', () => writes.delete(request));
});

/** What it is to set is written, or given up, when `set` is over. */
export default class Settled extends Incremental {
  /**
   * @param {string} key
   * @param {any} value
   * @param {any} ctx
   */
  async set(key, value, ctx) {
    await super.set(key, value, ctx);
    do await new Promise(setImmediate);
    while (writes.size > 0);
  }
}
