// @ts-check
/** The situations that each subject is put into, in turn, round after round. */
import { setTimeout as pause } from 'node:timers/promises';
import { act, ask, asFastAsAnswered, atRate, quantile, versionOf } from './load.mjs';
import { fill } from './fleet.mjs';
import { keysIn, metered } from './meters.mjs';
import { ORIGIN_MS } from './origin.mjs';

/** @typedef {import('./fleet.mjs').Fleet} Fleet */
/** @typedef {import('./load.mjs').Answer} Answer */
/** @typedef {'hard' | 'soft'} Mode */

/** What is asked for, and the path of it. */
export const KINDS = { "'use cache'": '/cached/c.', 'ISR page': '/isr/i.' };
const kinds = /** @type {(keyof typeof KINDS)[]} */ (Object.keys(KINDS));

export const CONNECTIONS = 8;
export const WARM_SECONDS = 3;
const WARM_UP_SECONDS = 3;
/** Four times so many tags: what is then asked of a store is compiled. */
const MISSED_BEFORE = 40;
/** A second, of both kinds together. */
export const RATE = 18;
export const STAMPEDE = 30;
/** The tags that are ended, one in the middle of each second. */
export const ENDED = 6;
/** How often each is: the second time while what the first has ended is computed anew. */
const TIMES = { hard: 2, soft: 1 };
/** How long after a request, in ms, so that it falls between two: a tag that is ended while a page is asked for is so before or after, as it happens. */
const BETWEEN_MS = 500 / RATE;
/** Of tags with many entries so few are ended that they are written in a bearable time. */
const ENDED_OF_MANY = 2;
const MANY = 10_000;
/** A handler whose store is slow for a moment drops what it should write. */
const FILLS_MAX = 4;
const MISSING_MAX = 0.1;

/** The origin's key of a page. @param {keyof typeof KINDS} kind @param {string} tag */
const keyOf = (kind, tag) => KINDS[kind].slice(KINDS[kind].lastIndexOf('/') + 1) + tag;
/** @param {keyof typeof KINDS} kind @param {string} tag */
const pathOf = (kind, tag) => KINDS[kind] + tag;

/** Until each server has been asked often enough to have what it will have. @param {Fleet} fleet @param {string[]} tags */
async function warm({ urls }, tags) {
  for (const tag of tags) {
    for (const kind of kinds) {
      for (let i = 0; i < 2; i++) await Promise.all(urls.map((url) => ask(url + pathOf(kind, tag))));
    }
  }
}

/** Until Node has compiled what it runs, and a gateway's Java, also of what pages do that miss and are ended. @param {Fleet} fleet */
export async function warmUp(fleet) {
  const { urls, action } = fleet;
  const misses = async (/** @type {string} */ lane) => {
    for (let i = 0; i < MISSED_BEFORE; i++) {
      const tag = `warm-${lane}-${i}`;
      await warm(fleet, [tag]);
      await act(urls[i % urls.length], action, [tag, i % 2 ? 'hard' : 'soft']);
      await warm(fleet, [tag]);
    }
  };
  await Promise.all(['a', 'b', 'c', 'd'].map(misses));
  await warm(fleet, ['warm']);
  for (const kind of kinds) {
    const urls = fleet.urls.map((url) => url + pathOf(kind, 'warm'));
    await asFastAsAnswered(urls, CONNECTIONS, WARM_UP_SECONDS);
  }
}

/** What each page took of Redis, beyond what it is asked when there are none. @param {Fleet} fleet @param {import('./meters.mjs').Taken} taken @param {number} pages */
function beyondRest({ atRest }, { commands, reads, ms }, pages) {
  const seconds = ms / 1_000;
  return {
    commands: Math.max(0, commands - atRest.commands * seconds) / pages,
    reads: Math.max(0, reads - atRest.reads * seconds) / pages,
  };
}

/** @param {Answer[]} answers */
export function timesOf(answers) {
  const ms = answers.map((answer) => answer.ms);
  const failed = answers.filter((answer) => Number.isNaN(versionOf(answer))).length;
  return { p50: quantile(ms, 0.5), p99: quantile(ms, 0.99), asked: answers.length, failed };
}

