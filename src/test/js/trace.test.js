// @ts-check
/** The trace of the current request, in an app that has OpenTelemetry. */
import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';
import handler from '../../main/js/components.js';
import { FakeGateway } from './support/gateway.js';
import { within } from './support/next.js';

const home = process.cwd();
/** @type {string} */
let app;

before(() => {
  app = mkdtempSync(path.join(tmpdir(), 'freshet-'));
  const api = path.join(app, 'node_modules/@opentelemetry/api');
  mkdirSync(api, { recursive: true });
  writeFileSync(
    path.join(api, 'index.js'),
    `exports.context = { active: () => globalThis.freshetTrace };
     exports.propagation = { inject(context, carrier) {
       if (!context) throw new Error('broken');
       Object.assign(carrier, context);
     } };`,
  );
  process.chdir(app);
});
after(() => {
  process.chdir(home);
  rmSync(app, { recursive: true });
});

test('trace_ofTheRequest_isPassedOn_andNothingElse', async () => {
  const gateway = await new FakeGateway().start();
  const shared = /** @type {any} */ (globalThis);
  shared.freshetTrace = { traceparent: '00-a-b-01', tracestate: 'x=1', baggage: 'user=me' };
  await within('request', () => handler.get('k', []));
  shared.freshetTrace = undefined;
  await within('request', () => handler.get('k', []));
  await gateway.stop();

  const { traceparent, tracestate, baggage } = gateway.calls[0].headers;
  assert.deepEqual([traceparent, tracestate, baggage], ['00-a-b-01', 'x=1', undefined]);
  assert.equal(gateway.calls[1].headers.traceparent, undefined, 'what throws is not passed on');
});
