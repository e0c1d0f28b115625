/** An entry of `'use cache'`, as Next gives and takes it. Times in seconds, but for `timestamp`. */
export interface CacheEntry {
  value: ReadableStream<Uint8Array>;
  tags: string[];
  stale: number;
  /** ms since the epoch */
  timestamp: number;
  expire: number;
  revalidate: number;
}

export interface CacheHandler {
  get(cacheKey: string, softTags: string[]): Promise<CacheEntry | undefined>;
  set(cacheKey: string, pendingEntry: Promise<CacheEntry>): Promise<void>;
  refreshTags(): Promise<void>;
  getExpiration(tags: string[]): Promise<number>;
  updateTags(tags: string[], durations?: { expire?: number }): Promise<void>;
}

/** For `cacheHandlers` of next.config: the same object serves `default` and `remote`. */
declare const components: CacheHandler;
export default components;
