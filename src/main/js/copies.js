// @ts-check
/**
 * Copies of entries, bounded in bytes: each is what the gateway called fresh, and known to be so
 * still. Judges; whether it has heard everything is for its owner to know.
 */
import { putLast } from './bounded.js';
import { tagName } from './names.js';
import { count } from './report.js';
import { placeOf } from './trust.js';
import { bytesOf, copyOf } from './value.js';

/** @typedef {import('./client.js').Answer} Answer */
/** @typedef {import('./client.js').Meta} Meta */

/** @typedef {{ at: number, known?: number }} Asked `known`: the version up to which the answer knew all */
/**
 * @typedef {object} Copy
 * @property {Meta} meta
 * @property {any} value
 * @property {string} etag
 * @property {Asked} asked when it was asked for, by which answer it is fresh
 * @property {number} life how long it is fresh from its computation on, ms
 * @property {Map<string, Asked>} softTags those it was asked for with, and when
 * @property {number} bytes
 */

/*
 * What a change ends. A copy stands for an answer of the gateway, and that for what a replica knew
 * when it was asked. So a copy is good for nothing if one of its tags, or of the soft tags of who
 * asks, has a mark that the replica did not know. Its answer tells the stamp up to which it knew all
 * marks. Where that is no help, a copy is no good that was asked for before the mark was told
 * here; and as the replica that answered may be behind the one that tells of changes, by no more than
 * a coherence window, nor if it was less than a window after. Marks come as they happen and are only
 * noted; they are weighed when a copy is used, so those that come while the answer is under way count
 * as well. For the same reason a copy is good only for soft tags that the gateway itself has weighed
 * with it: what marked others long before was never told here. It is the same with an entry that is
 * written, whose revisions grow.
 *
 * What is not good is kept, for its value: when the gateway says that it is still the one, that
 * costs no body. Only `forget` drops everything, and a write what it replaces.
 *
 * All instants are of the process's monotonic clock, in ms.
 */

/** However fresh, a copy is confirmed as often as this. The gateway does the same with its own. */
const AGE_MS_MAX = 60_000;
/** Near its end an entry is the gateway's: it has one reader refresh what is soon to be stale. */
const LIFE_SHARE = 0.9;
const SOFT_TAGS_MAX = 256;
const MARKED_MAX = 10_000;
const WRITTEN_MAX = 10_000;
/** What a copy takes besides its value, roughly. */
const COPY_BYTES = 1_024;
const TAG_BYTES = 96;

/**
 * When names changed last, and to which version; to an infinite one, as long as that is not known or nothing is there. Bounded, so the
 * oldest are forgotten, and taken to have changed then.
 */
class Changes {
  /** The oldest first. @type {Map<string, { at: number, version: number }>} */
  #last = new Map();
  #floor = { at: -Infinity, version: Infinity };
  #max;

  /** @param {number} max */
  constructor(max) {
    this.#max = max;
  }

  /**
   * @param {string} name
   * @param {number} [version]
   */
  note(name, version = Infinity) {
    const { version: before } = this.#last.get(name) ?? this.#floor;
    const latest = Number.isFinite(before) ? Math.max(before, version) : version;
    const change = { at: performance.now(), version: latest };
    const forgotten = putLast(this.#last, name, change, this.#max);
    if (forgotten) this.#floor = { at: forgotten[1].at, version: Infinity };
  }

  /**
   * Whether an answer knew the last change of a name.
   *
   * @param {string} name
   * @param {Asked} asked
   * @param {number} windowMs how far a replica may be behind
   */
  isKnown(name, { at, known = -Infinity }, windowMs) {
    const last = this.#last.get(name) ?? this.#floor;
    return known >= last.version || at > last.at + windowMs;
  }
}

export class Copies {
  /** How far one replica may be behind another. Until it is known nothing is good. */
  windowMs = Infinity;
  /** Of the stamps that are told. */
  epoch = '';
  /** By deployment and digest, the least recently used first. @type {Map<string, Copy>} */
  #copies = new Map();
  #bytes = 0;
  #bytesMax;
  #marked = new Changes(MARKED_MAX);
  #written = new Changes(WRITTEN_MAX);
  #unheardUntil = -Infinity;

  /** @param {number} bytesMax */
  constructor(bytesMax) {
    this.#bytesMax = bytesMax;
  }

  get bytes() {
    return this.#bytes;
  }

