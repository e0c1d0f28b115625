// @ts-check
/**
 * Uploads what the build has made, as old as its files: an entry that was invalidated since then is
 * not brought back, nor one that is newer replaced. Run again it goes on where it stopped.
 */
import { setTimeout as pause } from 'node:timers/promises';
import { write } from '../cache.js';
import { Gateway } from '../client.js';
import { config } from '../config.js';
import { onEvent } from '../events.cjs';
import * as incremental from '../incremental.js';
import { isSpent, seedOf } from '../seed.js';
import { Failure } from './failure.js';
import { build, deploymentOf, handlerContext, loadEnv, pagesOf } from './project.js';

/* What the handler does by itself at a miss. Not for apps, so the types do not have it. */
const { draftOf, keyDigest } = /** @type {any} */ (incremental);

/** How often an upload is tried, a second apart. */
const TRIES_MAX = 5;
const PAUSE_MS = 1_000;
const SHOWN_MAX = 20;

/** @typedef {import('./project.js').Page} Page */
/**
 * What becomes of a page. `present`: it was there. `newer`: another has been written since the
 * build. `ended`: it was invalidated since, or is older than what is remembered of invalidations.
 * `spent`: it is too old to be served. `unreadable`: Next does not find it in the build.
 *
 * @typedef {'uploaded' | 'present' | 'newer' | 'ended' | 'spent' | 'unreadable' | 'failed'} State
 */

/** @type {import('./main.js').Run} */
export async function run({ concurrency, dryRun }) {
  loadEnv();
  const built = build();
  const { name, from } = deploymentOf(built);
  const pages = [...pagesOf(built)];
  if (pages.length === 0) throw new Failure('the build has prerendered nothing');
  const gateway = new Gateway(config(), name);
  const clock = await gateway.clock();
  if (!clock) throw new Failure('the gateway does not answer: ask freshet-next doctor');
  const seeding = new Seeding(gateway, handlerContext(built), pages, {
    floor: clock.floor,
    dryRun,
  });
  await Promise.all(Array.from({ length: concurrency }, () => seeding.work()));
  seeding.close();

  const { failed } = seeding;
  const done = Object.values(seeding.counts).reduce((sum, count) => sum + count);
  const counts = { ...seeding.counts, left: pages.length - done };
  const text = [
    `deployment ${name} (${from}) of app ${config().app}${dryRun ? ', dry run' : ''}`,
    ...Object.entries(counts).map(([state, count]) => `${String(count).padStart(6)} ${state}`),
    ...(counts.ended > 0 ? ['Of those that have ended freshet-next why <path> tells more.'] : []),
    ...failed.slice(0, SHOWN_MAX).map(({ pathname, why }) => `failed: ${pathname}: ${why}`),
    ...(failed.length > 0 ? ['Run it again: it goes on with what is missing.'] : []),
  ].join('\n');
  return { ok: failed.length === 0, text, json: { deployment: name, ...counts } };
}

class Seeding {
  #gateway;
  #context;
  #floor;
  #dryRun;
  /** Those that are still to be done. */
  #pages;
  /** The last status by digest. @type {Map<string, number>} */
  #statuses = new Map();
  #unhear;
  /** @type {Record<State, number>} */
  counts = { uploaded: 0, present: 0, newer: 0, ended: 0, spent: 0, unreadable: 0, failed: 0 };
  /** @type {{ pathname: string, why: string }[]} */
  failed = [];

  /**
   * @param {Gateway} gateway
   * @param {object} context
   * @param {Page[]} pages
   * @param {{ floor: number, dryRun: boolean }} how `floor`: what is older is never served
   */
  constructor(gateway, context, pages, { floor, dryRun }) {
    this.#gateway = gateway;
    this.#context = context;
    this.#pages = [...pages];
    this.#floor = floor;
    this.#dryRun = dryRun;
    this.#unhear = onEvent((event) => {
      if (event.type === 'write') this.#statuses.set(event.digest, event.status);
    });
  }

  close() {
    this.#unhear();
  }

  /** Takes one page after the other until there are no more. */
  async work() {
    for (let page = this.#pages.pop(); page; page = this.#pages.pop()) {
      const state = await this.#seed(page);
      this.counts[state]++;
    }
  }

  /**
   * @param {Page} page
   * @returns {Promise<State>}
   */
  async #seed({ pathname, key, ctx }) {
    const digest = keyDigest(key);
    const seed = await seedOf(this.#context, key, ctx);
    if (!seed) return 'unreadable';
    if (isSpent(seed)) return 'spent';
    if (Number(seed.asOf) < this.#floor) return 'ended';
    let status = 0;
    for (let tries = 1; tries <= TRIES_MAX; tries++) {
      if (tries > 1) await pause(PAUSE_MS);
      status = await this.#gateway.peek(digest);
      if (status === 200) return 'present';
      if (status === 404 && this.#dryRun) return 'uploaded';
      if (status === 404) {
        await write(this.#gateway, digest, { asOf: seed.asOf }, draftOf(seed));
        status = this.#statuses.get(digest) ?? 422;
      }
      if (status === 201 || status === 204) {
        return (await this.#gateway.peek(digest)) === 404 ? 'ended' : 'uploaded';
      }
      if (status === 409) return 'newer';
      if (status >= 400 && status < 500 && status !== 429) break;
    }
    if (status === 0) this.#pages.length = 0; // nobody is there to take the rest
    this.failed.push({ pathname, why: status === 0 ? 'the gateway does not answer' : `${status}` });
    return 'failed';
  }
}
