// @ts-check
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import { afterEach, beforeEach, mock, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import handler from '../../main/js/components.js';
import { Copies } from '../../main/js/copies.js';
import Incremental from '../../main/js/incremental.js';
import { digestOf, tagName } from '../../main/js/names.js';
import { counts } from '../../main/js/report.js';
import { pack } from '../../main/js/value.js';
import { FakeGateway } from './support/gateway.js';
import { bytesOf, entry, until, within } from './support/next.js';

/** By how much the clocks are ahead of the machine's. */
let aheadMs = 0;
let wallAheadMs = 0;
const monotonic = performance.now.bind(performance);
const wall = Date.now;
mock.method(performance, 'now', () => monotonic() + aheadMs);
mock.method(Date, 'now', () => wall() + wallAheadMs);
mock.method(console, 'warn', () => {});

/** More than one replica may be behind another. @param {number} [ms] */
function pass(ms = 20_000) {
  aheadMs += ms;
  wallAheadMs += ms;
}

const WINDOW_MS = 10_000;

/** @type {FakeGateway} */
let gateway;
let keys = 0;
/** @type {string} */
let key;

beforeEach(async () => {
  key = `near-${keys++}`;
  gateway = await new FakeGateway().start({ near: true });
  gateway.clock.window = WINDOW_MS;
  store('old');
  await restarted({ FRESHET_DEADLINE_MS: '5000', FRESHET_COHERENCE: 'bounded' });
});
afterEach(() => {
  delete process.env.FRESHET_COHERENCE;
  delete process.env.FRESHET_DEADLINE_MS;
  return gateway.stop();
});

let etags = 0;

/** @param {string} value @param {object} [meta] @param {string} [name] */
function store(value, meta = {}, name = key) {
  const attributes = { stale: 30, revalidate: 600, expire: 3_600 };
  gateway.entries.set(digestOf(`use-cache:${name}`), {
    meta: {
      status: 200,
      state: 'fresh',
      etag: `${++etags}`,
      tags: ['posts'],
      age: 1,
      revalidate: 600,
      expire: 3_600,
      attributes,
      ...meta,
    },
    body: Buffer.from(value),
  });
}

/** @param {string} [name] @param {string[]} [softTags] @param {object} [work] */
async function get(name = key, softTags = ['/layout'], work) {
  const found = await within('request', () => handler.get(name, softTags), work);
  return found && (await bytesOf(found.value)).toString();
}

/** Whether the copy answers, without a call. @param {string[]} [softTags] */
async function isNear(softTags) {
  const lookups = gateway.lookups.length;
  await get(key, softTags);
  return gateway.lookups.length === lookups;
}

/** The copy is there, and answers. */
async function warm() {
  await get();
  await until(isNear);
  gateway.calls.length = 0;
}

/**
 * Returns once it was heard.
 *
 * @param {string} type
 * @param {() => unknown} happens
 */
async function heard(type, happens) {
  const name = `near-${type}`;
  const before = counts[name] ?? 0;
  await happens();
  await until(() => (counts[name] ?? 0) > before);
}

/** Begins anew with other settings. @param {object} settings */
async function restarted(settings) {
  Object.assign(process.env, settings);
  const asked = gateway.clocks.length;
  await heard('hello', () => get('another'));
  await until(() => gateway.clocks.length > asked);
  pass();
}

/** The window is proven open: a copy that is good would answer. */
async function trusted() {
  const told = counts['near-invalidate'] ?? 0;
  await until(async () => {
    gateway.invalidate();
    await new Promise(setImmediate);
    return (counts['near-invalidate'] ?? 0) > told; // so the stream has begun
  });
  pass();
  store('proof', { tags: [] }, 'proof');
  await until(async () => {
    const lookups = gateway.lookups.length;
    await get('proof', []);
    return gateway.lookups.length === lookups;
  });
}

/**
 * A lookup whose answer is held back while something happens.
 *
 * @param {() => unknown} meanwhile
 */
async function getWhile(meanwhile) {
  /** @type {() => void} */
  let release = () => {};
  const asked = gateway.lookups.length;
  gateway.instead = ({ path, json }, response) => {
    if (!path.endsWith('/lookup')) return false;
    const { meta, body } = /** @type {any} */ (gateway.entries.get(json.entries[0].digest));
    release = () => response.end(FakeGateway.frame(meta, body));
    return true;
  };
  const getting = get();
  await until(() => gateway.lookups.length > asked);
  gateway.instead = () => {};
  await meanwhile();
  release();
  assert.equal(await getting, 'old');
}

test('get_warm_makesNoCall', async () => {
  await warm();
  const hits = counts['near-hit'];
  for (let i = 0; i < 100; i++) assert.equal(await get(), 'old');

  assert.equal(gateway.calls.filter(({ path }) => path !== 'clock').length, 0);
  assert.equal(counts['near-hit'] - hits, 100);
});

test('get_near_isOfItsAge', async () => {
  store('old', { age: 10 });
  await warm();
  pass(5_000);
  const found = await within('request', () => handler.get(key, ['/layout']));
  const age = performance.timeOrigin + performance.now() - (found?.timestamp ?? 0);

  assert.equal(gateway.lookups.length, 0);
  assert.ok(age >= 15_000 && age < 20_000, `${age}`);
});

test('get_pageOfIncremental_isNearToo', async () => {
  const value = { kind: 'APP_PAGE', html: 'old', headers: { 'x-next-cache-tags': 'posts' } };
  const ctx = { kind: 'APP_PAGE', isRoutePPREnabled: false, isFallback: false };
  const body = pack({ value, cacheControl: { revalidate: 600 } });
  gateway.entries.set(digestOf(`incremental:${key}`), {
    meta: { status: 200, state: 'fresh', etag: 'p', tags: ['posts'], age: 1, attributes: {} },
    body,
  });
  const page = () => new Incremental({ _requestHeaders: {} }).get(key, ctx);
  await page();
  await until(async () => {
    const lookups = gateway.lookups.length;
    assert.equal((await page())?.value.html, 'old');
    return gateway.lookups.length === lookups;
  });
  gateway.invalidate('posts');
  gateway.calls.length = 0;
  await until(async () => (await page()) && gateway.lookups.length > 0);
});

const digest = () => digestOf(`use-cache:${key}`);

/** What ends a copy, and what is heard of it. @type {Record<string, [string, () => unknown]>} */
const ends = {
  itsTagIsMarked: ['invalidate', () => gateway.invalidate('posts')],
  itsSoftTagIsMarked: ['invalidate', () => gateway.invalidate('/layout')],
  itIsWritten: ['write', () => gateway.tell('write', { deployment: 'v1', digest: digest() })],
  theGatewayResets: ['reset', () => gateway.tell('reset', { reason: 'lost' })],
  theStreamBreaksOff: ['lost', () => gateway.streams.forEach((stream) => stream.destroy())],
  theStreamSaysBye: ['lost', () => gateway.tell('bye', { reason: 'stop' })],
  theStreamIsUnreadable: [
    'lost',
    () => gateway.streams.forEach((stream) => stream.write('data: {\n\n')),
  ],
};
for (const [what, [type, happens]] of Object.entries(ends)) {
  test(`copy_${what}_answersNoMore`, async () => {
    await warm();
    await heard(type, happens);
    store('new');

    assert.equal(await get(), 'new');
  });

  test(`copy_${what}WhileItIsAskedFor_isNotKept`, async () => {
    await trusted();
    await getWhile(() => heard(type, happens));
    await trusted();

    assert.ok(!(await isNear()), 'it would be older than what has happened');
  });
}

test('copy_otherTagsOrEntriesChange_answersStill', async () => {
  await warm();
  await heard('invalidate', () => gateway.invalidate('other'));
  await heard('write', () => gateway.tell('write', { deployment: 'v2', digest: digest() }));

  await until(isNear); // the clock may have to be asked again, but no lookup
  assert.equal(gateway.lookups.filter(({ json }) => !json.entries[0].etag).length, 0);
});

/** Another replica than the one that feeds the stream may have answered. */
test('copy_askedForLessThanAWindowAfterItsTagWasMarked_isNotKept', async () => {
  store('old', { known: undefined });
  await heard('invalidate', () => gateway.invalidate('posts'));
  await get();
  await trusted();
  assert.ok(!(await isNear()));
  assert.ok(await isNear(), 'that was more than a window later');
});

/** An answer that knows what has just changed, or may not. @type {Record<string, [boolean, () => Promise<unknown>]>} */
const justChanged = {
  itsTagIsMarked_known: [true, () => heard('invalidate', () => gateway.invalidate('posts'))],
  itsSoftTagIsMarked_known: [true, () => heard('invalidate', () => gateway.invalidate('/layout'))],
  itsTagIsMarked_notKnown: [
    false,
    () => {
      store('new', { known: gateway.place });
      return heard('invalidate', () => gateway.invalidate('posts'));
    },
  ],
  itsTagIsMarked_knownInAnotherHistory: [
    false,
    () => {
      store('new', { known: `f/${gateway.stamp + 9}` });
      return heard('invalidate', () => gateway.invalidate('posts'));
    },
  ],
  thisProcessMarksIt_known: [
    true,
    () => {
      const stamp = gateway.stamp;
      store('new', { known: gateway.place });
      return unheard(() => handler.updateTags(['posts']), { stamp });
    },
  ],
  thisProcessMarksIt_notKnown: [
    false,
    () => {
      const stamp = gateway.stamp + 1;
      store('new', { known: gateway.place });
      return unheard(() => handler.updateTags(['posts']), { stamp });
    },
  ],
  thisProcessMarksIt_notKnown_andItWasMarkedBefore: [
    false,
    async () => {
      const stamp = gateway.stamp + 2;
      await unheard(() => handler.updateTags(['posts']), { stamp });
      await heard('invalidate', () => gateway.invalidate('posts'));
    },
  ],
  itIsWritten_thisIsIt: [true, () => written('zz.1', 'zz')],
  itIsWritten_thisIsNewer: [true, () => written('zz.1', 'zy')],
  itIsWritten_thisWasBefore: [false, () => written('zz.1', '100')],
  itIsRemoved: [false, () => written('zz.1')],
  itIsWrittenAndRemoved_thisWasBefore: [
    false,
    async () => {
      await written('zz.1', 'zz');
      await written('zz.1');
    },
  ],
  itIsRemovedAndWritten_thisIsIt: [
    true,
    async () => {
      await written('zz.1');
      await written('zz.1', 'zz');
    },
  ],
  thisProcessWritesIt_thisIsIt: [true, () => unheard(put, {}, '"zz.1"', 'zz.1')],
  thisProcessWritesIt_thisWasBefore: [false, () => unheard(put, {}, '"zz.1"', 'zy.1')],
};
for (const [what, [isKept, change]] of Object.entries(justChanged)) {
  test(`copy_askedForRightAfter_${what}_is${isKept ? '' : 'Not'}Kept`, async () => {
    await trusted();
    store('new');
    await change();
    assert.equal(await get(), 'new');

    assert.equal(await isNear(), isKept);
  });
}

/** @param {string} etag of what is there now @param {string} [revision] that is told */
function written(etag, revision) {
  store('new', { etag });
  return heard('write', () =>
    gateway.tell('write', { deployment: 'v1', digest: digest(), revision }),
  );
}

/**
 * What this process does, of which the stream does not tell.
 *
 * @param {() => unknown} happens @param {object} answer @param {string} [etag] of it @param {string} [kept] of what is there now
 */
async function unheard(happens, answer, etag = '""', kept) {
  gateway.instead = ({ method, path }, response) => {
    if (method !== 'PUT' && path !== 'invalidations') return false;
    response.setHeader('etag', etag).end(JSON.stringify(answer));
    return true;
  };
  await happens();
  gateway.instead = () => false;
  if (kept) store('new', { etag: kept });
}

async function put() {
  await within('request', () => handler.get(key, ['/another'])); // for a ticket
  await within('request', () => handler.set(key, Promise.resolve(entry('new'))));
}

test('copy_askedForBeforeTheStreamHasBegun_isNotKept', async () => {
  gateway.instead = ({ path, method }) => path === 'invalidations' && method === 'GET';
  await heard('lost', () => gateway.streams.forEach((stream) => stream.destroy()));
  await until(() => gateway.subscriptions.length > 1);
  await get();
  gateway.instead = () => {};
  gateway.closeConnections();
  await trusted();

  assert.ok(!(await isNear()));
});

test('copy_withoutTags_isConfirmedAfterABreak', async () => {
  store('old', { tags: [] });
  await until(() => isNear([]));
  await heard('lost', () => gateway.streams.forEach((stream) => stream.destroy()));
  await trusted();

  assert.ok(!(await isNear([])));
});

test('copy_answeredLateByAnOlderLookup_staysTheNewer', async () => {
  await trusted();
  await getWhile(async () => {
    store('new');
    assert.equal(await get(), 'new');
  });

  assert.equal(await get(), 'new');
});

test('copy_ofWhatTheGatewayAnswered_isNoPartOfIt_andHandedOutToAll', async () => {
  const page = () => ({
    kind: 'APP_PAGE',
    html: 'old',
    rscData: Buffer.from('old'),
    headers: { 'x-next-cache-tags': 'posts', 'set-cookie': ['old'] },
    segmentData: new Map([['/a', Buffer.from('old')]]),
  });
  const meta = { status: 200, state: 'fresh', etag: 'r', tags: [], age: 1, attributes: {} };
  const cacheControl = { revalidate: 600 };
  const body = pack({ value: page(), cacheControl });
  gateway.entries.set(digestOf(`incremental:${key}`), { meta, body });
  const handed = async (softTags = ['/layout']) => {
    const ctx = { kind: 'APP_PAGE', isFallback: false, softTags };
    const lookups = gateway.lookups.length;
    const found = /** @type {any} */ (await new Incremental({}).get(key, ctx));
    assert.deepStrictEqual(found.value, page());
    assert.deepStrictEqual(found.cacheControl, cacheControl);
    return { ...found, isNear: gateway.lookups.length === lookups };
  };
  await until(async () => {
    const { value, isNear } = await handed();
    if (!isNear) value.rscData.fill(0);
    return isNear;
  });
  const { value } = await handed();
  assert.equal((await handed()).value, value);

  const confirmed = counts['near-unchanged'] ?? 0;
  assert.equal((await handed(['/another'])).value, value);
  assert.equal(counts['near-unchanged'], confirmed + 1);
});

test('copyOfComponents_changedByWhoGotIt_staysAsItWas', async () => {
  await warm();
  for (let i = 0; i < 2; i++) {
    const found = await within('request', () => handler.get(key, ['/layout']));
    assert.deepEqual(found?.tags, ['posts']);
    found?.tags.push('new');
    for await (const chunk of /** @type {any} */ (found?.value)) {
      assert.equal(String(Buffer.from(chunk)), 'old');
      chunk.fill(0);
    }
  }

  assert.equal(gateway.lookups.length, 0);
});

test('get_ofWhatIsComputedAnyhow_asksTheGateway', async () => {
  const meta = { status: 200, state: 'fresh', etag: 'f', tags: [], age: 1, attributes: {} };
  const body = pack({ value: null });
  gateway.entries.set(digestOf(`incremental:${key}`), { meta, body });
  const asks = async (/** @type {object} */ headers) => {
    const lookups = gateway.lookups.length;
    await new Incremental({ _requestHeaders: headers }).get(key, { kind: 'APP_PAGE' });
    return gateway.lookups.length > lookups;
  };
  await until(async () => !(await asks({})));

  assert.ok(await asks({ 'x-prerender-revalidate': 'x' }));
});

test('copy_tooManyTagsWereMarked_isConfirmed', async () => {
  await warm();
  for (let i = 0; i < 40; i++) {
    const tags = Array.from({ length: 256 }, (_, n) => `many-${i}-${n}`);
    await heard('invalidate', () => gateway.invalidate(...tags));
  }
  await trusted();

  assert.ok(!(await isNear()), 'which of them is not known any more');
});

test('copy_unconfirmed_isConfirmedWithoutItsBody', async () => {
  await warm();
  const { meta } = /** @type {any} */ (gateway.entries.get(digest()));
  await heard('hello', () => gateway.streams.forEach((stream) => stream.destroy()));
  const before = counts['near-unchanged'] ?? 0;
  await trusted();

  assert.equal(await get(), 'old');
  assert.equal(gateway.lookups.at(-1)?.json.entries[0].etag, meta.etag);
  assert.ok(counts['near-unchanged'] > before);
  assert.ok(await isNear());
});

test('stream_brokenOff_goesOnFromWhereItWas', async () => {
  await heard('invalidate', () => gateway.invalidate('x'));
  const { place } = gateway;
  await heard('hello', () => gateway.streams.forEach((stream) => stream.destroy()));

  assert.equal(gateway.subscriptions[0].headers['last-event-id'], undefined);
  assert.equal(gateway.subscriptions.at(-1)?.headers['last-event-id'], place);
});

test('copy_keptForOneSoftTag_isAskedForWithAnotherOnce', async () => {
  await warm();

  assert.ok(!(await isNear(['/other'])), 'the gateway has not weighed it');
  assert.ok(await isNear(['/other']));
  assert.ok(await isNear(['/layout']), 'it knows that one still');
  await heard('invalidate', () => gateway.invalidate('/other'));
  assert.ok(await isNear(['/layout']), 'who did not ask with it is not concerned');
  assert.ok(!(await isNear(['/other'])));
});

test('copy_askedForWithASoftTagOfAnotherName_answersUntilThatIsMarked', async () => {
  const long = 'x'.repeat(300); // the gateway knows it by its digest
  await trusted();
  await get(key, [long]);
  assert.ok(await isNear([long]));
  await heard('invalidate', () => gateway.invalidate(tagName(long)));

  assert.ok(!(await isNear([long])));
});

test('copy_inTheLastTenthOfItsLife_isTheGatewaysToRefresh', async () => {
  store('old', { age: 525, revalidate: 600 });
  await warm();
  await trusted();

  assert.ok(!(await isNear()));
  assert.equal(gateway.lookups.at(-1)?.json.early, true);
});

test('copy_ofAMinute_isConfirmed', async () => {
  await warm();
  pass(60_000);
  await trusted();

  assert.ok(!(await isNear()));
  assert.ok(await isNear());
});

/** What is never near, for it needs a lease. @type {Record<string, object>} */
const others = {
  stale: { state: 'stale', reason: 'tag' },
  led: { lease: { role: 'leader', token: 't', ttl: 10 }, asOf: '1' },
};
for (const [what, meta] of Object.entries(others)) {
  test(`entry_${what}_isNeverNear`, async () => {
    await warm();
    store('old', meta);
    await heard('write', ends.itIsWritten[1]);
    await get();
    await trusted();

    assert.ok(!(await isNear()));
    assert.ok(!(await isNear()));
  });
}

test('entry_missing_isAskedForEachTime', async () => {
  await trusted();
  gateway.entries.clear();

  assert.equal(await get(), undefined);
  assert.ok(!(await isNear()), 'else nobody would hold the lease');
});

test('copy_toldToBeStale_answersNoMore', async () => {
  await warm();
  store('old', { state: 'stale', reason: 'tag' });
  await get(key, ['/unknown']);

  assert.ok(!(await isNear(['/layout'])), 'the mark may be on its way still');
});

test('invalidate_ofItsOwn_endsACopyAtOnce', async () => {
  await warm();
  gateway.instead = ({ path, method }) => path === 'invalidations' && method === 'POST';
  const updating = within('request', () => handler.updateTags(['posts']), { page: '/x/route' });
  store('new');

  assert.ok(!(await isNear()), 'though nobody else knows yet');
  const delivered = counts['invalidated'] ?? 0;
  gateway.instead = () => {};
  gateway.closeConnections();
  await updating;
  await until(() => counts['invalidated'] > delivered); // it is tried again: not in the next test
});

test('invalidate_whileAnotherAsks_isNotOvertaken', async () => {
  await trusted();
  gateway.streams.clear(); // nothing is told
  const updating = within('request', () => handler.updateTags(['posts']));
  pass();
  await getWhile(() => updating);
  gateway.stamp--; // as the stream has it
  pass();
  await until(async () => {
    const lookups = gateway.lookups.length;
    await get('proof', []);
    return gateway.lookups.length === lookups;
  });

  assert.ok(!(await isNear()));
});

test('set_ofItsOwn_replacesACopyAtOnce', async () => {
  await warm();
  await get(key, ['/unknown']); // a stamp
  gateway.instead = ({ method }) => method === 'PUT';
  const setting = within('request', () => handler.set(key, Promise.resolve(entry('new'))));
  await until(() => gateway.puts.length === 1);

  assert.ok(!(await isNear()));
  gateway.closeConnections();
  await setting;
});

test('set_whileAnotherAsks_isNotOvertaken', async () => {
  await trusted();
  gateway.streams.clear(); // nothing is told
  /** @type {() => void} */
  let release = () => {};
  gateway.instead = ({ method }, response) => {
    if (method !== 'PUT') return false;
    release = () => response.writeHead(204).end();
    return true;
  };
  const setting = within('request', () => handler.set(key, Promise.resolve(entry('new'))));
  await until(() => gateway.puts.length === 1);
  pass();
  await getWhile(() => {
    release();
    return setting;
  });
  await until(async () => {
    const lookups = gateway.lookups.length;
    await get('proof', []);
    return gateway.lookups.length === lookups;
  });

  assert.ok(!(await isNear()));
});

test('trust_isCountedFromTheAskingOfTheClock', async () => {
  await warm();
  /** @type {() => void} */
  let release = () => {};
  gateway.instead = ({ path }, response) => {
    if (path !== 'clock') return false;
    const { epoch, stamp, clock } = gateway;
    release = () => response.end(JSON.stringify({ epoch, stamp, ...clock }));
    return true;
  };
  pass(WINDOW_MS);
  assert.ok(!(await isNear()));
  await until(() => gateway.clocks.length === 1);
  pass(WINDOW_MS);
  gateway.instead = ({ path }) => path === 'clock';
  release();
  await until(async () => {
    assert.ok(!(await isNear()));
    return gateway.clocks.length === 2; // so the first answer has been read
  });
});

/** Answers of the clock that prove nothing. @type {Record<string, () => unknown>} */
const doubts = {
  saysItIsNotCoherent: () => (gateway.clock.coherent = false),
  isAhead: () => gateway.stamp++,
  isOfAnotherHistory: () => (gateway.epoch = 'f'),
  fails: () => (gateway.instead = ({ path }, response) => path === 'clock' && !!response.destroy()),
};
for (const [what, happens] of Object.entries(doubts)) {
  test(`clock_${what}_endsTrustWithItsWindow`, async () => {
    await warm();
    happens();
    assert.ok(await isNear(), 'for now');
    pass(WINDOW_MS);
    await until(async () => {
      assert.ok(!(await isNear()));
      pass(200);
      return gateway.clocks.length >= 3; // two answers have been read
    });
  });
}

test('process_wasSuspended_trustsNothing', async () => {
  await warm();
  wallAheadMs += 1_000;

  assert.ok(!(await isNear()), 'the monotonic clock stood still');
  await until(isNear);
});

test('gateway_hangs_delaysNoNearAnswer', async () => {
  await warm();
  gateway.instead = () => true;
  const from = monotonic();
  for (let i = 0; i < 100; i++) assert.equal(await get(), 'old');

  assert.ok(monotonic() - from < 4_000, 'no deadline was waited for');
});

test('stream_silentWhileTheClockGoesOn_isReplaced', async () => {
  await trusted();
  gateway.stamp++; // and nothing is told
  await until(async () => {
    pass(300);
    await get();
    return gateway.subscriptions.length > 1;
  });
});

test('strict_eachRequest_asksTheClockOnceAndNothingElse', async () => {
  await restarted({ FRESHET_COHERENCE: 'strict' });
  await until(isNear);
  gateway.calls.length = 0;
  const request = { page: '/page' };
  for (let i = 0; i < 10; i++) assert.equal(await get(key, ['/layout'], request), 'old');
  assert.deepEqual(
    gateway.calls.map(({ path }) => path),
    ['clock'],
  );

  await get(key, ['/layout'], { page: '/page' });
  assert.equal(gateway.clocks.length, 2, 'another request, another question');
  pass();
  await get(key, ['/layout'], request);
  assert.equal(gateway.clocks.length, 3, 'what was proven has ended');
  assert.equal(gateway.lookups.length, 0);
});

test('strict_eventStillOnItsWay_asksTheGateway', async () => {
  await restarted({ FRESHET_COHERENCE: 'strict' });
  await until(isNear);
  gateway.stamp++; // acknowledged, and not heard of
  store('new');

  assert.equal(await get(key, ['/layout'], { page: '/page' }), 'new');
});

test('copies_moreThanTheirBytes_theLeastUsedGoes', async () => {
  await restarted({ FRESHET_NEAR_MAX_BYTES: '256KiB' });
  await trusted();
  const names = Array.from({ length: 12 }, (_, i) => `big-${i}`);
  for (const name of names) store('x'.repeat(24_000), {}, name);
  store('x'.repeat(33_000), {}, 'huge');
  const isNear = async (/** @type {string} */ name) => {
    const lookups = gateway.lookups.length;
    await get(name);
    return gateway.lookups.length === lookups;
  };
  await get('huge');
  for (const name of names.slice(0, 9)) await get(name);
  assert.ok(await isNear('big-0'), 'used again');
  for (const name of names.slice(9)) await get(name);

  const lookups = gateway.lookups.length;
  for (const name of ['big-0', 'big-11']) await get(name);
  assert.equal(gateway.lookups.length, lookups);
  assert.ok(!(await isNear('big-1')));
  assert.ok(!(await isNear('huge')), 'one must not drive out all others');
});

test('copies_count_whatTheirValuesTake_andKeepNoMore', () => {
  const copies = new Copies(1 << 20);
  copies.windowMs = 0;
  const meta = { status: 200, state: 'fresh', etag: 'e', tags: [], age: 1, attributes: {} };
  const learn = (/** @type {string} */ name, /** @type {any} */ value) => {
    const before = copies.bytes;
    copies.learn(name, [], performance.now(), { meta: /** @type {any} */ (meta), value });
    return copies.bytes - before;
  };
  const bytes = Buffer.alloc(50_000);

  assert.ok(learn('part', { html: 'ä'.repeat(20_000), bytes: bytes.subarray(0, 9_000) }) > 49_000);
  assert.equal(copies.find('part', [])?.value.bytes.buffer.byteLength, 9_000);
  learn('part', null);
  assert.ok(copies.bytes < 2_000, 'what it has replaced is not counted');
});

test('near_off_opensNoStream', async () => {
  process.env.FRESHET_NEAR_MAX_BYTES = '0';
  await get();
  await until(() => gateway.streams.size === 0);

  assert.equal(gateway.lookups.at(-1)?.json.entries[0].etag, undefined);
});

test('request_isNotKeptInMemoryByTheNearCache', async () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  const storage = new AsyncLocalStorage();
  /** @type {WeakRef<object>} */
  let kept;
  await gateway.stop();
  gateway = await new FakeGateway().start({ near: true });
  await (async () => {
    const request = { big: new Array(1_000) };
    kept = new WeakRef(request);
    await storage.run(request, async () => {
      await handler.get('gc', []); // opens the stream
      await handler.set('gc', Promise.resolve(entry('x')));
      await handler.get('gc', []);
    });
  })();

  await until(async () => {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
    return kept.deref() === undefined;
  });
});
