// @ts-check
/** The command, as a process of its own. */
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { digestOf } from '../../main/js/names.js';
import { FakeGateway } from './support/gateway.js';

const SOURCES = fileURLToPath(new URL('../../main/js', import.meta.url));
const MAIN = path.join(SOURCES, 'cli/main.js');
const PAGE_KEY = '/route-cache/APP_PAGE/9f86/$/blog/1';
const SHELL_KEY = '/route-cache/APP_PAGE/9f86/$/blog/[id]';
const digest = digestOf(`incremental:${PAGE_KEY}`);

/** @type {string} */
let app;
/** @type {FakeGateway} */
let gateway;

beforeEach(async () => {
  app = mkdtempSync(path.join(tmpdir(), 'freshet-'));
  gateway = await new FakeGateway().start();
});
afterEach(async () => {
  await gateway.stop();
  rmSync(app, { recursive: true });
});

/** @param {string} file @param {string | object} content */
function file(file, content) {
  const full = path.join(app, file);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, typeof content === 'string' ? content : JSON.stringify(content));
}

/**
 * @param {string[]} words
 * @param {Record<string, string>} [environment]
 * @returns {Promise<{ code: number, out: string, err: string }>}
 */
function run(words, environment = {}) {
  const env = { PATH: process.env.PATH, FRESHET_URL: gateway.url, ...environment };
  return new Promise((resolve) =>
    execFile(process.execPath, [MAIN, ...words], { cwd: app, env }, (error, out, err) =>
      resolve({ code: /** @type {any} */ (error)?.code ?? 0, out, err }),
    ),
  );
}

/**
 * A build, and a Next that reads it.
 *
 * @param {{ version?: string, config?: object, scoped?: boolean }} [how] `scoped` when keys name
 * their route
 */
function built({ version = '16.4.6', config = {}, scoped = true } = {}) {
  const dist = 'node_modules/next/dist/server/lib';
  file('package.json', { name: 'shop' });
  file('node_modules/next/package.json', { name: 'next', version });
  file(`${dist}/node-fs-methods.js`, 'exports.nodeFs = {}');
  if (scoped) file(`${dist}/route-cache-key.js`, '');
  file(
    `${dist}/incremental-cache/file-system-cache.js`,
    `exports.default = class {
       constructor(context) { if (!context.fs) throw new Error('no fs'); }
       async get(key, ctx) {
         const built = require(process.cwd() + '/built.json')[key];
         const { isRoutePPREnabled: partly = ctx.isRoutePPREnabled } = built ?? {};
         return built && ctx.kind === built.value.kind && ctx.isRoutePPREnabled === partly ? built : null;
       }
     }`,
  );
  const link = path.join(app, 'node_modules/freshet-next');
  if (!existsSync(link)) symlinkSync(SOURCES, link, 'dir');
  file('cache-incremental.mjs', "export { default } from 'freshet-next/incremental';");
  file('cache-components.cjs', "module.exports = require('freshet-next/components');");
  const cacheHandlers = { default: '../cache-components.cjs', remote: '../cache-components.cjs' };
  file('.next/required-server-files.json', {
    config: {
      deploymentId: 'v1',
      cacheHandler: '../cache-incremental.mjs',
      cacheHandlers,
      ...config,
    },
  });
  const dynamicRoutes = {
    '/blog/[id]': { routeRegex: '^/blog/([^/]+?)(?:/)?$', dataRoute: '/x.rsc' },
  };
  file('.next/prerender-manifest.json', { routes: {}, dynamicRoutes });
  file('.next/app-path-routes-manifest.json', { '/(main)/blog/[id]/page': '/blog/[id]' });
  page('blog/1', PAGE_KEY, {});
  page('blog/[id]', SHELL_KEY, { isFallback: true });
  seeds({});
}

/** @param {string} name @param {string} key @param {object} [more] */
function page(name, key, more = {}) {
  const routeCache = { key, owner: { kind: 'APP_PAGE', sourceRoute: '/blog/[id]/page' }, ...more };
  file(`.next/server/app/${name}.meta`, { headers: {}, routeCache });
}

