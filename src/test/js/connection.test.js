// @ts-check
/** How the gateway is reached: several addresses, Unix sockets, TLS, tokens. */
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, afterEach, before, beforeEach, mock, test } from 'node:test';
import { addressesIn } from '../../main/js/address.js';
import handler from '../../main/js/components.js';
import { onEvent } from '../../main/js/events.cjs';
import { counts } from '../../main/js/report.js';
import { digestOf } from '../../main/js/names.js';
import { FakeGateway } from './support/gateway.js';
import { bytesOf, entry, until, within } from './support/next.js';
import { Authority, lacking, read } from './support/tls.js';

const DEADLINE_MS = 2_000;
const SETTINGS = ['URL', 'TOKEN', 'TOKEN_FILE', 'CA_FILE', 'CERT_FILE', 'KEY_FILE'];
const warn = mock.method(console, 'warn', () => {});
let aheadMs = 0;
/** When the clock stands still. @type {number | undefined} */
let heldAt;
const monotonic = performance.now.bind(performance);
mock.method(performance, 'now', () => (heldAt ?? monotonic()) + aheadMs);

/** @type {string} */
let dir;
/** @type {FakeGateway[]} */
let gateways;
/** @type {import('../../main/js/events.d.cts').Event[]} */
let events;
/** @type {() => void} */
let unhear;
let keys = 0;
/** @type {string} */
let key;

before(() => (dir = mkdtempSync(path.join(tmpdir(), 'freshet-'))));
after(() => rmSync(dir, { recursive: true }));
beforeEach(() => {
  key = `connection-${keys++}`;
  gateways = [];
  events = [];
  warn.mock.resetCalls();
  unhear = onEvent((event) => events.push(event));
  process.env.FRESHET_DEADLINE_MS = String(DEADLINE_MS);
  process.env.FRESHET_INVALIDATE_MS = '2000';
});
afterEach(async () => {
  heldAt = undefined;
  unhear();
  for (const name of SETTINGS) delete process.env[`FRESHET_${name}`];
  delete process.env.FRESHET_DEADLINE_MS;
  delete process.env.FRESHET_INVALIDATE_MS;
  delete process.env.FRESHET_COHERENCE;
  process.env.FRESHET_NEAR_MAX_BYTES = '0';
  await within('request', () => handler.get('last', [])); // so that no stream stays open
  await Promise.all(gateways.map((gateway) => gateway.stop()));
});

/** @param {Parameters<FakeGateway['start']>[0][]} [how] one for each */
async function started(how = [{}, {}]) {
  for (const each of how) gateways.push(await new FakeGateway().start(each));
  process.env.FRESHET_URL = gateways.map(({ url }) => url).join(', ');
  return gateways;
}

/** @param {string} [name] */
function get(name = key) {
  return within('request', () => handler.get(name, []));
}

/** @param {FakeGateway} gateway @param {string} [name] @param {object} [meta] */
function store(gateway, name = key, meta = {}) {
  gateway.entries.set(digestOf(`use-cache:${name}`), {
    meta: {
      status: 200,
      state: 'fresh',
      etag: '1',
      tags: ['posts'],
      age: 1,
      revalidate: 600,
      expire: 3_600,
      attributes: { stale: 30, revalidate: 600, expire: 3_600 },
      ...meta,
    },
    body: Buffer.from('value'),
  });
}

const types = () => events.map(({ type }) => type);

test('addresses_areReadInTheirOrder_andWhatIsNoneIsRefused', () => {
  const names = addressesIn('http://a:1, https://b/x , unix:/run/f.sock,unix:///run/g.sock');

  assert.deepEqual(
    names?.map(({ where: { protocol, hostname, port, path, socketPath } }) =>
      [protocol, hostname, port, path, socketPath].join(' ').trim(),
    ),
    [
      'http: a 1',
      'https: b  /x',
      'http: localhost   /run/f.sock',
      'http: localhost   /run/g.sock',
    ],
  );
  for (const wrong of ['', ',', 'http://a,', 'ftp://a', 'unix:run', 'http://u:p@a', 'http://a?b']) {
    assert.equal(addressesIn(wrong), undefined, wrong);
  }
  assert.ok(addressesIn(Array(16).fill('http://a').join()));
  assert.equal(addressesIn(Array(17).fill('http://a').join()), undefined);
});

