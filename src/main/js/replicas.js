// @ts-check
/** The addresses of the gateway, and which of them to ask. */
import { Breaker } from './breaker.js';
import { emit } from './events.js';
import { TimeoutError } from './exchange.js';

/** @typedef {import('./address.js').Address} Address */

/**
 * One try. Rejects when there is no answer, or none that can be read.
 *
 * @template T
 * @typedef {(address: Address, ms: number) => Promise<{ result: T, up: boolean }>} Attempt
 * `up` unless the answer is that this replica cannot tell
 */

/*
 * They are asked in the order in which they are named, but for those that rest because they failed.
 * Where there is another to ask, one failure is enough for that. So calls stay with the first that
 * works, and when a preferred one has rested, one call finds out whether it is well again.
 *
 * Every call of the protocol may be repeated: what the first address may have done already, the
 * second does again, or refuses, for it is fenced by ticket and lease.
 */

/** By name. Those of other settings are the same gateways. @type {Map<string, Breaker>} */
const breakers = new Map();
/** With less left, no other address is asked. */
const ATTEMPT_MS_MIN = 10;

export class Replicas {
  #all;

  /** @param {Address[]} addresses the preferred first */
  constructor(addresses) {
    this.#all = addresses.map((address) => {
      const breaker = breakers.get(address.name) ?? new Breaker();
      breakers.set(address.name, breaker);
      return { address, breaker };
    });
  }

  /**
   * What the first that can tell answers; each that is asked has an equal share of the time left.
   *
   * @template T
   * @param {Attempt<T>} attempt
   * @param {{ ms: number, insists?: boolean, waits?: boolean }} how `insists`: ask even those that
   * rest, after the others. `waits`: an answer takes its time, so each has all that is left
   * @returns {Promise<T | undefined>} undefined when all rest
   * @throws {Error} the last failure, when none has answered
   */
  async ask(attempt, { ms, insists = false, waits = false }) {
    const deadline = performance.now() + ms;
    /** @type {(() => T) | undefined} */
    let outcome;
    const order = this.#order(insists);
    for (const [i, { address, breaker }] of order.entries()) {
      const leftMs = outcome ? deadline - performance.now() : ms;
      if (outcome && leftMs < ATTEMPT_MS_MIN) break;
      if (!breaker.allows() && !insists) continue;
      const others = order.slice(i + 1).filter((one) => insists || !one.breaker.rests).length;
      try {
        const { result, up } = await attempt(address, waits ? leftMs : leftMs / (1 + others));
        if (up) {
          if (breaker.succeeded()) emit({ type: 'breaker-closed', address: address.name });
          return result;
        }
        outcome = () => result;
        this.#failed(address, breaker, false);
      } catch (error) {
        outcome = () => {
          throw error;
        };
        this.#failed(address, breaker, error instanceof TimeoutError && !insists);
      }
    }
    return outcome?.();
  }

  /** @param {boolean} insists */
  #order(insists) {
    if (!insists) return this.#all;
    return [
      ...this.#all.filter(({ breaker }) => !breaker.rests),
      ...this.#all.filter(({ breaker }) => breaker.rests),
    ];
  }

  /**
   * @param {Address} address
   * @param {Breaker} breaker
   * @param {boolean} timedOut
   */
  #failed({ name }, breaker, timedOut) {
    const opened = breaker.failed({ atOnce: timedOut || this.#all.length > 1 });
    if (opened) emit({ type: 'breaker-open', address: name });
  }
}
