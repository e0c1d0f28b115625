// @ts-check
/**
 * Whether to ask a gateway that has failed. It is asked until it has failed three times in a row,
 * or once so that it is enough, as when it lets a deadline pass: then not at all for a while, and then by one caller alone, whose
 * luck decides. So a gateway that hangs costs one deadline, not one for each request.
 */
const FAILURES_MAX = 3;
const REST_MS_MIN = 1_000;
const REST_MS_MAX = 10_000;

export class Breaker {
  #failures = 0;
  #restMs = REST_MS_MIN;
  #restsUntil = 0;
  #probing = false;
  #now;

  /** @param {() => number} [now] ms, of a clock that never goes back */
  constructor(now = () => performance.now()) {
    this.#now = now;
  }

  /**
   * Whether the caller may ask. Who may must tell {@link succeeded} or {@link failed} what came.
   */
  allows() {
    if (this.rests) return false;
    this.#probing = this.#failures >= FAILURES_MAX;
    return true;
  }

  /** Whether nobody may ask at this moment. Unlike {@link allows} it obliges to nothing. */
  get rests() {
    return this.#failures >= FAILURES_MAX && (this.#probing || this.#now() < this.#restsUntil);
  }

  /** @returns {boolean} whether that has ended its rest */
  succeeded() {
    const rested = this.#failures >= FAILURES_MAX;
    this.#failures = 0;
    this.#probing = false;
    this.#restMs = REST_MS_MIN;
    return rested;
  }

  /**
   * @param {{ atOnce?: boolean }} [how] whether once is enough
   * @returns {boolean} whether it rests from now on, having been asked before
   */
  failed({ atOnce = false } = {}) {
    const rested = this.#failures >= FAILURES_MAX;
    if (rested && !this.#probing) return false; // a call from before it opened
    this.#failures = atOnce ? FAILURES_MAX : this.#failures + 1;
    if (this.#failures < FAILURES_MAX) return false;
    if (rested) this.#restMs = Math.min(REST_MS_MAX, this.#restMs * 2);
    this.#restsUntil = this.#now() + this.#restMs;
    this.#probing = false;
    return !rested;
  }
}
