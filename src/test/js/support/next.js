// @ts-check
/** What the handlers see of a running Next: its storages, and a build. */
import { AsyncLocalStorage } from 'node:async_hooks';

/** @type {AsyncLocalStorage<any>} */
const units = new AsyncLocalStorage();
/** @type {AsyncLocalStorage<any>} */
const works = new AsyncLocalStorage();
// @ts-ignore -- as Next registers them
globalThis[Symbol.for('@next/work-unit-async-storage@test')] = units;
// @ts-ignore
globalThis[Symbol.for('@next/work-async-storage@test')] = works;

process.env.NEXT_DEPLOYMENT_ID = 'v1';

/**
 * @template T
 * @param {string | object} unit the type of the work unit, or all of it
 * @param {() => T} body
 * @param {object} [work]
 * @returns {T}
 */
export function within(unit, body, work = { page: '/page', buildId: 'build' }) {
  const store = typeof unit === 'string' ? { type: unit } : unit;
  return works.run(work, () => units.run(store, body));
}

/**
 * @param {string | Buffer<ArrayBuffer>} value
 * @param {object} [fields]
 */
export function entry(value, fields = {}) {
  return {
    value: new Blob([value]).stream(),
    tags: ['posts'],
    stale: 30,
    revalidate: 60,
    expire: 600,
    timestamp: performance.timeOrigin + performance.now(),
    ...fields,
  };
}

/** @param {ReadableStream<Uint8Array>} stream */
export async function bytesOf(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The machine's clock, whatever a test makes of it later. */
const machineMs = performance.now.bind(performance);

/**
 * Until it is so; a failure after twenty seconds.
 *
 * @param {() => unknown} condition
 */
export async function until(condition) {
  const deadline = machineMs() + 20_000;
  while (!(await condition())) {
    if (machineMs() > deadline) throw new Error(`never: ${condition}`);
    await new Promise(setImmediate);
  }
}
