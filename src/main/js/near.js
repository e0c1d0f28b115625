// @ts-check
/**
 * The near cache: what was read lately is answered within this process, as long as it is proven
 * that the gateway would answer the same.
 */
import { Copies } from './copies.js';
import { outside } from './exchange.js';
import { count } from './report.js';
import { Stream } from './stream.js';
import { Trust, placeOf } from './trust.js';

/** @typedef {import('./client.js').Answer} Answer */
/** @typedef {import('./config.js').Config} Config */
/** @typedef {import('./trust.js').Clock} Clock */
/** @typedef {import('./trust.js').Proof} Proof */

/** How long after it was last asked it goes on asking the clock. */
const IDLE_MS = 10_000;
/** It asks the clock no more often. */
const BEAT_MS_MIN = 100;
/** A stream that does not tell for so long what the clock knows of is fed by nobody. */
const BEHIND_MS_MAX = 5_000;
/** A replica beats at least three times in a window: just after a beat, two thirds are left. */
const WINDOW_OF_REST = 1.5;

export class Near {
  /** Who asks the gateway, or tells it, has them know. */
  copies;
  #trust = new Trust();
  #stream;
  #strict;
  #clock;
  /** Of the last beat. @type {Proof | undefined} */
  #proof;
  /**
   * In strict coherence, of each request: what the clock proves, and has proven.
   *
   * @type {WeakMap<object, { asked: Promise<Proof | undefined>, proof?: Proof }>}
   */
  #requests = new WeakMap();
  #restMs = 0;
  #askedAt = -Infinity;
  #beatAt = -Infinity;
  #behindSince = Infinity;
  #asking = false;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;

  /**
   * @param {Config} settings
   * @param {{ ask: import('./stream.js').Ask, refused: import('./stream.js').Listener['refused'] }}
   * events how its stream is asked for, and whom to tell that it is refused
   * @param {() => Promise<Clock | undefined>} clock of whichever replica
   */
  constructor(settings, { ask, refused }, clock) {
    this.settings = settings;
    this.copies = new Copies(settings.nearMaxBytes);
    this.#strict = settings.coherence === 'strict';
    this.#clock = clock;
    this.#stream = new Stream(settings.addresses, ask, {
      heard: (type, data, id) => this.#heard(type, data, id),
      lost: () => this.#lost(),
      refused,
    });
    this.#stream.open();
  }

  close() {
    this.#lost();
    this.#askedAt = -Infinity;
    clearTimeout(this.#timer);
    this.#stream.close();
  }

  /**
   * The entry, if it is fresh for certain. Makes no call, but in strict coherence the one that a
   * request needs.
   *
   * @param {string} key
   * @param {readonly string[]} softTags
   * @param {object} [request]
   * @returns {Answer | undefined | Promise<Answer | undefined>} a promise where it is to be asked for
   */
  recall(key, softTags, request = {}) {
    if (!this.#strict) this.#askedAt = performance.now();
    const proof = this.#strict ? this.#requests.get(request)?.proof : this.#proof;
    if (this.#trust.holds(proof)) return this.copies.find(key, softTags);
    if (this.#strict) return this.#recallProven(key, softTags, request);
    if (this.#askedAt - this.#beatAt >= BEAT_MS_MIN) this.#beat();
    return undefined;
  }

  /**
   * @param {string} key
   * @param {readonly string[]} softTags
   * @param {object} request
   */
  async #recallProven(key, softTags, request) {
    if (!this.copies.find(key, softTags)) return undefined;
    const isProven = this.#trust.holds(await this.#proofFor(request));
    return isProven ? this.copies.find(key, softTags) : undefined;
  }

  /**
   * @param {string} type
   * @param {any} data
   * @param {string} [id]
   */
  #heard(type, data, id) {
    count(`near-${type}`);
    switch (type) {
      case 'hello':
        this.copies.doubt(); // writes are not told again
        if (data.replay === 'none') this.copies.forget();
        this.#trust.begins();
        this.#beat();
        break;
      case 'invalidate':
        this.copies.marked(Object.keys(data.tags), data.stamp);
        break;
      case 'write':
        this.copies.written(`${data.deployment}/${data.digest}`, data.revision);
        break;
      case 'reset':
        this.copies.forget();
        break;
    }
    if (id === undefined) return;
    this.#trust.reaches(id);
    this.copies.epoch = placeOf(id).epoch;
  }

  #lost() {
    count('near-lost');
    this.#trust.ends();
  }

  /** @param {object} request */
  async #proofFor(request) {
    const known = await this.#requests.get(request)?.asked;
    if (this.#trust.holds(known)) return known;
    /** @type {{ asked: Promise<Proof | undefined>, proof?: Proof }} */
    const asking = { asked: this.#ask() };
    this.#requests.set(request, asking);
    asking.proof = await asking.asked;
    return asking.proof;
  }

  async #ask() {
    const question = this.#trust.question();
    const clock = await this.#clock();
    if (!clock) return undefined;
    this.#restMs = Math.max(this.#restMs, clock.window);
    this.copies.windowMs = this.#restMs * WINDOW_OF_REST;
    const proof = this.#trust.proof(question, clock);
    this.#follow(clock.coherent && !proof);
    return proof;
  }

  /** @param {boolean} behind the stream has not told what the clock tells of */
  #follow(behind) {
    const now = performance.now();
    this.#behindSince = behind ? Math.min(this.#behindSince, now) : Infinity;
    if (now - this.#behindSince < BEHIND_MS_MAX) return;
    this.#behindSince = Infinity;
    this.#stream.reopen();
  }

  /** Asks the clock, and again before what it proves has ended, while there is use for it. */
  #beat() {
    if (this.#asking) return;
    this.#asking = true;
    this.#beatAt = performance.now();
    clearTimeout(this.#timer);
    outside(async () => {
      this.#proof = (await this.#ask()) ?? this.#proof;
      this.#asking = false;
      const leftMs = (this.#proof?.until ?? 0) - performance.now();
      this.#timer = setTimeout(() => this.#again(), Math.max(BEAT_MS_MIN, leftMs / 2));
      this.#timer.unref();
    });
  }

  #again() {
    if (performance.now() - this.#askedAt < IDLE_MS) this.#beat();
  }
}
