// @ts-check
/** What Next's contract asks and no other test shows. next.md has all of it. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, beforeEach, mock, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { digestOf } from '../../main/js/names.js';
import { pack } from '../../main/js/value.js';
import { FakeGateway } from './support/gateway.js';
import { entry, until, within } from './support/next.js';

/* Before the handlers are loaded: Next, too, patches it first. */
const patchedFetch = mock.method(globalThis, 'fetch', () => new Promise(() => {}));
const { default: handler } = await import('../../main/js/components.js');
const { default: Incremental } = await import('./support/settled.js');

/** Of tests in which the gateway hangs; in the others nobody hurries. */
const DEADLINE_MS = 100;
/** Beyond the deadline, for a machine that has other things to do. */
const SLACK_MS = 1_500;
/** What has not settled by then never will. */
const SETTLES_MS_MAX = 10_000;
const PAGE = { kind: 'APP_PAGE', isRoutePPREnabled: false, isFallback: false };
const FETCH = { kind: 'FETCH', revalidate: 60, fetchUrl: '', tags: ['f'], softTags: [] };
const LIFE = { revalidate: 60, expire: 600 };
const LEADS = { lease: { role: 'leader', token: 't', ttl: 10 }, asOf: '9-9' };
const FOLLOWS = { lease: { role: 'follower', ttl: 7 } };
const ROUTE = { page: '/api/route' };

/** @type {FakeGateway} */
let gateway;
let keys = 0;
/** @type {string} */
let key;

before(() => mock.method(console, 'warn', () => {}));
beforeEach(async () => {
  await gateway?.stop();
  gateway = await new FakeGateway().start(); // on a port of its own, and so with a breaker of its own
  key = `c${keys++}`;
  process.env.FRESHET_DEADLINE_MS = '30000';
});
after(() => gateway.stop());

const now = () => performance.timeOrigin + performance.now();
const request = (headers = {}) => new Incremental({ _requestHeaders: headers });

/** @param {string} [tags] */
const page = (tags = '_N_T_/layout,posts') => ({
  kind: 'APP_PAGE',
  html: '<p>1</p>',
  headers: { 'x-next-cache-tags': tags },
});

/** @param {string[]} [softTags] */
const get = (softTags = []) => within('request', () => handler.get(key, softTags));

/** @param {object} [fields] */
const set = (fields) =>
  within('request', () => handler.set(key, Promise.resolve(entry('value', fields))));

/** @param {object} meta */
function storedEntry(meta) {
  gateway.entries.set(digestOf(`use-cache:${key}`), {
    meta: {
      status: 200,
      state: 'fresh',
      tags: [key],
      age: 10,
      attributes: { stale: 30, revalidate: 60, expire: 600 },
      ...meta,
    },
    body: Buffer.from('old'),
  });
}

/** @param {object} meta @param {any} [cacheControl] @param {any} [value] */
function storedPage(meta, cacheControl = LIFE, value = page()) {
  const attributes = { kind: value.kind };
  gateway.entries.set(digestOf(`incremental:${key}`), {
    meta: { status: 200, state: 'fresh', tags: [key], age: 10, attributes, ...meta },
    body: pack({ value, cacheControl }),
  });
}

/** Answers nothing to such calls. @param {(call: import('./support/gateway.js').Call) => boolean} which */
function hangs(which) {
  gateway.instead = (call) => which(call);
}

/** Leaves an invalidation undelivered. @param {string} tag @param {{ expire?: number }} [durations] */
async function undelivered(tag, durations) {
  gateway.instead = ({ path }, response) =>
    path === 'invalidations' && !!response.writeHead(503).end();
  await within('request', () => handler.updateTags([tag], durations), ROUTE);
}

/**
 * The milliseconds that it takes.
 *
 * @param {() => Promise<unknown>} body
 */
async function timeOf(body) {
  const from = performance.now();
  await body();
  return performance.now() - from;
}

