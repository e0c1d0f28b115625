// @ts-check
/** Why an entry is served or not: what the gateway knows of it. */
import { createHash } from 'node:crypto';
import { config } from '../config.js';
import * as incremental from '../incremental.js';
import { digestOf } from '../names.js';
import { ask, explained, refusal } from './ask.js';
import { scopesKeys } from '../next.js';
import { Failure } from './failure.js';
import { build, deploymentOf, loadEnv, pagesOf, readJson } from './project.js';

/* Not for apps, so the package's types do not have it. */
const { keyDigest } = /** @type {any} */ (incremental);

/** @typedef {import('./project.js').Build} Build */
/** @typedef {{ what: string, digest: string }} Candidate */

/** @type {import('./main.js').Run} */
export async function run({ words: [word] }) {
  loadEnv();
  const settings = config();
  const built = tried(build);
  const name = built ? deploymentOf(built).name : process.env.NEXT_DEPLOYMENT_ID;
  if (!name)
    throw new Failure('nothing names the deployment: give --deployment, or --dir with a build');
  const answers = [];
  for (const { what, digest } of candidates(word, built)) {
    answers.push({ what, ...(await told(settings, `deployments/${name}/why/@${digest}`)) });
  }
  const found = answers.filter(({ state }) => state !== 'missing');
  const shown = found.length > 0 ? found : answers;
  const text = [
    `app ${settings.app}, deployment ${name}`,
    ...shown.flatMap((answer) => ['', ...lines(answer)]),
  ].join('\n');
  return {
    ok: found.length > 0,
    text,
    json: { app: settings.app, deployment: name, entries: shown },
  };
}

/**
 * The answer of the first address that gives one.
 *
 * @param {import('../config.js').Config} settings
 * @param {string} path
 */
async function told(settings, path) {
  let why = '';
  for (const address of settings.addresses) {
    try {
      const answer = await ask(settings, address, { path });
      if (answer.status === 200) return JSON.parse(answer.body.toString());
      why = `${address.name}: ${refusal(answer)}`;
    } catch (error) {
      why = `${address.name}: ${explained(error)}`;
    }
  }
  throw new Failure(why);
}

/**
 * What a word may mean: a digest, a key of Next's, or a path, which may be a page's or a route's.
 *
 * @param {string} word
 * @param {Build} [built]
 * @returns {Candidate[]}
 */
function candidates(word, built) {
  if (/^@?[0-9a-f]{64}$/.test(word)) {
    const digest = word.replace('@', '');
    /* 64 digits are a digest, or Next's key of a fetch. */
    return [
      { what: 'entry', digest },
      ...(word === digest ? [{ what: 'fetch', digest: keyDigest(word) }] : []),
    ];
  }
  if (/^[[{]/.test(word)) return [{ what: "'use cache'", digest: digestOf(`use-cache:${word}`) }];
  if (word.startsWith('/route-cache/')) return [{ what: word, digest: keyDigest(word) }];
  const pathname = pathOf(word);
  if (!built)
    throw new Failure(`the key of ${pathname} is known by its build: name the app by --dir`);
  const keys = new Set(keysOf(pathname, built));
  if (keys.size === 0)
    throw new Failure(`no page or route of the build serves ${pathname} from the cache`);
  return [...keys].map((key) => ({ what: key, digest: keyDigest(key) }));
}

/** @param {string} word */
function pathOf(word) {
  try {
    const { pathname } = new URL(word, 'http://localhost');
    return pathname.length > 1 ? pathname.replace(/\/$/, '') : pathname;
  } catch {
    throw new Failure(`${word} is no path, URL, key or digest`);
  }
}

/**
 * @param {string} pathname
 * @param {Build} built
 */
function* keysOf(pathname, built) {
  const name = pathname === '/' ? '/index' : pathname;
  for (const page of pagesOf(built)) if (page.pathname === name) yield page.key;
  /* What was not prerendered has a key of the same form, below the route that serves it. */
  if (!scopesKeys()) yield name;
  const sources = readJson(`${built.distDir}/app-path-routes-manifest.json`) ?? {};
  for (const [route, { routeRegex, dataRoute }] of Object.entries(
    /** @type {Record<string, any>} */ (built.prerendered.dynamicRoutes ?? {}),
  )) {
    if (!new RegExp(routeRegex).test(pathname)) continue;
    const kind =
      dataRoute === null ? 'APP_ROUTE' : dataRoute.endsWith('.json') ? 'PAGES' : 'APP_PAGE';
    const owners = Object.keys(sources).filter((source) => sources[source] === route);
    for (const owner of kind === 'PAGES' ? [route] : owners) {
      yield `/route-cache/${kind}/${createHash('sha256').update(owner).digest('hex')}/$${name}`;
    }
  }
}

/** @param {any} answer */
function* lines({ what, digest, state, reason, lease, tags = [], ...entry }) {
  yield what;
  yield `  digest    ${digest}`;
  yield `  state     ${state}${reason ? `, by ${REASONS[reason] ?? reason}` : ''}`;
  if (state !== 'missing') {
    const { age, revalidate, expire } = entry;
    const ends = `stale after ${seconds(revalidate)}, gone after ${seconds(expire)}`;
    yield `  age       ${seconds(age)}, ${ends}`;
    yield `  computed  as of ${stampText(entry.asOf)}`;
    yield `  body      ${entry.bytes} bytes of ${entry.type}`;
    yield `  tags      ${tags.length === 0 ? 'none' : ''}`.trimEnd();
  }
  for (const tag of tags) yield `    ${tag.tag}  ${effectText(tag)}`;
  const held = lease && `granted by ${lease.replica}, for ${seconds(lease.ttl)} more`;
  yield `  lease     ${held ?? 'none'}`;
}

/** @type {Record<string, string>} */
const REASONS = { time: 'its age', tag: 'a tag', floor: 'what is forgotten of invalidations' };

/** @param {{ effect: string, hard: number, soft: { stamp: number, deadline?: number }[] }} tag */
function effectText({ effect, hard, soft }) {
  const newest = Math.max(hard, ...soft.map(({ stamp }) => stamp));
  if (newest === 0) return 'never invalidated, as far as is known';
  const kind = newest === hard ? 'hard' : 'soft';
  const result = { none: 'before it was computed', stale: 'makes it stale', gone: 'ended it' }[
    effect
  ];
  return `invalidated (${kind}) at ${stampText(newest)}: ${result}`;
}

/** @param {number} micros */
function stampText(micros) {
  return micros > 0 ? new Date(micros / 1000).toISOString() : 'unknown';
}

/** @param {number | undefined} value */
function seconds(value) {
  return value === undefined ? 'never' : `${Number(value.toFixed(1))} s`;
}

/**
 * @template T
 * @param {() => T} work
 * @returns {T | undefined}
 */
function tried(work) {
  try {
    return work();
  } catch (error) {
    if (error instanceof Failure) return undefined;
    throw error;
  }
}