/**
 * Everything is there, and nothing changes: as fast as it goes, and at a rate.
 *
 * @param {Fleet} fleet @param {number[]} pids
 */
export async function warmed(fleet, pids) {
  await warm(fleet, ['warm']);
  /** @type {Record<string, any>} */
  const rows = {};
  for (const kind of kinds) {
    const urls = fleet.urls.map((url) => url + pathOf(kind, 'warm'));
    const { result, taken } = await metered(fleet, pids, () =>
      asFastAsAnswered(urls, CONNECTIONS, WARM_SECONDS),
    );
    const { answered, failed } = result;
    rows[kind] = {
      perCpuSecond: (answered * 1_000) / taken.cpuMs,
      perSecond: (answered * 1_000) / taken.ms,
      ...beyondRest(fleet, taken, answered + failed),
      wrong: failed,
      others: taken.others,
    };
  }
  const answers = await atRate(RATE, WARM_SECONDS, async (i, due) => {
    const kind = kinds[i % 2];
    const url = fleet.urls[(i >> 1) % fleet.urls.length];
    return { kind, answer: await ask(url + pathOf(kind, 'warm'), {}, '', due) };
  });
  for (const kind of kinds) {
    const of = answers.filter((asked) => asked.kind === kind).map(({ answer }) => answer);
    Object.assign(rows[kind], timesOf(of));
  }
  return rows;
}

/**
 * Many ask at once for what nobody has, and then for what has just been ended.
 *
 * @param {Fleet} fleet @param {number[]} pids
 * @param {import('./origin.mjs').Origin} origin @param {string} name
 */
export async function stampeded(fleet, pids, origin, name) {
  /** @type {Record<string, any>} */
  const rows = {};
  for (const [i, kind] of kinds.entries()) {
    const [tag, { urls }] = [`${name}-${i}`, fleet];
    const key = keyOf(kind, tag);
    const rush = async (/** @type {number} */ least) => {
      const before = origin.calls(key);
      const asked = Array.from({ length: STAMPEDE }, (_, i) =>
        ask(urls[i % urls.length] + pathOf(kind, tag)),
      );
      const answers = await Promise.all(asked);
      await origin.quiet();
      const stale = answers.filter((answer) => versionOf(answer) < least).length;
      return { ...timesOf(answers), calls: origin.calls(key) - before, stale };
    };
    const { result, taken } = await metered(fleet, pids, async () => {
      const cold = await rush(1);
      await warm(fleet, [tag]);
      const version = origin.change(key);
      const { status } = await act(urls[0], fleet.action, [tag, 'hard']);
      return { cold, ended: await rush(version), refused: status === 200 ? 0 : 1 };
    });
    rows[kind] = { ...result, others: taken.others };
  }
  return rows;
}

/**
 * In each second everybody asks for another page of each kind, and in the middle of it the data
 * changes and the tag that the two carry, with so many entries more, is ended at one of the servers,
 * between two requests, and soon once more. An answer is stale that was asked for after the end was acknowledged and shows what was before.
 *
 * @param {Fleet} fleet @param {number[]} pids
 * @param {import('./origin.mjs').Origin} origin @param {string} name
 * @param {number} entries @param {Mode} mode
 */
export async function invalidated(fleet, pids, origin, name, entries, mode) {
  const seconds = entries > MANY ? ENDED_OF_MANY : ENDED;
  const tags = Array.from({ length: seconds }, (_, i) => `${name}-${i}`);
  if (entries > kinds.length) await filled(fleet, tags, entries - kinds.length);
  await warm(fleet, tags);
  await origin.quiet();
  const calls = () =>
    kinds.map((kind) => tags.reduce((sum, tag) => sum + origin.calls(keyOf(kind, tag)), 0));
  const before = calls();
  const { result, taken } = await metered(fleet, pids, () => stream(fleet, origin, tags, mode));
  await origin.quiet();
  const after = calls();
  const { asked, ends, least } = result;
  const kept = await keptOld(fleet, least);
  const ofAll = {
    endMs: quantile(ends.map(({ ms }) => ms), 0.5),
    endMsMax: Math.max(...ends.map(({ ms }) => ms)),
    refused: ends.filter(({ status }) => status !== 200).length,
    commands: beyondRest(fleet, taken, asked.length).commands,
    others: taken.others,
  };
  const rows = kinds.map((kind, i) => {
    const of = asked.filter((one) => one.kind === kind);
    const calls = (after[i] - before[i]) / seconds;
    return [kind, { ...staleOf(of), calls, ...kept[i], ...ofAll }];
  });
  return Object.fromEntries(rows);
}

