// @ts-check
/**
 * Puts last, and takes out what has lain longest when there are too many.
 *
 * @template K, V
 * @param {Map<K, V>} map the oldest first
 * @param {K} key
 * @param {V} value
 * @param {number} max
 * @returns {[K, V] | undefined} what was taken out
 */
export function putLast(map, key, value, max) {
  map.delete(key);
  map.set(key, value);
  if (map.size <= max) return undefined;
  const [oldest] = map;
  map.delete(oldest[0]);
  return oldest;
}