/** What Next finds in the build. @param {object} [more] @param {string[]} [keys] */
function seeds(more, keys = [PAGE_KEY, SHELL_KEY]) {
  const seed = {
    lastModified: Date.now() - 5_000,
    cacheControl: { revalidate: 60, expire: 600 },
    value: { kind: 'APP_PAGE', html: '<p>', headers: { 'x-next-cache-tags': 'posts' } },
    ...more,
  };
  file('built.json', Object.fromEntries(keys.map((key) => [key, seed])));
}

/** @param {string[]} words @param {Record<string, string>} [environment] */
async function json(words, environment) {
  const { out, err, ...rest } = await run([...words, '--json'], environment);
  try {
    return { ...rest, ...JSON.parse(out) };
  } catch {
    throw new Error(out + err);
  }
}

for (const [how, words] of Object.entries({
  nothing: [],
  unknownCommand: ['prune'],
  inherited: ['toString'],
  unknownOption: ['init', '--force'],
  noKey: ['why'],
  tooManyWords: ['seed', 'now'],
  concurrency: ['seed', '--concurrency', '65'],
  dir: ['doctor', '--dir', '/none'],
})) {
  test(`usage_${how}_is64WithOneLine`, async () => {
    const { code, out, err } = await run(words);

    assert.deepEqual([code, out], [64, '']);
    assert.match(err, /^freshet-next: .*\n$/);
  });
}

test('help_andVersion_areToldAndWell', async () => {
  const { code, out } = await run(['--help']);
  assert.equal(code, 0);
  for (const command of ['init', 'doctor', 'seed', 'why'])
    assert.ok(out.includes(`\n  ${command}`));
  assert.match((await run(['--version'])).out, /^\d+\.\d+\.\d+\n$/);
});

/** @type {Record<string, { files: Record<string, any>, config: string, writes: string[] }>} */
const projects = {
  esm: {
    files: { 'package.json': { type: 'module', name: '@acme/Web Shop' }, 'next.config.js': '' },
    config: 'next.config.js',
    writes: ['cache-incremental.mjs', 'cache-components.mjs'],
  },
  commonJs: {
    files: { 'package.json': {}, 'next.config.js': '' },
    config: 'next.config.js',
    writes: ['cache-incremental.cjs', 'cache-components.cjs'],
  },
  typescriptInSrc: {
    files: { 'package.json': {}, 'next.config.ts': '', 'src/app/page.tsx': '' },
    config: 'next.config.ts',
    writes: ['src/cache-incremental.cjs', 'src/cache-components.cjs'],
  },
  withoutConfig: {
    files: { 'package.json': {} },
    config: 'next.config.mjs',
    writes: ['cache-incremental.mjs', 'cache-components.mjs'],
  },
};

for (const [how, { files, config, writes }] of Object.entries(projects)) {
  test(`init_${how}_writesHandlersThatLoad_andLinesThatNameThem`, async () => {
    for (const [name, content] of Object.entries(files)) file(name, content);
    const told = await json(['init']);

    assert.equal(told.config.file, config);
    assert.deepEqual(
      told.files.map((/** @type {any} */ each) => [each.file, each.state]),
      writes.map((name) => [name, 'written']),
    );
    mkdirSync(path.join(app, 'node_modules'), { recursive: true });
    symlinkSync(SOURCES, path.join(app, 'node_modules/freshet-next'), 'dir');
    const [incremental, components] = await Promise.all(
      writes.map((name) => import(pathToFileURL(path.join(app, name)).href)),
    );
    assert.equal(typeof incremental.default, 'function');
    assert.equal(typeof components.default.getExpiration, 'function');
    writes.forEach((name) => assert.ok(told.config.lines.join().includes(`./${name}`)));
  });
}

test('init_handlersThatAreThere_areKept', async () => {
  file('package.json', { type: 'module', name: '@acme/Web Shop' });
  file('cache-components.mjs', 'mine');
  const { code, out } = await run(['init']);

  assert.equal(code, 0);
  assert.match(out, /kept +cache-components\.mjs/);
  assert.match(out, /FRESHET_APP=acme-web-shop/);
  assert.equal(readFileSync(path.join(app, 'cache-components.mjs'), 'utf8'), 'mine');
  assert.match((await run(['init'])).out, /there +cache-incremental\.mjs/);
});

test('init_outsideAProject_fails', async () => {
  const { code, err } = await run(['init']);
  assert.equal(code, 1);
  assert.match(err, /there is no package\.json in .*: name the app by --dir/);
});