/** The least version of a tag's pages that may be shown, and since when. @typedef {Map<string, { version: number, at: number }>} Least */

/**
 * Of each kind the pages that show what was before when all is quiet: what was being computed when
 * its tag was ended, and was kept as if it were new.
 *
 * @param {Fleet} fleet @param {Least} least
 */
function keptOld({ urls }, least) {
  return Promise.all(
    kinds.map(async (kind) => {
      const asked = Array.from(least, ([tag, { version }]) =>
        urls.map(async (url) => versionOf(await ask(url + pathOf(kind, tag))) < version),
      );
      const old = await Promise.all(asked.flat());
      return { kept: old.filter(Boolean).length, of: old.length };
    }),
  );
}

/** @typedef {{ kind: keyof typeof KINDS, answer: Answer, judged: boolean, staleMs: number }} Asked */

/** @param {Asked[]} asked */
function staleOf(asked) {
  const staleMs = asked.map((one) => one.staleMs).filter((ms) => ms >= 0);
  return {
    ...timesOf(asked.map(({ answer }) => answer)),
    judged: asked.filter(({ judged }) => judged).length,
    stale: staleMs.length,
    staleMs: Math.max(0, ...staleMs),
  };
}

/**
 * A second for each tag.
 *
 * @param {Fleet} fleet @param {import('./origin.mjs').Origin} origin
 * @param {string[]} tags @param {Mode} mode
 * @returns {Promise<{ asked: Asked[], ends: Answer[], least: Least }>}
 */
async function stream({ urls, action }, origin, tags, mode) {
  /** @type {Least} */
  const least = new Map();
  const ends = /** @type {Answer[]} */ ([]);
  const ending = /** @type {Promise<void>[]} */ ([]);

  const end = async (/** @type {number} */ second) => {
    const tag = tags[second];
    await pause(BETWEEN_MS);
    for (let i = 0; i < TIMES[mode]; i++) {
      const [version] = kinds.map((kind) => origin.change(keyOf(kind, tag)));
      const answer = await act(urls[second % urls.length], action, [tag, mode]);
      if (answer.status === 200) least.set(tag, { version, at: performance.now() });
      ends.push(answer);
      await pause(ORIGIN_MS / 2);
    }
  };

  const one = async (/** @type {number} */ i, /** @type {number} */ due) => {
    const second = Math.floor(i / RATE);
    if (i % RATE === RATE / 2) ending.push(end(second));
    const [kind, tag, url] = [kinds[i % 2], tags[second], urls[(i >> 1) % urls.length]];
    const [known, sent] = [least.get(tag), performance.now()];
    const answer = await ask(url + pathOf(kind, tag), {}, '', due);
    const isStale = known !== undefined && versionOf(answer) < known.version;
    return { kind, answer, judged: known !== undefined, staleMs: isStale ? sent - known.at : -1 };
  };

  const asked = await atRate(RATE, tags.length, one);
  await Promise.all(ending);
  return { asked, ends, least };
}

/** Until Redis holds about as many keys more. @param {Fleet} fleet @param {string[]} tags @param {number} entries */
async function filled(fleet, tags, entries) {
  const before = await keysIn(fleet);
  const missing = async () => entries * tags.length - ((await keysIn(fleet)) - before);
  for (let i = 0; i < FILLS_MAX && (await missing()) > tags.length; i++) {
    await fill(fleet, tags, Math.ceil((await missing()) / tags.length));
  }
  if ((await missing()) > entries * tags.length * MISSING_MAX) {
    throw new Error(`${fleet.subject.name} has not written ${await missing()} entries`);
  }
}
