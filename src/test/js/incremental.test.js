// @ts-check
import assert from 'node:assert/strict';
import http from 'node:http';
import { after, before, beforeEach, mock, test } from 'node:test';
import Incremental from '../../main/js/incremental.js';
import { digestOf } from '../../main/js/names.js';
import { pack, unpack } from '../../main/js/value.js';
import { FakeGateway } from './support/gateway.js';
import { until, within } from './support/next.js';
import Settled from './support/settled.js';

/** @type {FakeGateway} */
let gateway;
let keys = 0;
/** @type {string} */
let key;
/** @type {string} */
let digest;

before(async () => {
  mock.method(console, 'warn', () => {});
  gateway = await new FakeGateway().start();
});
after(() => gateway.stop());
beforeEach(() => {
  key = `/route-cache/APP_PAGE/9f86/$/p${keys++}`;
  digest = digestOf(`incremental:${key}`);
  gateway.calls.length = 0;
  gateway.entries.clear();
  gateway.instead = () => {};
});

const now = () => performance.timeOrigin + performance.now();
const PAGE = { kind: 'APP_PAGE', isRoutePPREnabled: false, isFallback: false };
const FETCH = {
  kind: 'FETCH',
  revalidate: 60,
  fetchUrl: 'http://o/',
  tags: ['f'],
  softTags: ['_N_T_/p'],
};
const LIFE = { revalidate: 60, expire: 600 };

const page = () => ({
  kind: 'APP_PAGE',
  html: '<p>1</p>',
  rscData: Buffer.from([0, 255]),
  postponed: undefined,
  status: undefined,
  headers: { 'x-next-cache-tags': '_N_T_/layout,posts' },
  segmentData: new Map([['/_tree', Buffer.from('t')]]),
});

/** @param {Record<string, string>} [headers] */
const request = (headers = {}) => new Settled({ _requestHeaders: headers });

/** @param {any} value @param {object} meta @param {any} [cacheControl] */
function stored(value, meta, cacheControl = LIFE) {
  gateway.entries.set(digest, {
    meta: {
      status: 200,
      state: 'fresh',
      tags: ['posts'],
      age: 10,
      attributes: { kind: value?.kind ?? null },
      ...meta,
    },
    body: pack({ value, cacheControl }),
  });
}

const byTime = { state: 'stale', reason: 'time', age: 61.5, asOf: '9-9' };
const byTag = { ...byTime, reason: 'tag', age: 10 };
const leads = { lease: { role: 'leader', token: 'held', ttl: 10 } };
const follows = { lease: { role: 'follower', ttl: 7.5 } };

for (const cacheControl of [
  LIFE,
  { revalidate: false, expire: undefined },
  { revalidate: false },
]) {
  test(`rule 6, T8: page_with${JSON.stringify(cacheControl)}_isHadBackAsItWas`, async () => {
    const handler = request();
    assert.equal(await handler.get(key, PAGE), null);
    const asked = now();
    await handler.set(key, page(), { ...PAGE, cacheControl });
    const { meta } = /** @type {any} */ (gateway.puts[0].frame);
    const data = await request().get(key, PAGE);

    assert.deepEqual(meta.tags, ['_N_T_/layout', 'posts']);
    assert.equal(meta.revalidate, cacheControl.revalidate || undefined);
    assert.equal(meta.expire, cacheControl.expire);
    assert.match(meta.lease, /^token-/);
    assert.equal(meta.asOf, `${gateway.stamp}-1`);
    assert.deepStrictEqual(data?.value, page());
    assert.deepStrictEqual(data?.cacheControl, cacheControl);
    assert.ok(Math.abs((data?.lastModified ?? 0) - asked) < 1_000);
  });
}

