// @ts-check
import { cacheLife, cacheTag, unstable_cache } from 'next/cache';
import { read } from './origin.js';

/*
 * One value of the origin in each way that Next caches. They live an hour, so only a tag ends them
 * while a test runs, but for those whose key begins with "brief"; and each is tagged with its key.
 */

/** How long a value is fresh, in seconds. @param {string} key */
function lifeOf(key) {
  return key.startsWith('brief') ? 2 : 3600;
}

/** @param {string} key */
export async function cached(key) {
  'use cache';
  cacheLife({ stale: 300, revalidate: lifeOf(key), expire: 86400 });
  cacheTag(key);
  return read(key);
}

/** @param {string} key */
export async function remote(key) {
  'use cache: remote';
  cacheLife({ stale: 300, revalidate: lifeOf(key), expire: 86400 });
  cacheTag(key);
  return read(key);
}

/** @param {string} key */
export function fetched(key) {
  return read(key, { cache: 'force-cache', next: { revalidate: lifeOf(key), tags: [key] } });
}

/** @param {string} key */
export function unstable(key) {
  return unstable_cache(() => read(key, { cache: 'no-store' }), [key], {
    revalidate: lifeOf(key),
    tags: [key],
  })();
}