test('rule 1, T1: everyMethod_givenWhatItCannotRead_settles', async () => {
  const bad = /** @type {any} */ (Symbol('no text'));
  const incremental = request();
  const results = await within('prerender', () =>
    Promise.all([
      handler.get(bad, bad),
      handler.get(key, bad),
      handler.set(bad, bad),
      handler.set(key, bad),
      incremental.get(bad, bad),
      incremental.get(key, { ...PAGE, softTags: 7 }),
      incremental.set(bad, bad, bad),
      incremental.set(key, bad, {}),
    ]),
  );
  const odd = /** @type {any} */ ({
    get isOnDemandRevalidate() {
      throw new Error('not there');
    },
  });
  await within('prerender', () => handler.refreshTags(), odd);

  assert.ok(results.every((result) => result === undefined || result === null));
});

test('rule 2, T2: everyMethod_leavesGlobalFetchAlone', async () => {
  const work = { page: '/page', isOnDemandRevalidate: true };
  const incremental = request();
  await within(
    'prerender',
    async () => {
      await handler.refreshTags();
      await handler.get(key, ['soft']);
      await handler.getExpiration(['soft']);
      await handler.set(key, Promise.resolve(entry('value')));
      await handler.updateTags(['t']);
      await incremental.get(key, PAGE);
      await incremental.set(key, page(), { ...PAGE, cacheControl: LIFE });
      await incremental.revalidateTag(['t']);
    },
    work,
  );

  assert.deepEqual([gateway.lookups.length, gateway.puts.length], [2, 2]);
  assert.equal(patchedFetch.mock.callCount(), 0);
});

test('rule 3, T3: set_streamThatStalls_settles', { timeout: SETTLES_MS_MAX }, async () => {
  await get();
  let cancelled = false;
  const value = new ReadableStream({
    start: (controller) => controller.enqueue(new Uint8Array(1)),
    cancel: () => void (cancelled = true),
  });
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const setting = set({ value });
    for (let i = 0; i < 10; i++) await Promise.resolve(); // until it reads
    mock.timers.tick(10_001);
    await setting;
  } finally {
    mock.timers.reset();
  }

  assert.ok(cancelled);
  assert.equal(gateway.puts.length, 0);
});

test(
  'rule 3, T4: set_ofAPageWhenTheGatewayHangs_settlesInTime',
  { timeout: SETTLES_MS_MAX },
  async () => {
    const incremental = request();
    await incremental.get(key, PAGE);
    hangs(({ method }) => method === 'PUT');
    process.env.FRESHET_DEADLINE_MS = String(DEADLINE_MS);
    const ms = await timeOf(() => incremental.set(key, page(), { ...PAGE, cacheControl: LIFE }));

    assert.equal(gateway.puts.length, 1);
    assert.ok(ms < DEADLINE_MS + SLACK_MS);
  },
);

test(
  'T3, T5: set_whenTheGatewayHangs_keepsReadersOfTheKeyForOneDeadline',
  { timeout: SETTLES_MS_MAX },
  async () => {
    await get();
    hangs(({ method }) => method === 'PUT');
    process.env.FRESHET_DEADLINE_MS = String(DEADLINE_MS);
    const ms = await timeOf(() => set());
    await set();

    assert.equal(gateway.puts.length, 1);
    assert.ok(ms < DEADLINE_MS + SLACK_MS);
  },
);

test(
  'T5: set_dropped_doesNotWaitForItsLeaseToBeGivenBack',
  { timeout: SETTLES_MS_MAX },
  async () => {
    await get();
    hangs(({ method }) => method === 'DELETE');
    const ms = await timeOf(() => set({ expire: 0 }));
    await until(() => gateway.releases.length === 1);

    assert.equal(gateway.puts.length, 0);
    assert.ok(ms < SLACK_MS);
  },
);

test('rule 4, T21: set_carriesEveryTagOfItsOwn_getAsksWithTheSoftOnesAlone', async () => {
  const tags = ['outer', 'inner', 'of-a-fetch', '_N_RP_lang'];
  await get(['_N_T_/layout']);
  await set({ tags });
  await get(['_N_T_/other']);

  assert.deepEqual(gateway.puts[0].frame?.meta.tags, tags);
  assert.deepEqual(
    gateway.lookups.map(({ json }) => json.entries[0].softTags),
    [['_N_T_/layout'], ['_N_T_/other']],
  );
});

