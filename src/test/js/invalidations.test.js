// @ts-check
import assert from 'node:assert/strict';
import { after, before, beforeEach, mock, test } from 'node:test';
import handler from '../../main/js/components.js';
import Incremental from '../../main/js/incremental.js';
import { digestOf } from '../../main/js/names.js';
import { FakeGateway } from './support/gateway.js';
import { until, within } from './support/next.js';

/** @type {FakeGateway} */
let gateway;

before(async () => {
  mock.method(console, 'warn', () => {});
  gateway = await new FakeGateway().start();
});
after(() => gateway.stop());
beforeEach(() => {
  gateway.calls.length = 0;
  gateway.entries.clear();
  gateway.instead = () => {};
});

const route = { page: '/api/route' };

/** @param {string[]} tags @param {any[]} durations */
const updateTags = (tags, ...durations) =>
  within('request', () => handler.updateTags(tags, ...durations), route);

test('updateTags_withoutDurations_isHard', async () => {
  await updateTags(['posts']);
  await updateTags(['posts'], undefined);

  const hard = { tags: ['posts'], mode: 'hard' };
  assert.deepEqual(gateway.invalidations, [hard, hard]);
});

test('updateTags_withDurations_isSoft', async () => {
  await updateTags(['posts'], { expire: 31536000 });
  await updateTags(['posts'], { expire: 0 });
  await updateTags(['posts'], {});
  await updateTags(['posts'], { expire: undefined });

  assert.deepEqual(gateway.invalidations, [
    { tags: ['posts'], mode: 'soft', expire: 31536000 },
    { tags: ['posts'], mode: 'soft', expire: 0 },
    { tags: ['posts'], mode: 'soft' },
    { tags: ['posts'], mode: 'soft' },
  ]);
});

test('updateTags_manyTags_areSentInParts', async () => {
  await updateTags(Array.from({ length: 600 }, (_, i) => `t${i}`));

  assert.deepEqual(
    gateway.invalidations.map(({ tags }) => tags.length),
    [256, 256, 88],
  );
});

test('T13: updateTags_tagWithAComma_endsItsPartsToo', async () => {
  await updateTags(['a,b']);

  assert.deepEqual(gateway.invalidations[0].tags, ['a,b', 'a', 'b']);
});

test('rule 10, T6: invalidation_ofBothInterfacesAndAfterTheRender_isSentOnce', async () => {
  const work = {
    page: '/page',
    pendingRevalidatedTags: [
      { tag: 'posts', profile: undefined, revalidatedAt: 1.25 },
      { tag: 'soft', profile: 'max', revalidatedAt: 1.25 },
    ],
  };
  const both = () =>
    within(
      'request',
      () =>
        Promise.all([
          handler.updateTags(['posts']),
          new Incremental({}).revalidateTag(['posts'], undefined),
          handler.updateTags(['soft'], { expire: 9 }),
          new Incremental({}).revalidateTag(['soft'], { expire: 9 }),
        ]),
      work,
    );
  await both();
  await both();

  assert.deepEqual(gateway.invalidations, [
    { tags: ['posts'], mode: 'hard' },
    { tags: ['soft'], mode: 'soft', expire: 9 },
  ]);

  work.pendingRevalidatedTags[0].revalidatedAt = 2.5;
  await both();
  assert.equal(gateway.invalidations.length, 3, 'a new call of the app is a new one');
});

