// @ts-check
/** How keys and tags are called on the wire. */
import { createHash } from 'node:crypto';
import { putLast } from './bounded.js';

/** The most tags that an entry or a lookup may have. */
export const TAGS_MAX = 128;

/** Of keys that were asked for: to make one takes a fourth of a get. @type {Map<string, string>} */
const digests = new Map();
const DIGESTS_MAX = 1_000;
const REMEMBERED_CHARS_MAX = 2_048;

/**
 * The digest of a key: SHA-256 over its UTF-16 code units, big-endian. A key holds user data, and
 * may hold unpaired surrogates, which UTF-8 cannot; so no key leaves this process as text.
 *
 * @param {string} key
 */
export function digestOf(key) {
  const known = digests.get(key);
  if (known) return known;
  const bytes = Buffer.from(key, 'utf16le').swap16();
  const digest = createHash('sha256').update(bytes).digest('hex');
  if (key.length <= REMEMBERED_CHARS_MAX) putLast(digests, key, digest, DIGESTS_MAX);
  return digest;
}

/**
 * A tag as the gateway accepts it: itself, or, where it is too long or holds what a tag may not,
 * its digest. The tags of entries, of lookups and of invalidations all pass here, so they still
 * meet. (Paths become tags of up to 1024 characters: a long title in Japanese is enough.)
 *
 * @param {string} tag
 */
export function tagName(tag) {
  const plain = tag.length <= 256 && /^[^\x00-\x1f\x7f-\x9f\p{Cs}]+$/u.test(tag);
  return plain ? tag : `freshet:${digestOf(tag)}`;
}

/**
 * @param {readonly string[]} tags
 * @returns {string[]} each once
 */
export function tagNames(tags) {
  return [...new Set(tags.map(tagName))];
}

/**
 * The tag of whatever was made from something stale. Next hands tags on from what is read to what is
 * made of it, even when a prerender joins the read of a render that may show the old
 * (`use-cache-wrapper`, `crossRequestPendingCacheInvocations`), and no handler is asked again.
 */
export const FROM_STALE = 'freshet:from-stale';
