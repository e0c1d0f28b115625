// @ts-check
/* What the page asks of this server. The token is kept for this tab alone, and sent in a header only. */

const KEPT = 'freshet-token';
const DEADLINE_MS = 8_000;

let token = sessionStorage.getItem(KEPT) ?? '';

export const hasToken = () => token !== '';

/** @param {string} secret '' forgets it */
export function useToken(secret) {
  token = secret;
  if (secret === '') {
    sessionStorage.removeItem(KEPT);
  } else {
    sessionStorage.setItem(KEPT, secret);
  }
}

/** What was not answered as it was asked. */
export class Refused extends Error {
  /** @param {number} status 0 if there was no answer @param {string} message */
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

/** @returns {Record<string, string>} */
const credentials = () => (token === '' ? {} : { Authorization: 'Bearer ' + token });

/**
 * Asks for JSON.
 *
 * @param {string} path below api/
 * @param {RequestInit} [init]
 * @returns {Promise<{status: number, json: any}>}
 * @throws {Refused}
 */
export async function ask(path, init = {}) {
  let response;
  try {
    response = await fetch('api/' + path, {
      ...init,
      headers: { ...init.headers, ...credentials() },
      cache: 'no-store',
      signal: init.signal ?? AbortSignal.timeout(DEADLINE_MS),
    });
  } catch (failed) {
    throw new Refused(0, failed instanceof Error && failed.name === 'TimeoutError' ? 'no answer in time' : 'no answer');
  }
  const text = await response.text();
  if (!response.ok) {
    throw new Refused(response.status, detail(text));
  }
  return { status: response.status, json: JSON.parse(text) };
}

/** @param {string} text of a problem, or a line */
function detail(text) {
  try {
    return String(JSON.parse(text).detail);
  } catch {
    return text.trim();
  }
}

/** @param {string} app */
const of = (app) => 'apps/' + encodeURIComponent(app);

/** @param {number} after */
export const state = (after) => ask('state?after=' + after);

/** @param {string} app */
export const replicas = (app) => ask(of(app) + '/replicas');

/** @param {string} app */
export const deployments = (app) => ask(of(app) + '/deployments');

/** @param {string} app @param {string} tag */
export const tag = (app, tag) => ask(of(app) + '/tags/' + encodeURIComponent(tag));

/** @param {string} app @param {string} deployment @param {string} key or @ and its digest */
export const why = (app, deployment, key) =>
  ask(of(app) + '/deployments/' + encodeURIComponent(deployment) + '/why/' + segment(key));

/** A key in a path: its digest, or base64 of its text, which no proxy rewrites. @param {string} key */
function segment(key) {
  if (/^@[0-9a-f]{64}$/.test(key)) {
    return key;
  }
  const bytes = new TextEncoder().encode(key);
  const text = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
  return '~' + text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** What an invalidation sends. @param {string} app @param {object} wish */
export const invalidation = (app, wish) => ({
  url: new URL('api/' + of(app) + '/invalidations', location.href).href,
  body: JSON.stringify(wish),
});

/** @param {string} app @param {object} wish */
export const invalidate = (app, wish) =>
  ask(of(app) + '/invalidations', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: invalidation(app, wish).body,
    signal: AbortSignal.timeout(70_000),
  });

/**
 * Hears an app's events until the connection ends.
 *
 * @param {string} app
 * @param {string} place after which
 * @param {AbortSignal} signal
 * @param {(event: {event: string, id: string, data: any}) => void} heard
 */
export async function listen(app, place, signal, heard) {
  const response = await fetch('api/' + of(app) + '/invalidations' + (place ? '?after=' + encodeURIComponent(place) : ''), {
    headers: { Accept: 'text/event-stream', ...credentials() },
    cache: 'no-store',
    signal,
  });
  if (!response.ok || !response.body) {
    throw new Refused(response.status, detail(await response.text()));
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let left = '';
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    const blocks = (left + part.value).split('\n\n');
    left = blocks.pop() ?? '';
    blocks.forEach((block) => event(block, heard));
  }
}

/** @param {string} block @param {(event: {event: string, id: string, data: any}) => void} heard */
function event(block, heard) {
  const fields = { event: '', id: '', data: '' };
  for (const line of block.split('\n')) {
    const colon = line.indexOf(': ');
    const name = line.slice(0, colon);
    if (colon > 0 && name in fields) {
      fields[/** @type {keyof typeof fields} */ (name)] = line.slice(colon + 2);
    }
  }
  if (fields.event) {
    heard({ ...fields, data: JSON.parse(fields.data) });
  }
}
