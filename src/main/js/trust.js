// @ts-check
/**
 * Whether all that was acknowledged is known here, by the rule for remote near caches: what the
 * event stream has told, held against what the clock of any replica answers.
 */
import { outside } from './exchange.js';

/**
 * @typedef {{
 *   epoch: string, stamp: number, ticket?: string, floor: number, coherent: boolean,
 *   window: number,
 * }} Clock
 */
/** @typedef {{ at: number, apart: number }} Question */
/** @typedef {Question & { until: number }} Proof */

/*
 * An answer is no older than its question, but may have been under way for any time; so whatever it
 * proves holds from the asking on, by the process's monotonic clock. That clock stands still while
 * the machine is suspended. The wall clock does not: once they have moved apart, nothing holds.
 */

/** By how much the clocks may move apart unnoticed; and so by how much trust ends early. */
const APART_MS_MAX = 50;
/** Whoever had to pause between looking at the one and at the other looks again. */
const READ_MS_MAX = 5;

export class Trust {
  /** @type {{ epoch: string, stamp: number } | undefined} */
  #place;
  #hears = false;

  /** The stream tells everything from here on. */
  begins() {
    this.#hears = true;
  }

  /**
   * Everything up to here is known.
   *
   * @param {string} place `<epoch>/<stamp>`
   */
  reaches(place) {
    this.#place = placeOf(place);
  }

  /** Events are missed from here on. */
  ends() {
    this.#hears = false;
  }

  /** To be had before the clock is asked. @returns {Question} */
  question() {
    return clocks();
  }

  /**
   * @param {Question} question
   * @param {Clock} clock
   * @returns {Proof | undefined} nothing: what the clock tells of is not known here yet
   */
  proof(question, { epoch, stamp, coherent, window }) {
    const place = this.#place;
    if (!coherent || !place || place.epoch !== epoch || !(place.stamp >= stamp)) return undefined;
    return { ...question, until: question.at + window - APART_MS_MAX };
  }

  /** @param {Proof | undefined} proof */
  holds(proof) {
    if (!proof || !this.#hears) return false;
    const { at, apart } = clocks();
    return at < proof.until && Math.abs(apart - proof.apart) <= APART_MS_MAX;
  }
}

/** @param {string} place `<epoch>/<stamp>` */
export function placeOf(place) {
  const slash = place.lastIndexOf('/');
  return { epoch: place.slice(0, Math.max(0, slash)), stamp: Number(place.slice(slash + 1)) };
}

/**
 * The monotonic clock, and how far the other one is from it. (Next takes a look at the wall clock in
 * a prerender for a reason to give that up: so it is not Next's caller who looks.)
 */
function clocks() {
  for (let tries = 3; ; tries--) {
    const at = performance.now();
    const wall = outside(Date.now);
    const after = performance.now();
    if (after - at <= READ_MS_MAX || tries === 1) return { at, apart: wall - after };
  }
}
