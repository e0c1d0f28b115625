// @ts-check
/**
 * The handler of `'use cache'`, for `cacheHandlers` of next.config: one object serves all kinds.
 */
import { GRACE_S, NEVER, giveUp, droppedAsStale, read, write } from './cache.js';
import { connect } from './client.js';
import { now } from './clock.js';
import { BODY_BYTES_MAX } from './frame.js';
import { invalidate } from './invalidations.js';
import { FROM_STALE, digestOf, tagName } from './names.js';
import { alwaysSets, callerPersists, scopesKeys, work } from './next.js';
import { count } from './report.js';
import { heard, take } from './tickets.js';

/** @typedef {import('./components.d.ts').CacheEntry} CacheEntry */

/** The longest that the parts of a value may take to come. They are there already, as a rule. */
const COLLECT_MS = 10_000;
const TYPE = 'text/x-component';

/** @type {import('./components.d.ts').CacheHandler} */
const components = {
  /**
   * @param {string} cacheKey
   * @param {string[]} softTags
   * @returns {Promise<CacheEntry | undefined>}
   */
  async get(cacheKey, softTags) {
    try {
      const gateway = connect(work());
      if (!gateway) return undefined;
      const reading = read(gateway, {
        digest: keyDigest(cacheKey),
        softTags: softTags ?? [],
        unpack: (body) => body,
        persists: callerPersists(),
        alone: scopesKeys(), // as of 16.3 requests join one that computes; before, each asks
        ends: alwaysSets,
      });
      const { found } = 'reached' in reading ? reading : await reading;
      return found && entryOf(found);
    } catch {
      count('fault');
      return undefined;
    }
  },

  /**
   * @param {string} cacheKey
   * @param {Promise<CacheEntry>} pendingEntry
   */
  async set(cacheKey, pendingEntry) {
    try {
      const gateway = connect(work());
      if (gateway) await store(gateway, keyDigest(cacheKey), pendingEntry);
      else Promise.resolve(pendingEntry).catch(() => {});
    } catch {
      count('fault');
    }
  },

  /**
   * Entries and their soft tags are judged by the gateway, anew for each `get`. Only where Next
   * will compute everything without asking first, what it computes has to get its date from here.
   */
  async refreshTags() {
    try {
      if (!work()?.isOnDemandRevalidate) return;
      const clock = await connect(work())?.clock();
      if (clock) heard(clock.ticket ?? String(clock.stamp), { exactly: true });
    } catch {
      count('fault');
    }
  },

  /** Infinity tells Next that `get` has weighed the soft tags. */
  async getExpiration() {
    return Infinity;
  },

  /**
   * @param {string[]} tags
   * @param {{ expire?: number }} [durations]
   */
  async updateTags(tags, durations) {
    await invalidate(tags, durations);
  },
};

export default components;

/** @param {string} cacheKey */
function keyDigest(cacheKey) {
  return digestOf(`use-cache:${cacheKey}`);
}

/**
 * @param {import('./cache.js').Found} found
 * @returns {CacheEntry | undefined}
 */
function entryOf(found) {
  const { value, attributes, tags, began, state, reason } = found;
  const { stale, revalidate, expire } = attributes ?? {};
  if (![stale, revalidate, expire].every(Number.isFinite)) return undefined;
  const given = [...(attributes.tags ?? tags)];
  if (state === 'stale' && reason !== 'early') given.push(FROM_STALE);
  return {
    value: new ReadableStream({
      start(controller) {
        if (value.length > 0) controller.enqueue(new Uint8Array(value));
        controller.close();
      },
    }),
    tags: given,
    stale,
    timestamp: began,
    expire,
    revalidate: revalidateOf(found, revalidate),
  };
}

/**
 * Next refreshes what is older than its `revalidate`. So a leader is given a true one, or -1 where
 * age is not the reason; and a follower one that lasts until the leader's lease ends. Who keeps what
 * it is given must not follow, or the page would pass stale data off as fresh for a lifetime.
 *
 * And what the gateway called fresh stays fresh until Next has looked at it: else an entry that comes
 * of age on its way here would be refreshed by everybody who has just read it.
 *
 * @param {import('./cache.js').Found} found
 * @param {number} revalidate
 */
function revalidateOf({ age, state, reason, role, ttl }, revalidate) {
  const keeps = callerPersists();
  if (state === 'fresh') return keeps ? revalidate : Math.max(revalidate, age + GRACE_S);
  if (role === 'follower' && !keeps) return Math.ceil(age + Math.max(ttl, 1));
  return reason === 'time' && age > revalidate ? revalidate : -1;
}

/**
 * @param {import('./client.js').Gateway} gateway
 * @param {string} digest
 * @param {Promise<CacheEntry>} pendingEntry
 */
async function store(gateway, digest, pendingEntry) {
  const startedAt = now();
  let entry;
  let body;
  try {
    entry = await before(COLLECT_MS, pendingEntry);
    body = await collect(entry.value, COLLECT_MS);
  } catch {
    count('incomplete');
  }
  const began = Math.min(entry?.timestamp ?? startedAt, now());
  const ticket = take(digest, { began });
  if (!entry || !body || entry.expire === 0) {
    giveUp(gateway, digest, ticket);
  } else if (!ticket) {
    count('undated');
  } else if (!droppedAsStale(gateway, entry.tags, ticket)) {
    const { stale, revalidate, expire, tags } = entry;
    await write(gateway, digest, ticket, {
      body,
      tags,
      revalidate,
      expire,
      attributes: {
        stale: finite(stale),
        revalidate: finite(revalidate),
        expire: finite(expire),
        ...(tags.every((tag) => tagName(tag) === tag) ? {} : { tags }),
      },
      type: TYPE,
      began,
    });
  }
}

/** JSON has no Infinity. @param {number} seconds */
function finite(seconds) {
  return seconds === Infinity ? NEVER : seconds;
}

/**
 * The whole stream, or a rejection: what an error cut short, or what is too long or too slow, is no
 * value.
 *
 * @param {ReadableStream<Uint8Array>} stream
 * @param {number} ms
 */
async function collect(stream, ms) {
  const reader = stream.getReader();
  const deadline = now() + ms;
  /** @type {Uint8Array[]} */
  const chunks = [];
  let bytes = 0;
  try {
    for (;;) {
      const { done, value } = await before(deadline - now(), reader.read());
      if (done) return Buffer.concat(chunks);
      bytes += value.length;
      if (bytes > BODY_BYTES_MAX) throw new RangeError('the value is too large');
      chunks.push(value);
    }
  } catch (error) {
    reader.cancel(error).catch(() => {});
    throw error;
  }
}

/**
 * What the promise settles to, or a rejection once the time is up. What comes later is of no
 * interest, and raises no alarm.
 *
 * @template T
 * @param {number} ms
 * @param {PromiseLike<T>} promise
 * @returns {Promise<T>}
 */
function before(ms, promise) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not there in ${ms} ms`)), ms).unref();
    Promise.resolve(promise)
      .finally(() => clearTimeout(timer))
      .then(resolve, reject);
  });
}
