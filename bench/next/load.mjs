// @ts-check
/** Asks for pages: as fast as they are answered, at a fixed rate, and all at once. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { text } from 'node:stream/consumers';
import { setTimeout as pause } from 'node:timers/promises';

const ANSWER_MS = 30_000;
const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });

/**
 * An answer, or what became of a request that had none: `status` 0.
 *
 * @typedef {{ status: number, ms: number, body: string }} Answer
 */

/**
 * @param {string} url
 * @param {http.RequestOptions} [options]
 * @param {string} [body]
 * @param {number} [begun] when it was due
 * @returns {Promise<Answer>}
 */
export function ask(url, options = {}, body = '', begun = performance.now()) {
  return new Promise((resolve) => {
    const settle = (/** @type {number} */ status, /** @type {string} */ body) =>
      resolve({ status, ms: performance.now() - begun, body });
    const request = http.request(url, { agent, timeout: ANSWER_MS, ...options }, (response) =>
      text(response).then(
        (body) => settle(response.statusCode ?? 0, body),
        (error) => settle(0, String(error)),
      ),
    );
    request.on('timeout', () => request.destroy(new Error(`no answer in ${ANSWER_MS} ms`)));
    request.on('error', (error) => settle(0, String(error))).end(body);
  });
}

/** Calls the action that ends a tag or makes it stale. @param {string} url @param {string} action @param {string[]} args */
export function act(url, action, args) {
  const headers = {
    'next-action': action,
    'content-type': 'text/plain;charset=UTF-8',
    'accept': 'text/x-component',
    'origin': url,
  };
  return ask(`${url}/end`, { method: 'POST', headers }, JSON.stringify(args));
}

/** The version that a page shows. @param {Answer} answer */
export function versionOf({ status, body }) {
  return status === 200 ? Number(/data-version="(\d+)"/.exec(body)?.[1] ?? NaN) : NaN;
}

/**
 * Asks at a fixed rate, whether or not what was asked before is answered, and gives what each was
 * answered. A request is as late as its answer is after the moment it was due.
 *
 * @template T
 * @param {number} rate a second
 * @param {number} seconds
 * @param {(i: number, due: number) => Promise<T>} one
 */
export async function atRate(rate, seconds, one) {
  const begun = performance.now();
  const asked = [];
  for (let i = 0; i < rate * seconds; i++) {
    const due = begun + (i * 1_000) / rate;
    const wait = due - performance.now();
    if (wait > 0) await pause(wait);
    asked.push(one(i, due));
  }
  return Promise.all(asked);
}

/**
 * Asks each of the URLs for so many seconds on so many connections, by wrk.
 *
 * @param {string[]} urls
 * @param {number} connections
 * @param {number} seconds
 * @returns {Promise<{ answered: number, failed: number }>} how many with a page, and how many without
 */
export async function asFastAsAnswered(urls, connections, seconds) {
  const all = urls.map(async (url) => {
    const options = ['-t1', `-c${connections}`, `-d${seconds}s`, '--timeout', '30s'];
    const child = spawn('wrk', [...options, url], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [output] = await Promise.all([text(child.stdout), once(child, 'exit')]);
    const failed = Number(/Non-2xx or 3xx responses: (\d+)/.exec(output)?.[1] ?? 0);
    return { answered: Number(/(\d+) requests in/.exec(output)?.[1]) - failed, failed };
  });
  const sum = (/** @type {number[]} */ counts) => counts.reduce((all, count) => all + count, 0);
  const counts = await Promise.all(all);
  return {
    answered: sum(counts.map(({ answered }) => answered)),
    failed: sum(counts.map(({ failed }) => failed)),
  };
}

/** @param {number[]} values @param {number} q */
export function quantile(values, q) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(q * sorted.length) - 1)];
}

export function hangUp() {
  agent.destroy();
}
