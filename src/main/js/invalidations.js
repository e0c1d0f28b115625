// @ts-check
/**
 * The invalidations of this process on their way to the gateway. Until one is delivered, this
 * process itself treats as ended what it ends; and it tries until it is.
 */
import { putLast } from './bounded.js';
import { now } from './clock.js';
import { Gateway } from './client.js';
import { config } from './config.js';
import { emit } from './events.cjs';
import { outside } from './exchange.js';
import { tagName, tagNames } from './names.js';
import { work } from './next.js';
import { count, warnOnce } from './report.js';
import { heard } from './tickets.js';

/** @typedef {{ tags: string[], mode: 'hard' | 'soft', expire?: number }} Invalidation */
/**
 * @typedef {Invalidation & { at: number, under?: boolean }} Pending
 * `under` while the first try is under way
 */

const TAGS_PER_CALL_MAX = 256;
const PENDING_MAX = 1_000;
const SENT_MAX = 10_000;
const RETRY_MS_MIN = 500;
const RETRY_MS_MAX = 10_000;

/** Not delivered yet, the oldest first. @type {Set<Pending>} */
const pending = new Set();

/** What was sent, by what it was and when it was meant. @type {Map<string, Promise<void>>} */
const sent = new Map();

/**
 * Settles when the gateway has acknowledged it, and no replica will serve what it ended. Rejects
 * only where Next tells its caller: in a server action.
 *
 * @param {string | string[]} tags
 * @param {{ expire?: number }} [durations] absent: hard
 * @returns {Promise<void>}
 */
export async function invalidate(tags, durations) {
  if (config().building) return;
  const calls = sendOnce([tags].flat(), durations);
  const failure = (await Promise.allSettled(calls)).find((call) => call.status === 'rejected');
  if (failure && inServerAction()) throw failure.reason;
}

/**
 * What the invalidations that are not delivered yet make of an entry.
 *
 * @param {(readonly string[])[]} tags its own and the request's soft ones
 * @param {number} began when its computation began, ms of {@link now}
 * @returns {'hard' | 'soft' | undefined}
 */
export function weigh(tags, began) {
  /** @type {'soft' | undefined} */
  let worst;
  const names = pending.size > 0 ? tagNames(tags.flat()) : [];
  for (const { tags: ended, mode, expire = Infinity, at } of pending) {
    if (at <= began || !ended.some((tag) => names.includes(tag))) continue;
    if (mode === 'hard' || now() >= at + expire * 1000) return 'hard';
    worst = 'soft';
  }
  return worst;
}

/**
 * Next hands the same invalidation to both interfaces, and after the form of a page without
 * JavaScript once more when the page is rendered: as a new one, that would end what has just been
 * rendered. The instant of the call in the app's code tells that they are the same.
 *
 * @param {string[]} tags
 * @param {{ expire?: number }} [durations]
 * @returns {Promise<void>[]}
 */
function sendOnce(tags, durations) {
  /** @type {Promise<void>[]} */
  const calls = [];
  /** @type {Map<string, string | undefined>} */
  const unsent = new Map();
  for (const tag of tags.flatMap(readings)) {
    const identity = identityOf(tag, durations);
    const call = identity === undefined ? undefined : sent.get(identity);
    if (call) calls.push(call);
    else unsent.set(tagName(tag), identity);
  }
  const names = [...unsent.keys()];
  for (let i = 0; i < names.length; i += TAGS_PER_CALL_MAX) {
    const some = names.slice(i, i + TAGS_PER_CALL_MAX);
    const call = send(some, durations);
    for (const name of some) remember(unsent.get(name), call);
    calls.push(call);
  }
  return calls;
}

/**
 * A page has its tags in a header, joined by commas, and so loses one that holds a comma itself;
 * its parts stand there instead.
 *
 * @param {string} tag
 */
function readings(tag) {
  return tag.includes(',') ? [tag, ...tag.split(',').filter(Boolean)] : [tag];
}

/**
 * @param {string} tag
 * @param {{ expire?: number }} [durations]
 */
function identityOf(tag, durations) {
  const meant = work()?.pendingRevalidatedTags?.findLast(
    (pending) => pending.tag === tag && !pending.profile === !durations,
  );
  if (meant?.revalidatedAt === undefined) return undefined;
  return JSON.stringify([tag, durations ?? 'hard', meant.revalidatedAt]);
}

/**
 * @param {string | undefined} identity
 * @param {Promise<void>} call
 */
function remember(identity, call) {
  if (identity === undefined) return;
  putLast(sent, identity, call, SENT_MAX);
}

/**
 * @param {string[]} tags
 * @param {{ expire?: number }} [durations]
 */
async function send(tags, durations) {
  /** @type {Pending} */
  const item = { ...invalidationOf(tags, durations), at: now(), under: true };
  pending.add(item);
  try {
    await deliver(item);
  } catch (error) {
    warnOnce(`an invalidation was not accepted, and is tried again: ${messageOf(error)}`);
    bound();
    retryLater();
    throw error;
  } finally {
    item.under = false;
  }
}

/**
 * @param {string[]} tags
 * @param {{ expire?: number }} [durations]
 * @returns {Invalidation}
 */
function invalidationOf(tags, durations) {
  if (!durations) return { tags, mode: 'hard' };
  const { expire } = durations;
  if (expire === undefined || !Number.isFinite(expire)) return { tags, mode: 'soft' };
  return { tags, mode: 'soft', expire: Math.max(0, expire) };
}

/** @param {Pending} item */
async function deliver(item) {
  const { tags, mode, expire } = item;
  try {
    const stamp = await new Gateway(config()).invalidate({ tags, mode, expire });
    pending.delete(item);
    count('invalidated');
    emit({ type: 'invalidated', tags, mode, stamp });
    heard(stamp);
  } catch (error) {
    count('invalidation-failed');
    const lost = /** @type {any} */ (error).refused === true; // the same words, the same answer
    if (lost) pending.delete(item);
    tellFailure(item, messageOf(error), lost);
    throw error;
  }
}

/**
 * @param {Pending} item
 * @param {string} error
 * @param {boolean} lost
 */
function tellFailure({ tags, mode }, error, lost) {
  emit({ type: 'invalidation-failed', tags, mode, error, lost });
}

let retrying = false;
let retryMs = RETRY_MS_MIN;

/** One after the other, the oldest first, for as long as there are any. */
function retryLater() {
  if (retrying || pending.size === 0) return;
  retrying = true;
  outside(() => setTimeout(retry, retryMs).unref());
}

async function retry() {
  for (const item of pending) {
    if (item.under) continue;
    try {
      await deliver(item);
      retryMs = RETRY_MS_MIN;
    } catch {
      retryMs = Math.min(RETRY_MS_MAX, retryMs * 2);
      break;
    }
  }
  retrying = false;
  retryLater();
}

function bound() {
  if (pending.size <= PENDING_MAX) return;
  const [oldest] = pending;
  pending.delete(oldest);
  count('invalidation-lost');
  tellFailure(oldest, `more than ${PENDING_MAX} wait`, true);
  warnOnce(`more than ${PENDING_MAX} invalidations wait for the gateway: the oldest are lost`);
}

/** Tags are invalidated by route handlers and by server actions; those run on pages. */
function inServerAction() {
  const page = work()?.page;
  return page !== undefined && !page.endsWith('/route');
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}
