import { fileURLToPath } from 'node:url';
import type { NextConfig } from 'next';

const file = (name: string) => fileURLToPath(new URL(name, import.meta.url));

const config: NextConfig = {
  cacheComponents: true,
  cacheHandler: file('./cache-incremental.mjs'),
  cacheHandlers: { default: file('./cache-components.cjs'), remote: file('./cache-components.cjs') },
};

export default config;
