// @ts-check
/** The origin: each key has a version, reading it takes its time, and each call is counted. */
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as pause } from 'node:timers/promises';

export const ORIGIN_MS = 100;
/** So long without a call, and nobody has any on the way. */
const QUIET_MS = 400;

/** @typedef {Awaited<ReturnType<typeof startOrigin>>} Origin */

export async function startOrigin() {
  /** @type {Map<string, { version: number, calls: number }>} */
  const values = new Map();
  const of = (/** @type {string} */ key) => {
    const value = values.get(key) ?? { version: 1, calls: 0 };
    values.set(key, value);
    return value;
  };
  let [running, lastAt] = [0, 0];
  const server = http.createServer((request, response) => {
    const value = of((request.url ?? '').slice(1));
    const { version } = value; // as read when it was asked for, as from a database
    value.calls++;
    running++;
    setTimeout(() => {
      running--;
      lastAt = performance.now();
      response.end(String(version));
    }, ORIGIN_MS);
  });
  server.keepAliveTimeout = 3_600_000;
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  return {
    url: `http://127.0.0.1:${port}`,
    calls: (/** @type {string} */ key) => of(key).calls,
    /** Changes the data. @returns {number} its version */
    change: (/** @type {string} */ key) => ++of(key).version,
    /** Until nobody asks any more. */
    async quiet() {
      const from = performance.now();
      while (running > 0 || performance.now() - Math.max(lastAt, from) < QUIET_MS) {
        await pause(20);
      }
    },
    close: () => server.close().closeAllConnections(),
  };
}
