import type { CacheHandler } from './components.js';

declare const components: CacheHandler;
export = components;
