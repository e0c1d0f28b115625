// @ts-check
import assert from 'node:assert/strict';
import { after, before, beforeEach, mock, test } from 'node:test';
import handler from '../../main/js/components.js';
import { digestOf } from '../../main/js/names.js';
import { counts } from '../../main/js/report.js';
import { FakeGateway } from './support/gateway.js';
import { bytesOf, entry, until, within } from './support/next.js';

/** @type {FakeGateway} */
let gateway;
let keys = 0;
/** What has not settled by then never will. */
const SETTLES_MS_MAX = 10_000;
/** @type {string} */
let key;
/** @type {string} */
let digest;

before(async () => {
  gateway = await new FakeGateway().start();
});
after(() => gateway.stop());
beforeEach(() => {
  key = `["f${keys++}",[],["v1"]]`;
  digest = digestOf(`use-cache:${key}`);
  gateway.calls.length = 0;
  gateway.entries.clear();
  gateway.instead = () => {};
});

mock.method(console, 'warn', () => {});
const now = () => performance.timeOrigin + performance.now();

/** @param {object} meta */
function stored(meta, body = 'old') {
  gateway.entries.set(digest, {
    meta: {
      status: 200,
      state: 'fresh',
      tags: ['posts'],
      revalidate: 60,
      expire: 600,
      age: 10,
      attributes: { stale: 30, revalidate: 60, expire: 600 },
      ...meta,
    },
    body: Buffer.from(body),
  });
}

const stale = { state: 'stale', reason: 'time', age: 61.5, asOf: '9-9' };
const leads = { ...stale, lease: { role: 'leader', token: 't', ttl: 10 } };
const follows = { ...stale, lease: { role: 'follower', ttl: 7.5 } };

/** @param {string} [unit] @param {string[]} [softTags] */
const get = (unit = 'request', softTags = ['_N_T_/layout']) =>
  within(unit, () => handler.get(key, softTags));

/** @param {any} pending */
const set = (pending) => within('request', () => handler.set(key, Promise.resolve(pending)));

test('get_missing_asksByDigestWithSoftTagsForTheLease', async () => {
  assert.equal(await get(), undefined);

  const [{ path, json }] = gateway.lookups;
  assert.equal(path, 'deployments/v1/lookup');
  assert.deepEqual(json.entries, [{ digest, softTags: ['_N_T_/layout'] }]);
  assert.equal(json.lease, true);
});

test('set_afterAMiss_carriesTicketAndLease', async () => {
  await get();
  const { asOf, lease } = { asOf: `${gateway.stamp}-1`, lease: 'token-' };
  const began = now();
  await set(entry('value', { timestamp: began, expire: 4294967294 }));

  const { meta, body } = /** @type {any} */ (gateway.puts[0].frame);
  assert.equal(gateway.puts[0].path, `deployments/v1/entries/@${digest}`);
  assert.equal(meta.asOf, asOf);
  assert.ok(meta.lease.startsWith(lease));
  assert.equal(meta.revalidate, 60);
  assert.ok(!('expire' in meta), 'never is left out');
  assert.ok(meta.age >= 0 && meta.age < 5);
  assert.equal(meta.type, 'text/x-component');
  assert.deepEqual(meta.attributes, { stale: 30, revalidate: 60, expire: 4294967294 });
  assert.equal(body.toString(), 'value');
});

test('T17: get_hit_isTheEntryAsItWasSet', async () => {
  await get();
  const bytes = Buffer.from([0, 255, 10, 13, 0x80]);
  await set(entry(bytes, { tags: ['posts', '_N_RP_lang'], expire: Infinity, revalidate: 900 }));
  const found = await get();

  assert.ok(found);
  assert.deepEqual(await bytesOf(found.value), bytes);
  assert.deepEqual(found.tags, ['posts', '_N_RP_lang']);
  const { stale, revalidate, expire } = found;
  assert.deepEqual(
    { stale, revalidate, expire },
    { stale: 30, revalidate: 900, expire: 4294967294 },
  );
});

test('get_hit_isDatedByItsAge', async () => {
  stored({ age: 10 });
  const found = await get();

  assert.ok(Math.abs(now() - 10_000 - (found?.timestamp ?? 0)) < 1_000);
});

test('get_staleAsLeader_isTrulyStale', async () => {
  stored(leads);
  const found = /** @type {any} */ (await get());

  assert.equal(found.revalidate, 60);
  assert.ok(now() > found.timestamp + found.revalidate * 1000);
});

