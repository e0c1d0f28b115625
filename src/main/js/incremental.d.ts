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
declare class Incremental {
  constructor(context: unknown);
}
interface Incremental extends CacheHandler {}
export default Incremental;