test('seed_uploadsWhatIsMissing_datedByTheBuild_andGoesOnWhereItStopped', async () => {
  built();
  const first = await json(['seed']);
  assert.deepEqual([first.code, first.uploaded, first.deployment], [0, 2, 'v1']);
  const { meta } = /** @type {any} */ (gateway.puts[0].frame);
  assert.ok(Math.abs(Number(meta.asOf) / 1000 - Date.now() + 65_000) < 30_000);
  assert.deepEqual([meta.tags, meta.revalidate, meta.expire], [['posts'], 60, 600]);
  assert.equal(meta.lease, undefined);

  gateway.entries.delete(digest);
  const second = await json(['seed']);
  assert.deepEqual([second.uploaded, second.present], [1, 1]);
  assert.equal(gateway.puts.length, 3);
});

/** As before Next 16.3, whose notes beside the pages do not tell their keys. */
function builtBefore163() {
  built({ version: '16.2.12', scoped: false });
  rmSync(path.join(app, '.next/server'), { recursive: true });
  for (const name of ['index', 'blog/1', 'blog/[id]', 'feed'])
    file(`.next/server/app/${name}.meta`, { headers: {} });
  file('.next/server/app/feed.body', 'feed');
  seeds({}, ['/index', '/blog/1', '/blog/[id]']);
  const read = JSON.parse(readFileSync(path.join(app, 'built.json'), 'utf8'));
  file('built.json', { ...read, '/feed': { ...read['/index'], value: { kind: 'APP_ROUTE' } } });
}

test('seed_ofABuildBefore16.3_findsItsPagesByTheirFiles', async () => {
  builtBefore163();
  const told = await json(['seed']);

  assert.deepEqual([told.uploaded, told.unreadable, told.left], [4, 0, 0]);
  for (const key of ['/index', '/blog/1', '/blog/[id]', '/feed'])
    assert.ok(gateway.entries.has(digestOf(`incremental:${key}`)), key);
});

/** As before 16.2, which reads what is not there unless it is told of the route. */
test('seed_ofAWholePageOfAPartlyPrerenderedRoute_asksAsNextDoes', async () => {
  builtBefore163();
  const partly = { renderingMode: 'PARTIALLY_STATIC' };
  file('.next/prerender-manifest.json', {
    routes: { '/': partly, '/blog/1': partly, '/feed': { renderingMode: 'STATIC' } },
    dynamicRoutes: { '/blog/[id]': partly },
  });
  const read = JSON.parse(readFileSync(path.join(app, 'built.json'), 'utf8'));
  for (const key of Object.keys(read)) read[key].isRoutePPREnabled = key !== '/feed';
  file('built.json', read);

  const told = await json(['seed']);
  assert.deepEqual([told.uploaded, told.unreadable], [4, 0]);
});

test('why_ofAPageOfABuildBefore16.3_asksForItsPath', async () => {
  builtBefore163();
  explains({ [digestOf('incremental:/blog/77')]: GONE });

  const { code, entries } = await json(['why', '/blog/77']);
  assert.deepEqual([code, entries.length, entries[0].what], [0, 1, '/blog/77']);
});

test('seed_dryRun_uploadsNothing', async () => {
  built();
  assert.equal((await json(['seed', '--dry-run'])).uploaded, 2);
  assert.equal(gateway.puts.length, 0);
});

/** @type {Record<string, { how: () => void, counts: object, code?: number }>} */
const outcomes = {
  newer: {
    how: () =>
      (gateway.instead = ({ method }, response) =>
        method === 'PUT' && !!response.writeHead(409).end('{}')),
    counts: { newer: 2 },
  },
  invalidatedSince: {
    how: () =>
      (gateway.instead = ({ method }, response) =>
        method === 'HEAD' && !!response.writeHead(404).end()),
    counts: { ended: 2 },
  },
  olderThanTheFloor: {
    how: () => Object.assign(gateway.clock, { floor: Date.now() * 1000 }),
    counts: { ended: 2 },
  },
  spent: { how: () => seeds({ lastModified: Date.now() - 601_000 }), counts: { spent: 2 } },
  unreadable: { how: () => seeds({}, [PAGE_KEY]), counts: { uploaded: 1, unreadable: 1 } },
  refused: {
    how: () =>
      (gateway.instead = ({ method }, response) =>
        method === 'PUT' && !!response.writeHead(413).end('{}')),
    counts: { failed: 2 },
    code: 1,
  },
};

