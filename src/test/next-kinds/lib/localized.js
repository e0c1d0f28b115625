import { cacheLife, cacheTag } from 'next/cache';
import { lang } from './lang.js';
import { read } from './origin.js';

/** The value in the language of the page, which is no argument of it but a root parameter. */
export async function localized(key) {
  'use cache';
  cacheLife({ stale: 300, revalidate: 3600, expire: 86400 });
  cacheTag(key);
  return `${await lang()}: ${await read(key)}`;
}
