import { cacheLife, cacheTag } from 'next/cache';

const PARAGRAPHS = Array.from(
  { length: 8 },
  (_, i) => `${i}. ${'What is written here is as long as a paragraph, or nearly. '.repeat(9)}`,
);

/** The version that the origin has of `key`. There is no origin while the app is built. */
async function read(key) {
  const origin = process.env.ORIGIN_URL;
  if (!origin) {
    return '0';
  }
  const response = await fetch(`${origin}/${key}`);
  if (!response.ok) {
    throw new Error(`the origin answered ${response.status} for ${key}`);
  }
  return response.text();
}

/** Some 4 KiB that show a version. The tag is what follows the key's first dot. */
export async function Article({ of: key }) {
  'use cache';
  cacheLife({ stale: 300, revalidate: 3600, expire: 86400 });
  cacheTag(key.slice(key.indexOf('.') + 1));
  const version = await read(key);
  return (
    <article data-version={version}>
      {PARAGRAPHS.map((text) => (
        <p key={text}>{text}</p>
      ))}
    </article>
  );
}