for (const [how, { how: make, counts, code = 0 }] of Object.entries(outcomes)) {
  test(`seed_${how}_isCounted`, async () => {
    built();
    make();
    const told = await json(['seed']);

    const all = {
      uploaded: 0,
      present: 0,
      newer: 0,
      ended: 0,
      spent: 0,
      unreadable: 0,
      failed: 0,
      left: 0,
    };
    assert.deepEqual(told, { code, deployment: 'v1', ...all, ...counts });
  });
}

test('seed_gatewayFailsForAWhile_isTriedAgain', async () => {
  built();
  let failures = 0;
  gateway.instead = ({ method }, response) =>
    method === 'PUT' && failures++ < 2 && !!response.writeHead(503).end('{}');

  assert.equal((await json(['seed', '--concurrency', '1'])).uploaded, 2);
});

test('seed_asManyAtATimeAsSaid_andNoMore', async () => {
  built();
  const keys = Array.from({ length: 30 }, (_, i) => `/route-cache/APP_PAGE/9f86/$/many/${i}`);
  rmSync(path.join(app, '.next/server'), { recursive: true });
  keys.forEach((key, i) => page(`many/${i}`, key));
  seeds({}, keys);
  /** @type {http.ServerResponse[]} */
  const held = [];
  let most = 0;
  gateway.instead = ({ method }, response) => {
    if (method !== 'HEAD') return false;
    most = Math.max(most, held.push(response));
    if (held.length === 3)
      void later(() => held.splice(0).forEach((one) => one.writeHead(200).end()));
    return true;
  };
  await json(['seed', '--concurrency', '3']);

  assert.equal(most, 3);
});

/** When a fourth would have come. @param {() => void} work */
async function later(work) {
  for (let i = 0; i < 100; i++) await new Promise(setImmediate);
  work();
}

test('seed_gatewayDown_failsAndSaysWhatToDo', async () => {
  built();
  await gateway.stop();
  const { code, err } = await run(['seed']);

  assert.equal(code, 1);
  assert.match(err, /the gateway does not answer: ask freshet-next doctor/);
});

test('seed_withoutABuild_fails', async () => {
  assert.match((await run(['seed'])).err, /there is no build in .*\.next: run next build/);
});

/** @param {Record<string, any>} answers by digest */
function explains(answers) {
  gateway.instead = ({ path }, response) => {
    const [, asked] = /why\/@(\w+)/.exec(path) ?? [];
    if (!asked) return false;
    response.end(JSON.stringify({ digest: asked, ...(answers[asked] ?? { state: 'missing' }) }));
    return true;
  };
}

const GONE = {
  state: 'gone',
  reason: 'tag',
  revision: 7,
  asOf: 1_795_377_977_000_000,
  age: 61.23,
  revalidate: 60,
  type: 'text/html',
  bytes: 3,
  tags: [
    { tag: 'posts', effect: 'gone', hard: 1_795_377_978_000_000, soft: [] },
    { tag: 'other', effect: 'none', hard: 0, soft: [] },
  ],
  lease: { replica: 'r1', ttl: 7.5 },
};

test('why_ofAPage_tellsTheTagThatEndedItAndWhoHoldsTheLease', async () => {
  built();
  explains({ [digest]: GONE });
  const { code, out } = await run(['why', 'https://shop.example/blog/1/?page=2']);

  assert.equal(code, 0);
  assert.match(out, /deployment v1/);
  assert.match(out, /state +gone, by a tag\n/);
  assert.match(out, /age +61\.2 s, stale after 60 s, gone after never\n/);
  assert.match(out, /posts +invalidated \(hard\) at 2026-11-22T20:06:18\.000Z: ended it\n/);
  assert.match(out, /other +never invalidated/);
  assert.match(out, /lease +granted by r1, for 7\.5 s more/);
});

/** Not prerendered: the key follows from the route, whose group is a part of it. */
test('why_ofAPageThatWasRenderedLater_findsItsKey', async () => {
  built();
  explains({});
  const { entries } = await json(['why', '/blog/77']);

  const owner = createHash('sha256').update('/(main)/blog/[id]/page').digest('hex');
  assert.deepEqual(
    entries.map((/** @type {any} */ { what }) => what),
    [`/route-cache/APP_PAGE/${owner}/$/blog/77`],
  );
});

