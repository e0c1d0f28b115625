// @ts-check
/** The handler of pages, route handlers, `fetch` and images, for `cacheHandler` of next.config. */
import { onEnd, onFailure } from './answers.js';
import { GRACE_S, giveUp, droppedAsStale, forgo, read, write } from './cache.js';
import { connect } from './client.js';
import { now } from './clock.js';
import { invalidate, weigh } from './invalidations.js';
import { digestOf } from './names.js';
import {
  callerPersists,
  endedHere,
  noteLifetime,
  staleTag,
  TAGS_HEADER,
  work,
} from './next.js';
import { count } from './report.js';
import { isSpent, seedOf } from './seed.js';
import { take } from './tickets.js';
import { pack, unpack } from './value.js';

/** @typedef {{ lastModified: number, value: any, cacheControl?: any }} Data */
/** @typedef {import('./cache.js').Found} Found */
/** @typedef {import('./client.js').Gateway} Gateway */

/**
 * When each request began: Next makes several handlers for one, and the value that one of them
 * missed another may write.
 *
 * `page` is what it misses, until it is known whether that will be written.
 *
 * @type {WeakMap<object, { since: number, page?: string }>}
 */
const requests = new WeakMap();

/** Keys whose seed the gateway has judged, and ended. @type {Set<string>} */
const barrenSeeds = new Set();
const BARREN_SEEDS_MAX = 10_000;

/** Values as they were handed to Next. @type {WeakSet<object>} */
const handed = new WeakSet();

export default class Incremental {
  #context;
  #headers;
  #request;
  /** A page is made anew on demand, by who may look for it elsewhere then. */
  #forced;

