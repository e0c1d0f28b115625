// @ts-check
import assert from 'node:assert/strict';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, mock, test } from 'node:test';
import { digestOf } from '../../main/js/names.js';
import { FakeGateway } from './support/gateway.js';
import { within } from './support/next.js';
import Incremental from './support/settled.js';

const home = process.cwd();
const PAGE = { kind: 'APP_PAGE', isRoutePPREnabled: true, isFallback: false };
const SHELL = { ...PAGE, isFallback: true };

/** @type {FakeGateway} */
let gateway;
/** An app that is built, with a Next that reads its build. @type {string} */
let app;
let keys = 0;
/** @type {string} */
let key;
/** @type {string} */
let digest;
/** What Next finds in the build. @type {any} */
let built;

before(async () => {
  mock.method(console, 'warn', () => {});
  gateway = await new FakeGateway().start();
  app = mkdtempSync(path.join(tmpdir(), 'freshet-'));
  const cache = path.join(app, 'node_modules/next/dist/server/lib/incremental-cache');
  mkdirSync(cache, { recursive: true });
  writeFileSync(
    path.join(cache, 'file-system-cache.js'),
    `exports.default = class { constructor(context) { this.context = context }
       async get(key, ctx) { return globalThis.freshetBuilt?.(this.context, key, ctx) ?? null } }`,
  );
  writeFileSync(
    path.join(cache, 'tags-manifest.external.js'),
    `exports.tagsManifest = globalThis.freshetManifest
     exports.areTagsStale = () => {}
     exports.areTagsExpired = (tags, since) => tags.some((tag) => exports.tagsManifest.get(tag)?.expired > since)`,
  );
  writeFileSync(
    path.join(cache, 'shared-cache-controls.external.js'),
    'exports.SharedCacheControls = { cacheControls: (globalThis.freshetLifetimes = new Map()) }',
  );
  // @ts-ignore
  globalThis.freshetManifest = new Map();
  mkdirSync(path.join(app, '.next/server'), { recursive: true });
  process.chdir(app);
});
after(async () => {
  process.chdir(home);
  rmSync(app, { recursive: true });
  await gateway.stop();
});
beforeEach(() => {
  key = `/route-cache/APP_PAGE/9f86/$/p${keys++}`;
  digest = digestOf(`incremental:${key}`);
  gateway.calls.length = 0;
  gateway.entries.clear();
  gateway.instead = () => {};
  // @ts-ignore
  globalThis.freshetManifest.clear();
  built = { lastModified: now() - 5_000, value: page(), cacheControl: undefined };
  // @ts-ignore
  globalThis.freshetBuilt = (context) => {
    assert.equal(context.flushToDisk, false);
    return built;
  };
  writeFileSync(
    path.join(app, '.next/prerender-manifest.json'),
    JSON.stringify({
      routes: Object.fromEntries(
        Array.from({ length: 50 }, (_, i) => [
          `/p${i}`,
          { initialRevalidateSeconds: 60, initialExpireSeconds: 600 },
        ]),
      ),
    }),
  );
});

const now = () => performance.timeOrigin + performance.now();
const page = (html = '<p>built</p>') => ({
  kind: 'APP_PAGE',
  html,
  headers: { 'x-next-cache-tags': '_N_T_/p,posts' },
});
const request = (dev = false) =>
  new Incremental({ serverDistDir: path.join(app, '.next/server'), dev, _requestHeaders: {} });

test('rule 7: get_missing_putsTheBuildsPageDatedByTheBuildAndHasTheGatewayJudge', async () => {
  const data = await request().get(key, PAGE);

  const { meta } = /** @type {any} */ (gateway.puts[0].frame);
  assert.equal(meta.asOf, String(Math.floor((built.lastModified - 60_000) * 1000)));
  assert.ok(meta.age >= 5 && meta.age < 10);
  assert.match(meta.lease, /^token-/);
  assert.deepEqual(meta.tags, ['_N_T_/p', 'posts']);
  assert.deepEqual([meta.revalidate, meta.expire], [60, 600]);
  assert.deepEqual(data?.value, page());
  assert.deepEqual(data?.cacheControl, { revalidate: 60, expire: 600 });
  assert.ok(Math.abs((data?.lastModified ?? 0) - built.lastModified) < 1_000);
  assert.equal(gateway.lookups.length, 2);
});

/* Before 16.3 a key is the path, and before 16.4 Next knows the lifetimes of its own renders alone. */
for (const [name, given, noted] of [
  ['ofAKeyWithItsRoute', undefined, undefined],
  ['ofAPath', '/p7', '/p7'],
  ['ofTheRoot', '/index', '/'],
  ['belowAnIndex', '/p8/index', '/p8'],
]) {
  test(`T8: get_${name}_tellsNextTheLifetimeWhereItLooksForIt`, async () => {
    const asked = given ?? key;
    writeFileSync(
      path.join(app, '.next/prerender-manifest.json'),
      JSON.stringify({
        routes: { [noted ?? asked.split('/$')[1]]: { initialRevalidateSeconds: 7 } },
      }),
    );
    const context = { serverDistDir: path.join(app, `.next-${name}/server`), _requestHeaders: {} };
    mkdirSync(context.serverDistDir, { recursive: true });
    cpSync(
      path.join(app, '.next/prerender-manifest.json'),
      `${context.serverDistDir}/../prerender-manifest.json`,
    );
    const data = await new Incremental(context).get(asked, PAGE);

    assert.equal(data?.cacheControl?.revalidate, 7);
    // @ts-ignore
    assert.equal(globalThis.freshetLifetimes.get(noted ?? asked), data?.cacheControl);
  });
}

