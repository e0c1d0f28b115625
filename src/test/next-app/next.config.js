// @ts-check
import { createRequire } from 'node:module';

const { resolve } = createRequire(import.meta.url);

/*
 * Read by the build and again by each start: FRESHET=1 must be set for both. Without it Next's
 * built-in handlers serve, and that is the baseline. MEMORY=0 at a start takes Next its own memory. `freshet-next` is put into node_modules by the
 * fleet test, packed from src/main/js as it would be published.
 */
const freshet = process.env.FRESHET === '1' && {
  cacheHandler: resolve('freshet-next/incremental'),
  cacheHandlers: {
    default: resolve('freshet-next/components'),
    remote: resolve('freshet-next/components'),
  },
};

/** @type {import('next').NextConfig} */
export default {
  ...freshet,
  cacheComponents: true,
  partialPrefetching: true,
  expireTime: 86400,
  generateEtags: false,
  ...(process.env.MEMORY === '0' && { cacheMaxMemorySize: 0 }),
  experimental: { cpus: 1 },
};
