// @ts-check
/** The addresses of the gateway, and which of them to ask. */
import { Breaker } from './breaker.js';
import { emit } from './events.cjs';
import { TimeoutError } from './exchange.js';
import { warnOnce } from './report.js';

/** @typedef {import('./address.js').Address} Address */

/**
 * One try. Rejects when there is no answer, or none that can be read.
 *
 * @template T
 * @typedef {(address: Address, ms: number) =>
 *   Promise<{ result: T, up: boolean, unable?: boolean }>} Attempt
 * `up` unless the answer is an error of the replica's; `unable` when it is well and yet cannot tell,
 * as one that does not reach the store
 */

/*
 * They are asked in the order in which they are named, but for those that rest because they failed.
 * Where there is another to ask, one failure is enough for that. So calls stay with the first that
 * works, and when a preferred one has rested, one call finds out whether it is well again.
 *
 * One that is unable is no worse than the others when none reaches the store. So it is not left to
 * rest, but asked last for a while.
 *
 * Every call of the protocol may be repeated: what the first address may have done already, the
 * second does again, or refuses, for it is fenced by ticket and lease.
 */

/** @typedef {{ address: Address, breaker: Breaker, unableUntil: number }} Replica */

/** By name. Those of other settings are the same gateways. @type {Map<string, Replica>} */
const known = new Map();
const UNABLE_MS = 1_000;
/** With less left, no other address is asked. */
const ATTEMPT_MS_MIN = 10;

export class Replicas {
  #all;

  /** @param {Address[]} addresses the preferred first */
  constructor(addresses) {
    this.#all = addresses.map((address) => {
      const replica = known.get(address.name) ?? {
        address,
        breaker: new Breaker(),
        unableUntil: -Infinity,
      };
      known.set(address.name, replica);
      return replica;
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
    for (const [i, replica] of order.entries()) {
      const { address, breaker } = replica;
      const leftMs = outcome ? deadline - performance.now() : ms;
      if (outcome && leftMs < ATTEMPT_MS_MIN) break;
      if (!breaker.allows() && !insists) continue;
      const others = order.slice(i + 1).filter((one) => insists || !one.breaker.rests).length;
      try {
        const share = waits ? leftMs : leftMs / (1 + others);
        const { result, up, unable } = await attempt(address, share);
        if (!up) this.#failed(replica, new Error('it answers with an error'));
        else if (breaker.succeeded()) emit({ type: 'breaker-closed', address: address.name });
        if (unable) replica.unableUntil = performance.now() + UNABLE_MS;
        if (up && !unable) return result;
        outcome = () => result;
      } catch (error) {
        outcome = () => {
          throw error;
        };
        this.#failed(replica, error, insists);
      }
    }
    return outcome?.();
  }

  /** @param {boolean} insists */
  #order(insists) {
    const now = performance.now();
    const rank = (/** @type {Replica} */ { breaker, unableUntil }) =>
      insists && breaker.rests ? 2 : unableUntil > now ? 1 : 0;
    return this.#all.length === 1 ? this.#all : this.#all.toSorted((a, b) => rank(a) - rank(b));
  }

  /**
   * @param {Replica} replica
   * @param {any} error
   * @param {boolean} [patient] whether it may have taken so long for good reasons
   */
  #failed({ address: { name }, breaker }, error, patient = false) {
    const timedOut = error instanceof TimeoutError && !patient;
    if (!breaker.failed({ atOnce: timedOut || this.#all.length > 1 })) return;
    const why = timedOut ? 'no answer in time' : String(error.code ?? error.message);
    emit({ type: 'breaker-open', address: name, error: why });
    warnOnce(`the gateway at ${name} is left alone for a while: ${why}`);
  }
}
