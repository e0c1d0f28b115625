// @ts-check
import { createRequire } from 'node:module';

const { resolve } = createRequire(import.meta.url);

/*
 * The same app with each handler, as the handler's own documents configure it for a fleet. HANDLER is
 * read by the build and again by each start. Those of mrjasonroy name no `cacheHandler`: pages stay
 * Next's own, in the files of each server.
 */
const handlers = {
  'built-in': {},
  'leejpsd': {
    cacheMaxMemorySize: 0,
    cacheHandler: resolve('./leejpsd-incremental.cjs'),
    cacheHandlers: {
      default: resolve('./leejpsd-components.cjs'),
      remote: resolve('./leejpsd-components.cjs'),
    },
  },
  'trieb.work': {
    cacheMaxMemorySize: 0,
    cacheHandler: resolve('@trieb.work/nextjs-turbo-redis-cache'),
    cacheHandlers: {
      default: resolve('./trieb-work-components.cjs'),
      remote: resolve('./trieb-work-components.cjs'),
    },
  },
  'mrjasonroy': {
    cacheMaxMemorySize: 0,
    cacheHandlers: {
      default: resolve('./mrjasonroy-components.mjs'),
      remote: resolve('./mrjasonroy-components.mjs'),
    },
  },
  'map': {
    cacheMaxMemorySize: 0,
    cacheHandler: resolve('./map-incremental.cjs'),
    cacheHandlers: {
      default: resolve('./map-components.cjs'),
      remote: resolve('./map-components.cjs'),
    },
  },
  'freshet': {
    cacheHandler: resolve('freshet-next/incremental'),
    cacheHandlers: {
      default: resolve('freshet-next/components'),
      remote: resolve('freshet-next/components'),
    },
  },
};

/** @type {import('next').NextConfig} */
export default {
  .../** @type {Record<string, object>} */ (handlers)[process.env.HANDLER ?? 'built-in'],
  cacheComponents: true,
  generateEtags: false,
  experimental: { cpus: 1 },
};
