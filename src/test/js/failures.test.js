// @ts-check
import assert from 'node:assert/strict';
import { AsyncLocalStorage } from 'node:async_hooks';
import net from 'node:net';
import { after, afterEach, beforeEach, mock, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Breaker } from '../../main/js/breaker.js';
import handler from '../../main/js/components.js';
import { config, deployment } from '../../main/js/config.js';
import Incremental from '../../main/js/incremental.js';
import { FakeGateway } from './support/gateway.js';
import { entry, until, within } from './support/next.js';

const DEADLINE_MS = 100;
/** Beyond the deadline, for a machine that has other things to do. */
const SLACK_MS = 1_500;
/** What has not settled by then never will. */
const SETTLES_MS_MAX = 10_000;
const PAGE = { kind: 'APP_PAGE', isRoutePPREnabled: false, isFallback: false };
let keys = 0;

/** @type {FakeGateway} */
let gateway;
const warn = mock.method(console, 'warn', () => {});

beforeEach(async () => {
  process.env.FRESHET_DEADLINE_MS = String(DEADLINE_MS);
  process.env.FRESHET_INVALIDATE_MS = '500';
  gateway = await new FakeGateway().start(); // on a port of its own, and so with a breaker of its own
});
afterEach(() => gateway.stop());
after(() => {
  delete process.env.FRESHET_DEADLINE_MS;
});

/** @type {Record<string, typeof FakeGateway.prototype.instead>} */
const failures = {
  'hangs': () => true,
  'hangs in the middle of the answer': (_, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('FRE1');
    return true;
  },
  'trickles': (_, response) => {
    response.writeHead(200);
    const timer = setInterval(() => response.write('F'), 10);
    response.on('close', () => clearInterval(timer));
    return true;
  },
  'hangs up': (_, response) => {
    response.destroy();
    return true;
  },
  'truncates': (_, response) => {
    response.writeHead(200, { 'content-length': 100 });
    response.write('FRE1', () => response.destroy());
    return true;
  },
  'answers a damaged frame': ({ path }, response) => {
    const frame = FakeGateway.frame(
      { status: 200, age: 1, tags: [], attributes: {} },
      Buffer.from('x'),
    );
    frame[frame.length - 1] ^= 1;
    response.end(path.endsWith('lookup') ? frame : '{');
    return true;
  },
  'answers what is no frame': (_, response) => {
    response.end('<html>');
    return true;
  },
  'answers without end': (_, response) => {
    response.writeHead(200);
    const chunk = Buffer.alloc(1 << 20);
    const more = () => response.destroyed || response.write(chunk, more);
    more();
    return true;
  },
  'answers 400': (_, response) => !!response.writeHead(400).end('{}'),
  'answers 404': (_, response) => !!response.writeHead(404).end(),
  'answers 500': (_, response) => !!response.writeHead(500).end('{}'),
  'answers 503': (_, response) => !!response.writeHead(503, { 'retry-after': '1' }).end(),
  'answers 302': (_, response) => !!response.writeHead(302, { location: '/' }).end(),
  'answers 503 in the frame': (_, response) => {
    response.end(FakeGateway.frame({ status: 503, problem: 'store-unavailable' }));
    return true;
  },
};

for (const [how, instead] of Object.entries(failures)) {
  test(`rule 1, T1: gateway_${how}_isAMissInTime`, { timeout: SETTLES_MS_MAX }, async () => {
    gateway.instead = instead;
    await everyMethodSettles();
  });
}

test('rule 1, T1: gateway_refuses_isAMissInTime', { timeout: SETTLES_MS_MAX }, async () => {
  await gateway.stop();
  await everyMethodSettles();
});

test('rule 1, T1: gateway_isNoHttpServer_isAMissInTime', { timeout: SETTLES_MS_MAX }, async () => {
  const server = net
    .createServer((socket) => socket.end('nonsense\r\n\r\n'))
    .listen(0, '127.0.0.1');
  await until(() => server.address());
  const { port } = /** @type {net.AddressInfo} */ (server.address());
  process.env.FRESHET_URL = `http://127.0.0.1:${port}`;
  await everyMethodSettles();
  server.close();
});

async function everyMethodSettles() {
  const key = `k${keys++}`;
  const from = performance.now();
  const incremental = new Incremental({ _requestHeaders: {} });
  const results = await within(
    'prerender',
    () =>
      Promise.all([
        handler.get(key, ['soft']),
        handler.refreshTags(),
        handler.getExpiration([]),
        incremental.get(key, PAGE),
        incremental.get(key, { kind: 'FETCH', tags: [], softTags: [] }),
        handler.set(key, Promise.resolve(entry('value'))),
        incremental.set(key, null, { ...PAGE, cacheControl: { revalidate: 1 } }),
        incremental.revalidateTag(['t'], { expire: 1 }),
        handler.updateTags([`t${key}`]),
      ]),
    { page: '/route', isOnDemandRevalidate: true },
  );

  assert.deepEqual(results.slice(0, 5), [undefined, undefined, Infinity, null, null]);
  assert.ok(performance.now() - from < 500 + DEADLINE_MS + SLACK_MS);
}