  /**
   * The entry, if it is fresh for who asks with these soft tags.
   *
   * @param {string} key
   * @param {readonly string[]} softTags
   * @returns {Answer | undefined}
   */
  find(key, softTags) {
    const copy = this.#copies.get(key);
    if (!copy) return undefined;
    const { meta, value, asked } = copy;
    const keptMs = performance.now() - asked.at;
    const age = meta.age + keptMs / 1000;
    if (keptMs > AGE_MS_MAX || age * 1000 >= copy.life * LIFE_SHARE) return undefined;
    if (!this.#knows(asked) || !meta.tags.every((tag) => this.#stands(tag, asked))) {
      return undefined;
    }
    const stands = (/** @type {string} */ tag) => this.#stands(tag, copy.softTags.get(tag));
    if (!softTags.every((tag) => stands(tag) || stands(tagName(tag)))) return undefined;
    this.#copies.delete(key);
    this.#copies.set(key, copy);
    return { meta, value, age };
  }

  /**
   * The copy, good or not.
   *
   * @param {string} key
   */
  kept(key) {
    return this.#copies.get(key);
  }

  /**
   * Takes to heart what the gateway answered.
   *
   * @param {string} key
   * @param {readonly string[]} softTags
   * @param {number} askedAt
   * @param {Answer} answer with the value, even where the gateway left it out
   */
  learn(key, softTags, askedAt, { meta, value }) {
    const kept = this.#copies.get(key);
    if (kept && kept.asked.at > askedAt) return;
    this.#drop(key);
    const { etag } = meta;
    if (meta.status !== 200 || meta.state !== 'fresh' || meta.lease || !etag) return;
    if (meta.detail === 'outage') return;
    const version = { at: askedAt, known: revisionOf(etag) };
    if (!this.#written.isKnown(key, version, this.windowMs)) return;
    const { epoch, stamp } = placeOf(meta.known ?? '');
    const asked = { at: askedAt, known: epoch === this.epoch ? stamp : undefined };
    const known = kept?.etag === etag ? kept.softTags : undefined;
    const copy = {
      meta,
      value: kept?.value === value ? value : copyOf(value),
      etag,
      asked,
      life: Math.min(meta.revalidate ?? Infinity, meta.expire ?? Infinity) * 1000,
      softTags: weighed(softTags, asked, known),
      bytes: 0,
    };
    copy.bytes = weight(copy);
    if (copy.bytes > this.#bytesMax / 8) return;
    this.#copies.set(key, copy);
    this.#bytes += copy.bytes;
    this.#evict();
  }

  /**
   * Tags were invalidated.
   *
   * @param {readonly string[]} tags
   * @param {number} [stamp] of the last of their marks, if that is known
   */
  marked(tags, stamp) {
    for (const tag of tags) this.#marked.note(tag, stamp);
  }

  /**
   * The entry was written or removed.
   *
   * @param {string} key
   * @param {string} [revision] of what is there now, or its ETag, if that is known
   */
  written(key, revision) {
    this.#written.note(key, revisionOf(revision));
    this.#drop(key);
  }

  /** Changes may have been missed: no copy is good until it is confirmed. */
  doubt() {
    this.#unheardUntil = performance.now();
  }

  forget() {
    this.doubt();
    this.#copies.clear();
    this.#bytes = 0;
  }

  /** @param {Asked} asked */
  #knows({ at }) {
    return at > this.#unheardUntil + this.windowMs;
  }

  /**
   * @param {string} tag
   * @param {Asked} [asked] when the gateway weighed it
   */
  #stands(tag, asked) {
    return (
      asked !== undefined && this.#knows(asked) && this.#marked.isKnown(tag, asked, this.windowMs)
    );
  }

  /** @param {string} key */
  #drop(key) {
    this.#bytes -= this.#copies.get(key)?.bytes ?? 0;
    this.#copies.delete(key);
  }

  #evict() {
    for (const key of this.#copies.keys()) {
      if (this.#bytes <= this.#bytesMax) return;
      count('near-evicted');
      this.#drop(key);
    }
  }
}

/** What each write of a key raises. @param {string} [etag] begins with it */
function revisionOf(etag = '') {
  return parseInt(etag, 36) || undefined;
}

/**
 * @param {readonly string[]} softTags
 * @param {Asked} asked
 * @param {Map<string, Asked>} [before]
 */
function weighed(softTags, asked, before) {
  const all = new Map(before);
  for (const tag of softTags) putLast(all, tag, asked, SOFT_TAGS_MAX);
  return all;
}

/** @param {Copy} copy */
function weight({ meta, value, softTags }) {
  let bytes = COPY_BYTES + bytesOf(value) + 2 * JSON.stringify(meta).length;
  for (const tag of softTags.keys()) bytes += TAG_BYTES + 2 * tag.length;
  return bytes;
}
