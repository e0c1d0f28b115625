// @ts-check
/** The gateway as the two interfaces see it: each method is one call of the protocol. */
import { Breaker } from './breaker.js';
import { config, deployment } from './config.js';
import { TimeoutError, exchange, outside } from './exchange.js';
import { BODY_BYTES_MAX, HEAD_BYTES, MEDIA_TYPE, META_BYTES_MAX, decode } from './frame.js';
import { Near } from './near.js';
import { count } from './report.js';

/**
 * What a lookup found; the meta of a frame that is read.
 *
 * @typedef {object} Meta
 * @property {200 | 304 | 404 | 503} status
 * @property {'fresh' | 'stale'} [state]
 * @property {'time' | 'tag'} [reason]
 * @property {number} age seconds
 * @property {string[]} tags
 * @property {any} attributes
 * @property {number} [revalidate] seconds; nothing is never
 * @property {number} [expire] seconds
 * @property {string} [etag]
 * @property {string} [asOf]
 * @property {{ role: 'leader' | 'follower', token?: string, ttl: number }} [lease]
 */
/** @typedef {{ meta: Meta, body: Buffer }} Answer */
/** @typedef {{ lease: boolean, early?: boolean, wait?: number, waitStale?: boolean }} Wish in seconds */

const JSON_TYPE = { 'content-type': 'application/json' };
const ANSWER_BYTES_MAX = 65_536;
/** Of a PUT, to be added to the deadline: 8 MiB in a second are always granted. */
const BYTES_PER_MS = 8_192;

/** @type {Map<string, Breaker>} */
const breakers = new Map();

/**
 * What this process has read lately, and from where. Who looks elsewhere has another one.
 *
 * @type {{ settings: import('./config.js').Config, near: Near } | undefined}
 */
let nearby;

/**
 * The gateway for this build as the settings are now; undefined when the build has no name.
 *
 * @param {Parameters<typeof deployment>[0]} [known]
 */
export function connect(known) {
  const name = deployment(known);
  return name === undefined ? undefined : new Gateway(config(), name);
}

export class Gateway {
  #config;
  #deployment;
  #entries;
  #breaker;

