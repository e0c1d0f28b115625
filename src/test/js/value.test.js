// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { bytesOf, copyOf, pack, unpack } from '../../main/js/value.js';

const all = Buffer.from(Array.from({ length: 1024 }, (_, i) => i & 255));
const html = `<p>${'ä🦊"\\\n'.repeat(300)}</p>`;

/** @type {Record<string, unknown>} */
const values = {
  'APP_PAGE': {
    kind: 'APP_PAGE',
    html,
    rscData: all,
    postponed: undefined,
    status: undefined,
    headers: { 'x-next-cache-tags': 'a,b', 'set-cookie': ['a=1', 'b=2'] },
    segmentData: new Map([
      ['/_tree', all.subarray(3, 9)],
      ['/a', Buffer.alloc(0)],
    ]),
  },
  'APP_PAGE with an empty shell': { kind: 'APP_PAGE', html: '', postponed: '[1,null]' },
  'APP_ROUTE': { kind: 'APP_ROUTE', body: all, status: 200, headers: {} },
  'PAGES': { kind: 'PAGES', html, pageData: { props: { n: [1, null, [], {}], __proto__x: 1 } } },
  'FETCH': {
    kind: 'FETCH',
    data: { headers: { a: 'b' }, body: all.toString('base64'), status: 200, url: 'http://x/' },
    revalidate: 4294967294,
    tags: undefined,
  },
  'REDIRECT': { kind: 'REDIRECT', props: { pageProps: { __N_REDIRECT: '/x' } } },
  'IMAGE': { kind: 'IMAGE', etag: 'a', upstreamEtag: 'b', buffer: all, extension: 'webp' },
  'null': null,
  'numbers that JSON lacks': [Infinity, -Infinity, NaN, -0, 0.1],
  'text that UTF-8 lacks': ['\ud800', `${'x'.repeat(600)}\udc00`],
  'text that looks like a form': ['a', ['u'], ['b', 3], { '0': 'u' }],
  'members with names of their own': JSON.parse(
    '{"__proto__":{"a":1},"constructor":2,"7":3,"1":4}',
  ),
};

for (const [name, value] of Object.entries(values)) {
  test(`T17: roundTrip_${name}`, () => {
    const again = unpack(pack(value));

    assert.deepStrictEqual(again, value);
    assert.equal(
      JSON.stringify(Object.keys(again ?? {})),
      JSON.stringify(Object.keys(value ?? {})),
    );
  });
}

for (const [name, value] of Object.entries(values)) {
  test(`copyOf_${name}_isEqualAndSharesNothingThatCanBeChanged`, () => {
    const copy = copyOf(value);

    assert.deepStrictEqual(copy, value);
    const shared = [...changeable(copy)].filter((part) => changeable(value).has(part));
    assert.deepEqual(shared, []);
  });
}

/**
 * The objects in it, and the memory of its bytes.
 *
 * @param {any} value
 * @param {Set<object>} [all]
 */
function changeable(value, all = new Set()) {
  if (value instanceof Uint8Array) return all.add(value).add(value.buffer);
  if (typeof value !== 'object' || value === null) return all;
  all.add(value);
  const parts = value instanceof Map ? [...value].flat() : Object.values(value);
  for (const part of parts) changeable(part, all);
  return all;
}

/** What takes memory of different kinds. @type {Record<string, any>} */
const large = {
  ascii: 'x'.repeat(20_000),
  latin: 'ä'.repeat(20_000),
  japanese: '日'.repeat(20_000),
  bytes: Buffer.alloc(20_000),
  segments: new Map(Array.from({ length: 50 }, (_, i) => [`/segment/${i}`, all.subarray(0, 300)])),
  json: Array.from({ length: 200 }, (_, id) => ({ id, name: `name ${id}`, on: true, at: id / 2 })),
};
for (const [name, value] of Object.entries(large)) {
  test(`bytesOf_${name}_isNoLessThanItTakesInMemory_norFourTimesThat`, () => {
    setFlagsFromString('--expose-gc');
    const gc = runInNewContext('gc');
    const used = () => {
      for (let times = 0; times < 3; times++) gc(); // each ends what the one before has begun
      const { heapUsed, arrayBuffers } = process.memoryUsage();
      return heapUsed + arrayBuffers;
    };
    const packed = pack(value);
    const before = used();
    const copies = Array.from({ length: 200 }, () => copyOf(unpack(Buffer.from(packed))));
    const after = used();
    const taken = (after - before) / copies.length;

    const counted = bytesOf(value);
    assert.ok(counted > 0.95 * taken && counted < 4 * taken, `${counted} for ${taken}`);
  });
}

test('T17: roundTrip_undefinedAndMissing_areToldApart', () => {
  const again = unpack(pack({ postponed: undefined }));

  assert.ok('postponed' in again);
  assert.ok(!('rscData' in again));
});

test('T17: roundTrip_bytes_areBuffers', () => {
  const { body, segments } = unpack(
    pack({ body: new Uint8Array([1, 2]), segments: new Map([['a', all]]) }),
  );

  assert.ok(Buffer.isBuffer(body));
  assert.ok(Buffer.isBuffer(segments.get('a')));
});

test('pack_whatCannotBeHadBack_isRefused', () => {
  for (const value of [() => {}, 1n, Symbol('s'), new Date(), new (class A {})(), new Set()]) {
    assert.throws(() => pack({ value }), TypeError);
  }
});

test('unpack_damaged_isRefused', () => {
  const bytes = pack(values['APP_PAGE']);

  for (const damaged of [
    Buffer.alloc(0),
    bytes.subarray(0, 3),
    bytes.subarray(0, 40),
    bytes.subarray(0, -1),
    Buffer.concat([bytes, all]),
    packedText('["z"]'),
    packedText('["b",-1]'),
    packedText('["b",1.5]'),
    packedText('["b"]'),
  ]) {
    assert.throws(() => unpack(damaged));
  }
});

/** @param {string} index */
function packedText(index) {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(index.length);
  return Buffer.concat([length, Buffer.from(index)]);
}