test('rule 4, T14: invalidation_notDelivered_isHonouredHereAndTriedUntilItIs', async () => {
  const digest = digestOf('use-cache:k');
  const meta = {
    status: 200,
    state: 'fresh',
    tags: ['retried'],
    age: 1,
    attributes: { stale: 30, revalidate: 60, expire: 600 },
  };
  gateway.entries.set(digest, { meta, body: Buffer.from('old') });
  let refusals = 2;
  gateway.instead = ({ path }, response) => {
    if (path !== 'invalidations' || refusals-- <= 0) return false;
    response.writeHead(503).end();
    return true;
  };
  const get = (/** @type {string[]} */ softTags) =>
    within('request', () => handler.get('k', softTags));
  assert.ok(await get([]));
  const long = 'x'.repeat(300);
  await updateTags(['retried', long]);

  assert.equal(await get([]), undefined, 'its own tag');
  meta.age = 0;
  assert.ok(await get([]), 'what was computed since is good');
  Object.assign(meta, { tags: ['other'], age: 1 });
  assert.equal(await get(['retried']), undefined, 'a soft tag');
  assert.equal(await get([long]), undefined, 'one that the gateway knows by another name');
  assert.ok(await get([]));

  Object.assign(meta, { tags: ['retried'] });
  await until(() => gateway.invalidations.length === 3);
  await until(async () => await get([])); // once it is delivered, the gateway judges
});

test('invalidation_softAndNotDelivered_makesStaleHere', async () => {
  const meta = {
    status: 200,
    state: 'fresh',
    tags: ['softly'],
    age: 1,
    attributes: { stale: 30, revalidate: 60, expire: 600 },
  };
  gateway.entries.set(digestOf('use-cache:s'), { meta, body: Buffer.from('old') });
  gateway.instead = ({ path }, response) => {
    if (path !== 'invalidations') return false;
    response.writeHead(503).end();
    return true;
  };
  await updateTags(['softly'], { expire: 600 });
  const found = await within('request', () => handler.get('s', []));
  assert.equal(found?.revalidate, -1);

  await updateTags(['softly'], { expire: 0 });
  assert.equal(await within('request', () => handler.get('s', [])), undefined);
});

for (const [mode, durations] of /** @type {const} */ ([
  ['hard', []],
  ['soft', [{ expire: 600 }]],
])) {
  test(`invalidation_${mode}AndNotDelivered_whatIsComputedAfterIsDatedAfterWhatItEnded`, async () => {
    const tag = `dated-${mode}`;
    const life = { stale: 30, revalidate: 60, expire: 600 };
    const meta = { status: 200, state: 'fresh', tags: [tag], age: 1, attributes: life };
    gateway.entries.set(digestOf(`use-cache:${tag}`), { meta, body: Buffer.from('old') });
    gateway.instead = ({ path }, response) =>
      path === 'invalidations' && !!response.writeHead(503).end();
    await updateTags([tag], ...durations);

    await within('request', () => handler.get(tag, []));
    const timestamp = performance.timeOrigin + performance.now();
    const value = new Blob(['new']).stream();
    const pending = Promise.resolve({ value, tags: [tag], ...life, timestamp });
    await within('request', () => handler.set(tag, pending));

    const whole = `${gateway.stamp}-7-${gateway.epoch}`; // else what is stored counts as newer
    assert.equal(gateway.puts.at(-1)?.frame?.meta.asOf, whole);
  });
}

test('T14: invalidation_notDelivered_isTheCallersFailureInAServerActionOnly', async () => {
  gateway.instead = (_, response) => {
    response.writeHead(503).end();
    return true;
  };
  await updateTags(['x']);
  await handler.updateTags(['x']);
  await assert.rejects(within('request', () => handler.updateTags(['x']), { page: '/page' }));
  await assert.rejects(
    within('request', () => new Incremental({}).revalidateTag(['x']), { page: '/page' }),
  );
});

test('invalidation_refused_isNotTriedAgain', async () => {
  gateway.instead = ({ path }, response) => {
    if (path !== 'invalidations') return false;
    response.writeHead(422).end();
    return true;
  };
  await updateTags(['refused']);

  gateway.instead = () => {};
  gateway.calls.length = 0;
  await updateTags(['next']);
  await until(() => gateway.invalidations.some(({ tags }) => tags[0] === 'x'));
  assert.ok(!gateway.invalidations.some(({ tags }) => tags[0] === 'refused'));
});