test('rule 5, T15: get_endedByATagOfItsOwn_isAMissWhateverNextKnows', async () => {
  storedEntry({});
  storedPage({}, { revalidate: false });
  assert.ok(await get());
  assert.ok(await request().get(key, PAGE));
  await undelivered(key); // so this process judges

  assert.equal(await get(), undefined);
  assert.equal(await request().get(key, PAGE), null);
});

test('rule 5, T15: get_staleByATagOfItsOwn_isDueWhateverNextKnows', async () => {
  storedEntry({});
  storedPage({});
  await undelivered(key, { expire: 300 });
  const data = await request().get(key, PAGE);

  assert.equal((await get())?.revalidate, -1);
  assert.ok((data?.lastModified ?? now()) + LIFE.revalidate * 1000 < now());
  assert.ok((data?.lastModified ?? 0) + LIFE.expire * 1000 > now());
});

test('T9: get_ofWhateverState_isNeverOfTheDateThatForcesEverything', async () => {
  const states = [
    {},
    LEADS,
    FOLLOWS,
    { state: 'stale', reason: 'tag', ...LEADS },
    { state: 'stale', reason: 'tag', ...FOLLOWS },
    { state: 'stale', reason: 'time', age: 61, ...LEADS },
  ];
  /** @type {({ revalidate: number | false, expire?: number } | undefined)[]} */
  const lives = [LIFE, { revalidate: 1, expire: 600 }, { revalidate: false }, undefined];
  for (const state of states) {
    for (const life of lives) {
      storedPage(state, life);
      const data = await request().get(key, PAGE);
      const expire = (life?.expire ?? Infinity) * 1000;

      assert.ok(!data || (data.lastModified > 0 && data.lastModified + expire > now()));
    }
  }
});

test('rule 8: get_inAnotherDeployment_asksForAnotherEntry', async () => {
  const app = mkdtempSync(path.join(tmpdir(), 'freshet-'));
  try {
    const asked = [];
    for (const [deploymentId, buildId] of [
      ['one', 'build-TfctsWXpff2fKS'],
      ['two', 'build-TfctsWXpff2fKS'],
      ['', 'three'],
    ]) {
      const serverDistDir = path.join(app, buildId, '.next/server');
      mkdirSync(serverDistDir, { recursive: true });
      writeFileSync(path.join(serverDistDir, '../BUILD_ID'), buildId);
      process.env.NEXT_DEPLOYMENT_ID = deploymentId;
      await new Incremental({ serverDistDir, _requestHeaders: {} }).get(key, PAGE);
      asked.push(gateway.lookups.at(-1)?.path);
    }

    assert.deepEqual(
      asked,
      ['one', 'two', 'three'].map((name) => `deployments/${name}/lookup`),
    );
  } finally {
    process.env.NEXT_DEPLOYMENT_ID = 'v1';
    rmSync(app, { recursive: true });
  }
});

test('rule 10, T11: set_ofAPageInvalidatedWhileItRendered_isDatedByItsGet', async () => {
  const incremental = request();
  await incremental.get(key, PAGE);
  const asOf = `${gateway.stamp}-1`;
  await within('request', () => handler.updateTags(['posts']), ROUTE);
  await until(() => gateway.invalidations.length === 1);
  await incremental.set(key, page(), { ...PAGE, cacheControl: LIFE });

  assert.ok(!asOf.startsWith(String(gateway.stamp)), 'the invalidation is later');
  assert.equal(gateway.puts[0].frame?.meta.asOf, asOf);
});

test('T12: invalidation_softAfterHard_bringsNothingBack', async () => {
  storedEntry({});
  await undelivered(key);
  await undelivered(key, { expire: 31_536_000 });

  assert.equal(await get(), undefined);
});

