// @ts-check
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, mock, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import handler from '../../main/js/components.js';
import { emit, onEvent } from '../../main/js/events.cjs';
import { digestOf } from '../../main/js/names.js';
import { register } from '../../main/js/otel.cjs';
import { FakeGateway } from './support/gateway.js';
import { entry, within } from './support/next.js';

/** @typedef {import('../../main/js/events.d.cts').Event} Event */

const SOURCES = fileURLToPath(new URL('../../main/js', import.meta.url));

/** @type {FakeGateway} */
let gateway;
/** @type {Event[]} */
let events;
/** @type {() => void} */
let unhear;

before(() => void mock.method(console, 'warn', () => {}));
beforeEach(async () => {
  gateway = await new FakeGateway().start();
  events = [];
  unhear = onEvent((event) => events.push(event));
});
afterEach(async () => {
  unhear();
  await gateway.stop();
});

const digest = digestOf('use-cache:k');
const get = () => within('request', () => handler.get('k', []));

/** @param {object} meta */
function store(meta) {
  const attributes = { stale: 30, revalidate: 60, expire: 600 };
  gateway.entries.set(digest, {
    meta: { status: 200, state: 'fresh', tags: [], age: 1, attributes, ...meta },
    body: Buffer.from('value'),
  });
}

test('readsAndWrites_areTold', async () => {
  await get();
  await within('request', () => handler.set('k', Promise.resolve(entry('value'))));
  store({});
  await get();
  const lease = { role: 'follower', ttl: 3 };
  store({ state: 'stale', reason: 'time', age: 61, lease });
  await get();
  gateway.instead = (_, response) => !!response.writeHead(500).end();
  await get();
  await within('request', () => handler.updateTags(['t']), { page: '/route' });

  /** @type {any[]} */
  const [missed, wrote, hit, stale, unreached, failed] = events;
  assert.deepEqual(missed, { type: 'miss', digest, reached: true });
  assert.deepEqual(wrote, { type: 'write', digest, status: 201, bytes: 5 });
  assert.deepEqual(hit, { type: 'hit', digest, near: false, age: 1 });
  assert.deepEqual(stale, { type: 'stale', digest, reason: 'time', role: 'follower', age: 61 });
  assert.deepEqual(unreached, { type: 'miss', digest, reached: false });
  assert.deepEqual([failed.type, failed.tags, failed.lost], ['invalidation-failed', ['t'], false]);
  assert.match(failed.error, /answered 500/);
});

test('listener_thatThrowsOrRejects_breaksNothing', async () => {
  const throws = onEvent(() => {
    throw new Error('its own affair');
  });
  const rejects = onEvent(async () => {
    throw new Error('its own affair');
  });
  const after = onEvent((event) => events.push(event));
  store({});
  assert.ok(await get());
  await new Promise(setImmediate); // an unhandled rejection would have ended the test by now

  assert.equal(events.length, 2);
  for (const end of [throws, rejects, after]) end();
  await get();
  assert.equal(events.length, 3);
});

test('listener_runsInTheContextThatItWasGivenIn_notInTheRequests', async () => {
  const request = new AsyncLocalStorage();
  /** @type {unknown[]} */
  const contexts = [];
  const end = request.run('instrumentation', () => onEvent(() => contexts.push(request.getStore())));
  store({});
  await request.run('request', get);
  end();

  assert.deepEqual(contexts, ['instrumentation']);
});

test('listeners_areTheProcesss_whicheverCopyTheyAreGivenTo', () => {
  const copy = mkdtempSync(path.join(tmpdir(), 'freshet-'));
  cpSync(SOURCES, copy, { recursive: true });
  const require = createRequire(import.meta.url);
  const ends = [copy, SOURCES].map((from) =>
    require(path.join(from, 'events.cjs')).onEvent((/** @type {Event} */ event) =>
      events.push(event),
    ),
  );
  emit({ type: 'breaker-open', address: 'a', error: '' });
  ends.forEach((end) => end());
  rmSync(copy, { recursive: true });

  assert.equal(events.length, 3);
});

test('listeners_tooMany_areRefused', () => {
  const ends = Array.from({ length: 63 }, () => onEvent(() => {}));
  assert.throws(() => onEvent(() => {}), /at most 64 listeners/);
  ends.forEach((end) => end());
});

test('otel_countsEachEvent', () => {
  /** @type {Record<string, [number, object][]>} */
  const added = {};
  const instrument = (/** @type {string} */ name) => ({
    add: (/** @type {number} */ n, /** @type {object} */ labels) =>
      (added[name] ??= []).push([n, labels]),
  });
  const meter = { createCounter: instrument, createUpDownCounter: instrument };
  const end = register({ meterProvider: { getMeter: () => meter } });
  /** @type {Event[]} */
  const all = [
    { type: 'hit', digest, near: true, age: 1 },
    { type: 'stale', digest, reason: 'tag', role: 'leader', age: 1 },
    { type: 'miss', digest, reached: true },
    { type: 'miss', digest, reached: false },
    { type: 'write', digest, status: 201, bytes: 1 },
    { type: 'invalidated', tags: ['t'], mode: 'hard', stamp: '1' },
    { type: 'invalidation-failed', tags: ['t'], mode: 'soft', error: '', lost: false },
    { type: 'invalidation-failed', tags: ['t'], mode: 'soft', error: '', lost: true },
    { type: 'breaker-open', address: 'a', error: '' },
    { type: 'breaker-closed', address: 'a' },
    { type: 'stream-back', address: 'a' },
    { type: 'stream-lost', address: 'a' },
    { type: 'refused', address: 'a', status: 403 },
  ];
  all.forEach(emit);
  end();
  all.forEach(emit);

  assert.deepEqual(added, {
    'freshet.client.reads': [
      [1, { result: 'hit', near: true }],
      [1, { result: 'stale', reason: 'tag' }],
      [1, { result: 'miss' }],
      [1, { result: 'unreached' }],
    ],
    'freshet.client.writes': [[1, { status: 201 }]],
    'freshet.client.invalidations': [
      [1, { result: 'delivered', mode: 'hard' }],
      [1, { result: 'failed', mode: 'soft' }],
      [1, { result: 'lost', mode: 'soft' }],
    ],
    'freshet.client.breakers.open': [
      [1, { address: 'a' }],
      [-1, { address: 'a' }],
    ],
    'freshet.client.stream.lost': [[1, { address: 'a' }]],
    'freshet.client.refused': [[1, { address: 'a', status: 403 }]],
  });
});

test('otel_withoutItsApi_warnsAndDoesNothing', () => {
  const end = register();
  emit({ type: 'breaker-open', address: 'a', error: '' });
  end();

  const said = /** @type {any} */ (console.warn).mock.calls.at(-1).arguments[0];
  assert.match(said, /@opentelemetry\/api is not installed/);
});