for (const [what, word, asked] of [
  ['a digest', `@${digest}`, [digest]],
  ["Next's key", PAGE_KEY, [digest]],
  ["a key of 'use cache'", '["f",[1],["v1"]]', [digestOf('use-cache:["f",[1],["v1"]]')]],
  ['64 digits', digest, [digest, digestOf(`incremental:${digest}`)]],
]) {
  test(`why_of ${what}_asksForIt`, async () => {
    explains({});
    const { code } = await run(['why', String(word), '--deployment', 'v1']);
    assert.equal(code, 1, 'missing');

    const digests = gateway.calls.map(({ path }) => path.split('@')[1]);
    assert.deepEqual(digests, asked);
  });
}

test('why_aGatewayThatDoesNotAnswer_isNamedAndTheNextAsked', async () => {
  explains({ [digest]: GONE });
  const down = 'http://127.0.0.1:1';
  assert.equal(
    (await run(['why', `@${digest}`, '--deployment', 'v1', '--url', `${down},${gateway.url}`]))
      .code,
    0,
  );
  const { code, err } = await run(['why', `@${digest}`, '--deployment', 'v1', '--url', down]);

  assert.equal(code, 1);
  assert.match(err, /^freshet-next: http:\/\/127\.0\.0\.1:1: nobody listens there/);
});

/**
 * A gateway that is well.
 *
 * @param {{ aheadMs?: number, forgets?: boolean }} [but] its clock is ahead; it ends nothing
 */
function well({ aheadMs = 0, forgets = false } = {}) {
  let written = Buffer.alloc(0);
  gateway.instead = ({ method, path, bytes }, response) => {
    if (path.endsWith('/lookup')) {
      const asOf = `5-${(Date.now() + aheadMs) * 1000}-e`;
      response.end(FakeGateway.frame({ status: 404, tags: [], asOf }));
    } else if (method === 'PUT') {
      written = bytes;
      response.writeHead(201).end();
    } else if (method === 'GET' && path.includes('/entries/')) {
      if (gateway.invalidations.length > 0 && !forgets) response.writeHead(404).end();
      else response.end(written);
    } else {
      return false;
    }
    return true;
  };
}

test('doctor_allIsWell_isExit0', async () => {
  built();
  well();
  const { code, ok, findings } = await json(['doctor']);

  /* A machine that has other things to do may take its time for a round trip. */
  const bad = findings.filter(
    (/** @type {any} */ { state, text }) => state !== 'ok' && !/round trip \d/.test(text),
  );
  assert.deepEqual([code, ok, bad], [0, true, []]);
  assert.deepEqual(
    [...new Set(findings.map((/** @type {any} */ { what }) => what))],
    ['settings', 'next', 'deployment', 'handlers', 'fresh pod', 'gateway', 'clock', 'round trip'],
  );
});

