import type { CacheHandler } from './incremental.js';

declare class Incremental {
  constructor(context: unknown);
}
interface Incremental extends CacheHandler {}
export = Incremental;