test('page_servedFromItsShell_givesItsLeaseBack_andIsWrittenLaterAsItsTicketSays', async () => {
  const ppr = { ...PAGE, isRoutePPREnabled: true };
  const headers = {};
  assert.equal(await request(headers).get(key, ppr), null);
  const ticket = `${gateway.stamp}-1`;
  await request(headers).get(`${key}/[id]`, { ...ppr, isFallback: true });
  await until(() => gateway.releases.length === 1);
  await request(headers).set(key, page(), { ...ppr, cacheControl: LIFE });

  const { asOf, lease } = /** @type {any} */ (gateway.puts[0].frame).meta;
  assert.deepEqual({ asOf, lease }, { asOf: ticket, lease: undefined });
});

test('notFound_isStoredAndHadBackAsNull', async () => {
  const handler = request();
  await handler.get(key, PAGE);
  await handler.set(key, null, { ...PAGE, cacheControl: LIFE });
  const data = await request().get(key, PAGE);

  assert.equal(data?.value, null);
  assert.deepEqual(data?.cacheControl, LIFE);
});

test('fetch_tagsOfTheSetAreItsOwn_tagsOfTheGetAreSoft', async () => {
  const value = {
    kind: 'FETCH',
    data: { headers: {}, body: 'YQ==', status: 200, url: '' },
    revalidate: 60,
  };
  const handler = request();
  await handler.get(key, FETCH);
  await handler.set(key, value, { fetchCache: true, tags: ['f'], fetchIdx: 1 });
  const data = await request().get(key, FETCH);

  assert.deepEqual(gateway.lookups[0].json.entries[0].softTags, ['_N_T_/p', 'f']);
  assert.deepEqual(gateway.puts[0].frame?.meta.tags, ['f']);
  assert.equal(gateway.puts[0].frame?.meta.revalidate, 60);
  assert.deepStrictEqual(data?.value, value);
});

test('get_ofAnotherKind_isAMiss', async () => {
  stored({ kind: 'FETCH', data: {}, revalidate: 1 }, {});
  assert.equal(await request().get(key, PAGE), null);
  stored(page(), {});
  assert.equal(await request().get(key, FETCH), null);
  stored(null, {});
  assert.equal(await request().get(key, FETCH), null);
});

test('get_undecodable_isAMiss', async () => {
  stored(page(), {});
  /** @type {any} */ (gateway.entries.get(digest)).body = Buffer.from('{}');

  assert.equal(await request().get(key, PAGE), null);
});

test('get_undecodableAsLeader_isWrittenAnewUnderItsLease', async () => {
  stored(page(), { ...byTime, ...leads });
  /** @type {any} */ (gateway.entries.get(digest)).body = Buffer.from('{}');
  const handler = request();
  assert.equal(await handler.get(key, PAGE), null);
  await handler.set(key, page(), { ...PAGE, cacheControl: LIFE });

  assert.equal(gateway.puts[0]?.frame?.meta.lease, 'held');
  assert.equal(gateway.puts[0]?.frame?.meta.asOf, '9-9');
});

test('get_staleByTimeAsLeader_isTrulyStale', async () => {
  stored(page(), { ...byTime, ...leads });
  const data = await request().get(key, PAGE);

  assert.ok((data?.lastModified ?? now()) + 60_000 < now());
  assert.ok(Math.abs((data?.lastModified ?? 0) - (now() - 61_500)) < 1_000);
});

test('rule 5, T9: get_staleByTagAsLeader_isMadeOutToBeDue', async () => {
  stored(page(), { ...byTag, ...leads });
  const data = await request().get(key, PAGE);

  assert.ok((data?.lastModified ?? now()) + 60_000 < now());
  assert.ok((data?.lastModified ?? 0) + 600_000 > now());
});

test('get_staleByTagAndNeverDue_blocksTheLeaderAlone', async () => {
  stored(page(), { ...byTag, ...leads }, { revalidate: false });
  assert.equal(await request().get(key, PAGE), null);

  stored(page(), { ...byTag, ...follows }, { revalidate: false });
  assert.ok(await request().get(key, PAGE));
});

test('rule 9: get_staleAsFollower_isYoung', async () => {
  for (const reason of [byTime, byTag]) {
    stored(page(), { ...reason, ...follows });
    const data = await request().get(key, PAGE);

    assert.ok(now() - (data?.lastModified ?? 0) < 1_000);
    assert.deepEqual(data?.cacheControl, LIFE);
  }
  assert.equal(gateway.lookups.length, 2);
});

