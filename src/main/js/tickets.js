// @ts-check
/**
 * What each computation of this process may say of its beginning: the ticket and the lease that the
 * gateway gave when the entry was missed, kept until the value is written.
 */
import { putLast } from './bounded.js';
import { now } from './clock.js';

/**
 * @typedef {object} Ticket
 * @property {string} asOf
 * @property {string} [token] of the lease
 * @property {number} at when it was had; what was computed later knew all that it stands for
 * @property {number} leaseEnds
 * @property {object} [owner] the request that asked
 * @property {boolean} [watched] the lease will be given back if what it was had for is not written
 */

const KEYS_MAX = 10_000;
const TICKETS_PER_KEY_MAX = 8;
/** Longer than any page may take. A ticket that is too old costs a refresh, no more. */
const KEPT_MS = 300_000;
const FRUITLESS_MS = 60_000;
const SEEN_MAX = 1_024;
const SEEN_GAP_MS = 100;

/** By digest, the oldest first. @type {Map<string, Ticket[]>} */
const open = new Map();

/** Until when a key is known to be computed and not written. @type {Map<string, number>} */
const barren = new Map();

/** The stamps that were heard, the oldest first. @type {{ asOf: string, at: number }[]} */
const seen = [];

/**
 * @param {string} digest
 * @param {{ asOf: string, token?: string, ttl?: number, owner?: object }} given ttl in seconds
 * @returns {Ticket}
 */
export function keep(digest, { asOf, token, ttl = 0, owner }) {
  const at = now();
  const tickets = (open.get(digest) ?? []).filter((ticket) => at - ticket.at < KEPT_MS);
  if (tickets.length >= TICKETS_PER_KEY_MAX) tickets.pop();
  /** @type {Ticket} */
  const ticket = { asOf, token, at, leaseEnds: at + ttl * 1000, owner };
  tickets.push(ticket);
  putLast(open, digest, tickets, KEYS_MAX);
  heard(asOf);
  return ticket;
}

/**
 * Gives what is computed without an answer of the gateway the date of the last stamp that was heard:
 * else it would be dated by the ticket of a request that comes later. One from before does, too.
 *
 * @param {string} digest
 * @param {object} [owner] the request
 */
export function keepUnasked(digest, owner) {
  const asOf = seen.at(-1)?.asOf;
  if (asOf && !open.get(digest)?.length) keep(digest, { asOf, owner });
}

/**
 * Parts a ticket from its lease, which is then nobody's here: unless the ticket is taken already.
 *
 * @param {string} digest
 * @param {Ticket} ticket
 * @returns {string | undefined} the lease's token
 */
export function part(digest, ticket) {
  if (!open.get(digest)?.includes(ticket)) return undefined;
  const { token } = ticket;
  ticket.token = undefined;
  return token;
}

/**
 * The newest ticket from before the computation began; if nobody says when, the oldest of its
 * request, or of all. It is taken with those before it: their computations are older still.
 *
 * A value for which nothing was asked is dated by the last stamp that was heard before it began. It
 * is then a little older than it could be. Without even that it has no date, and cannot be written.
 *
 * @param {string} digest
 * @param {{ began?: number, owner?: object, since?: number }} computation
 * @returns {Ticket | undefined}
 */
export function take(digest, { began, owner, since }) {
  const tickets = open.get(digest) ?? [];
  const own = owner ? tickets.findIndex((ticket) => ticket.owner === owner) : -1;
  const at =
    began === undefined
      ? Math.max(own, 0)
      : tickets.findLastIndex((ticket) => ticket.at <= /** @type {number} */ (began));
  const taken = at < 0 ? undefined : tickets.splice(0, at + 1).at(-1);
  if (tickets.length === 0) open.delete(digest);
  if (taken) return taken;
  const start = began ?? since ?? 0;
  const stamp = seen.findLast((stamp) => stamp.at <= start);
  return stamp && { asOf: stamp.asOf, at: start, leaseEnds: 0 };
}

/** The lease that this process holds on a key and has not used. @param {string} digest */
export function held(digest) {
  return open.get(digest)?.findLast((ticket) => ticket.token && ticket.leaseEnds > now());
}

/** Whether a lease on the key has come and gone unused. @param {string} digest */
export function lapsed(digest) {
  return open.get(digest)?.some((ticket) => ticket.token && ticket.leaseEnds <= now()) ?? false;
}

/**
 * Notes a stamp that the gateway has told, by whatever call.
 *
 * What is computed without asking loses against what was asked for, unless Next was told to compute
 * it: then the whole ticket counts.
 *
 * @param {string} asOf
 * @param {{ exactly?: boolean }} [how] even if one was noted just before
 */
export function heard(asOf, { exactly = false } = {}) {
  const at = now();
  if (!exactly && at - (seen.at(-1)?.at ?? -Infinity) < SEEN_GAP_MS) return;
  const [stamp, , epoch] = asOf.split('-');
  const ungranted = epoch ? `${stamp}-0-${epoch}` : stamp;
  seen.push({ asOf: exactly ? asOf : ungranted, at });
  if (seen.length > SEEN_MAX) seen.shift();
}

/**
 * Some values are computed again and again and never written: a page that fails, a hole in a
 * prerender, a lifetime of nothing. To wait for their leader is to wait in vain, so for a minute
 * nobody here does.
 *
 * @param {string} digest
 */
export function fruitless(digest) {
  putLast(barren, digest, now() + FRUITLESS_MS, KEYS_MAX);
}

/** @param {string} digest */
export function isFruitless(digest) {
  return (barren.get(digest) ?? 0) > now();
}

/** @param {string} digest */
export function fruitful(digest) {
  barren.delete(digest);
}