/** @type {Record<string, [(gateway: FakeGateway) => unknown, RegExp]>} */
const failures = {
  refuses: [(gateway) => gateway.stop(), /^ECONNREFUSED$/],
  hangs: [(gateway) => (gateway.instead = () => true), /^no answer in time$/],
  hangsUp: [(gateway) => (gateway.instead = (_, response) => !!response.destroy()), /^ECONNRESET$/],
  answers503: [
    (gateway) => (gateway.instead = (_, response) => !!response.writeHead(503).end()),
    /^it answers with an error$/,
  ],
  answersGarbage: [
    (gateway) => (gateway.instead = (_, response) => !!response.end('<html>')),
    /^shorter than a head$/,
  ],
};

test('firstAddress_hasNoRoomForWrites_isKeptTo', async () => {
  const [first, second] = await started();
  first.instead = ({ method }, response) =>
    method === 'PUT' && !!response.writeHead(507).end('{}');
  await get('full');
  await within('request', () => handler.set('full', Promise.resolve(entry('value'))));
  await get('other');

  assert.equal(first.puts.length, 1);
  assert.equal(second.calls.length, 0);
});

for (const [how, [fail, reason]] of Object.entries(failures)) {
  test(`firstAddress_${how}_theNextAnswersInTheSameCall_andIsKeptTo`, async () => {
    const [first, second] = await started();
    store(second);
    await fail(first);
    const from = monotonic();
    assert.ok(await get());
    assert.ok(monotonic() - from < DEADLINE_MS + 1_000);
    const asked = first.calls.length;
    for (let i = 0; i < 20; i++) assert.ok(await get());

    assert.equal(first.calls.length, asked);
    assert.equal(second.lookups.length, 21);
    const [{ error, ...opened }] = /** @type {any} */ (events);
    assert.deepEqual(opened, { type: 'breaker-open', address: first.url });
    assert.match(error, reason);
    const said = `freshet-next: the gateway at ${first.url} is left alone for a while: ${error}`;
    assert.ok(warn.mock.calls.some(({ arguments: [text] }) => text === said));
  });
}

test('firstAddress_wellAgain_isPreferredOnceOneCallHasFoundOut', async () => {
  const [first, second] = await started();
  [first, second].forEach((gateway) => store(gateway));
  first.instead = (_, response) => !!response.writeHead(503).end();
  await get();
  first.calls.length = second.calls.length = 0;
  aheadMs += 1_000; // its rest
  /** @type {import('node:http').ServerResponse[]} */
  const held = [];
  first.instead = (_, response) => !!held.push(response);
  const probe = get();
  await until(() => held.length === 1);
  await Promise.all([get(), get()]); // meanwhile the others ask the second
  assert.deepEqual([first.lookups.length, second.lookups.length], [1, 2]);

  const { meta, body } = /** @type {any} */ (first.entries.get(digestOf(`use-cache:${key}`)));
  first.instead = () => {};
  held[0].end(FakeGateway.frame(meta, body));
  await probe;
  await get();
  assert.deepEqual([first.lookups.length, second.lookups.length], [2, 2]);
  assert.deepEqual(events.at(-3), { type: 'breaker-closed', address: first.url });
});

test('everyAddress_down_isAMissInTimeAndThenAskedByNobody', async () => {
  process.env.FRESHET_DEADLINE_MS = '400';
  const all = await started([{}, {}, {}]);
  for (const gateway of all) gateway.instead = () => true;
  const from = monotonic();
  heldAt = from; // on a busy machine, too, there is time for the third, and the first rests
  assert.equal(await get(), undefined);
  assert.ok(monotonic() - from < DEADLINE_MS + 1_000);
  await until(() => all.every((gateway) => gateway.calls.length > 0));
  for (let i = 0; i < 50; i++) await get();

  assert.deepEqual(
    all.map((gateway) => gateway.calls.length),
    [1, 1, 1],
  );
});

