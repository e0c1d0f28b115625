// @ts-check
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pack, unpack } from '../../main/js/value.js';

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