test('rule 5: get_staleByTagAsLeader_isDueNow', async () => {
  stored({ ...leads, reason: 'tag', age: 10 });

  assert.equal((await get())?.revalidate, -1);
});

test('get_freshAndElectedToRefreshIt_isDueNowForTheElectedAlone', async () => {
  stored({ lease: aLease(), asOf: '9-9' });
  const found = /** @type {any} */ (await get('request'));
  await set(entry('new'));

  assert.equal((await bytesOf(found.value)).toString(), 'old');
  assert.equal(found.revalidate, -1, 'so Next refreshes it behind the answer');
  assert.equal(gateway.lookups[0].json.early, true);
  assert.equal(gateway.puts[0].frame?.meta.lease, 't');
  stored({});
  assert.equal((await get('request'))?.revalidate, 60);
});

test('get_stale_isTaggedSo_whatIsMadeOfItIsNotKept', async () => {
  for (const [lookup, tags] of /** @type {[object, string[]][]} */ ([
    [{}, ['posts']],
    [{ lease: aLease(), asOf: '9-9' }, ['posts']],
    [follows, ['posts', 'freshet:from-stale']],
    [leads, ['posts', 'freshet:from-stale']],
    [{ ...leads, reason: 'tag' }, ['posts', 'freshet:from-stale']],
  ])) {
    stored(lookup);
    assert.deepEqual((await get())?.tags, tags);
  }

  await set(entry('made of the old', { tags: ['outer', 'freshet:from-stale'] }));
  await until(() => gateway.releases.length === 1);
  assert.equal(gateway.puts.length, 0);
});

test('get_byWhoKeepsWhatItIsGiven_isNeverElected', async () => {
  stored({});
  for (const unit of ['prerender', 'cache', 'unstable-cache']) await get(unit);
  process.env.FRESHET_EARLY = 'off';
  await get('request');
  delete process.env.FRESHET_EARLY;

  assert.ok(gateway.lookups.every(({ json }) => json.early === false));
});

test('rule 9: get_staleAsFollower_outlastsTheLeader', async () => {
  stored(follows);

  assert.equal((await get('request'))?.revalidate, Math.ceil(61.5 + 7.5));
  assert.equal((await get('prerender-runtime'))?.revalidate, 69);
  assert.equal(gateway.lookups.length, 2, 'and waits for nobody');
});

for (const unit of ['prerender', 'prerender-legacy', 'cache', 'private-cache', 'unstable-cache']) {
  test(`rule 9: get_staleAsFollowerIn${unit}_waitsForTheNewOne`, async () => {
    stored(follows);
    gateway.instead = ({ json }) => {
      if (json?.wait > 0) stored({ age: 0.1, collapsed: true }, 'new');
    };
    const found = /** @type {any} */ (await get(unit));

    assert.equal((await bytesOf(found.value)).toString(), 'new');
    assert.equal(found.revalidate, 60);
    const { wait, waitStale } = gateway.lookups[1].json;
    assert.deepEqual({ wait, waitStale }, { wait: 20, waitStale: true });
  });
}

test('rule 9: get_staleAsFollowerThatKeepsIt_isNeverPassedOffAsFresh', async () => {
  stored(follows);
  const found = /** @type {any} */ (await get('prerender'));

  assert.equal(found.revalidate, 60);
  assert.ok(now() > found.timestamp + 60_000);
});

test('get_noWorkUnit_isTakenToKeepIt', async () => {
  stored(follows);
  await handler.get(key, []);

  assert.equal(gateway.lookups[1].json.waitStale, true);
});

test('get_freshAtTheVeryEndOfItsLife_staysFreshUntilNextHasLooked', async () => {
  stored({ age: 59.9999 });
  const found = /** @type {any} */ (await get());

  assert.ok(now() < found.timestamp + found.revalidate * 1000);
});

test('get_missingAsFollower_waitsUntilItMayLead', async () => {
  gateway.instead = ({ json }, response) => {
    if (!json?.entries || json.wait > 0) return false;
    const meta = { status: 404, tags: [], asOf: '5-1', lease: { role: 'follower', ttl: 3 } };
    response.end(FakeGateway.frame(meta));
    return true;
  };
  await get();

  assert.equal(gateway.lookups[1].json.wait, 20, 'beyond the lease: its leader may die');
  await set(entry('mine'));
  assert.match(gateway.puts[0].frame?.meta.lease, /^token-/, 'it led when the leader was gone');
});

