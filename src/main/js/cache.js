// @ts-check
/** How both interfaces read and write an entry: the lease, the wait, the ticket. */
import { now } from './clock.js';
import { emit } from './events.cjs';
import { encode } from './frame.js';
import { weigh } from './invalidations.js';
import { FROM_STALE, TAGS_MAX, tagNames } from './names.js';
import { work } from './next.js';
import { count, warnOnce } from './report.js';
import * as tickets from './tickets.js';

/** @typedef {import('./client.js').Gateway} Gateway */
/** @typedef {import('./client.js').Answer} Answer */

/**
 * What the caller may use; `role` says what it must do besides. A leader refreshes it. A follower
 * does not: another process is at it, for `ttl` more seconds at most.
 *
 * @typedef {object} Found
 * @property {any} value not to be changed
 * @property {any} attributes
 * @property {string[]} tags as the gateway has them
 * @property {number} began when its computation began, ms
 * @property {number} age seconds
 * @property {'fresh' | 'stale'} state
 * @property {'time' | 'tag' | 'early'} [reason]
 * @property {'leader' | 'follower'} [role] of what is stale
 * @property {number} ttl
 */

/**
 * @typedef {object} Question
 * @property {string} digest
 * @property {readonly string[]} softTags
 * @property {(body: Buffer) => any} unpack
 * @property {boolean} persists the caller keeps what it is given, so nothing stale is worth having
 * @property {boolean} [alone] Next asks again only when the computation before is over
 * @property {boolean} [unkept] a missing value will be computed, but not written
 * @property {boolean} [forced] the value will be computed whatever is found
 * @property {object} [owner] the request that asks
 * @property {(callback: () => void) => boolean} [ends] calls back when a computation that has not
 * written by then has failed; whether that will be told, in this way or by `set`
 * @property {(missed: Answer) => Promise<boolean>} [seed] writes what the build made
 */

/** How long what is fresh stays so on its way from the gateway to Next's own look at its age. */
export const GRACE_S = 0.25;

/** @typedef {{ found?: Found, reached: boolean }} Reading nothing found: compute it */

/**
 * What a copy answers is there at once. All else has to be asked for.
 *
 * @param {Gateway} gateway
 * @param {Question} question
 * @returns {Reading | Promise<Reading>}
 */
export function read(gateway, question) {
  const { digest, softTags, forced, owner } = question;
  const near = forced ? undefined : gateway.recall(digest, softTags, owner ?? work());
  return near && 'meta' in near ? judge(gateway, question, near) : ask(gateway, question, near);
}

/**
 * @param {Gateway} gateway
 * @param {Question} question
 * @param {Promise<Answer | undefined>} [recalled]
 * @returns {Promise<Reading>}
 */
async function ask(gateway, question, recalled) {
  const near = await recalled;
  if (near) return judge(gateway, question, near);
  const { digest, unpack, persists, forced, seed, owner } = question;
  const softTags = tagNames(question.softTags);
  if (softTags.length > TAGS_MAX) {
    count('too-many-tags');
    return { reached: true };
  }
  /* Who keeps what it is given would compute it while its caller waits: it takes what is fresh. */
  const early = !persists && !question.unkept && !forced;
  const lookup = (wait = 0) =>
    gateway.lookup(digest, softTags, { lease: true, early, wait, waitStale: persists }, unpack);

  const held = tickets.held(digest);
  if ((question.alone && held) || tickets.lapsed(digest)) tickets.fruitless(digest);
  let answer = await lookup();
  if (answer?.meta.status === 404 && (await seed?.(answer))) answer = await lookup();
  if (answer && isWorthAWait(question, answer, held)) {
    const waited = await lookup(gateway.waitMax);
    if (!waited || (waited.meta.status === 404 && waited.meta.lease?.role === 'follower')) {
      tickets.fruitless(digest);
    }
    answer = waited ?? answer;
  }
  if (answer) return judge(gateway, question, answer);
  tickets.keepUnasked(digest, owner);
  tell(digest, undefined, { reached: false });
  return { reached: false };
}

