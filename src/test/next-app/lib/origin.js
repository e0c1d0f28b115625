// @ts-check

/**
 * The origin's value of `key`. There is no origin while the app is built.
 *
 * @param {string} key
 * @param {RequestInit & { next?: object }} [init]
 * @returns {Promise<string>}
 */
export async function read(key, init) {
  const origin = process.env.ORIGIN_URL;
  if (!origin) {
    return 'build';
  }
  const response = await fetch(`${origin}/${key}`, init);
  if (!response.ok) {
    throw new Error(`the origin answered ${response.status} for ${key}`);
  }
  return response.text();
}
