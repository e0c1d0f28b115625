// @ts-check
/** A Next before 16.3. A page that it serves from the shell of its route is never written. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import components from '../../main/js/components.js';
import Incremental from '../../main/js/incremental.js';
import { staleTag } from '../../main/js/next.js';
import { FakeGateway } from './support/gateway.js';
import { until, within } from './support/next.js';

const home = process.cwd();
const PAGE = { kind: 'APP_PAGE', isRoutePPREnabled: true, isFallback: false };
const SHELL = { ...PAGE, isFallback: true };

/** @type {FakeGateway} */
let gateway;
/** @type {string} */
let app;

before(async () => {
  gateway = await new FakeGateway().start();
  app = mkdtempSync(path.join(tmpdir(), 'freshet-'));
  const next = path.join(app, 'node_modules/next');
  mkdirSync(path.join(next, 'dist/server/lib/incremental-cache'), { recursive: true });
  writeFileSync(path.join(next, 'package.json'), JSON.stringify({ version: '16.0.11' }));
  writeFileSync(
    path.join(next, 'dist/server/lib/incremental-cache/tags-manifest.external.js'),
    'exports.tagsManifest = new Map()',
  );
  process.chdir(app);
});
after(async () => {
  process.chdir(home);
  rmSync(app, { recursive: true });
  await gateway.stop();
});

test('page_servedFromItsShell_givesItsLeaseBack', async () => {
  const headers = {};
  const handler = () => new Incremental({ _requestHeaders: headers });
  assert.equal(await handler().get('/p/1', PAGE), null, 'token-1');
  const other = new Incremental({ _requestHeaders: {} });
  assert.equal(await other.get('/p/2', PAGE), null, 'token-2');
  await handler().get('/p/[id]', SHELL);

  await until(() => gateway.releases.includes('token-1'));
  assert.ok(!gateway.releases.includes('token-2'), 'and no other its own');
});

/**
 * Each request asks, also while another of this process computes what it wants. Who computes in a
 * prerender may leave a hole and say nothing: to wait for that is to wait in vain.
 */
for (const [unit, waits] of /** @type {const} */ ([
  ['request', [0, 0, 20]],
  ['cache', [0, 0, 20]],
  ['prerender', [0, 0]],
])) {
  test(`useCache_missedByARequestWhileOneIsAtItIn-${unit}_waitsForWhatWillBeTold`, async () => {
    const key = `["f",["${unit}"],["v1"]]`;
    gateway.calls.length = 0;
    assert.equal(await within(unit, () => components.get(key, [])), undefined, 'it leads');
    gateway.instead = ({ json }, response) => {
      if (!json?.entries) return false;
      const missed = { status: 404, tags: [], asOf: '9-1', lease: { role: 'follower', ttl: 3 } };
      const attributes = { stale: 30, revalidate: 60, expire: 600 };
      const written = { status: 200, state: 'fresh', tags: [], age: 0, attributes };
      response.end(FakeGateway.frame(json.wait > 0 ? written : missed, Buffer.from('new')));
      return true;
    };
    const found = await within('request', () => components.get(key, []));
    gateway.instead = () => {};

    assert.deepEqual(
      gateway.lookups.map(({ json }) => json.wait),
      waits,
    );
    assert.equal(found !== undefined, waits.length === 3);
  });
}

/** Of Next 15, whose tags end what they mark. */
test('staleTag_whereNoTagIsStale_isNone', () => {
  assert.equal(staleTag(), undefined);
});
