// @ts-check
/** The gateway as the two interfaces see it: each method is one call of the protocol. */
import { requestTo } from './address.js';
import { config, deployment } from './config.js';
import { credentials, noteRefusal } from './credentials.js';
import { exchange, outside } from './exchange.js';
import { BODY_BYTES_MAX, HEAD_BYTES, MEDIA_TYPE, META_BYTES_MAX, decode } from './frame.js';
import { Near } from './near.js';
import { Replicas } from './replicas.js';
import { count } from './report.js';
import { traceHeaders } from './trace.js';

/**
 * What a lookup found; the meta of a frame that is read.
 *
 * @typedef {object} Meta
 * @property {200 | 304 | 404 | 503} status
 * @property {'fresh' | 'stale'} [state]
 * @property {'time' | 'tag'} [reason]
 * @property {'near' | 'store' | 'outage'} [detail] where it was found
 * @property {number} age seconds
 * @property {string[]} tags
 * @property {any} attributes
 * @property {number} [revalidate] seconds; nothing is never
 * @property {number} [expire] seconds
 * @property {string} [etag]
 * @property {string} [known] up to which place the invalidations are known that it was judged by
 * @property {string} [asOf]
 * @property {{ role: 'leader' | 'follower', token?: string, ttl: number }} [lease]
 */
/**
 * @typedef {{ meta: Meta, value?: any, age?: number }} Answer not to be changed. That of a copy has its
 * age by now
 */
/** @typedef {{ lease: boolean, early?: boolean, wait?: number, waitStale?: boolean }} Wish in seconds */
/**
 * @typedef {object} Call
 * @property {string} method
 * @property {string} path below the app's
 * @property {Record<string, string>} [headers]
 * @property {(ms: number) => Buffer[]} [body] when it may take so long
 * @property {number} ms the longest that it may take, whoever is asked
 * @property {number} [bytesMax]
 * @property {boolean} [waits] the gateway is asked to take its time
 */

const JSON_TYPE = { 'content-type': 'application/json' };
const ANSWER_BYTES_MAX = 65_536;
/** Of a PUT, to be added to the deadline: 8 MiB in a second are always granted. */
const BYTES_PER_MS = 8_192;

/**
 * What this process has read lately, and from where. Who looks elsewhere has another one.
 *
 * @type {Near | undefined}
 */
let nearby;

/** What was connected to last: each get would make it anew. @type {Gateway | undefined} */
let last;

/**
 * The gateway for this build as the settings are now; undefined when the build has no name, and in
 * `next build`.
 *
 * @param {Parameters<typeof deployment>[0]} [known]
 */
export function connect(known) {
  const settings = config();
  const name = settings.building ? undefined : deployment(known);
  if (name === undefined) return undefined;
  if (last?.settings !== settings || last.deployment !== name) {
    last = new Gateway(settings, name);
  }
  return last;
}

export class Gateway {
  settings;
  deployment;
  #entries;
  #replicas;

  /**
   * @param {import('./config.js').Config} settings
   * @param {string} [deploymentName] not needed to invalidate
   */
  constructor(settings, deploymentName) {
    this.settings = settings;
    this.deployment = deploymentName;
    this.#entries = `deployments/${deploymentName}`;
    this.#replicas = new Replicas(settings.addresses);
  }

  /** The longest that a follower may wait, in seconds. */
  get waitMax() {
    return this.settings.waitMs / 1000;
  }

  /**
   * What is fresh for certain, without asking. In strict coherence a request has to ask once.
   *
   * @param {string} digest
   * @param {readonly string[]} softTags as Next has them
   * @param {object} [request] for which it is
   * @returns {Answer | undefined | Promise<Answer | undefined>}
   */
  recall(digest, softTags, request) {
    return this.#near()?.recall(this.#key(digest), softTags, request);
  }

