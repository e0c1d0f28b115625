// @ts-check
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { FakeGateway } from './support/gateway.js';
import { entry, within } from './support/next.js';

const METHODS = ['get', 'set', 'refreshTags', 'getExpiration', 'updateTags'];

/** @type {FakeGateway} */
let gateway;
/** An app that has the package installed. @type {string} */
let app;

before(async () => {
  gateway = await new FakeGateway().start({ near: true });
  app = mkdtempSync(path.join(tmpdir(), 'freshet-'));
  mkdirSync(path.join(app, 'node_modules'));
  symlinkSync(
    fileURLToPath(new URL('../../main/js', import.meta.url)),
    path.join(app, 'node_modules', 'freshet-next'),
    'dir',
  );
});
after(async () => {
  await gateway.stop();
  rmSync(app, { recursive: true });
});

/** As Next does it: what next.config resolved, imported by its file. @param {string} file */
async function loadedByNext(file) {
  const interop = (/** @type {any} */ module) => module.default || module;
  return interop(await import(pathToFileURL(file).href).then(interop));
}

/** A file of the app. @param {string} name @param {string} code */
function fileOf(name, code) {
  const file = path.join(app, name);
  writeFileSync(file, code);
  return file;
}

const require = () => createRequire(path.join(app, 'next.config.js'));

/** @type {Record<string, (id: string) => Promise<any>>} */
const ways = {
  'resolved by require': (id) => loadedByNext(require().resolve(id)),
  'the module itself': (id) =>
    loadedByNext(fileURLToPath(new URL(`../../main/js/${id.split('/')[1]}.js`, import.meta.url))),
  'required': async (id) => require()(id),
  'resolved to a file URL': async (id) => {
    const resolver = fileOf(
      'resolver.mjs',
      'export const resolve = (id) => import.meta.resolve(id)',
    );
    const url = (await import(pathToFileURL(resolver).href)).resolve(id);
    assert.match(url, /^file:.*\.js$/);
    return loadedByNext(fileURLToPath(url));
  },
  'given on by a CommonJS file': (id) =>
    loadedByNext(fileOf(`${path.basename(id)}.cjs`, `module.exports = require('${id}')`)),
  'given on as default by a CommonJS file': (id) =>
    loadedByNext(
      fileOf(`${path.basename(id)}-default.cjs`, `module.exports = { default: require('${id}') }`),
    ),
  'given on by an ES module': (id) =>
    loadedByNext(fileOf(`${path.basename(id)}.mjs`, `export { default } from '${id}'`)),
};

for (const [way, load] of Object.entries(ways)) {
  test(`components_${way}_works`, async () => {
    const handler = await load('freshet-next/components');
    gateway.entries.clear();
    for (const method of METHODS) assert.equal(typeof handler[method], 'function');
    await within('request', async () => {
      assert.equal(await handler.get(way, []), undefined);
      await handler.set(way, Promise.resolve(entry('value')));
      assert.equal((await handler.get(way, []))?.stale, 30);
      assert.equal(await handler.getExpiration([]), Infinity);
    });
  });

  test(`incremental_${way}_works`, async () => {
    const Handler = await load('freshet-next/incremental');
    gateway.entries.clear();
    const handler = new Handler({ _requestHeaders: {} });
    const ctx = { kind: 'APP_ROUTE', isFallback: false };
    assert.equal(await handler.get(way, ctx), null);
    const value = { kind: 'APP_ROUTE', body: Buffer.from('x'), status: 200, headers: {} };
    await handler.set(way, value, { ...ctx, cacheControl: { revalidate: 5 } });
    assert.deepEqual((await new Handler({}).get(way, ctx))?.value, value);
    await handler.revalidateTag(['t']);
    handler.resetRequestCache();
  });
}

test('theModules_requiredAndImported_shareTheirState', async () => {
  const required = require()('freshet-next/components');
  const { default: imported } = await import('../../main/js/components.js');
  gateway.entries.clear();
  await within('request', async () => {
    await required.get('shared', []);
    await imported.set('shared', Promise.resolve(entry('value')));
  });

  assert.match(gateway.puts.at(-1)?.frame?.meta.lease, /^token-/);
});

test('theModules_requiredAndLoaded_areNotStoodBefore', async () => {
  const handler = require()('freshet-next/components');
  const Handler = require()('freshet-next/incremental');
  await handler.getExpiration([]);
  await new Handler({}).revalidateTag([]);

  assert.equal(handler.get, (await import('../../main/js/components.js')).default.get);
  const { default: Incremental } = await import('../../main/js/incremental.js');
  assert.ok(new Handler({}) instanceof Incremental);
});

for (const [form, code] of Object.entries({
  esm: `import { components, Incremental } from 'freshet-next';
    import c from 'freshet-next/components'; import I from 'freshet-next/incremental';
    if (c !== components || I !== Incremental) throw new Error('two copies');
    await components.get('k', []);`,
  cjs: `const { components, Incremental } = require('freshet-next');
    if (require('freshet-next/components') !== components) throw new Error('two copies');
    components.get('k', []).then(() => new Incremental({}).get('k', {}));`,
})) {
  test(`process_${form}_endsByItselfOnceItHasUsedThem`, async () => {
    const file = path.join(app, `main.${form === 'esm' ? 'mjs' : 'cjs'}`);
    writeFileSync(file, code);
    const { stderr } = await promisify(execFile)(process.execPath, [file], {
      cwd: app,
      timeout: 10_000,
    });

    assert.equal(stderr, '');
  });
}

test('T23: import_underAnySettings_doesNotThrow', async () => {
  const file = path.join(app, 'wrong.mjs');
  writeFileSync(file, `await import('freshet-next');`);
  await promisify(execFile)(process.execPath, [file], {
    cwd: app,
    env: { PATH: process.env.PATH, FRESHET_URL: ':', FRESHET_APP: '/', FRESHET_DEADLINE_MS: 'x' },
  });
});