/**
 * @param {Gateway} gateway
 * @param {Question} question
 * @param {Answer} answer
 * @returns {Reading | Promise<Reading>}
 */
function judge(gateway, question, answer) {
  const { digest, persists, unkept, forced, owner, ends } = question;
  const { meta, age = meta.age } = answer;
  const near = 'age' in answer;
  if (near) count('near-hit');
  const { status, asOf, lease } = meta;
  const began = now() - age * 1000;
  /* What invalidations make of it that the gateway knows nothing of yet. */
  const weighed = status === 200 ? weigh([meta.tags, question.softTags], began) : undefined;
  if (status === 200) tickets.fruitful(digest);
  if (status === 404 && unkept && lease?.token) {
    gateway.release(lease.token);
  } else if (asOf && (status === 404 || lease?.token || persists || forced || weighed)) {
    const token = lease?.token ?? tickets.held(digest)?.token;
    const ticket = tickets.keep(digest, { asOf, token, ttl: lease?.ttl, owner });
    if (status === 404 && lease?.token) {
      ticket.watched = ends?.(() => surrender(gateway, digest, ticket));
    }
  }
  const found =
    status === 200 && weighed !== 'hard' ? foundIn(answer, age, began, weighed) : undefined;
  tell(digest, found, { reached: true, near });
  const reading = { found, reached: true };
  if (!(forced || weighed) || asOf) return reading;
  return date(gateway, digest, owner).then(() => reading);
}

/**
 * Gives the lease back that a request holds on what it will not write after all, so that nobody waits
 * for it.
 *
 * @param {Gateway} gateway
 * @param {string} digest
 * @param {object} owner the request
 */
export function forgo(gateway, digest, owner) {
  const ticket = tickets.held(digest);
  if (ticket?.owner === owner) surrender(gateway, digest, ticket);
}

/**
 * @param {string} digest
 * @param {Found | undefined} found
 * @param {{ reached: boolean, near?: boolean }} how
 */
function tell(digest, found, { reached, near = false }) {
  if (!found) {
    emit({ type: 'miss', digest, reached });
  } else if (found.state === 'fresh') {
    emit({ type: 'hit', digest, near, age: found.age });
  } else {
    const { reason = 'time', role, age } = found;
    emit({ type: 'stale', digest, reason, role, age });
  }
}

/**
 * Whether to wait for the one who is at it. The gateway wakes who waits when the value is written,
 * and has one of them lead when the leader fails or is gone.
 *
 * When this process itself is at it, it depends. An earlier computation for the same request has
 * come to nothing, and this is the next. That for another request may go on, if its failure would
 * be told.
 *
 * @param {Question} question
 * @param {Answer} answer
 * @param {tickets.Ticket} [held]
 */
function isWorthAWait({ digest, persists, unkept, owner }, { meta }, held) {
  if (meta.lease?.role !== 'follower') return false;
  if (meta.status !== 404) return persists;
  const again = held !== undefined && !(held.watched && (!owner || held.owner !== owner));
  return !unkept && !again && !tickets.isFruitless(digest);
}

/**
 * Gives the lease of a computation back that has failed unnoticed.
 *
 * @param {Gateway} gateway
 * @param {string} digest
 * @param {tickets.Ticket} ticket
 */
function surrender(gateway, digest, ticket) {
  const token = tickets.part(digest, ticket);
  if (token) count('surrendered');
  gateway.release(token);
}

/**
 * Gives a computation for which nothing needs to be read a ticket all the same.
 *
 * @param {Gateway} gateway
 * @param {string} digest
 * @param {object} [owner]
 */
async function date(gateway, digest, owner) {
  const clock = await gateway.clock();
  if (clock) tickets.keep(digest, { asOf: clock.ticket ?? String(clock.stamp), owner });
}

/**
 * @param {Answer} answer
 * @param {number} age
 * @param {number} began
 * @param {'soft'} [weighed]
 * @returns {Found}
 */
