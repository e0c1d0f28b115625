// @ts-check
/** The clock that Next dates entries by: ms since the epoch, and it never goes back. */
export function now() {
  return performance.timeOrigin + performance.now();
}