  /**
   * @param {string} digest
   * @param {string[]} softTags
   * @param {Wish} wish
   * @param {(body: Buffer) => any} unpack what who asks makes of a body
   * @returns {Promise<Answer | undefined>} undefined when the gateway cannot tell; without a value
   * when it cannot be unpacked
   */
  async lookup(digest, softTags, { lease, early = false, wait = 0, waitStale = false }, unpack) {
    const copies = this.#near()?.copies;
    const key = this.#key(digest);
    const kept = copies?.kept(key);
    const askedAt = performance.now();
    const { deadlineMs } = this.settings;
    const asked = {
      entries: [{ digest, softTags, ...(kept && { etag: kept.etag }) }],
      lease,
      early: early && this.settings.early === 'on',
      waitStale,
    };
    const answer = await this.#call({
      method: 'POST',
      path: `${this.#entries}/lookup`,
      headers: { ...JSON_TYPE, accept: MEDIA_TYPE },
      body: (ms) => {
        const left = Math.max(0, Math.min(wait, (ms - deadlineMs) / 1000));
        return [Buffer.from(JSON.stringify({ ...asked, wait: left }))];
      },
      ms: deadlineMs + wait * 1000,
      waits: wait > 0,
      bytesMax: HEAD_BYTES + META_BYTES_MAX + BODY_BYTES_MAX,
      read: (status, body) => (status === 200 ? decode(body) : undefined),
    });
    const told = answer && read(answer, kept, unpack);
    if (told) copies?.learn(key, softTags, askedAt, told);
    return told;
  }

  /**
   * Whether an entry is there that may be served.
   *
   * @param {string} digest
   * @returns {Promise<number>} 200, 404, or 0 when the gateway cannot tell
   */
  peek(digest) {
    return this.#status('HEAD', `entries/@${digest}`);
  }

  /**
   * @param {string} digest
   * @param {Buffer[]} frame
   * @returns {Promise<number>} the status of the answer, 0 when there was none
   */
  async put(digest, frame) {
    const copies = this.#near()?.copies;
    copies?.written(this.#key(digest));
    const answer = await this.#call({
      method: 'PUT',
      path: `${this.#entries}/entries/@${digest}`,
      headers: { 'content-type': MEDIA_TYPE },
      body: () => frame,
      ms: this.settings.deadlineMs + frame[2].length / BYTES_PER_MS,
      read: (status, body, etag) => ({ status, etag }),
    });
    copies?.written(this.#key(digest), answer?.etag?.slice(1));
    return answer?.status ?? 0;
  }

  /**
   * Gives a lease, if it is one, back unused, for the next follower to lead. Nobody waits for it.
   *
   * @param {string} [token]
   */
  release(token) {
    if (!token) return;
    outside(() => void this.#status('DELETE', `leases/${encodeURIComponent(token)}`));
  }

  /** Where the gateway stands. @returns {Promise<import('./trust.js').Clock | undefined>} */
  clock() {
    return this.#call({
      method: 'GET',
      path: 'clock',
      ms: this.settings.deadlineMs,
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
    const copies = this.#near()?.copies;
    copies?.marked(invalidation.tags);
    /** @type {number | undefined} */
    let stamp;
    const answer = await this.#ask(
      {
        path: 'invalidations',
        method: 'POST',
        headers: JSON_TYPE,
        body: () => [Buffer.from(JSON.stringify(invalidation))],
        ms: this.settings.invalidateMs,
        insists: true,
      },
      (status, body) => {
        if (status === 200) ({ stamp } = JSON.parse(body.toString()));
        return { status, body };
      },
    ).finally(() => copies?.marked(invalidation.tags, stamp));
    const { status, body } = /** @type {{ status: number, body: Buffer }} */ (answer);
    if (status === 200) return String(stamp);
    throw Object.assign(
      new Error(`the gateway answered ${status}: ${body.toString('utf8', 0, 300)}`),
      { refused: status >= 400 && status < 500 && ![401, 403, 429].includes(status) },
    );
  }

  /**
   * The status of the answer, 0 when there is none.
   *
   * @param {string} method
   * @param {string} path below the deployment's
   * @param {Partial<Call>} [more]
   */
  async #status(method, path, more) {
    const ms = this.settings.deadlineMs;
    const read = (/** @type {number} */ status) => status;
    return (await this.#call({ method, path: `${this.#entries}/${path}`, ms, read, ...more })) ?? 0;
  }

  /**
   * Makes a call unless the gateway is thought to be down. Never rejects.
   *
   * @template T
   * @param {Call & { read: (status: number, body: Buffer, etag?: string) => T }} call
   * @returns {Promise<T | undefined>}
   */
  async #call(call) {
    let asked = false;
    try {
      return await this.#ask(call, (...answered) => {
        asked = true;
        return call.read(...answered);
      });
    } catch {
      asked = true;
      count('failed');
      return undefined;
    } finally {
      if (!asked) count('unasked');
    }
  }

  /**
   * @template T
   * @param {Call & { insists?: boolean }} call
   * @param {(status: number, body: Buffer, etag?: string) => T} read
   */
  #ask(call, read) {
    const trace = traceHeaders();
    return this.#replicas.ask(
      async (address, ms) => {
        const { headers, tls } = credentials(this.settings, address);
        const answer = await exchange({
          bytesMax: ANSWER_BYTES_MAX,
          ...call,
          address,
          path: this.#path(call.path),
          headers: { ...call.headers, ...trace, ...headers },
          tls,
          body: call.body?.(ms),
          ms,
          waits: call.waits || call.insists,
        });
        noteRefusal(this.settings, address, answer.status);
        const result = read(answer.status, answer.body, answer.etag);
        return { result, up: answer.status < 500 || answer.status === 507, unable: unable(result) };
      },
      call,
    );
  }

  /** @type {import('./stream.js').Ask} */
  #askForEvents(address, headers, timeout) {
    const { headers: shown, tls } = credentials(this.settings, address);
    return requestTo(address, this.#path('invalidations'), {
      ...tls,
      agent: false, // it would take a socket from the calls for as long as it lasts
      headers: { ...headers, ...shown },
      timeout,
    });
  }

  #near() {
    const { settings } = this;
    if (nearby?.settings !== settings) {
      nearby?.close();
      nearby = undefined;
    }
    if (settings.nearMaxBytes === 0) return undefined;
    nearby ??= new Near(
      settings,
      {
        ask: (...asked) => this.#askForEvents(...asked),
        refused: (...how) => noteRefusal(settings, ...how),
      },
      () => this.clock(),
    );
    return nearby;
  }

  /** @param {string} digest */
  #key(digest) {
    return `${this.deployment}/${digest}`;
  }

  /** @param {string} path */
  #path(path) {
    return `/v1/apps/${this.settings.app}/${path}`;
  }
}

/** Whether another replica may know better. @param {any} result of a lookup, or of the clock */
function unable(result) {
  return result?.meta?.status === 503 || result?.coherent === false;
}

/**
 * What the gateway tells of an entry, which it need not send again when it is kept.
 *
 * @param {{ meta: Meta, body: Buffer }} answer
 * @param {{ etag: string, value: any } | undefined} kept
 * @param {(body: Buffer) => any} unpack
 * @returns {Answer | undefined}
 */
function read({ meta, body }, kept, unpack) {
  if (meta.status === 404) return { meta };
  if (meta.status === 200) {
    try {
      return { meta, value: unpack(body) };
    } catch {
      return { meta };
    }
  }
  if (meta.status !== 304 || !kept || meta.etag !== kept.etag) return undefined;
  count('near-unchanged');
  return { meta: { ...meta, status: 200 }, value: kept.value };
}
