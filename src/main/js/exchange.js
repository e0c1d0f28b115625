// @ts-check
/** One HTTP exchange with the gateway, by node:http: Next patches the global fetch. */
import { AsyncLocalStorage } from 'node:async_hooks';
import * as http from 'node:http';
import * as https from 'node:https';
import { isSecure, requestTo } from './address.js';

/*
 * Sockets and timers outlive the request that made them, and each would keep that request's async
 * context, and so the whole request, in memory. This runs them in the context of the module
 * instead.
 */
/** @type {<T>(work: () => T) => T} */
// @ts-ignore -- its types are looser
export const outside = AsyncLocalStorage.snapshot();

/**
 * @typedef {object} Exchange
 * @property {import('./address.js').Address} address
 * @property {string} path
 * @property {string} method
 * @property {Record<string, string>} [headers]
 * @property {import('node:tls').SecureContextOptions} [tls]
 * @property {Uint8Array[]} [body]
 * @property {number} ms the longest that all of it may take
 * @property {number} bytesMax the longest answer
 * @property {boolean} [waits] the gateway is asked to take its time
 */

/** The gateway did not answer in time. */
export class TimeoutError extends Error {}

/** Within it an answer is in time that the deadline finds on its way. */
const LAST_MS = 10;
const SOCKETS_MAX = 64;
const PENDING_MAX = 1024;
let pending = 0;

/**
 * Calls that wait at the gateway have sockets of their own, lest they hold up those that do not.
 * Idle sockets do not keep the process alive.
 *
 * @type {Map<string, http.Agent>}
 */
const agents = new Map();

/** @param {Exchange} exchange */
function agentOf({ address, waits = false }) {
  const secure = isSecure(address);
  const name = `${secure} ${waits}`;
  let agent = agents.get(name);
  if (!agent) {
    const { Agent } = secure ? https : http;
    agent = new Agent({ keepAlive: true, maxSockets: SOCKETS_MAX, scheduling: 'lifo' });
    agents.set(name, agent);
  }
  return agent;
}

/** @typedef {{ status: number, body: Buffer, etag?: string }} Answered */

/**
 * Settles within its deadline, whatever the other side does.
 *
 * @param {Exchange} exchange
 * @returns {Promise<Answered>}
 */
export async function exchange(exchange) {
  if (pending >= PENDING_MAX) throw new Error(`${PENDING_MAX} calls are under way`);
  pending++;
  try {
    return await outside(() => attempt(exchange, performance.now() + exchange.ms, true));
  } finally {
    pending--;
  }
}

/**
 * @param {Exchange} exchange
 * @param {number} deadline ms of the process's clock
 * @param {boolean} again whether it may be tried once more
 * @returns {Promise<Answered>}
 */
function attempt(exchange, deadline, again) {
  const { address, path, method, headers, tls, body = [], bytesMax } = exchange;
  return new Promise((resolve, reject) => {
    const length = body.reduce((sum, part) => sum + part.length, 0);
    const request = requestTo(address, path, {
      ...tls,
      method,
      agent: agentOf(exchange),
      headers: { ...headers, 'content-length': length },
    });
    /*
     * The timer is late when a page keeps the event loop busy, or the machine halts and the gateway
     * with it: then the answer has arrived and is not read, or is about to. So the last word is had
     * a little later.
     */
    const timer = setTimeout(
      () => setTimeout(() => fail(new TimeoutError(`no answer in ${exchange.ms} ms`)), LAST_MS),
      Math.max(0, deadline - performance.now()),
    );
    timer.unref();
    let settled = false;
    const settle = (/** @type {() => void} */ outcome) => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      outcome();
    };
    const fail = (/** @type {Error & { code?: string }} */ error) =>
      settle(() => {
        request.destroy();
        /* The gateway closed an idle connection just as it was taken into use: not a failure. */
        const idle = request.reusedSocket && /^(ECONNRESET|EPIPE)$/.test(error.code ?? '');
        if (again && idle) attempt(exchange, deadline, false).then(resolve, reject);
        else reject(error);
      });

    request.on('error', fail);
    request.on('response', (response) => {
      /** @type {Buffer[]} */
      const chunks = [];
      let bytes = 0;
      response.on('error', fail);
      response.on('data', (chunk) => {
        bytes += chunk.length;
        if (bytes > bytesMax) fail(new Error(`an answer of more than ${bytesMax} bytes`));
        else chunks.push(chunk);
      });
      response.on('close', () => {
        if (!response.complete) return fail(new Error('the answer is cut off'));
        const { statusCode: status = 0, headers } = response;
        settle(() => resolve({ status, body: Buffer.concat(chunks), etag: headers.etag }));
      });
    });
    for (const part of body) request.write(part);
    request.end();
  });
}