  /** @param {any} context */
  constructor(context) {
    this.#context = context ?? {};
    this.#headers = this.#context._requestHeaders ?? {};
    this.#request = requests.get(this.#headers) ?? { since: now() };
    requests.set(this.#headers, this.#request);
    this.#forced = 'x-prerender-revalidate' in this.#headers;
  }

  /**
   * @param {string} key
   * @param {any} ctx
   * @returns {Promise<Data | null>}
   */
  async get(key, ctx) {
    try {
      const gateway = this.#connect();
      const data = gateway ? await this.#get(gateway, key, ctx ?? {}) : null;
      if (data?.cacheControl) noteLifetime(key, data.cacheControl);
      return data;
    } catch {
      count('fault');
      return null;
    }
  }

  /**
   * Next answers when this is over; who else wants the page waits for its lease.
   *
   * @param {string} key
   * @param {any} value
   * @param {any} ctx
   */
  async set(key, value, ctx) {
    const done = this.#set(key, value, ctx ?? {}).catch(() => count('fault'));
    if (this.#forced) await done;
  }

  /**
   * @param {string | string[]} tags
   * @param {{ expire?: number }} [durations]
   */
  async revalidateTag(tags, durations) {
    await invalidate(tags, durations);
  }

  /** Nothing is kept for a request. */
  resetRequestCache() {}

  #connect() {
    const { serverDistDir, dev } = this.#context;
    const store = work(); // tells what the plural handler goes by: both come to the same deployment
    return connect({
      deploymentId: store?.deploymentId,
      buildId: store?.buildId,
      serverDistDir,
      dev,
    });
  }

  /**
   * @param {Gateway} gateway
   * @param {string} key
   * @param {any} ctx
   */
  async #get(gateway, key, ctx) {
    const digest = keyDigest(key);
    const isFetch = ctx.kind === 'FETCH';
    const forced = !isFetch && this.#forced;
    /** @type {import('./seed.js').Seed | undefined} */
    let seed;
    const reading = read(gateway, {
      digest,
      softTags: [...(ctx.softTags ?? []), ...(ctx.tags ?? [])],
      unpack,
      persists: isFetch && callerPersists(),
      alone: !isFetch,
      unkept: ctx.isFallback === true || this.#isResumed(ctx), // Next writes no shell at run time
      forced,
      owner: this.#request,
      ends: isFetch ? onEnd : (callback) => this.#onFailure(callback),
      seed: async ({ meta }) => {
        if (forced || barrenSeeds.has(digest)) return false;
        seed = await seedOf(this.#context, key, ctx);
        if (!seed || isSpent(seed)) return false;
        await plant(gateway, digest, seed, meta);
        return true;
      },
    });
    const { found, reached } = 'reached' in reading ? reading : await reading;
    if (forced) this.#request.since = now();
    if (ctx.isFallback) this.#missedForItsShell(gateway);
    if (found) return dataOf(found, ctx);
    if (!isFetch) this.#request.page = digest;
    if (seed && barrenSeeds.size < BARREN_SEEDS_MAX) barrenSeeds.add(digest);
    if (!ctx.isFallback) return null;

    seed ??= await seedOf(this.#context, key, ctx);
    return seed ? shellOf(seed, reached, ctx) : null;
  }

  /**
   * A page is not written before its answer ends only if it has failed, or is rendered behind the
   * answer's back; and the answer tells which.
   *
   * @param {() => void} callback
   */
  #onFailure(callback) {
    onFailure(this.#headers, callback);
    return false; // nothing but the same page asks for it again, and that has to be rendered then
  }

  /**
   * The page that this request misses is served from the shell of its route. Next writes it then at
   * best later, behind the answer; so whoever else wants it need not wait for it.
   *
   * @param {Gateway} gateway
   */
  #missedForItsShell(gateway) {
    const { page } = this.#request;
    if (page) forgo(gateway, page, this.#request);
  }

  /**
   * A navigation or a server action on a page that is partly prerendered only resumes what was
   * prerendered. When that is missing Next renders all of it, and writes nothing.
   *
   * @param {any} ctx
   */
  #isResumed({ kind, isRoutePPREnabled }) {
    const headers = this.#headers;
    const navigates = 'rsc' in headers && !('next-router-prefetch' in headers);
    const acts =
      'next-action' in headers ||
      /^(multipart\/form-data|application\/x-www-form-urlencoded)/.test(headers['content-type']);
    return kind === 'APP_PAGE' && isRoutePPREnabled === true && (navigates || acts);
  }

  /**
   * @param {string} key
   * @param {any} value
   * @param {any} ctx
   */
  async #set(key, value, ctx) {
    const gateway = this.#connect();
    if (!gateway) return;
    const digest = keyDigest(key);
    const ticket = take(digest, { owner: this.#request, since: this.#request.since });
    /*
     * Rendering failed, and Next writes back what it was given. That would make it young again. Its
     * lease is kept, though, so that for the rest of it nobody tries again.
     */
    if (handed.has(value) || handed.has(value?.buffer)) return count('written-back');
    if (!ticket) return count('undated');
    let draft;
    try {
      draft = draftOf({ value, cacheControl: ctx.cacheControl, began: ticket.at }, ctx);
    } catch {
      count('unwritable');
      return giveUp(gateway, digest, ticket);
    }
    if (!droppedAsStale(gateway, draft.tags, ticket)) await write(gateway, digest, ticket, draft);
  }
}

/** What the gateway knows a key by. @param {string} key */
export function keyDigest(key) {
  return digestOf(`incremental:${key}`);
}

/**
 * Puts the build's value where it is missing, dated by the build, and so leaves it to the gateway
 * whether anything has ended it since.
 *
 * @param {Gateway} gateway
 * @param {string} digest
 * @param {import('./seed.js').Seed} seed
 * @param {import('./client.js').Meta} missed
 */
async function plant(gateway, digest, seed, { lease }) {
  count('planted');
  await write(gateway, digest, { asOf: seed.asOf, token: lease?.token }, draftOf(seed));
}

/**
 * What is to be written of a value.
 *
 * @param {Pick<import('./seed.js').Seed, 'value' | 'cacheControl' | 'began'>} made
 * @param {any} [ctx] what Next gave `set`
 * @returns {import('./cache.js').Draft}
 * @throws {TypeError} for what cannot be kept
 */
export function draftOf({ value, cacheControl, began }, ctx = {}) {
  const { revalidate, expire } = (value?.kind === 'FETCH' ? value : cacheControl) ?? {};
  return {
    body: pack({ value, cacheControl }),
    tags: tagsOf(value, ctx),
    revalidate,
    expire,
    attributes: { kind: value?.kind ?? null },
    began,
  };
}

/**
 * Next answers 500 when it lacks the shell of a route that is all dynamic, and cannot make it anew.
 * So the build's is given: always if it shows nothing, and then it is as good as new; and one that
 * shows something only if nobody can tell whether it has been ended.
 *
 * @param {import('./seed.js').Seed} seed
 * @param {boolean} reached whether the gateway has judged it, and ended it
 * @param {any} ctx
 */
function shellOf({ value, cacheControl, began }, reached, ctx) {
  if (value.html === '') return hand({ lastModified: now(), value, cacheControl });
  const tags = tagsOf(value, ctx);
  if (reached || weigh([tags], began) || endedHere(tags, began)) return null;
  return hand({ lastModified: began, value, cacheControl });
}

/**
 * @param {any} value
 * @param {any} ctx
 * @returns {string[]}
 */
function tagsOf(value, ctx) {
  if (ctx.fetchCache || value?.kind === 'FETCH') return ctx.tags ?? value?.tags ?? [];
  const header = value?.headers?.[TAGS_HEADER];
  return typeof header === 'string' ? header.split(',').filter(Boolean) : [];
}

/**
 * All are given the same value, which none of Next changes: its own handler does so with what it has in memory
 * (`file-system-cache.js`).
 *
 * @param {Found} found
 * @param {any} ctx
 * @returns {Data | null}
 */
function dataOf(found, ctx) {
  const { value, cacheControl } = found.value;
  if ((value?.kind === 'FETCH') !== (ctx.kind === 'FETCH')) return null;
  const data = { lastModified: found.began, value, ...(cacheControl && { cacheControl }) };
  const revalidate = value?.revalidate ?? cacheControl?.revalidate;
  if (found.state === 'fresh') return hand(kept(data, revalidate));
  if (found.role === 'follower' && !(ctx.kind === 'FETCH' && callerPersists())) {
    return hand({ ...data, lastModified: now() });
  }
  if (ctx.kind !== 'FETCH') return aged(data, revalidate);
  /*
   * Next compares the age with this. Were the value made out to be older instead, Next would take it to
   * be ended by whatever ended one of its tags in this process before it was made.
   */
  ctx.revalidate = -1;
  return hand(data);
}

/**
 * What the gateway called fresh, and may come of age on its way to Next.
 *
 * @param {Data} data
 * @param {unknown} revalidate
 */
function kept(data, revalidate) {
  if (typeof revalidate !== 'number') return data;
  const youngest = now() - Math.max(0, revalidate - GRACE_S) * 1000;
  return { ...data, lastModified: Math.max(data.lastModified, youngest) };
}

/**
 * Stale for Next, too: serve it, and refresh it. Next goes by age; what is stale for another reason
 * is given a tag that says so, or, where there is none, is made out to be older than it is.
 *
 * @param {Data} data
 * @param {unknown} revalidate
 * @returns {Data | null}
 */
function aged(data, revalidate) {
  const { lastModified, value } = data;
  const dueAt = typeof revalidate === 'number' ? now() - revalidate * 1000 - 1 : -Infinity;
  if (lastModified <= dueAt) return hand(data);
  const tags = value?.headers?.[TAGS_HEADER];
  const tag = typeof tags === 'string' && /^APP_/.test(value.kind) ? staleTag() : undefined;
  if (tag) {
    const headers = { ...value.headers, [TAGS_HEADER]: `${tags},${tag}` };
    return hand({ ...data, value: { ...value, headers } });
  }
  return dueAt === -Infinity ? null : hand({ ...data, lastModified: dueAt });
}

/**
 * Remembers what Next was given, to know it when it comes back. (Next copies an image's value, but
 * not its bytes.)
 *
 * @param {Data} data
 */
function hand(data) {
  if (data.value) handed.add(data.value);
  if (data.value?.kind === 'IMAGE') handed.add(data.value.buffer);
  return data;
}
