/** That the handlers are what Next takes. */
import type { CacheHandler as NextComponents } from 'next/dist/server/lib/cache-handlers/types.js';
import type { CacheHandler as NextIncremental } from 'next/dist/server/lib/incremental-cache/index.js';
import components from 'freshet-next/components';
import Incremental from 'freshet-next/incremental';
import * as all from 'freshet-next';

export const plural: NextComponents = components;
export const singular: Pick<NextIncremental, 'revalidateTag' | 'resetRequestCache'> =
  new Incremental({});
export const same: typeof components = all.components;
export const counts: Record<string, number> = all.counts;

// @ts-expect-error -- a listener is a function
all.onEvent('hit');
// @ts-expect-error -- a handler is made with what Next gives it
new Incremental();
