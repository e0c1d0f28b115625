// @ts-check
'use strict';
/** The events as metrics of OpenTelemetry, which the app brings along. */
const { onEvent } = require('./events.cjs');

/** @typedef {import('./events.d.cts').Event} Event */

/**
 * Counts what happens in this process from now on.
 *
 * @param {{ meterProvider?: any }} [where] else the one that is registered globally
 * @returns {() => void} ends it
 */
exports.register = function register({ meterProvider = registered() } = {}) {
  if (!meterProvider) {
    console.warn('freshet-next: @opentelemetry/api is not installed, so there are no metrics');
    return () => {};
  }
  const meter = meterProvider.getMeter('freshet-next');
  const count = (/** @type {string} */ name, /** @type {string} */ description) =>
    meter.createCounter(`freshet.client.${name}`, { description });
  const reads = count('reads', 'Entries asked for, by what was found');
  const writes = count('writes', 'Entries written, by the status of the answer, 0 for none');
  const invalidations = count('invalidations', 'Tries to deliver an invalidation');
  const losses = count('stream.lost', 'How often the event stream broke off');
  const refusals = count('refused', 'Answers 401 and 403');
  const open = meter.createUpDownCounter('freshet.client.breakers.open', {
    description: 'Addresses that are not asked for a while',
  });

  return onEvent((event) => {
    switch (event.type) {
      case 'hit':
        return reads.add(1, { result: 'hit', near: event.near });
      case 'stale':
        return reads.add(1, { result: 'stale', reason: event.reason });
      case 'miss':
        return reads.add(1, { result: event.reached ? 'miss' : 'unreached' });
      case 'write':
        return writes.add(1, { status: event.status });
      case 'invalidated':
        return invalidations.add(1, { result: 'delivered', mode: event.mode });
      case 'invalidation-failed':
        return invalidations.add(1, { result: event.lost ? 'lost' : 'failed', mode: event.mode });
      case 'breaker-open':
        return open.add(1, { address: event.address });
      case 'breaker-closed':
        return open.add(-1, { address: event.address });
      case 'stream-lost':
        return losses.add(1, { address: event.address });
      case 'refused':
        return refusals.add(1, { address: event.address, status: event.status });
    }
  });
};

function registered() {
  try {
    return require('@opentelemetry/api').metrics;
  } catch {
    return undefined;
  }
}
