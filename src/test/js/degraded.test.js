// @ts-check
/**
 * A Next that tells nothing of what it is doing: none of its storages is where they are looked for.
 * Then nobody can be known not to keep what it is given, and so nothing stale passes for fresh.
 */
import assert from 'node:assert/strict';
import { after, before, beforeEach, mock, test } from 'node:test';
import components from '../../main/js/components.js';
import Incremental from '../../main/js/incremental.js';
import { digestOf } from '../../main/js/names.js';
import { answer, callerPersists, staleTag, work } from '../../main/js/next.js';
import { pack } from '../../main/js/value.js';
import { FakeGateway } from './support/gateway.js';

/** @type {FakeGateway} */
let gateway;
let keys = 0;
/** @type {string} */
let key;

before(async () => {
  process.env.NEXT_DEPLOYMENT_ID = 'v1';
  mock.method(console, 'warn', () => {});
  gateway = await new FakeGateway().start();
});
after(() => gateway.stop());
beforeEach(() => {
  key = `k${keys++}`;
  gateway.calls.length = 0;
  gateway.entries.clear();
  gateway.instead = () => {};
});

const now = () => performance.timeOrigin + performance.now();
const LIFE = { revalidate: 60, expire: 600 };
const FETCH = { kind: 'FETCH', revalidate: 60, tags: [], softTags: [] };
const PAGE = { kind: 'APP_PAGE', isRoutePPREnabled: false, isFallback: false };
const stale = { status: 200, state: 'stale', reason: 'time', tags: [], age: 61.5, asOf: '9-9' };
const leads = { ...stale, lease: { role: 'leader', token: 't', ttl: 10 } };
const follows = { ...stale, lease: { role: 'follower', ttl: 7.5 } };
const entry = { attributes: { stale: 30, ...LIFE } };
const fetched = { kind: 'FETCH', data: { body: 'old' }, revalidate: 60 };
const page = { kind: 'APP_PAGE', html: 'old', headers: {} };

/** @param {string} namespace @param {object} meta @param {Buffer} body */
function stored(namespace, meta, body) {
  gateway.entries.set(digestOf(`${namespace}:${key}`), { meta, body });
}

test('next_tellsNothing_isTakenToKeepWhatItIsGiven', () => {
  assert.equal(work(), undefined);
  assert.equal(answer(), undefined);
  assert.equal(staleTag(), undefined);
  assert.equal(callerPersists(), true);
});

test('components_leader_isTrulyStaleAndWaitsForNobody', async () => {
  stored('use-cache', { ...leads, ...entry }, Buffer.from('old'));
  const found = /** @type {any} */ (await components.get(key, []));

  assert.equal(found.revalidate, 60);
  assert.ok(now() > found.timestamp + 60_000);
  assert.equal(gateway.lookups.length, 1);
});

test('components_follower_waitsAndIsNeverPassedOffAsFresh', async () => {
  stored('use-cache', { ...follows, ...entry }, Buffer.from('old'));
  const found = /** @type {any} */ (await components.get(key, []));

  assert.equal(gateway.lookups[1].json.waitStale, true);
  assert.ok(now() > found.timestamp + found.revalidate * 1000);
});

test('components_set_isWrittenWithItsLease', async () => {
  await components.get(key, []);
  const value = new Blob(['new']).stream();
  const timestamp = now();
  await components.set(key, Promise.resolve({ value, tags: [], stale: 30, ...LIFE, timestamp }));

  assert.match(gateway.puts[0].frame?.meta.lease, /^token-/);
});

test('incremental_followerOfAPage_isYoung', async () => {
  stored('incremental', { ...follows, attributes: {} }, pack({ value: page, cacheControl: LIFE }));
  const data = await new Incremental({}).get(key, PAGE);

  assert.ok(now() - (data?.lastModified ?? 0) < 1_000);
  assert.deepEqual(data?.cacheControl, LIFE);
});

test('incremental_followerOfAFetch_waitsAndIsNeverPassedOffAsFresh', async () => {
  stored('incremental', { ...follows, attributes: {} }, pack({ value: fetched }));
  const data = await new Incremental({}).get(key, FETCH);

  assert.equal(gateway.lookups[1].json.waitStale, true);
  assert.ok((data?.lastModified ?? now()) + 60_000 < now());
});

/** Its failure would go unnoticed: to wait for it might be to sit out its lease. */
test('incremental_fetchThatThisProcessIsAt_isNotWaitedFor', async () => {
  await new Incremental({ _requestHeaders: {} }).get(key, FETCH);
  gateway.instead = ({ json }, response) => {
    if (!json?.entries) return false;
    const meta = { status: 404, tags: [], asOf: '5-1', lease: { role: 'follower', ttl: 9 } };
    response.end(FakeGateway.frame(meta));
    return true;
  };
  await new Incremental({ _requestHeaders: {} }).get(key, FETCH);

  assert.deepEqual(
    gateway.lookups.map(({ json }) => json.wait),
    [0, 0],
  );
});
