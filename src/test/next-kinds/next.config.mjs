// @ts-check
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const { resolve } = createRequire(import.meta.url);

/** The ways in which a config may name a handler. @type {Record<string, (name: string) => string>} */
const ways = {
  file: (name) => fileURLToPath(new URL(`./cache-${name}.mjs`, import.meta.url)),
  url: (name) => import.meta.resolve(`freshet-next/${name}`),
  required: (name) => resolve(`freshet-next/${name}`),
};
const handler = ways[process.env.HANDLERS ?? 'file'];

/*
 * OUTPUT, HANDLERS and CACHED_IMAGES are the test's: set for a build and for each start of it. The locales are of the
 * Pages Router alone; in `app` the language is a root parameter.
 *
 * @type {import('next').NextConfig}
 */
export default {
  cacheHandler: handler('incremental'),
  cacheHandlers: { default: handler('components'), remote: handler('components') },
  cacheComponents: true,
  expireTime: 86400,
  i18n: { locales: ['en', 'de'], defaultLocale: 'en', localeDetection: false },
  images: {
    ...(process.env.CACHED_IMAGES && { customCacheHandler: true }),
    imageSizes: [16],
    deviceSizes: [640],
  },
  ...(process.env.OUTPUT && { output: process.env.OUTPUT }),
  experimental: { cpus: 1 },
};