test('rule 9: fetch_staleAsFollowerThatKeepsIt_waits', async () => {
  const value = { kind: 'FETCH', data: { body: 'old' }, revalidate: 60 };
  stored(value, { ...byTime, ...follows });
  await within('request', () => request().get(key, FETCH));
  assert.equal(gateway.lookups.length, 1);

  const data = await within('prerender', () => request().get(key, FETCH));
  assert.equal(gateway.lookups.at(-1)?.json.waitStale, true);
  assert.ok((data?.lastModified ?? now()) + 60_000 < now(), 'and computes it in the end');
});

test('get_freshAtTheVeryEndOfItsLife_staysFreshUntilNextHasLooked', async () => {
  stored(page(), { age: 59.9999 });
  const data = await request().get(key, PAGE);

  assert.ok((data?.lastModified ?? 0) + 60_000 > now());
});

test('get_freshAndElectedToRefreshIt_isMadeOutToBeDue', async () => {
  stored(page(), { ...leads, asOf: '9-9' });
  const data = await request().get(key, PAGE);

  assert.equal(gateway.lookups[0].json.early, true);
  assert.ok((data?.lastModified ?? now()) + 60_000 < now());
  assert.ok((data?.lastModified ?? 0) + 600_000 > now());
});

test('T10: set_ofWhatWasHandedOut_isNotMadeYoung', async () => {
  stored(page(), { ...byTime, ...leads });
  const handler = request();
  const data = await handler.get(key, PAGE);
  await handler.set(key, data?.value, { ...PAGE, cacheControl: { revalidate: 3, expire: 6 } });

  assert.equal(gateway.puts.length, 0);
  assert.equal(gateway.releases.length, 0, 'the lease delays the next try');

  await handler.get(key, PAGE);
  await handler.set(key, page(), { ...PAGE, cacheControl: LIFE });
  assert.equal(gateway.puts.length, 1, 'the same bytes, computed anew, are young');
});

test('T10: set_ofAnImageThatWasHandedOut_isNotMadeYoung', async () => {
  const image = {
    kind: 'IMAGE',
    etag: 'a',
    buffer: Buffer.from([1, 2]),
    extension: 'webp',
    revalidate: 60,
  };
  stored(image, { ...byTime, ...leads });
  const handler = request();
  const data = await handler.get(key, { kind: 'IMAGE', isFallback: false });
  await handler.set(key, { ...data?.value, revalidate: 60 }, { kind: 'IMAGE', cacheControl: LIFE });

  assert.equal(gateway.puts.length, 0);
});

test('T11: set_twoRequests_eachIsDatedByItsOwnTicket', async () => {
  const headers = /** @type {Record<string, string>} */ ({});
  const first = request(headers);
  const second = request();
  await first.get(key, FETCH);
  const asOf = `${gateway.stamp}-1`;
  await second.get(key, FETCH);
  const later = `${gateway.stamp}-1`;
  const value = { kind: 'FETCH', data: {}, revalidate: 60 };
  await request(headers).set(key, value, { fetchCache: true, tags: [] });
  await second.set(key, value, { fetchCache: true, tags: [] });

  assert.deepEqual(
    gateway.puts.map(({ frame }) => frame?.meta.asOf),
    [asOf, later],
  );
});

/** It would make young what the other's invalidation has ended since. */
test('set_ofARequestThatCouldNotAsk_isNotDatedByOneThatAskedLater', async () => {
  const before = request();
  await before.get(`${key}-another`, PAGE);
  const stamp = gateway.stamp;
  const first = request();
  gateway.instead = (_, response) => !!response.writeHead(503).end();
  await first.get(key, PAGE);
  gateway.instead = () => {};
  await request().get(key, PAGE);
  await first.set(key, page(), { ...PAGE, cacheControl: LIFE });

  const asOf = gateway.puts[0]?.frame?.meta.asOf ?? '0';
  assert.ok(Number(asOf.split('-')[0]) <= stamp, `${asOf} is later than ${stamp}`);
});