test('gateway_hangs_costsOneDeadlineThenNothing', async () => {
  gateway.instead = () => true;
  await handler.get('a', []);
  const calls = gateway.calls.length;
  const from = performance.now();
  for (let i = 0; i < 1_000; i++) await handler.get(`a${i}`, []);

  assert.equal(gateway.calls.length, calls);
  assert.ok(performance.now() - from < SLACK_MS);
});

test('gateway_comesBack_isAskedAgain', async () => {
  gateway.instead = () => true;
  await handler.get('b', []);
  gateway.instead = () => {};
  gateway.calls.length = 0;
  await until(async () => {
    await handler.get('b', []);
    return gateway.lookups.length > 0;
  });
  await handler.get('b', []);

  assert.equal(gateway.lookups.length, 2);
});

test('breaker_opensAfterThreeFailuresOrOneTimeout_andHasOneCallerProbe', () => {
  let now = 0;
  const breaker = new Breaker(() => now);
  breaker.failed();
  breaker.failed();
  breaker.succeeded();
  breaker.failed();
  breaker.failed();
  assert.ok(breaker.allows());
  assert.ok(breaker.failed(), 'it opens');
  assert.ok(!breaker.allows());

  now = 999;
  assert.ok(!breaker.allows());
  now = 1_000;
  assert.ok(breaker.allows(), 'one probes');
  assert.ok(!breaker.allows(), 'and nobody else');
  assert.ok(!breaker.failed(), 'it was open');
  now = 2_999;
  assert.ok(!breaker.allows(), 'the second rest is twice as long');
  now = 3_000;
  assert.ok(breaker.allows());
  assert.ok(breaker.succeeded(), 'it closes');
  assert.ok(!breaker.succeeded(), 'it was closed');
  assert.ok(breaker.allows() && breaker.allows());

  breaker.failed({ atOnce: true });
  assert.ok(!breaker.allows());
  for (let i = 0; i < 10; i++) {
    now += 10_000;
    assert.ok(breaker.allows(), 'no rest is longer than ten seconds');
    breaker.failed();
  }
});

test('breaker_lateFailureOfACallFromBefore_doesNotProlongTheRest', () => {
  let now = 0;
  const breaker = new Breaker(() => now);
  breaker.failed({ atOnce: true });
  now = 900;
  breaker.failed({ atOnce: true });
  now = 1_000;

  assert.ok(breaker.allows());
});

test('deadline_whileTheProcessIsBusy_isNotTheGatewaysFault', async () => {
  await handler.get('warm', []);
  const getting = handler.get('busy', []);
  await until(() => gateway.lookups.length === 2); // it has answered, and nobody has read it
  const busyUntil = performance.now() + 2 * DEADLINE_MS;
  while (performance.now() < busyUntil);
  await getting;
  await handler.get('after', []);

  assert.equal(gateway.lookups.length, 3, 'the breaker is closed');
});

test('deadline_whileTheMachineIsHalted_isNotTheGatewaysFault', async () => {
  await handler.get('warm', []);
  gateway.instead = (_, response) => {
    const haltedUntil = performance.now() + 2 * DEADLINE_MS;
    while (performance.now() < haltedUntil);
    setTimeout(() => response.end(FakeGateway.frame({ status: 404, tags: [] })), 1); // its time is up by then
    return true;
  };
  await handler.get('halted', []);
  gateway.instead = () => false;
  await handler.get('after', []);

  assert.equal(gateway.lookups.length, 3, 'the breaker is closed');
});

test('connection_closedWhileIdle_isReplacedUnnoticed', async () => {
  await handler.set('idle', Promise.resolve(entry('x')));
  await handler.get('idle', []);
  let first = true;
  gateway.instead = ({ json }, response) => {
    if (!first || !json?.entries) return false;
    first = false;
    response.socket?.resetAndDestroy();
    return true;
  };
  await handler.get('idle', []);

  assert.equal(gateway.lookups.length, 3);
});

