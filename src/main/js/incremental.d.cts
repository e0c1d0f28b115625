import type { CacheHandler } from './incremental.js';

declare class Incremental implements CacheHandler {
  constructor(context: unknown);
  get: CacheHandler['get'];
  set: CacheHandler['set'];
  revalidateTag: CacheHandler['revalidateTag'];
  resetRequestCache: CacheHandler['resetRequestCache'];
}
export = Incremental;
