export interface CacheHandler {
  get(
    key: string,
    ctx: unknown,
  ): Promise<{ lastModified: number; value: any; cacheControl?: any } | null>;
  set(key: string, value: unknown, ctx: unknown): Promise<void>;
  revalidateTag(tags: string | string[], durations?: { expire?: number }): Promise<void>;
  resetRequestCache(): void;
}

/** For `cacheHandler` of next.config: pages, route handlers, `fetch`, `unstable_cache`, images. */
export default class Incremental implements CacheHandler {
  constructor(context: unknown);
  get: CacheHandler['get'];
  set: CacheHandler['set'];
  revalidateTag: CacheHandler['revalidateTag'];
  resetRequestCache: CacheHandler['resetRequestCache'];
}
