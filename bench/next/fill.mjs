// @ts-check
/**
 * Writes entries through the handlers that the app in the working directory names, half of them
 * pages, where it names a handler for those. They expire soon: the next round begins without them.
 *
 *     node fill.mjs ENTRIES TAG…
 */
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { entry, within } from '../../src/test/js/support/next.js';

const AT_ONCE = 64;
const LIFETIME = { stale: 30, revalidate: 60, expire: 120 };
const PAGE = { kind: 'APP_PAGE', isRoutePPREnabled: false, isFallback: false };
const [entries, ...tags] = process.argv.slice(2);

/** @param {string} file */
async function load(file) {
  const { default: found } = await import(pathToFileURL(path.resolve(file)).href);
  return found?.default ?? found;
}

const config = await load('next.config.js');
const components = await load(config.cacheHandlers.default);
const Incremental = config.cacheHandler && (await load(config.cacheHandler));

/** A get before each set, as Next has it. @param {string} key @param {string} tag */
async function writeValue(key, tag) {
  await components.get(key, []);
  await components.set(key, Promise.resolve(entry('filled', { ...LIFETIME, tags: [tag] })));
}

/** @param {string} key @param {string} tag */
async function writePage(key, tag) {
  const handler = new Incremental({ dev: false, serverDistDir: '.next/server', _requestHeaders: {} });
  await handler.get(key, PAGE);
  const headers = { 'x-next-cache-tags': tag };
  const page = { html: 'filled', rscData: Buffer.from('filled'), headers, status: 200 };
  const context = { ...PAGE, cacheControl: LIFETIME };
  await handler.set(key, { kind: 'APP_PAGE', ...page }, context);
}

function* all() {
  for (const tag of tags) {
    for (let i = 0; i < Number(entries); i++) yield { tag, i };
  }
}

const left = all();
async function work() {
  for (const { tag, i } of left) {
    const key = `["${tag}",${i},"${process.pid}"]`;
    await within('request', () => (Incremental && i % 2 ? writePage : writeValue)(key, tag));
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, work));
process.exit(0);
