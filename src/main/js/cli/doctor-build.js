// @ts-check
/** What of Next and of the build keeps the cache from working, or from being right. */
import { createRequire } from 'node:module';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import components from '../components.js';
import Incremental from '../incremental.js';
import { seedOf } from '../seed.js';
import { build, deploymentOf, handlerContext, nextVersion, pagesOf } from './project.js';

/** @typedef {import('./doctor.js').Say} Say */

const require = createRequire(import.meta.url);
const OURS = {
  incremental: [Incremental, require('../incremental.cjs')],
  components: [components, require('../components.cjs')],
};
/** A clock that differs by less is one that is set. */
const CLOCK_MS = 60_000;
/** Older files are hardly those of a build that is to be served. */
const BUILD_AGE_MS_MAX = 400 * 86_400_000;

/** @param {Say} say */
export function checkNext(say) {
  const version = nextVersion();
  const [major, minor] = (version ?? '').split(/[.-]/).map(Number);
  if (!version) {
    say('warn', 'next', 'it is not installed here: nothing of the app can be checked');
  } else if (major === 16 && minor >= 3) {
    say('ok', 'next', `${version} is supported`);
  } else if (major === 16) {
    say(
      'ok',
      'next',
      `${version} is supported; before 16.3 who refreshes a stale value of 'use cache' waits for it`,
    );
  } else if (major === 15 && minor >= 5) {
    say('warn', 'next', `${version} is supported with cacheHandler alone: it has no cacheHandlers`);
  } else {
    say('fail', 'next', `${version} is not supported: 16 is, and 15.5 with cacheHandler alone`);
  }
}

/**
 * @param {Say} say
 * @returns {Promise<{ name: string, at: number }>} the deployment, and when it was built, ms
 */
export async function checkBuild(say) {
  const built = build();
  const { name, from } = deploymentOf(built);
  say(
    'ok',
    'deployment',
    `${name}, from ${from}: every server of this build has to come to the same`,
  );
  await checkHandlers(built, say);
  return { name, at: await checkSeeds(built, say) };
}

/**
 * @param {import('./project.js').Build} built
 * @param {Say} say
 */
async function checkHandlers({ config, distDir }, say) {
  const { cacheHandler, cacheHandlers = {} } = config;
  if (!cacheHandler) {
    say(
      'fail',
      'handlers',
      'cacheHandler is not named in the config: each server keeps pages and fetches for itself',
    );
  } else {
    await checkHandler(
      'cacheHandler',
      'incremental',
      path.resolve(distDir, asPath(cacheHandler)),
      say,
    );
  }
  for (const kind of ['default', 'remote']) {
    if (cacheHandlers[kind]) {
      const file = path.resolve(distDir, asPath(cacheHandlers[kind]));
      await checkHandler(`cacheHandlers.${kind}`, 'components', file, say);
    } else {
      const directive = kind === 'remote' ? "'use cache: remote'" : "'use cache'";
      say(
        'warn',
        'handlers',
        `cacheHandlers.${kind} is not named: Next keeps ${directive} in each server's memory`,
      );
    }
  }
}

/** @param {string} text */
function asPath(text) {
  return text.startsWith('file:') ? fileURLToPath(text) : text;
}

/**
 * @param {string} setting
 * @param {'incremental' | 'components'} kind
 * @param {string} file
 * @param {Say} say
 */
async function checkHandler(setting, kind, file, say) {
  let handler;
  try {
    const loaded = await import(pathToFileURL(file).href);
    handler = loaded.default ?? loaded;
  } catch (error) {
    say(
      'fail',
      'handlers',
      `${setting} cannot be loaded, so every request would be answered 500 until a restart: ` +
        error,
    );
    return;
  }
  if (OURS[kind].includes(handler?.default ?? handler)) {
    say('ok', 'handlers', `${setting} is freshet-next/${kind}`);
  } else {
    say(
      'warn',
      'handlers',
      `${setting} is not this freshet-next/${kind}: should it ever reject while a page is ` +
        'prerendered, that page hangs until a restart',
    );
  }
}

/**
 * A server that has just started serves what the build has made, if it finds it, and the times of
 * its files tell how old it is.
 *
 * @param {import('./project.js').Build} built
 * @param {Say} say
 * @returns {Promise<number>} when the oldest of them was built, ms
 */
async function checkSeeds(built, say) {
  const context = handlerContext(built);
  /** @type {number[]} */
  const times = [];
  /** @type {string[]} */
  const lost = [];
  for (const { key, ctx, pathname } of pagesOf(built)) {
    const seed = await seedOf(context, key, ctx);
    if (seed) times.push(seed.modified);
    else lost.push(pathname);
  }
  times.sort((a, b) => a - b);
  say(...verdict(times, lost, Date.now()));
  return times[0] ?? Infinity;
}

/**
 * @param {number[]} times of the pages that are found, the oldest first, ms
 * @param {string[]} lost the paths of the others
 * @param {number} now ms
 * @returns {Parameters<Say>}
 */
function verdict(times, lost, now) {
  const text = (/** @type {number} */ ms) => new Date(ms).toISOString();
  const pages = times.length + lost.length;
  if (pages === 0) return ['ok', 'fresh pod', 'nothing is prerendered'];
  if (lost.length > 0) {
    return [
      'fail',
      'fresh pod',
      `${lost.length} of ${pages} pages are not found in the build, as ${lost[0]}: a server that ` +
        'starts renders them anew, and answers 500 where one is the shell of a route',
    ];
  }
  const [oldest, newest] = [times[0], times[times.length - 1]];
  if (newest > now + CLOCK_MS) {
    return [
      'fail',
      'fresh pod',
      `the build's files are from the future, ${text(newest)}: what was invalidated until then ` +
        'comes back; set the clock, or copy them with their times (cp -p)',
    ];
  }
  if (now - oldest > BUILD_AGE_MS_MAX) {
    return [
      'warn',
      'fresh pod',
      `the build's files are of ${text(oldest)}, which is hardly when it was built: as old as ` +
        'that they are of no use, and a server that starts renders all pages anew; copy them with ' +
        'their times (cp -p)',
    ];
  }
  return [
    'ok',
    'fresh pod',
    `${pages} pages to start with, built at ${text(oldest)} by their files: what was invalidated ` +
      'since then does not come back',
  ];
}
