// @ts-check
/** What `next build` has made of a page: served and shared until something newer is there. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { now } from './clock.js';
import { pathOf, built as read } from './next.js';

/**
 * @typedef {object} Seed
 * @property {any} value
 * @property {{ revalidate: number | false, expire?: number } | undefined} cacheControl
 * @property {number} began when it was built, ms, and not in the future
 * @property {number} modified the same as its files say
 * @property {string} asOf
 */

/** The clocks of the builder and of Redis may be this far apart. */
export const CLOCKS_APART_MS = 60_000;
const PAGES = new Set(['APP_PAGE', 'APP_ROUTE', 'PAGES']);

/**
 * @param {any} context what Next gave the handler
 * @param {string} key
 * @param {any} ctx what Next gave `get`
 * @returns {Promise<Seed | undefined>}
 */
export async function seedOf(context, key, ctx) {
  if (context.dev || !PAGES.has(ctx.kind)) return undefined;
  const built = await read(context, key, ctx);
  if (!built?.value) return undefined;
  const began = Math.min(built.lastModified, now());
  return {
    value: built.value,
    cacheControl: built.cacheControl ?? lifetimeOf(context.serverDistDir, key),
    began,
    modified: built.lastModified,
    asOf: String(Math.max(0, Math.floor((began - CLOCKS_APART_MS) * 1000))),
  };
}

/** Whether it is too old to be served by anybody. @param {Seed} seed */
export function isSpent({ cacheControl, began }) {
  return now() - began > (cacheControl?.expire ?? Infinity) * 1000;
}

/** By build directory. @type {Map<string, any>} */
const manifests = new Map();

/**
 * The lifetime that the build noted elsewhere than beside the page.
 *
 * @param {string} serverDistDir
 * @param {string} key
 */
function lifetimeOf(serverDistDir, key) {
  if (!manifests.has(serverDistDir)) manifests.set(serverDistDir, manifestIn(serverDistDir));
  const route = manifests.get(serverDistDir)?.routes?.[pathOf(key)];
  if (route?.initialRevalidateSeconds === undefined) return undefined;
  return { revalidate: route.initialRevalidateSeconds, expire: route.initialExpireSeconds };
}

/** @param {string} serverDistDir */
function manifestIn(serverDistDir) {
  try {
    return JSON.parse(
      readFileSync(path.join(serverDistDir, '..', 'prerender-manifest.json'), 'utf8'),
    );
  } catch {
    return undefined;
  }
}