/** It answers, but does not reach the store. @param {FakeGateway} gateway */
function unable(gateway) {
  gateway.clock.coherent = false;
  gateway.instead = ({ path }, response) => {
    if (!path.endsWith('/lookup')) return false;
    response.end(FakeGateway.frame({ status: 503, problem: 'store-unavailable' }));
    return true;
  };
}

test('firstAddress_cutOffFromTheStore_isAskedLastForAWhile', async () => {
  const [first, second] = await started();
  store(second);
  unable(first);
  assert.ok(await get());
  assert.ok(await get());
  assert.deepEqual([first.lookups.length, second.lookups.length], [1, 2]);
  aheadMs += 1_000;
  assert.ok(await get());

  assert.deepEqual([first.lookups.length, second.lookups.length], [2, 3]);
  assert.deepEqual(types(), ['hit', 'hit', 'hit'], 'no breaker opens');
});

test('everyAddress_cutOffFromTheStore_isAskedOnceForEachCallAndAskedOn', async () => {
  const all = await started();
  all.forEach(unable);
  for (let i = 0; i < 5; i++) assert.equal(await get(), undefined);

  assert.deepEqual(
    all.map((gateway) => gateway.lookups.length),
    [5, 5],
  );
});

test('clock_ofAReplicaThatIsNotCoherent_isAskedOfTheNext', async () => {
  const [first, second] = await started();
  unable(first);
  const work = { page: '/page', isOnDemandRevalidate: true };
  await within('request', () => handler.refreshTags(), work);

  assert.deepEqual([first.clocks.length, second.clocks.length], [1, 1]);
});

test('lookup_refused_isNotAskedElsewhere', async () => {
  const [first, second] = await started();
  first.instead = (_, response) => !!response.writeHead(400).end('{}');
  assert.equal(await get(), undefined);

  assert.equal(second.calls.length, 0);
});

/** Its leader's value is waited for where the connection breaks; elsewhere, for what is left. */
test('wait_brokenOff_goesOnElsewhere', async () => {
  const [first, second] = await started();
  const follows = { status: 404, tags: [], asOf: '5-1', lease: { role: 'follower', ttl: 9 } };
  first.instead = ({ json }, response) => {
    if (json?.wait) {
      aheadMs += 1_000;
      response.destroy();
    } else {
      response.end(FakeGateway.frame(follows));
    }
    return true;
  };
  store(second);
  assert.ok(await get());

  const { wait } = second.lookups[0].json;
  assert.ok(wait > 10 && wait <= 19, `${wait}`);
});

test('put_isRepeatedElsewhere', async () => {
  const [first, second] = await started();
  await get();
  first.instead = ({ method }, response) => method === 'PUT' && !!response.destroy();
  await handler.set(key, Promise.resolve(entry('value')));

  assert.equal(second.puts.length, 1);
  assert.deepEqual(second.puts[0].frame, first.puts[0].frame);
});

test('invalidation_goesToWhoeverTakesIt_evenToOneThatRests', async () => {
  const [first, second] = await started();
  first.instead = second.instead = (_, response) => !!response.writeHead(503).end();
  await get(); // both rest
  second.instead = () => {};
  await within('request', () => handler.updateTags(['posts']), { page: '/page' });

  assert.deepEqual(second.invalidations, [{ tags: ['posts'], mode: 'hard' }]);
  assert.deepEqual(events.at(-1), {
    type: 'invalidated',
    tags: ['posts'],
    mode: 'hard',
    stamp: String(second.stamp),
  });
});

test('invalidation_ofAHungAddress_isTakenByTheNextInTime', async () => {
  const [first, second] = await started();
  first.instead = () => true;
  const from = monotonic();
  await within('request', () => handler.updateTags(['posts']), { page: '/page' });

  assert.ok(monotonic() - from < 2_000);
  assert.equal(second.invalidations.length, 1);
});

