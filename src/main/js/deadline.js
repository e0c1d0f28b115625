// @ts-check
/**
 * What the promise settles to, or a rejection once the time is up. What comes later is of no
 * interest, and raises no alarm.
 *
 * @template T
 * @param {number} ms
 * @param {PromiseLike<T>} promise
 * @returns {Promise<T>}
 */
export function before(ms, promise) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`not there in ${ms} ms`)), ms).unref();
    Promise.resolve(promise)
      .finally(() => clearTimeout(timer))
      .then(resolve, reject);
  });
}
