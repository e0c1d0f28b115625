// @ts-check
/** Says which objects of a request are collected once its writes have settled. Needs --expose-gc. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { FakeGateway } from './gateway.js';
import { entry, within } from './next.js';

const { default: handler } = await import('../../../main/js/components.js');
const { default: Incremental } = await import('./settled.js');

const WAITED_MS_MAX = 20_000;
const gateway = await new FakeGateway().start();
process.env.FRESHET_DEADLINE_MS = '30000';
console.warn('Node opens this stream when it is first used, and it keeps who did so.');
const requests = new AsyncLocalStorage();
/** @type {Set<string>} */
const collected = new Set();
const registry = new FinalizationRegistry((/** @type {string} */ name) => collected.add(name));
const PAGE = { kind: 'APP_PAGE', isRoutePPREnabled: false, isFallback: false };
const LIFE = { revalidate: 60, expire: 600 };

/** @type {typeof gateway.instead} */
const refuseInvalidations = ({ path }, response) =>
  path === 'invalidations' && !!response.writeHead(503).end(); // and so they are tried again and again
gateway.instead = refuseInvalidations;

/** As a request of Next does it: misses, and what was computed is written; and an invalidation. */
async function serve() {
  const request = { headers: {} };
  const page = { kind: 'APP_PAGE', html: '', headers: { 'x-next-cache-tags': 'posts' } };
  registry.register(request, 'request');
  registry.register(page, 'page');
  await requests.run(request, () =>
    within(
      'request',
      async () => {
        await handler.get('k', ['soft']);
        const made = entry('value');
        const pendingEntry = Promise.resolve(made);
        registry.register(pendingEntry, 'pendingEntry');
        registry.register(made.value, 'stream');
        await handler.set('k', pendingEntry);
        const incremental = new Incremental({ _requestHeaders: request.headers });
        await incremental.get('p', PAGE);
        await incremental.set('p', page, { ...PAGE, cacheControl: LIFE });
        await incremental.revalidateTag(['posts']);
      },
      { page: '/api/route' },
    ),
  );
}

await serve();
if (gateway.puts.length !== 2) throw new Error(`${gateway.puts.length} values are written, not 2`);
const deadline = performance.now() + WAITED_MS_MAX;
while (collected.size < 4 && performance.now() < deadline) {
  /** @type {any} */ (globalThis).gc();
  await new Promise((resolve) => setTimeout(resolve, 5));
}
console.log(`collected: ${[...collected].sort().join(', ')}`);
await gateway.stop();
