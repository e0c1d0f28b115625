// @ts-check
/**
 * Frames, `application/vnd.freshet.entry`: an entry's meta and its body as bytes, with checksums.
 */
import { isUtf8 } from 'node:buffer';
import * as zlib from 'node:zlib';

export const MEDIA_TYPE = 'application/vnd.freshet.entry';
export const META_BYTES_MAX = 65_536;
/** The largest body that this client writes or reads. */
export const BODY_BYTES_MAX = 8 << 20;
export const HEAD_BYTES = 24;

const MAGIC = 0x46524531; // FRE1

/** Why bytes are no frame. */
export class FrameError extends Error {}

/**
 * @param {object} meta
 * @param {Uint8Array} body
 * @returns {Buffer[]} to be sent one after the other; the body is not copied
 */
export function encode(meta, body) {
  const text = Buffer.from(JSON.stringify(meta));
  if (text.length > META_BYTES_MAX) throw new FrameError('meta is too large');
  if (body.length > BODY_BYTES_MAX) throw new FrameError('body is too large');
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(MAGIC, 0);
  head.writeUInt32BE(text.length, 4);
  head.writeBigUInt64BE(BigInt(body.length), 8);
  head.writeUInt32BE(crc32(body), 16);
  head.writeUInt32BE(crc32(text, crc32(head.subarray(0, 20))), 20);
  return [head, text, Buffer.from(body.buffer, body.byteOffset, body.length)];
}

/**
 * @param {Buffer} bytes exactly one frame
 * @returns {{ meta: any, body: Buffer }} the body is a view of the bytes
 * @throws {FrameError}
 */
export function decode(bytes) {
  if (bytes.length < HEAD_BYTES) throw new FrameError('shorter than a head');
  if (bytes.readUInt32BE(0) !== MAGIC) throw new FrameError('not a frame');
  const metaBytes = bytes.readUInt32BE(4);
  if (metaBytes > META_BYTES_MAX) throw new FrameError('meta is too large');
  const bodyBytes = bytes.readBigUInt64BE(8);
  if (BigInt(bytes.length) !== BigInt(HEAD_BYTES + metaBytes) + bodyBytes) {
    throw new FrameError('not as long as it says');
  }
  const text = bytes.subarray(HEAD_BYTES, HEAD_BYTES + metaBytes);
  if (crc32(text, crc32(bytes.subarray(0, 20))) !== bytes.readUInt32BE(20)) {
    throw new FrameError('the checksum of head and meta is wrong');
  }
  const body = bytes.subarray(HEAD_BYTES + metaBytes);
  if (crc32(body) !== bytes.readUInt32BE(16)) {
    throw new FrameError('the checksum of the body is wrong');
  }
  return { meta: objectIn(text), body };
}

/** @param {Buffer} text */
function objectIn(text) {
  let meta;
  try {
    meta = isUtf8(text) && JSON.parse(text.toString());
  } catch {
    // nothing
  }
  if (typeof meta === 'object' && meta !== null && !Array.isArray(meta)) return meta;
  throw new FrameError('meta is not an object as JSON in UTF-8');
}

/**
 * CRC-32 (IEEE). Node has it from 20.15 and 22.2 on.
 *
 * @type {(bytes: Uint8Array, from?: number) => number}
 */
// @ts-ignore -- absent from older Nodes
export const crc32 = zlib.crc32 ?? crc32ByTable;

const TABLE = Uint32Array.from({ length: 256 }, (_, n) => {
  for (let bit = 0; bit < 8; bit++) n = n & 1 ? (n >>> 1) ^ 0xedb88320 : n >>> 1;
  return n;
});

/**
 * @param {Uint8Array} bytes
 * @param {number} [from] the checksum of what came before
 */
export function crc32ByTable(bytes, from = 0) {
  let crc = ~from;
  for (let i = 0; i < bytes.length; i++) crc = TABLE[(crc ^ bytes[i]) & 0xff] ^ (crc >>> 8);
  return ~crc >>> 0;
}