/** Near copies: the stream of one replica, the clock and the entries of another. */
test('stream_lost_goesOnAtTheNextAddressFromWhereItWas_andCopiesAreConfirmedFirst', async () => {
  const [first, second] = await started([{ near: true }, { near: true }]);
  [first, second].forEach((gateway) => store(gateway));
  process.env.FRESHET_COHERENCE = 'strict';
  const isNear = async () => {
    const before = counts['near-hit'] ?? 0;
    await get();
    return (counts['near-hit'] ?? 0) > before;
  };
  await until(() => get() && first.streams.size === 1);
  first.invalidate('another');
  second.stamp = first.stamp;
  const { place } = first;
  await until(() => counts['near-invalidate'] > 0);
  await until(async () => {
    aheadMs += 2_000;
    return isNear();
  });
  await first.stop();
  const hellos = counts['near-hello'];
  await until(() => (counts['near-hello'] ?? 0) > hellos);
  assert.equal(second.subscriptions.at(-1)?.headers['last-event-id'], place);
  assert.ok(types().includes('stream-lost'));
  assert.deepEqual(
    events.findLast(({ type }) => type === 'stream-back'),
    {
      type: 'stream-back',
      address: second.url,
    },
  );

  const { length } = second.lookups;
  assert.ok(!(await isNear()), 'a write may have been missed');
  await until(() => second.lookups.length > length);
  assert.equal(second.lookups.at(-1)?.json.entries[0].etag, '1', 'confirmed without its body');
  await until(async () => {
    aheadMs += 2_000;
    return isNear();
  });
  await second.invalidate('posts');
  await until(async () => !(await isNear()));
});

test('stream_ofAReplicaThatHangs_isTakenFromTheNext', async () => {
  mock.timers.enable({ apis: ['setTimeout'] });
  try {
    const [first, second] = await started([{ near: true }, { near: true }]);
    first.instead = ({ method, path }) => method === 'GET' && path === 'invalidations';
    store(first);
    await get();
    await until(() => first.subscriptions.length === 1);
    assert.equal(second.subscriptions.length, 0);
    mock.timers.tick(5_000);
    mock.timers.tick(1);
    await until(() => second.streams.size === 1);
  } finally {
    mock.timers.reset();
  }
});

test('unixSocket_serves', async () => {
  const [gateway] = await started([{ socketPath: path.join(dir, 'g.sock'), near: true }]);
  store(gateway);
  const found = await get();

  assert.equal(found && (await bytesOf(found.value)).toString(), 'value');
  await until(() => gateway.streams.size === 1);
});

test('unixSocket_withNobodyBehindIt_isFailedOver', async () => {
  const [gateway] = await started([{}]);
  store(gateway);
  process.env.FRESHET_URL = `unix:${path.join(dir, 'none.sock')},${gateway.url}`;

  assert.ok(await get());
});

test('tls_isServedToWhoTrustsIts_authority', { skip: lacking }, async () => {
  const authority = new Authority(dir, 'ca');
  const other = new Authority(dir, 'other');
  const [gateway] = await started([{ tls: read(authority.issue('gateway')), near: true }]);
  store(gateway);
  assert.equal(await get(), undefined, 'no authority vouches for it');
  process.env.FRESHET_CA_FILE = other.file;
  assert.equal(await get(), undefined, 'another does not');
  process.env.FRESHET_CA_FILE = authority.file;
  await until(get); // the breaker has opened

  await until(() => gateway.streams.size === 1);
});

test('mutualTls_showsItsCertificate', { skip: lacking }, async () => {
  const authority = new Authority(dir, 'ca2');
  const tls = {
    ...read(authority.issue('gateway2')),
    ca: readFileSync(authority.file),
    requestCert: true,
    rejectUnauthorized: true,
  };
  const [gateway] = await started([{ tls }]);
  store(gateway);
  process.env.FRESHET_CA_FILE = authority.file;
  assert.equal(await get(), undefined);
  const client = authority.issue('client');
  process.env.FRESHET_CERT_FILE = client.cert;
  process.env.FRESHET_KEY_FILE = client.key;

  await until(get);
});