test('T13: set_ofAPageWithATagThatHoldsAComma_hasThePartsThatItsInvalidationEnds', async () => {
  const incremental = request();
  await incremental.get(key, PAGE);
  await incremental.set(key, page('_N_T_/p,a,b'), { ...PAGE, cacheControl: LIFE });
  await within('request', () => handler.updateTags(['a,b']), ROUTE);

  const ended = new Set(gateway.invalidations[0].tags);
  assert.ok(gateway.puts[0].frame?.meta.tags.some((/** @type {string} */ tag) => ended.has(tag)));
});

const README = new URL('../../../README.md', import.meta.url);
const PACKAGE_README = new URL('../../main/js/README.md', import.meta.url);

test('T16: documents_everyConfig_namesBothKinds', () => {
  for (const file of [README, PACKAGE_README]) {
    const configs = [...readFileSync(file, 'utf8').matchAll(/cacheHandlers: \{([^}]*)\}/g)];

    assert.ok(configs.length > 0);
    for (const [, kinds] of configs) {
      assert.match(kinds, /default: .*resolve\('freshet-next\/components'\)/);
      assert.match(kinds, /remote: .*resolve\('freshet-next\/components'\)/);
    }
  }
});

test('T20: get_softTagsOfRouteGroups_areAskedAsNextHasThem', async () => {
  const softTags = ['_N_T_/layout', '_N_T_/(main)/layout', '_N_T_/(main)/p/page', '_N_T_/p'];
  await get(softTags);
  await request().get(key, { ...FETCH, tags: [], softTags });

  for (const { json } of gateway.lookups) assert.deepEqual(json.entries[0].softTags, softTags);
  assert.equal(gateway.lookups.length, 2);
});

test('T22: set_onceSettled_keepsNothingOfItsRequest', async () => {
  const { stdout } = await promisify(execFile)(
    process.execPath,
    ['--expose-gc', fileURLToPath(new URL('./support/retention.js', import.meta.url))],
    { timeout: 60_000, env: { ...process.env } },
  );

  assert.equal(stdout, 'collected: page, pendingEntry, request, stream\n');
});

test('T24: page_navigatedTo_isKnownByItsHeaderOnceTheRedirectIsFollowed', async () => {
  const asked = /** @type {(string | undefined)[]} */ ([]);
  const server = http.createServer(async (incoming, response) => {
    asked.push(incoming.url);
    if (!incoming.url?.includes('_rsc=')) {
      response.writeHead(307, { location: `${incoming.url}?_rsc=hash` }).end(); // as Next does
      return;
    }
    const ctx = { ...PAGE, isRoutePPREnabled: true };
    await new Incremental({ _requestHeaders: incoming.headers }).get(key, ctx);
    response.end('1:rsc');
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  patchedFetch.mock.restore();
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/p`, { headers: { rsc: '1' } });
    assert.equal(await answer.text(), '1:rsc');
  } finally {
    server.close();
    server.closeAllConnections();
  }
  await until(() => gateway.releases.length === 1);

  assert.deepEqual(asked, ['/p', '/p?_rsc=hash']);
  assert.equal(gateway.lookups.length, 1);
});

test('T25: get_waitOnAGatewayThatHangs_endsByItself', { timeout: SETTLES_MS_MAX }, async () => {
  process.env.FRESHET_WAIT_MS = '200';
  process.env.FRESHET_DEADLINE_MS = '1000'; // the lookup before is answered
  try {
    gateway.instead = ({ json }, response) => {
      if (!json?.entries) return false;
      if (json.wait > 0) return true;
      response.end(FakeGateway.frame({ status: 404, tags: [], asOf: '5-1', ...FOLLOWS }));
      return true;
    };
    const ms = await timeOf(() => within('prerender', () => handler.get(key, [])));

    assert.equal(gateway.lookups.at(-1)?.json.wait, 0.2);
    assert.ok(ms < 200 + 1_000 + SLACK_MS);
  } finally {
    delete process.env.FRESHET_WAIT_MS;
  }
});
