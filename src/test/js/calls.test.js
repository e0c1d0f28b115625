// @ts-check
/**
 * What Next's own tests of a custom handler assert of its calls, restated for ours: what each of them
 * costs at the gateway (`use-cache-custom-handler`), and the tags that a page is kept with
 * (`cache-handler-set-tags`). The calls are those that Next 16.4 was seen to make, in its order.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, mock, test } from 'node:test';
import handler from '../../main/js/components.js';
import { FakeGateway } from './support/gateway.js';
import { bytesOf, entry, within } from './support/next.js';
import Incremental from './support/settled.js';

const PAGE = { kind: 'APP_PAGE', isRoutePPREnabled: false, isFallback: false };
const LIFE = { revalidate: 60, expire: 600 };
const SOFT = ['_N_T_/layout', '_N_T_/p/layout', '_N_T_/p/page', '_N_T_/p'];

/** @type {FakeGateway} */
let gateway;
let keys = 0;
/** @type {string} */
let key;

before(async () => {
  mock.method(console, 'warn', () => {});
  process.env.FRESHET_DEADLINE_MS = '30000';
  gateway = await new FakeGateway().start();
});
after(() => gateway.stop());
beforeEach(() => {
  key = `["calls${keys++}",[],["v1"]]`;
  gateway.calls.length = 0;
  gateway.entries.clear();
});

/** Three of them are made for each request. @param {object} headers */
function handlersOf(headers) {
  const handlers = [1, 2, 3].map(() => new Incremental({ _requestHeaders: headers }));
  for (const each of handlers) each.resetRequestCache();
  return handlers;
}

/**
 * A request that reads one cached function.
 *
 * @param {object} [fields] of the entry, when it has to be computed
 */
function serve(fields) {
  return within('request', async () => {
    handlersOf({});
    await handler.refreshTags();
    const found = await handler.get(key, SOFT);
    if (found) await handler.getExpiration(SOFT);
    else await handler.set(key, Promise.resolve(entry('value', fields)));
    return found;
  });
}

/** What the gateway was asked, in order. */
const asked = () =>
  gateway.calls.map(({ method, path }) => `${method} ${path.split('/')[2] ?? path}`);

test('request_cold_isALookupThenAWrite', async () => {
  assert.equal(await serve(), undefined);

  assert.deepEqual(asked(), ['POST lookup', 'PUT entries']);
});

test('request_warm_isALookupWithItsSoftTags', async () => {
  await serve();
  gateway.calls.length = 0;
  assert.equal((await bytesOf(/** @type {any} */ (await serve()).value)).toString(), 'value');

  assert.deepEqual(asked(), ['POST lookup']);
  assert.deepEqual(gateway.lookups[0].json.entries[0].softTags, SOFT);
});

test('request_ofTwoKindsOfOneHandler_asksForEachKeyOnce', async () => {
  await within('request', async () => {
    await handler.refreshTags();
    await handler.get(key, SOFT);
    await handler.refreshTags(); // once for each kind
    await handler.get(`${key}remote`, SOFT);
  });

  assert.deepEqual(asked(), ['POST lookup', 'POST lookup']);
});

test('entry_ofAShortLife_isStored', async () => {
  await serve({ expire: 1, revalidate: 0 });

  const { revalidate, expire } = gateway.puts[0].frame?.meta;
  assert.deepEqual({ revalidate, expire }, { revalidate: 0, expire: 1 });
});

test('action_thenItsRender_isAnInvalidationThenALookupThenAWrite', async () => {
  await serve();
  gateway.calls.length = 0;
  gateway.entries.clear(); // as the gateway does with what is ended
  const pendingRevalidatedTags = [{ tag: 'posts', revalidatedAt: performance.now() }];
  await within(
    'request',
    async () => {
      const [, , incremental] = handlersOf({});
      await Promise.all([
        handler.updateTags(['posts']),
        incremental.revalidateTag(['posts'], undefined),
      ]);
      await handler.refreshTags();
      await handler.get(key, SOFT);
      await handler.set(key, Promise.resolve(entry('new')));
    },
    { page: '/p/page', pendingRevalidatedTags },
  );

  assert.deepEqual(asked(), ['POST invalidations', 'POST lookup', 'PUT entries']);
});

test('rootParameters_theRedirectAndItsTarget_areBothHadBackAsTheyWere', async () => {
  const target = `${key}[["lang","en"]]`;
  await within('request', async () => {
    assert.equal(await handler.get(key, SOFT), undefined);
    await Promise.all([
      handler.set(target, Promise.resolve(entry('value'))),
      handler.set(key, Promise.resolve(entry('\0', { tags: ['posts', '_N_RP_lang'] }))),
    ]);
    const redirect = /** @type {any} */ (await handler.get(key, SOFT));
    const found = /** @type {any} */ (await handler.get(target, SOFT));

    assert.deepEqual(redirect.tags, ['posts', '_N_RP_lang']);
    assert.deepEqual(await bytesOf(redirect.value), Buffer.from('\0'));
    assert.equal((await bytesOf(found.value)).toString(), 'value');
  });
});

test('page_isKeptWithItsTags_andRevalidatePathEndsOneOfThem', async () => {
  const tags = ['_N_T_/layout', '_N_T_/page', '_N_T_/', '_N_T_/index', 'posts'];
  const [, incremental] = handlersOf({});
  const page = { kind: 'APP_PAGE', html: '', headers: { 'x-next-cache-tags': tags.join(',') } };
  await incremental.get(key, PAGE);
  await incremental.set(key, page, { ...PAGE, cacheControl: LIFE });
  const path = ['_N_T_/', '_N_T_/index']; // as Next has it for /
  await within('request', () => incremental.revalidateTag(path), { page: '/api/route' });

  assert.deepEqual(asked(), ['POST lookup', 'PUT entries', 'POST invalidations']);
  assert.deepEqual(gateway.puts[0].frame?.meta.tags, tags);
  assert.deepEqual(gateway.invalidations, [{ tags: path, mode: 'hard' }]);
});