function foundIn({ meta, value }, age, began, weighed) {
  const { attributes, tags, state = 'fresh', reason, lease } = meta;
  const { role, ttl = 0 } = lease ?? {};
  /** @type {Found} */
  const found = { value, attributes, tags, began, age, state, reason, role, ttl };
  if (weighed) return { ...found, state: 'stale', reason: 'tag', role: 'leader' };
  /* Elected to refresh what is fresh: Next does so when it takes it to be stale. */
  return found.state === 'fresh' && found.role === 'leader'
    ? { ...found, state: 'stale', reason: 'early' }
    : found;
}

/**
 * @typedef {object} Draft
 * @property {Uint8Array} body
 * @property {readonly string[]} tags
 * @property {number | false} [revalidate] seconds; nothing is never
 * @property {number} [expire] seconds
 * @property {object} attributes
 * @property {string} [type]
 * @property {number} began when its computation began, ms
 */

/** Next's word for never, 0xfffffffe, in seconds. */
export const NEVER = 4_294_967_294;

/**
 * Writes what was computed, dated by its ticket. Never rejects: what cannot be written is dropped.
 *
 * @param {Gateway} gateway
 * @param {string} digest
 * @param {Omit<tickets.Ticket, 'at' | 'leaseEnds'> & { leaseEnds?: number }} ticket
 * @param {Draft} draft
 * @returns {Promise<boolean>} whether it is written
 */
export async function write(gateway, digest, { asOf, token, leaseEnds = 0 }, draft) {
  const meta = {
    tags: tagNames(draft.tags),
    revalidate: seconds(draft.revalidate),
    expire: seconds(draft.expire),
    age: Math.max(0, now() - draft.began) / 1000,
    asOf,
    lease: token,
    type: draft.type,
    attributes: draft.attributes,
  };
  try {
    if (meta.tags.length > TAGS_MAX) throw new RangeError(`it has more than ${TAGS_MAX} tags`);
    let status = await gateway.put(digest, encode(meta, draft.body));
    /*
     * The lease ended while it was computed. If another wrote meanwhile, the ticket loses against
     * that one's; if nobody did, a value that takes longer than a lease would never be kept. A lease
     * that was taken before its end was so because an invalidation had ended what is computed.
     */
    if (status === 412 && leaseEnds <= now()) {
      token = undefined;
      status = await gateway.put(digest, encode({ ...meta, lease: undefined }, draft.body));
    }
    count(`put-${status}`);
    emit({ type: 'write', digest, status, bytes: draft.body.length });
    if (status === 201 || status === 204) {
      tickets.fruitful(digest);
      return true;
    }
  } catch (error) {
    count('unwritable');
    warnOnce(`an entry cannot be written: ${error instanceof Error ? error.message : error}`);
    tickets.fruitless(digest);
  }
  gateway.release(token);
  return false;
}

/**
 * Reports that a computation came to nothing, for the next follower to lead.
 *
 * @param {Gateway} gateway
 * @param {string} digest
 * @param {tickets.Ticket} [ticket]
 */
export function giveUp(gateway, digest, ticket) {
  tickets.fruitless(digest);
  gateway.release(ticket?.token);
}

/**
 * Drops a value that was made from something stale, for it would be young again: who asks next makes
 * it anew, from what is fresh by then.
 *
 * @param {Gateway} gateway
 * @param {readonly string[]} tags
 * @param {Pick<tickets.Ticket, 'token'>} [ticket]
 * @returns {boolean} whether it was
 */
export function droppedAsStale(gateway, tags, ticket) {
  if (!tags.includes(FROM_STALE)) return false;
  count('from-stale');
  gateway.release(ticket?.token);
  return true;
}

/**
 * @param {number | false | undefined} value
 * @returns {number | undefined} undefined is never
 */
function seconds(value) {
  if (typeof value !== 'number' || !(value < NEVER)) return undefined;
  return Math.max(0, value);
}