test('get_onDemand_hasTheClockDateWhatIsComputed', async () => {
  stored(page(), {});
  const headers = { 'x-prerender-revalidate': 'secret' };
  await request(headers).get(key, PAGE);
  const ticket = `${gateway.stamp}-7-e`;
  await request(headers).set(key, page(), { ...PAGE, cacheControl: LIFE });

  assert.equal(gateway.puts[0].frame?.meta.asOf, ticket);
});

test('get_missingInANavigationThatWritesNothing_givesTheLeaseBackAndWaitsForNobody', async () => {
  const ppr = { ...PAGE, isRoutePPREnabled: true };
  for (const headers of [
    { rsc: '1' },
    { 'next-action': 'a' },
    { 'content-type': 'multipart/form-data; b' },
  ]) {
    gateway.calls.length = 0;
    await request(/** @type {any} */ (headers)).get(key, ppr);
    await until(() => gateway.releases.length === 1);
  }
  await request({ 'rsc': '1', 'next-router-prefetch': '1' }).get(`${key}x`, ppr);
  assert.equal(gateway.releases.length, 1);
});

/*
 * Next answers when `set` is over, and whoever else wants the page waits for its lease. But when
 * `res.revalidate()` is over, who called it may ask another server, that has the one before.
 */
for (const [name, headers, isOver] of /** @type {const} */ ([
  ['set_ofWhatIsMissing_isOverAtOnce', {}, true],
  ['set_onDemand_isOverWhenItIsWritten', { 'x-prerender-revalidate': 'secret' }, false],
])) {
  test(name, async () => {
    const handler = new Incremental({ _requestHeaders: headers });
    await handler.get(key, PAGE);
    /** @type {import('node:http').ServerResponse | undefined} */
    let put;
    gateway.instead = ({ method }, response) => {
      if (method === 'PUT') put = response;
      return method === 'PUT';
    };
    let over = false;
    const setting = handler.set(key, page(), { ...PAGE, cacheControl: LIFE });
    void setting.then(() => (over = true));
    await until(() => put);

    assert.equal(over, isOver);
    put?.writeHead(201, { etag: '"1.0"' }).end();
    await setting;
  });
}

test('set_whatIsMadeOfSomethingStale_isNotKept', async () => {
  const handler = request();
  await handler.get(key, PAGE);
  const headers = { 'x-next-cache-tags': '_N_T_/layout,posts,freshet:from-stale' };
  await handler.set(key, { ...page(), headers }, { ...PAGE, cacheControl: LIFE });

  await until(() => gateway.releases.length === 1);
  assert.equal(gateway.puts.length, 0);
});

test('set_whatCannotBeKept_givesTheLeaseBack', async () => {
  const handler = request();
  await handler.get(key, PAGE);
  await handler.set(key, { kind: 'PAGES', html: '', pageData: { f() {} } }, { cacheControl: LIFE });
  await until(() => gateway.releases.length === 1);

  await handler.get(`${key}x`, PAGE);
  await handler.set(
    `${key}x`,
    { ...page(), rscData: Buffer.alloc(9 << 20) },
    { cacheControl: LIFE },
  );
  await until(() => gateway.releases.length === 2);
  assert.equal(gateway.puts.length, 0);
});

test('set_byteExact_ofEveryValueTheGatewayHolds', async () => {
  const handler = request();
  await handler.get(key, PAGE);
  await handler.set(key, page(), { ...PAGE, cacheControl: LIFE });
  const { body } = /** @type {any} */ (gateway.puts[0].frame);

  assert.deepStrictEqual(unpack(body), { value: page(), cacheControl: LIFE });
});

/* What a leader's failure looks like from here: nothing at all, until its answer is out. */

/** One answer of Next, which says when it has ended, and how often it was asked to. */
function rendering() {
  /** @type {(() => void)[]} */
  const callbacks = [];
  return {
    work: { page: '/p', afterContext: { onClose: (/** @type {any} */ c) => callbacks.push(c) } },
    callbacks,
    end: () => callbacks.forEach((callback) => callback()),
  };
}