test('get_waitedInVain_doesNotWaitAgain', async () => {
  gateway.instead = ({ json }, response) => {
    if (!json?.entries) return false;
    const meta = { status: 404, tags: [], asOf: '5-1', lease: { role: 'follower', ttl: 3 } };
    response.end(FakeGateway.frame(meta));
    return true;
  };
  await get();
  await get();

  assert.deepEqual(
    gateway.lookups.map(({ json }) => json.wait),
    [0, 20, 0],
  );
});

function aLease() {
  return { role: 'leader', token: 't', ttl: 10 };
}

/** What a wait is answered with, and how long is waited then. @type {[string, any, number[]][]} */
const ENDS = [
  ['itsLeaderFailed', { status: 404, lease: aLease() }, [0, 20, 0, 20]],
  ['itWasWritten', { status: 200, state: 'fresh', age: 0 }, [0, 20, 0, 20]],
  ['nobodyWroteIt', { status: 404, lease: { role: 'follower', ttl: 3 } }, [0, 20, 0]],
];
for (const [how, meta, waits] of ENDS) {
  test(`get_waitedUntil${how}_waitsAgainIfThatIsWorthIt`, async () => {
    gateway.instead = ({ json }, response) => {
      if (!json?.entries) return false;
      const missed = { status: 404, lease: { role: 'follower', ttl: 3 } };
      const told = json.wait > 0 ? meta : missed;
      response.end(FakeGateway.frame({ tags: [], asOf: '5-1', attributes: {}, ...told }));
      return true;
    };
    await get();
    if (meta.lease?.token) await set(entry('its own'));
    await get();

    assert.deepEqual(
      gateway.lookups.map(({ json }) => json.wait),
      waits,
    );
  });
}

test('get_againAfterAComputationThatCameToNothing_doesNotWaitForItself', async () => {
  await get();
  gateway.instead = ({ json }, response) => {
    if (!json?.entries) return false;
    const meta = { status: 404, tags: [], asOf: '99-1', lease: { role: 'follower', ttl: 3 } };
    response.end(FakeGateway.frame(meta));
    return true;
  };
  await get();
  const lookups = gateway.lookups.length;
  await set(entry('value'));

  assert.equal(lookups, 2);
  assert.match(gateway.puts[0].frame?.meta.lease, /^token-/, 'the lease is its own, still');
});

test('set_twoComputations_eachIsDatedByItsOwnTicket', async () => {
  await get();
  const first = { asOf: `${gateway.stamp}-1`, timestamp: now() };
  await get();
  const second = { asOf: `${gateway.stamp}-1`, timestamp: now() };
  await set(entry('first', { timestamp: first.timestamp }));
  await set(entry('second', { timestamp: second.timestamp }));

  assert.deepEqual(
    gateway.puts.map(({ frame }) => frame?.meta.asOf),
    [first.asOf, second.asOf],
  );
});

test('set_aKeyThatWasNotAsked_isDatedByWhatWasHeardBefore', async () => {
  await get();
  const heard = gateway.stamp;
  const began = now();
  key = `${key}[["lang","en"]]`;
  await set(entry('by root parameter', { timestamp: began }));

  const { asOf, lease } = gateway.puts[0].frame?.meta;
  assert.ok(!asOf.includes('-') && Number(asOf) <= heard);
  assert.equal(lease, undefined);
});

test('T18: set_streamThatErrs_isDroppedAndTheLeaseGivenBack', async () => {
  await get();
  let pulls = 0;
  const value = new ReadableStream({
    pull(controller) {
      if (pulls++ === 0) controller.enqueue(new Uint8Array(9));
      else controller.error(new Error('thrown in a component'));
    },
  });
  await set(entry('', { value }));
  await until(() => gateway.releases.length === 1);

  assert.equal(gateway.puts.length, 0);
  assert.match(gateway.releases[0] ?? '', /^token-/);
});

test('set_pendingEntryRejects_isDroppedAndTheLeaseGivenBack', async () => {
  await get();
  await within('request', () => handler.set(key, Promise.reject(new Error('failed'))));
  await until(() => gateway.releases.length === 1);

  assert.equal(gateway.puts.length, 0);
});

test('rule 3, T3: set_pendingEntryNeverComes_settles', { timeout: SETTLES_MS_MAX }, async () => {
  await get();
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const setting = within('request', () => handler.set(key, new Promise(() => {})));
    mock.timers.tick(10_001);
    await setting;
  } finally {
    mock.timers.reset();
  }
  assert.equal(gateway.puts.length, 0);
});

