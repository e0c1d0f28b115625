// @ts-check
/**
 * Values as bytes: an index in JSON, then the blobs it speaks of. Buffers stay bytes, Maps stay
 * Maps, and a member that is undefined is not one that is missing.
 *
 * u32 big-endian length of the index · the index · the blobs, one after the other.
 *
 * In the index an object is an object, and every array is one of these: ["a", items] an array,
 * ["m", [key, value] pairs] a Map, ["b", bytes] a Buffer, ["s", bytes] a long text in UTF-8, ["u"]
 * undefined, ["n", text] a number that JSON lacks.
 */

/** From this many characters on, a text is a blob: to escape a page's HTML twice costs more. */
const BLOB_CHARS_MIN = 512;
/** What a part of a value takes besides its text; and a Buffer besides its bytes. */
const PART_BYTES = 32;
const BUFFER_BYTES = 320;

/**
 * @param {unknown} value
 * @returns {Buffer}
 * @throws {TypeError} for what cannot be had back as it is
 */
export function pack(value) {
  /** @type {Uint8Array[]} */
  const blobs = [];
  const index = Buffer.from(JSON.stringify(packed(value, blobs)));
  const length = Buffer.alloc(4);
  length.writeUInt32BE(index.length);
  return Buffer.concat([length, index, ...blobs]);
}

/**
 * @param {any} value
 * @param {Uint8Array[]} blobs
 * @returns {unknown}
 */
function packed(value, blobs) {
  if (value === null || typeof value === 'boolean') return value;
  if (value === undefined) return ['u'];
  if (typeof value === 'number') {
    if (Object.is(value, -0)) return ['n', '-0'];
    return Number.isFinite(value) ? value : ['n', String(value)];
  }
  if (typeof value === 'string') {
    // What is not well-formed survives only as JSON escapes.
    // @ts-ignore -- isWellFormed is of ES2024
    if (value.length < BLOB_CHARS_MIN || !value.isWellFormed()) return value;
    return ['s', blobs[blobs.push(Buffer.from(value)) - 1].length];
  }
  if (value instanceof Uint8Array) return ['b', blobs[blobs.push(value) - 1].length];
  if (Array.isArray(value)) return ['a', value.map((item) => packed(item, blobs))];
  if (value instanceof Map) {
    return ['m', Array.from(value, ([k, v]) => [packed(k, blobs), packed(v, blobs)])];
  }
  if (typeof value === 'object' && isPlain(value)) {
    return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, packed(v, blobs)]));
  }
  throw new TypeError(`a ${typeof value} cannot be kept`);
}

/**
 * @param {Buffer} bytes
 * @returns {any} its Buffers are views of the bytes
 * @throws {Error} when they are not what {@link pack} makes
 */
export function unpack(bytes) {
  const start = 4 + bytes.readUInt32BE(0);
  if (start > bytes.length) throw new RangeError('the index is cut off');
  const rest = { bytes, at: start };
  const value = unpacked(JSON.parse(bytes.toString('utf8', 4, start)), rest);
  if (rest.at !== bytes.length) throw new RangeError('bytes are left over');
  return value;
}

/**
 * @param {any} node
 * @param {{ bytes: Buffer, at: number }} rest the blobs that are still to come
 * @returns {any}
 */
function unpacked(node, rest) {
  if (typeof node !== 'object' || node === null) return node;
  if (!Array.isArray(node)) {
    return Object.fromEntries(Object.entries(node).map(([k, v]) => [k, unpacked(v, rest)]));
  }
  const [form, held] = node;
  switch (form) {
    case 'u':
      return undefined;
    case 'n':
      return Number(held);
    case 's':
      return blob(held, rest).toString('utf8');
    case 'b':
      return blob(held, rest);
    case 'a':
      return held.map((/** @type {any} */ item) => unpacked(item, rest));
    case 'm':
      return new Map(
        held.map((/** @type {any} */ [k, v]) => [unpacked(k, rest), unpacked(v, rest)]),
      );
    default:
      throw new RangeError('the index has a form that is not known');
  }
}

/**
 * @param {number} length
 * @param {{ bytes: Buffer, at: number }} rest
 */
function blob(length, rest) {
  const end = rest.at + length;
  if (!Number.isInteger(length) || length < 0 || end > rest.bytes.length) {
    throw new RangeError('a blob is cut off');
  }
  const bytes = rest.bytes.subarray(rest.at, end);
  rest.at = end;
  return bytes;
}

/**
 * The same value, in nothing that whoever has the one could change for whoever has the other.
 *
 * @param {any} value of what can be packed
 * @returns {any}
 */
export function copyOf(value) {
  if (typeof value !== 'object' || value === null) return value;
  if (value instanceof Uint8Array) {
    const bytes = Buffer.allocUnsafeSlow(value.length); // not a part of a larger one, kept with it
    bytes.set(value);
    return bytes;
  }
  if (Array.isArray(value)) return value.map(copyOf);
  if (value instanceof Map) return new Map(Array.from(value, copyOf));
  const copy = { ...value };
  for (const key of Object.keys(copy)) copy[key] = copyOf(copy[key]);
  return copy;
}

/**
 * What a copy takes in memory, and rather more: a text counts twice unless all of it is ASCII.
 *
 * @param {any} value
 * @returns {number}
 */
export function bytesOf(value) {
  if (typeof value === 'string') {
    const isAscii = Buffer.byteLength(value) === value.length;
    return PART_BYTES + value.length * (isAscii ? 1 : 2);
  }
  if (value instanceof Uint8Array) return BUFFER_BYTES + value.length;
  if (typeof value !== 'object' || value === null) return PART_BYTES;
  const parts = value instanceof Map ? [...value].flat() : value;
  const keys = Object.keys(parts);
  return keys.reduce((sum, key) => sum + key.length + bytesOf(parts[key]), PART_BYTES);
}

/** @param {object} value */
function isPlain(value) {
  const prototype = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}
