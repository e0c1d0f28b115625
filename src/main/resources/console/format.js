// @ts-check
const DAY_MS = 86_400_000;

/** By how much the clocks of Redis and of this machine may differ without a word. */
const AHEAD_MS = 2_000;

/** @param {number} n @param {number} [digits] after the point */
export function fixed(n, digits = 0) {
  return n.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
}

/** A rate or count in three or four characters: 0, 4.2, 87, 12.4k. @param {number} n */
export function short(n) {
  if (n >= 1e6) {
    return fixed(n / 1e6, 1) + 'M';
  }
  if (n >= 10_000) {
    return fixed(n / 1e3, 1) + 'k';
  }
  return fixed(n, n > 0 && n < 10 ? 1 : 0);
}

/** @param {number | null} ms */
export function duration(ms) {
  if (ms === null || ms === undefined) {
    return '–';
  }
  if (ms === 0) {
    return '0 ms';
  }
  if (ms < 1) {
    return fixed(ms, 2) + ' ms';
  }
  if (ms < 1_000) {
    return fixed(ms, ms < 10 ? 1 : 0) + ' ms';
  }
  if (ms < 120_000) {
    return fixed(ms / 1_000, 1) + ' s';
  }
  return ms < 2 * 3_600_000 ? fixed(ms / 60_000) + ' min' : ms < 2 * DAY_MS ? fixed(ms / 3_600_000) + ' h' : fixed(ms / DAY_MS) + ' d';
}

/** @param {number} bytes */
export function size(bytes) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let left = bytes;
  while (left >= 1_024 && unit < units.length - 1) {
    left /= 1_024;
    unit++;
  }
  return fixed(left, unit > 0 && left < 10 ? 1 : 0) + ' ' + units[unit];
}

/** @param {number} part @param {number} whole */
export function percent(part, whole) {
  return whole > 0 ? fixed((100 * part) / whole, part === 0 || part === whole ? 0 : 1) + ' %' : '–';
}

/** The time of day, with the date unless it is today. @param {number} ms */
export function time(ms) {
  const at = new Date(ms);
  const clock = at.toLocaleTimeString('en-GB');
  return new Date().toDateString() === at.toDateString() ? clock : at.toISOString().slice(0, 10) + ' ' + clock;
}

/** The same to the millisecond. @param {number} ms */
export const precise = (ms) => time(ms) + '.' + String(Math.floor(ms) % 1_000).padStart(3, '0');

/**
 * When a stamp was given, by the clock of Redis. A history begins a minute ahead of it, so that what is ahead was given within the
 * last minute. A stamp is too long for a number only after the year 2255.
 *
 * @param {number} stamp
 */
export const stampTime = (stamp) => (stamp / 1_000 > Date.now() + AHEAD_MS ? 'last minute' : precise(stamp / 1_000));

/** The first characters of a digest. @param {string} digest */
export const brief = (digest) => digest.slice(0, 12) + '…';