/** @type {Record<string, [what: string, state: string, make: () => any, text: RegExp]>} */
const troubles = {
  settings: ['settings', 'fail', () => ({ FRESHET_APP: 'Shop!' }), /FRESHET_APP is 1 to 63 of/],
  unencrypted: [
    'settings',
    'warn',
    () => ({ FRESHET_TOKEN: 't', FRESHET_URL: `${gateway.url},http://gateway.invalid:8484` }),
    /^the token goes to http:\/\/gateway\.invalid:8484 unencrypted: use https$/,
  ],
  refusing: [
    'gateway',
    'fail',
    () => void (gateway.instead = (_, response) => !!response.writeHead(401).end()),
    /answers 401, the token is missing or unknown: set FRESHET_TOKEN/,
  ],
  incoherent: [
    'gateway',
    'warn',
    () => void (gateway.clock.coherent = false),
    /is its Redis reachable/,
  ],
  clock: ['clock', 'fail', () => well({ aheadMs: 45_000 }), /4[45]\.\d s apart from Redis's/],
  fleets: ['fleet', 'fail', () => other({ epoch: 'f' }), /different fleets/],
  oneReplica: ['fleet', 'warn', () => other({ replica: 'r' }), /lead to 1 replica/],
  oldNext: [
    'next',
    'ok',
    () => built({ version: '16.2.12' }),
    /before 16\.3 who refreshes a stale value of 'use cache' waits for it/,
  ],
  singular: ['next', 'warn', () => built({ version: '15.5.9' }), /with cacheHandler alone/],
  unsupported: ['next', 'fail', () => built({ version: '14.2.0' }), /14\.2\.0 is not supported/],
  tooOld: ['next', 'fail', () => built({ version: '15.4.11' }), /15\.4\.11 is not supported/],
  noHandler: [
    'handlers',
    'fail',
    () => built({ config: { cacheHandler: undefined } }),
    /keeps pages and fetches for itself/,
  ],
  onlyDefault: [
    'handlers',
    'warn',
    () => built({ config: { cacheHandlers: { default: '../cache-components.cjs' } } }),
    /cacheHandlers\.remote is not named: Next keeps 'use cache: remote' in/,
  ],
  poisoned: [
    'handlers',
    'fail',
    () => file('cache-components.cjs', 'throw new Error("broken")'),
    /cannot be loaded, so every request would be answered 500 until a restart: Error: broken/,
  ],
  another: [
    'handlers',
    'warn',
    () => file('cache-components.cjs', ''),
    /that page hangs until a restart/,
  ],
  seedsLost: ['fresh pod', 'fail', () => seeds({}, [PAGE_KEY]), /1 of 2 pages are not found.*500/],
  future: [
    'fresh pod',
    'fail',
    () => seeds({ lastModified: Date.now() + 120_000 }),
    /from the future/,
  ],
  timeless: ['fresh pod', 'warn', () => seeds({ lastModified: 0 }), /hardly when it was built/],
  history: [
    'fresh pod',
    'warn',
    () => void Object.assign(gateway.clock, { floor: Date.now() * 1000 }),
    /the build is older/,
  ],
  noBuild: [
    'build',
    'warn',
    () => rmSync(path.join(app, '.next'), { recursive: true }),
    /run next build/,
  ],
  write: [
    'round trip',
    'fail',
    () => {
      well();
      const { instead } = gateway;
      gateway.instead = (call, response) =>
        call.method === 'PUT' ? !!response.writeHead(403).end() : instead(call, response);
    },
    /a write is answered 403, the token may not do this with this app/,
  ],
  stillServed: ['round trip', 'fail', () => well({ forgets: true }), /still serves what was/],
};

/** @type {http.Server | undefined} */
let second;

/** Another replica, which says something else of itself. @param {object} said */
async function other(said) {
  const clock = {
    epoch: 'e',
    stamp: 1,
    floor: 0,
    coherent: true,
    window: 1,
    replica: 's',
    ...said,
  };
  second = http
    .createServer((_, response) => response.end(JSON.stringify(clock)))
    .listen(0, '127.0.0.1');
  await new Promise((resolve) => second?.once('listening', resolve));
  const { port } = /** @type {import('node:net').AddressInfo} */ (second.address());
  return { FRESHET_URL: `${gateway.url},http://127.0.0.1:${port}` };
}

for (const [how, [what, state, make, text]] of Object.entries(troubles)) {
  test(`doctor_${how}_isFound`, async () => {
    built();
    well();
    const environment = (await make()) ?? {};
    const told = await json(['doctor'], environment);
    second?.close();
    second?.closeAllConnections();

    const found = told.findings
      .filter((/** @type {any} */ each) => each.what === what && each.state === state)
      .map((/** @type {any} */ each) => each.text)
      .join('\n');
    assert.match(found, text, JSON.stringify(told.findings, null, 1));
    if (state === 'fail') assert.deepEqual([told.code, told.ok], [1, false]);
  });
}

test('doctor_gatewayDown_isExit1', async () => {
  built();
  await gateway.stop();
  const { code, out } = await run(['doctor']);

  assert.equal(code, 1);
  assert.match(out, /fail {2}gateway {4}http:\S+: nobody listens there: is the gateway running\?/);
});

test('settings_ofTheAppsEnvFiles_count', async () => {
  built();
  file(
    'node_modules/next/node_modules/@next/env/index.js',
    `exports.loadEnvConfig = (dir) => {
       process.env.FRESHET_APP = 'from-' + require('fs').readFileSync(dir + '/.env', 'utf8');
     }`,
  );
  file('.env', 'file');
  const { findings } = await json(['doctor']);

  assert.match(findings[0].text, /app from-file at/);
});