test('T19: build_makesNoConnection', async () => {
  process.env.FRESHET_NEAR_MAX_BYTES = '';
  process.env.NEXT_PHASE = 'phase-production-build';
  try {
    const incremental = new Incremental({ _requestHeaders: { 'x-prerender-revalidate': '' } });
    assert.equal(await handler.get('k', ['s']), undefined);
    await handler.set('k', Promise.reject(new Error('must not go unhandled')));
    await handler.set('k', Promise.resolve(entry('x')));
    await within('prerender', () => handler.refreshTags(), { isOnDemandRevalidate: true });
    await handler.updateTags(['t']);
    assert.equal(await handler.getExpiration([]), Infinity);
    assert.equal(await incremental.get('k', { ...PAGE, isFallback: true }), null);
    await incremental.set('k', null, {});
    await incremental.revalidateTag('t');
    incremental.resetRequestCache();
    await new Promise(setImmediate);

    assert.equal(gateway.connections, 0);
    delete process.env.NEXT_PHASE; // as in a server
    await handler.get('k', []);
    assert.equal(gateway.lookups.length, 1);
  } finally {
    delete process.env.NEXT_PHASE;
    process.env.FRESHET_NEAR_MAX_BYTES = '0';
  }
});

test('config_wrongValues_areSaidOnceAndTheDefaultsServe', () => {
  const wrong = {
    FRESHET_URL: 'ftp://x',
    FRESHET_APP: 'Shop!',
    FRESHET_DEADLINE_MS: '49',
    FRESHET_WAIT_MS: '1e3',
    FRESHET_INVALIDATE_MS: '60001',
    FRESHET_EARLY: 'perhaps',
    FRESHET_NEAR_MAX_BYTES: '65GiB',
    FRESHET_COHERENCE: 'eventual',
    FRESHET_TOKEN: 'a secret',
  };
  const before = { ...process.env };
  Object.assign(process.env, wrong);
  warn.mock.resetCalls();
  const { addresses, ...rest } = config();
  process.env.FRESHET_APP = 'Shop! ';
  config();

  assert.deepEqual(
    addresses.map(({ name }) => name),
    ['http://127.0.0.1:8484'],
  );
  assert.deepEqual(rest, {
    app: 'app',
    deadlineMs: 500,
    waitMs: 20_000,
    invalidateMs: 5_000,
    early: 'on',
    nearMaxBytes: 32 << 20,
    coherence: 'strict',
    token: undefined,
    tokenFile: undefined,
    caFile: undefined,
    certFile: undefined,
    keyFile: undefined,
    building: false,
    deploymentId: 'v1',
  });
  const said = warn.mock.calls.map(({ arguments: [text] }) => text);
  assert.equal(said.length, 9);
  assert.ok(!said.join().includes('secret'));
  assert.ok(
    said.includes('freshet-next: FRESHET_DEADLINE_MS is 50 to 30000, was "49"; 500 is used'),
  );
  for (const key of Object.keys(wrong)) {
    if (before[key] === undefined) delete process.env[key];
    else process.env[key] = before[key];
  }
});

test('config_isReadOnce_whenItIsFirstNeeded', () => {
  process.env.FRESHET_APP = 'shop';
  const first = config();
  assert.equal(first.app, 'shop');
  assert.equal(config(), first);
  delete process.env.FRESHET_APP;
  assert.equal(config().app, 'app');
});

test('config_bytes_areInUnits', () => {
  for (const [text, bytes] of Object.entries({ '0': 0, '1': 1, '2KiB': 2048, '64GiB': 2 ** 36 })) {
    process.env.FRESHET_NEAR_MAX_BYTES = text;
    assert.equal(config().nearMaxBytes, bytes);
  }
  process.env.FRESHET_NEAR_MAX_BYTES = '0';
});

test('rule 8: deployment_isTheDeploymentIdElseTheBuildId_inTheFormOfAName', () => {
  assert.equal(deployment({ buildId: 'b' }), 'v1');
  process.env.NEXT_DEPLOYMENT_ID = '';
  assert.equal(deployment({ deploymentId: 'd', buildId: 'b' }), 'd');
  assert.equal(deployment({ deploymentId: '', buildId: 'b' }), 'b');
  assert.match(deployment({ buildId: 'feature/x' }) ?? '', /^[0-9a-f]{64}$/);
  assert.equal(deployment({ serverDistDir: '/none/server', dev: true }), 'development');
  assert.equal(deployment({ serverDistDir: '/none/server' }), undefined);
  process.env.NEXT_DEPLOYMENT_ID = 'v1';
});

test('request_isNotKeptInMemoryByWhatOutlivesIt', async () => {
  setFlagsFromString('--expose-gc');
  const gc = runInNewContext('gc');
  const storage = new AsyncLocalStorage();
  /** @type {WeakRef<object>} */
  let kept;
  gateway.instead = ({ path }, response) =>
    path === 'invalidations' && !!response.writeHead(503).end();
  await (async () => {
    const request = { big: new Array(1_000) };
    kept = new WeakRef(request);
    await storage.run(request, async () => {
      await handler.get('gc', []);
      await handler.set('gc', Promise.resolve(entry('x')));
      await handler.updateTags(['gc']);
    });
  })();

  await until(async () => {
    gc();
    await new Promise((resolve) => setTimeout(resolve, 5));
    return kept.deref() === undefined;
  });
});