test('set_streamThatNeverEnds_isCancelled', async () => {
  await get();
  let cancelled = false;
  const value = new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(1 << 20)),
    cancel: () => void (cancelled = true),
  });
  await set(entry('', { value }));

  assert.ok(cancelled);
  assert.equal(gateway.puts.length, 0);
});

test('set_ofNoLifetime_isNotStored', async () => {
  await get();
  await set(entry('value', { expire: 0 }));
  await until(() => gateway.releases.length === 1);

  assert.equal(gateway.puts.length, 0);
});

for (const [name, ttl, leases] of /** @type {[string, number, boolean[]][]} */ ([
  ['Outlived_isWrittenWithoutIt', 0, [true, false]],
  ['Superseded_isNotWritten', 10, [true]],
])) {
  test(`set_lease${name}`, async () => {
    stored({ ...leads, lease: { ...leads.lease, ttl } });
    await get();
    gateway.instead = ({ method, frame }, response) => {
      if (method !== 'PUT' || !frame?.meta.lease) return false;
      response.writeHead(412).end();
      return true;
    };
    await set(entry('computed'));

    assert.deepEqual(
      gateway.puts.map(({ frame }) => 'lease' in frame?.meta),
      leases,
    );
  });
}

for (const status of [400, 409, 413, 422, 500, 503]) {
  test(`set_answered${status}_isDropped`, async () => {
    await get();
    gateway.instead = ({ method }, response) => {
      if (method !== 'PUT') return false;
      response.writeHead(status).end();
      return true;
    };
    await set(entry('value'));
    await until(() => gateway.releases.length === 1);

    assert.ok(counts[`put-${status}`] > 0);
    gateway.instead = () => {};
    await get(); // a success, lest the breaker count on
  });
}

test('set_tooManyTags_isDropped', async () => {
  await get();
  await set(entry('value', { tags: Array.from({ length: 129 }, (_, i) => `t${i}`) }));

  assert.equal(gateway.puts.length, 0);
});

test('tags_thatTheGatewayRefuses_areFoldedAlikeAndGivenBackAsTheyWere', async () => {
  const long = `_N_T_/${'%E6%97%A5'.repeat(60)}`;
  await get('request', [long]);
  await set(entry('value', { tags: [long, 'posts'] }));
  const found = await get();
  await within('request', () => handler.updateTags([long]));

  const [folded] = gateway.lookups[0].json.entries[0].softTags;
  assert.ok(folded.length <= 256);
  assert.deepEqual(gateway.puts[0].frame?.meta.tags, [folded, 'posts']);
  assert.deepEqual(found?.tags, [long, 'posts']);
  assert.deepEqual(gateway.invalidations[0].tags, [folded]);
});

test('get_inAnotherDeployment_asksForItsEntry', async () => {
  process.env.NEXT_DEPLOYMENT_ID = '';
  for (const buildId of ['one', 'two', 'one']) {
    await within('request', () => handler.get(key, []), { page: '/page', buildId });
  }
  process.env.NEXT_DEPLOYMENT_ID = 'v1';

  assert.deepEqual(
    gateway.lookups.map(({ path }) => path),
    ['one', 'two', 'one'].map((name) => `deployments/${name}/lookup`),
  );
});

test('get_undecodableAttributes_isAMiss', async () => {
  stored({ attributes: null });

  assert.equal(await get(), undefined);
});

test('get_unchangedSinceWhatWasNeverHad_isAMiss', async () => {
  const before = counts['near-unchanged'] ?? 0;
  stored({ status: 304 });

  assert.equal(await get(), undefined);
  assert.equal(counts['near-unchanged'] ?? 0, before);
});

test('rule 4, T12: getExpiration_tellsThatSoftTagsAreWeighedInGet', async () => {
  assert.equal(await handler.getExpiration([]), Infinity);
});

test('refreshTags_asksNothing', async () => {
  await within('request', () => handler.refreshTags());

  assert.equal(gateway.calls.length, 0);
});

test('refreshTags_whenNextWillNotAsk_hasTheClockDateWhatItComputes', async () => {
  const work = { page: '/page', isOnDemandRevalidate: true };
  await within('prerender', () => handler.refreshTags(), work);
  const ticket = `${gateway.stamp}-7-e`;
  await within('prerender', () => handler.set(key, Promise.resolve(entry('value'))), work);

  assert.equal(gateway.puts[0].frame?.meta.asOf, ticket);
});
