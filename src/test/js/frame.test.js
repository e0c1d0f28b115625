// @ts-check
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import {
  BODY_BYTES_MAX,
  FrameError,
  crc32,
  crc32ByTable,
  decode,
  encode,
} from '../../main/js/frame.js';
import { digestOf, tagName, tagNames } from '../../main/js/names.js';

for (const { name, meta, metaText, bodyHex, hex } of examples('frames')) {
  test(`decode_${name}`, () => {
    const decoded = decode(Buffer.from(hex, 'hex'));

    assert.deepEqual(decoded.meta, meta);
    assert.equal(decoded.body.toString('hex'), bodyHex);
  });

  test(`encode_${name}`, () => {
    const bytes = Buffer.concat(encode(meta, Buffer.from(bodyHex, 'hex')));

    assert.deepEqual(decode(bytes).meta, meta);
    if (JSON.stringify(meta) === metaText) assert.equal(bytes.toString('hex'), hex);
  });
}

for (const { name, hex } of examples('damaged')) {
  test(`decode_${name}_isRefused`, () => {
    assert.throws(() => decode(Buffer.from(hex, 'hex')), FrameError);
  });
}

for (const { name, utf16Hex, digest } of examples('keys')) {
  test(`digest_${name}`, () => {
    const key = Buffer.from(utf16Hex, 'hex').swap16().toString('utf16le');

    assert.equal(digestOf(key), digest);
  });
}

test('encode_whatIsTooLarge_isRefused', () => {
  assert.throws(() => encode({}, Buffer.alloc(BODY_BYTES_MAX + 1)), FrameError);
  assert.throws(() => encode({ tags: ['x'.repeat(65_536)] }, Buffer.alloc(0)), FrameError);
});

test('crc32_byTable_isTheSameAsNodes', () => {
  const bytes = Buffer.from([...Array(1000).keys()]);

  assert.equal(crc32ByTable(Buffer.from('123456789')), 0xcbf43926);
  assert.equal(crc32ByTable(bytes), crc32(bytes));
  assert.equal(crc32ByTable(bytes.subarray(7), crc32ByTable(bytes.subarray(0, 7))), crc32(bytes));
});

test('digestOf_manyKeysAndLongOnes_isTheirOwnEachTime', () => {
  const keys = Array.from({ length: 1_500 }, (_, i) => `${i}`);
  keys.push('x'.repeat(10_000), 'x'.repeat(10_001), '\ud800', '\ud801');
  const first = keys.map(digestOf);

  assert.equal(new Set(first).size, keys.length);
  assert.deepEqual(keys.map(digestOf), first);
});

test('tagName_whatTheGatewayRefuses_isFoldedAndTheSameEachTime', () => {
  for (const tag of ['', 'x'.repeat(257), 'a\nb', '\u0085', 'a\ud800']) {
    assert.match(tagName(tag), /^freshet:[0-9a-f]{64}$/);
    assert.equal(tagName(tag), tagName(tag));
  }
  for (const tag of ['posts', '_N_T_/(main)/layout', 'a,b', 'x'.repeat(256), '日本']) {
    assert.equal(tagName(tag), tag);
  }
  assert.deepEqual(tagNames(['a', 'b', 'a']), ['a', 'b']);
});

/** @param {string} file @returns {any[]} */
function examples(file) {
  return JSON.parse(
    readFileSync(new URL(`../resources/wire/${file}.json`, import.meta.url), 'utf8'),
  );
}
