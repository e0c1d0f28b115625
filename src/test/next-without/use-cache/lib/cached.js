// @ts-check
import { unstable_cache } from 'next/cache';
import { read } from './origin.js';

/*
 * Next 15 has no 'use cache' outside of its canaries. What is made of it in newer ones is here a
 * fetch, and so are its pages, so that they can be built.
 */

/** How long a value is fresh, in seconds. @param {string} key */
function lifeOf(key) {
  return key.startsWith('brief') ? 2 : 3600;
}

/** @param {string} key */
export function fetched(key) {
  return read(key, { cache: 'force-cache', next: { revalidate: lifeOf(key), tags: [key] } });
}

export { fetched as cached, fetched as remote };

/** @param {string} key */
export function unstable(key) {
  return unstable_cache(() => read(key, { cache: 'no-store' }), [key], {
    revalidate: lifeOf(key),
    tags: [key],
  })();
}