  /**
   * @param {import('./config.js').Config} settings
   * @param {string} [deploymentName] not needed to invalidate
   */
  constructor(settings, deploymentName) {
    this.#config = settings;
    this.#deployment = deploymentName;
    this.#entries = `deployments/${deploymentName}`;
    const { href } = settings.url;
    this.#breaker = breakers.get(href) ?? new Breaker();
    breakers.set(href, this.#breaker);
  }

  /** The longest that a follower may wait, in seconds. */
  get waitMax() {
    return this.#config.waitMs / 1000;
  }

  /**
   * What is fresh for certain, without asking. In strict coherence a request has to ask once.
   *
   * @param {string} digest
   * @param {string[]} softTags
   * @param {object} [request] for which it is
   * @returns {Promise<Answer | undefined>}
   */
  async recall(digest, softTags, request) {
    return this.#near()?.recall(this.#key(digest), softTags, request);
  }

  /**
   * @param {string} digest
   * @param {string[]} softTags
   * @param {Wish} wish
   * @returns {Promise<Answer | undefined>} undefined when the gateway cannot tell
   */
  async lookup(digest, softTags, { lease, early = false, wait = 0, waitStale = false }) {
    const near = this.#near();
    const key = this.#key(digest);
    const kept = near?.kept(key);
    const askedAt = performance.now();
    const asked = {
      entries: [{ digest, softTags, ...(kept && { etag: kept.etag }) }],
      lease,
      early: early && this.#config.early,
      wait,
      waitStale,
    };
    const answer = await this.#call({
      method: 'POST',
      path: `${this.#entries}/lookup`,
      headers: { ...JSON_TYPE, accept: MEDIA_TYPE },
      body: [Buffer.from(JSON.stringify(asked))],
      ms: this.#config.deadlineMs + wait * 1000,
      waits: wait > 0,
      bytesMax: HEAD_BYTES + META_BYTES_MAX + BODY_BYTES_MAX,
      read: (status, body) => (status === 200 ? decode(body) : undefined),
    });
    const told = answer?.meta.status === 304 ? unchanged(answer, kept) : answer;
    if (told?.meta.status !== 200 && told?.meta.status !== 404) return undefined;
    near?.learn(key, softTags, askedAt, told);
    return told;
  }

  /**
   * @param {string} digest
   * @param {Buffer[]} frame
   * @returns {Promise<number>} the status of the answer, 0 when there was none
   */
  async put(digest, frame) {
    const near = this.#near();
    near?.written(this.#key(digest));
    const status = await this.#call({
      method: 'PUT',
      path: `${this.#entries}/entries/@${digest}`,
      headers: { 'content-type': MEDIA_TYPE },
      body: frame,
      ms: this.#config.deadlineMs + frame[2].length / BYTES_PER_MS,
      read: (status) => status,
    });
    near?.written(this.#key(digest));
    return status ?? 0;
  }

  /**
   * Gives a lease back unused, for the next follower to lead. Nobody waits for it.
   *
   * @param {string} token
   */
  release(token) {
    outside(() => {
      void this.#call({
        method: 'DELETE',
        path: `${this.#entries}/leases/${encodeURIComponent(token)}`,
        ms: this.#config.deadlineMs,
        read: (status) => status,
      });
    });
  }

  /** Where the gateway stands. @returns {Promise<import('./trust.js').Clock | undefined>} */
  clock() {
    return this.#call({
      method: 'GET',
      path: 'clock',
      ms: this.#config.deadlineMs,
      read: (status, body) => (status === 200 ? JSON.parse(body.toString()) : undefined),
    });
  }

  /**
   * The one call that is made even while the gateway is thought to be down, and that may reject.
   *
   * @param {{ tags: string[], mode: 'hard' | 'soft', expire?: number }} invalidation
   * @returns {Promise<string>} its stamp
   */
  async invalidate(invalidation) {
    const near = this.#near();
    near?.marked(invalidation.tags);
    const { status, body } = await exchange({
      url: this.#url('invalidations'),
      method: 'POST',
      headers: JSON_TYPE,
      body: [Buffer.from(JSON.stringify(invalidation))],
      ms: this.#config.invalidateMs,
      bytesMax: ANSWER_BYTES_MAX,
      waits: true,
    }).finally(() => near?.marked(invalidation.tags));
    if (status === 200) return String(JSON.parse(body.toString()).stamp);
    throw Object.assign(
      new Error(`the gateway answered ${status}: ${body.toString('utf8', 0, 300)}`),
      {
        refused: status >= 400 && status < 500 && status !== 429,
      },
    );
  }

  /**
   * Makes a call unless the breaker is open. Never rejects.
   *
   * @template T
   * @param {{
   *   method: string, path: string, headers?: Record<string, string>, body?: Buffer[],
   *   ms: number, bytesMax?: number, waits?: boolean,
   *   read: (status: number, body: Buffer) => T,
   * }} call
   * @returns {Promise<T | undefined>}
   */
  async #call({ path, read, bytesMax = ANSWER_BYTES_MAX, ...rest }) {
    if (!this.#breaker.allows()) {
      count('unasked');
      return undefined;
    }
    try {
      const { status, body } = await exchange({ url: this.#url(path), bytesMax, ...rest });
      const result = read(status, body);
      if (status < 500) this.#breaker.succeeded();
      else this.#breaker.failed();
      return result;
    } catch (error) {
      count('failed');
      this.#breaker.failed({ timedOut: error instanceof TimeoutError });
      return undefined;
    }
  }

  #near() {
    const settings = this.#config;
    if (nearby && nearby.settings !== settings) {
      nearby.near.close();
      nearby = undefined;
    }
    if (settings.nearMaxBytes === 0) return undefined;
    nearby ??= {
      settings,
      near: new Near(settings, this.#url('invalidations'), () => this.clock()),
    };
    return nearby.near;
  }

  /** @param {string} digest */
  #key(digest) {
    return `${this.#deployment}/${digest}`;
  }

  /** @param {string} path */
  #url(path) {
    const { url, app } = this.#config;
    return new URL(`${url.href.replace(/\/*$/, '')}/v1/apps/${app}/${path}`);
  }
}

/**
 * The entry that the gateway need not send again.
 *
 * @param {Answer} answer
 * @param {{ etag: string, body: Buffer }} [kept]
 * @returns {Answer | undefined}
 */
function unchanged({ meta }, kept) {
  if (!kept || meta.etag !== kept.etag) return undefined;
  count('near-unchanged');
  return { meta: { ...meta, status: 200 }, body: kept.body };
}
