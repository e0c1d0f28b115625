// @ts-check
/**
 * What is borrowed from Next's inside: no public API tells it. Each of these may be absent, and the
 * answer is undefined then; what that costs is said where it is used.
 */
import { createRequire } from 'node:module';
import path from 'node:path';

/**
 * @typedef {object} WorkStore
 * @property {string} [page]
 * @property {string} [buildId]
 * @property {string} [deploymentId]
 * @property {boolean} [isOnDemandRevalidate]
 * @property {{ tag: string, profile?: unknown, revalidatedAt?: number }[]} [pendingRevalidatedTags]
 * @property {Partial<Answer>} [afterContext]
 */

/**
 * The answer that is being rendered.
 *
 * @typedef {{ onClose(callback: () => void): void }} Answer
 */

/**
 * What Next is doing for the caller: a page, a route handler, a server action.
 *
 * @returns {WorkStore | undefined}
 */
export function work() {
  return storage('work-async-storage')?.getStore();
}

/**
 * The answer that is being rendered; undefined where there is none, or where Next does not tell.
 *
 * @returns {Answer | undefined}
 */
export function answer() {
  const context = work()?.afterContext;
  return typeof context?.onClose === 'function' ? /** @type {Answer} */ (context) : undefined;
}

/**
 * Whether the caller will keep what it is given, in a page or in another cache. It must not be
 * given stale data then, dressed up as fresh. Where nothing tells, it is taken to.
 */
export function callerPersists() {
  const unit = storage('work-unit-async-storage')?.getStore();
  switch (unit?.type) {
    case 'request':
    case 'prerender-runtime':
    case 'validation-client':
      return false;
    case 'cache':
    case 'private-cache':
    case 'unstable-cache':
      return unit.consumerWillServerCache !== false;
    default:
      return true;
  }
}

/**
 * Whether Next calls `set` for what the caller misses, even if it cannot be computed. A prerender
 * may leave a hole instead, and tell nobody.
 */
export function alwaysSets() {
  const type = storage('work-unit-async-storage')?.getStore()?.type;
  return type !== undefined && !type.startsWith('prerender');
}

/**
 * What Next's own reader finds in the build output, be it ended or not: it would withhold what this
 * process has ended, but that is for the gateway to say. So it is not shown the tags.
 *
 * @param {any} context as Next gave it to the handler
 * @param {string} key
 * @param {any} ctx as Next gave it to `get`
 * @returns {Promise<any>}
 */
export async function built(context, key, ctx) {
  const FileSystemCache = borrowed(
    'next/dist/server/lib/incremental-cache/file-system-cache.js',
  )?.default;
  if (!FileSystemCache) return undefined;
  const fs = Object.create(context.fs ?? null, { readFile: { value: hiding(context.fs) } });
  const options = { ...context, fs, flushToDisk: false, maxMemoryCacheSize: 0 };
  const found = await new FileSystemCache(options).get(key, ctx);
  const { [HIDDEN]: tags, ...headers } = found?.value?.headers ?? {};
  if (tags !== undefined) found.value.headers = { ...headers, [TAGS_HEADER]: tags };
  return found;
}

/** Reads as `fs` does, but for the tags of pages. @param {any} fs */
function hiding(fs) {
  return async (/** @type {string} */ file, /** @type {any} */ encoding) => {
    const content = await fs.readFile(file, encoding);
    const isMeta = typeof content === 'string' && file.endsWith('.meta');
    return isMeta ? content.replace(`"${TAGS_HEADER}":`, `"${HIDDEN}":`) : content;
  };
}

/** Whether this process has ended what carries these, since then. @param {string[]} tags @param {number} began */
export function endedHere(tags, began) {
  return manifest()?.areTagsExpired?.(tags, began) === true;
}

/** A tag that Next takes to be stale whenever it is asked. Next 15 knows no tag that is. */
export function staleTag() {
  const { tagsManifest, areTagsStale } = manifest() ?? {};
  if (!(tagsManifest instanceof Map) || !areTagsStale) return undefined;
  tagsManifest.set(STALE_TAG, { stale: Infinity });
  return STALE_TAG;
}

function manifest() {
  return borrowed('next/dist/server/lib/incremental-cache/tags-manifest.external.js');
}

export const TAGS_HEADER = 'x-next-cache-tags';
const HIDDEN = 'freshet-tags';
const STALE_TAG = 'freshet:stale';

/**
 * Tells Next the lifetime of a page that another process has rendered. Since 16.4 it takes it from
 * what it is given; before, it knows the lifetimes of its own renders alone, and takes every other
 * page to live for a second. Where it notes those, this one is put.
 *
 * @param {string} key
 * @param {object} cacheControl
 */
export function noteLifetime(key, cacheControl) {
  const lifetimes = borrowed(
    'next/dist/server/lib/incremental-cache/shared-cache-controls.external.js',
  )?.SharedCacheControls?.cacheControls;
  if (lifetimes instanceof Map) lifetimes.set(isScoped(key) ? key : pathOf(key), cacheControl);
}

/**
 * The path of a page by its key, which is `/route-cache/<kind>/<route>/$<path>`; before 16.3 it is
 * the path, but for the last of 15.5. Both have `/index` for the root.
 *
 * @param {string} key
 */
export function pathOf(key) {
  if (isScoped(key)) return key.slice(key.indexOf('/$/') + 2).replace(/^\/index$/, '/');
  return key.replace(/\/index$/, '') || '/';
}

/** Whether Next has put the route into the key. @param {string} key */
function isScoped(key) {
  return key.startsWith('/route-cache/');
}

/** Whether Next puts the route into the keys of pages. Where none is found it is taken to be new. */
export function scopesKeys() {
  return (
    borrowed('next/dist/server/lib/route-cache-key.js') !== undefined ||
    borrowed('next/package.json') === undefined
  );
}

/** @type {Map<string, any>} */
const storages = new Map();

/**
 * Next keeps its storages under global symbols that end in its version; older ones only in modules.
 *
 * @param {'work-async-storage' | 'work-unit-async-storage'} name
 * @returns {{ getStore(): any } | undefined}
 */
function storage(name) {
  if (!storages.has(name)) {
    const symbol = Object.getOwnPropertySymbols(globalThis).find((symbol) =>
      symbol.description?.startsWith(`@next/${name}@`),
    );
    const member = name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
    storages.set(
      name,
      // @ts-ignore -- not in the types of globalThis
      (symbol && globalThis[symbol]) ??
        borrowed(`next/dist/server/app-render/${name}.external.js`)?.[member],
    );
  }
  return storages.get(name);
}

/** @type {Map<string, any>} */
const modules = new Map();

/**
 * A module of the Next that runs, found from where it was started: this package may be installed
 * where another one is nearer.
 *
 * @param {string} id
 */
export function borrowed(id) {
  if (!modules.has(id)) {
    modules.set(
      id,
      required(id, process.cwd()) ?? required(id, path.dirname(process.argv[1] ?? '')),
    );
  }
  return modules.get(id);
}

/**
 * @param {string} id
 * @param {string} from a directory
 */
function required(id, from) {
  try {
    return createRequire(path.join(from, 'any.js'))(id);
  } catch {
    return undefined;
  }
}