/** Answers 401 to all that do not show the token. @param {FakeGateway} gateway */
function guarded(gateway, /** @type {string} */ token) {
  gateway.instead = ({ headers }, response) =>
    headers.authorization !== `Bearer ${token}` && !!response.writeHead(401).end('{}');
}

test('token_ofTheEnvironment_isShownWithEachCallAndTheStream', async () => {
  const [gateway] = await started([{ near: true }]);
  guarded(gateway, 'sesame');
  store(gateway);
  process.env.FRESHET_TOKEN = 'sesame';
  assert.ok(await get());
  await until(() => gateway.streams.size === 1);
  await within('request', () => handler.updateTags(['posts']), { page: '/page' });

  assert.ok(gateway.calls.every(({ headers }) => headers.authorization === 'Bearer sesame'));
});

test('token_refused_isAMissAndSaidOnce_andNeverItself', async () => {
  const [gateway] = await started([{}]);
  guarded(gateway, 'sesame');
  process.env.FRESHET_TOKEN = 'barley';
  for (let i = 0; i < 5; i++) assert.equal(await get(), undefined);

  const said = warn.mock.calls
    .map(({ arguments: [text] }) => text)
    .filter((t) => t.includes('401'));
  assert.equal(said.length, 1);
  assert.match(said[0], /does not know the token \(401\): name a valid token by FRESHET_TOKEN/);
  assert.ok(!said[0].includes('barley'));
  assert.equal(gateway.calls.length, 5, 'it is no failure of the gateway');
  assert.deepEqual(events[0], { type: 'refused', address: gateway.url, status: 401 });
});

test('token_ofAFile_isReadAnewWhenItChanges', async () => {
  const [gateway] = await started([{}]);
  guarded(gateway, 'one');
  store(gateway);
  const file = path.join(dir, 'token');
  writeFileSync(file, 'one\n');
  process.env.FRESHET_TOKEN_FILE = file;
  process.env.FRESHET_TOKEN = 'not this';
  assert.ok(await get());
  writeFileSync(file, 'two\n');
  guarded(gateway, 'two');
  assert.equal(await get(), undefined, 'it looks at the file once in a second');
  assert.ok(await get(), 'and when the gateway refuses');

  writeFileSync(file, 'six\n');
  aheadMs += 1_000;
  await get();
  assert.equal(gateway.calls.at(-1)?.headers.authorization, 'Bearer six');
  rmSync(file);
  aheadMs += 1_000;
  await get();
  assert.equal(gateway.calls.at(-1)?.headers.authorization, 'Bearer six', 'gone: as it was');
});

test('token_ofAFileThatHoldsNone_isNotSent', async () => {
  const [gateway] = await started([{}]);
  const file = path.join(dir, 'lines');
  writeFileSync(file, 'one\ntwo\n');
  process.env.FRESHET_TOKEN_FILE = file;
  await get();

  assert.equal(gateway.calls[0].headers.authorization, undefined);
  assert.ok(warn.mock.calls.some(({ arguments: [text] }) => /holds no token/.test(text)));
});

/** A token that is not there yet, or not any more: the invalidation must outlast it. */
test('invalidation_refusedForItsToken_isKeptAndDelivered', async () => {
  const [gateway] = await started([{}]);
  guarded(gateway, 'new');
  process.env.FRESHET_TOKEN = 'old';
  await assert.rejects(within('request', () => handler.updateTags([key]), { page: '/page' }));
  const { type, lost } = /** @type {any} */ (events.at(-1));
  assert.deepEqual([type, lost], ['invalidation-failed', false]);
  process.env.FRESHET_TOKEN = 'new';
  await until(() => gateway.stamp && events.at(-1)?.type === 'invalidated');
});