/** Invalidated since it was built: the gateway keeps it, and will not serve it. */
function ended() {
  gateway.instead = ({ path }, response) => {
    if (!path.endsWith('/lookup')) return false;
    response.end(FakeGateway.frame({ status: 404, tags: [], asOf: '7-1', lease: gateway.lead() }));
    return true;
  };
}

test('rule 7: get_seedThatTheGatewayHasEnded_isNotServedAndNotTriedAgain', async () => {
  ended();
  assert.equal(await request().get(key, PAGE), null);
  assert.equal(await request().get(key, PAGE), null);

  assert.equal(gateway.puts.length, 1);
});

test('get_seedBeyondItsExpire_isNotEvenPut', async () => {
  built.lastModified = now() - 601_000;

  assert.equal(await request().get(key, PAGE), null);
  assert.equal(gateway.puts.length, 0);
});

test('get_noSeed_isAMiss', async () => {
  built = null;

  assert.equal(await request().get(key, PAGE), null);
  assert.equal(gateway.lookups.length, 1);
});

test('get_fetchOrDevelopment_hasNoSeed', async () => {
  assert.equal(await request().get(key, { kind: 'FETCH', tags: [] }), null);
  assert.equal(await request(true).get(key, PAGE), null);
  assert.equal(gateway.puts.length, 0);
});

test('T7: get_shellThatTheGatewayHasEnded_isServedOnlyIfItShowsNothing', async () => {
  ended();
  assert.equal(await request().get(key, SHELL), null);

  built.value = page('');
  assert.deepEqual((await request().get(`${key}x`, SHELL))?.value, built.value);
});

/** Next's own reader, which goes by what its process has ended. */
function builtWithTags() {
  const fs = { readFile: async () => JSON.stringify({ headers: built.value.headers }) };
  // @ts-ignore
  globalThis.freshetBuilt = async (context) => {
    const { headers } = JSON.parse(await context.fs.readFile('shell.meta', 'utf8'));
    if (headers['x-next-cache-tags']) return null;
    return { ...built, value: { ...built.value, headers } };
  };
  // @ts-ignore
  globalThis.freshetManifest.set('posts', { expired: now() });
  return new Incremental({ serverDistDir: path.join(app, '.next/server'), fs, _requestHeaders: {} });
}

test('T7: get_emptyShellThatThisProcessHasEnded_isServedAsNew', async () => {
  ended();
  built.value = page('');
  const began = now();

  const data = await builtWithTags().get(key, SHELL);

  assert.deepEqual(data?.value, built.value, 'with its tags');
  assert.ok((data?.lastModified ?? 0) >= began, 'else Next, too, takes it to be ended');
});

test('T7: get_shellThatThisProcessHasEndedAndGatewayDown_isServedOnlyIfItShowsNothing', async () => {
  gateway.instead = (_, response) => !!response.writeHead(503).end();
  const handler = builtWithTags();
  assert.equal(await handler.get(key, SHELL), null);

  built.value = page('');
  assert.deepEqual((await handler.get(`${key}x`, SHELL))?.value, built.value);
});

test('T7: get_gatewayDown_servesTheShellButRendersThePage', async () => {
  gateway.instead = (_, response) => !!response.writeHead(503).end();

  assert.equal(await request().get(key, PAGE), null);
  assert.deepEqual((await request().get(key, SHELL))?.value, page());
});

test('get_gatewayDownAndInvalidatedHere_doesNotServeTheShell', async () => {
  gateway.instead = (_, response) => !!response.writeHead(503).end();
  await within('request', () => request().revalidateTag(['posts']), { page: '/route' });

  assert.equal(await request().get(key, SHELL), null);
});

test('get_staleByTagAndNeverDue_isStaleForNextByATagOfItsOwn', async () => {
  await gateway.stop(); // and its breaker
  gateway = await new FakeGateway().start();
  built.cacheControl = { revalidate: false };
  await request().get(key, PAGE);
  const found = /** @type {any} */ (gateway.entries.get(digest));
  Object.assign(found.meta, {
    state: 'stale',
    reason: 'tag',
    tags: ['other'],
    lease: { role: 'leader', token: 't', ttl: 10 },
    asOf: '9-9',
  });
  const handler = request();
  const data = await handler.get(key, PAGE);

  const tag = data?.value.headers['x-next-cache-tags'].split(',').at(-1);
  // @ts-ignore
  assert.equal(globalThis.freshetManifest.get(tag).stale, Infinity);
  assert.ok(Math.abs((data?.lastModified ?? 0) - built.lastModified) < 1_000, 'and truly dated');
  gateway.calls.length = 0;
  await handler.set(key, data?.value, { ...PAGE, cacheControl: { revalidate: 3 } });
  assert.equal(gateway.puts.length, 0, 'what comes back is known');
});