/** Whoever does not lead is told so at once, and who waits is told when `free` is called. */
function heldByAnother() {
  /** @type {http.ServerResponse[]} */
  const waiting = [];
  const missed = { status: 404, tags: [], asOf: '5-1', lease: { role: 'follower', ttl: 9 } };
  gateway.instead = ({ json }, response) => {
    if (!json?.entries) return false;
    if (json.wait > 0) waiting.push(response);
    else response.end(FakeGateway.frame(missed));
    return true;
  };
  return {
    waiting,
    /** @param {object} meta @param {Uint8Array} [body] */
    free(meta, body) {
      for (const response of waiting) response.end(FakeGateway.frame(meta, body));
    },
  };
}

const FETCHED = { kind: 'FETCH', data: { headers: {}, body: 'YQ==', status: 200 }, revalidate: 60 };

test('fetch_missingInSeveralRequestsOfAProcess_oneComputesAndTheOthersWait', async () => {
  const { work } = rendering();
  const first = request();
  await within('request', () => first.get(key, FETCH), work);
  const held = heldByAnother();
  const others = [1, 2, 3].map(() =>
    within('request', () => request().get(key, FETCH), rendering().work),
  );
  await until(() => held.waiting.length === 3);
  await first.set(key, FETCHED, { fetchCache: true, tags: [] });
  const { meta, body } = /** @type {any} */ (gateway.entries.get(digest));
  held.free({ age: 0, ...meta }, body);

  for (const data of await Promise.all(others)) assert.deepStrictEqual(data?.value, FETCHED);
  assert.equal(gateway.puts.length, 1);
});

test('fetch_missingTwiceInOneRequest_doesNotWaitForItself', async () => {
  const { work } = rendering();
  const only = request();
  await within('request', () => only.get(key, FETCH), work);
  heldByAnother();

  assert.equal(await within('request', () => only.get(key, FETCH), work), null);
});

test('fetch_answerEndsUnwritten_givesTheLeaseBackForTheNextToLead', async () => {
  const { work, end, callbacks } = rendering();
  await within('request', () => request().get(key, FETCH), work);
  await within('request', () => request().get(`${key}x`, FETCH), work);
  assert.equal(callbacks.length, 1, 'Node warns of many listeners');
  end();
  await until(() => gateway.releases.length === 2);

  heldByAnother();
  const next = within('request', () => request().get(key, FETCH), rendering().work);
  await until(() => gateway.lookups.at(-1)?.json.wait === 20);
  await gateway.stop();
  await next;
  gateway = await new FakeGateway().start();
});

test('fetch_answerEndsWritten_givesNothingBack', async () => {
  const { work, end } = rendering();
  const only = request();
  await within('request', () => only.get(key, FETCH), work);
  await only.set(key, FETCHED, { fetchCache: true, tags: [] });
  end();
  await request().get(key, FETCH);

  assert.equal(gateway.releases.length, 0);
});

test('fetch_staleAndAnswerEnds_keepsTheLeaseOfWhatIsFetchedBehindIt', async () => {
  stored(FETCHED, { ...byTime, ...leads });
  const { work, callbacks } = rendering();
  await within('request', () => request().get(key, FETCH), work);

  assert.equal(callbacks.length, 0);
});

for (const [status, releases] of [
  [500, 1],
  [200, 0],
  [404, 0],
]) {
  test(`page_missingAndAnswered${status}_givesBack${releases}`, async () => {
    const server = http.createServer(async (incoming, response) => {
      await new Incremental({ _requestHeaders: incoming.headers }).get(key, PAGE);
      response.writeHead(status).end();
    });
    await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(undefined)));
    const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
    await new Promise((resolve) => {
      http.get({ port, agent: false }, (answer) => answer.resume().on('end', resolve));
    });
    await request().get(`${key}later`, PAGE);
    await until(() => gateway.releases.length === releases);
    server.close();

    assert.equal(gateway.releases.length, releases);
  });
}
