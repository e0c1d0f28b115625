// @ts-check
/**
 * A process that has the adapter in it, as `bench/run adapter` asks it: measures gets of a value
 * that it has put itself, and answers what they took.
 *
 *     node bench/adapter/driver.mjs PORT
 *     GET /components?bytes=4096&requests=1000&gets=8
 *
 * The adapter's settings are in the environment. REPLICA_METRICS is the URL of its replica's metrics,
 * FOUND where that has to find the value when it is asked, `near` or `store`. REDIS_URL is what
 * node-redis asks. FRESHET_URL is asked by node:http, too, without the adapter.
 */
import { subscribe } from 'node:diagnostics_channel';
import { Agent, createServer, get as httpGet } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import components from '../../src/main/js/components.js';
import Incremental from '../../src/main/js/incremental.js';
import { counts } from '../../src/main/js/report.js';
import { entry, until, within } from '../../src/test/js/support/next.js';

/** Copies of the adapter and of the replica are confirmed once in a minute: a new one before that. */
const KEPT_MS = 30_000;
/** Of gets; the rest may fall to a moment in which a busy machine has a copy lose its proof. */
const FOUND_SHARE_MIN = 0.99;
const LIFETIME = { stale: 300, revalidate: 3_600, expire: 86_400 };
const TAGS = ['a', 'b', 'c', 'd', 'e'];
const SOFT_TAGS = ['layout', 'a/layout', 'a/b/layout', 'a/b/page', 'a/b'].map(
  (part) => `_N_T_/${part}`,
);
const PAGE = { kind: 'APP_PAGE', isRoutePPREnabled: false, isFallback: false };
const { FRESHET_URL, REPLICA_METRICS, FOUND, REDIS_URL } = process.env;
const isNear = process.env.FRESHET_NEAR_MAX_BYTES !== '0';

/**
 * How a value is put and got.
 *
 * @typedef {object} Way
 * @property {boolean} [asks] whether it is the adapter's
 * @property {(key: string, bytes: number) => Promise<unknown>} put
 * @property {() => (key: string) => Promise<any>} request begins one; gets the value for it
 * @property {(found: any) => number | Promise<number>} read the bytes of what was got
 */

/** @type {Record<string, () => Promise<Way>>} */
const makers = {
  components: async () => ({
    asks: true,
    async put(key, bytes) {
      await components.get(key, SOFT_TAGS); // gives what is written its date
      const made = entry(Buffer.alloc(bytes, 'x'), { ...LIFETIME, tags: TAGS });
      await components.set(key, Promise.resolve(made));
    },
    request: () => (key) => components.get(key, SOFT_TAGS),
    read: ({ value }) => lengthOf(value),
  }),

  incremental: async () => ({
    asks: true,
    async put(key, bytes) {
      const handler = new Incremental({ _requestHeaders: {} });
      await handler.get(key, PAGE);
      const half = Buffer.alloc(bytes / 2, 'x');
      const headers = { 'x-next-cache-tags': [...TAGS, ...SOFT_TAGS].join() };
      const page = { kind: 'APP_PAGE', html: half.toString(), rscData: half, headers, status: 200 };
      await handler.set(key, page, { ...PAGE, cacheControl: LIFETIME });
    },
    request() {
      const handler = new Incremental({ _requestHeaders: {} });
      return (key) => handler.get(key, PAGE);
    },
    read: ({ value }) => value.html.length + value.rscData.length,
  }),

  async map() {
    /** @type {Map<string, Buffer>} */
    const values = new Map();
    return {
      put: async (key, bytes) => values.set(key, Buffer.alloc(bytes, 'x')),
      request: () => async (key) => Buffer.from(values.get(key) ?? ''),
      read: (found) => found.length,
    };
  },

  async redis() {
    const required = createRequire(path.resolve('bench/target/adapter/any.js'));
    const { createClient, RESP_TYPES } = required('redis');
    const client = await createClient({ url: REDIS_URL }).connect();
    const bytes = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
    return {
      put: (key, bytes) => client.set(key, Buffer.alloc(bytes, 'x')),
      request: () => (key) => bytes.get(key),
      read: (found) => found.length,
    };
  },

  /* The least that a call of the replica takes by the client that Node has. */
  async http() {
    const agent = new Agent({ keepAlive: true });
    const { hostname: host, port } = new URL(`${FRESHET_URL}`);
    const pathOf = (/** @type {string} */ key) =>
      `/v1/apps/bench/deployments/http/entries/${encodeURIComponent(key)}`;
    const get = (/** @type {string} */ at) =>
      new Promise((resolve, reject) => {
        httpGet({ host, port, path: at, agent }, (response) => {
          /** @type {Buffer[]} */
          const chunks = [];
          response.on('data', (chunk) => chunks.push(chunk));
          response.on('end', () => resolve(Buffer.concat(chunks)));
        }).on('error', reject);
      });
    return {
      put: (key, bytes) =>
        fetch(`${FRESHET_URL}${pathOf(key)}`, { method: 'PUT', body: Buffer.alloc(bytes, 'x') }),
      request: () => (key) => get(pathOf(key)),
      read: (found) => found.length,
    };
  },
};

/** @param {ReadableStream<Uint8Array>} stream */
async function lengthOf(stream) {
  let length = 0;
  for await (const chunk of stream) length += chunk.length;
  return length;
}

/**
 * Requests that this process has sent, by the last part of their path.
 *
 * @type {Record<string, number>}
 */
const sent = { lookup: 0, clock: 0 };
subscribe('http.client.request.start', (message) => {
  const { path } = /** @type {{ request: import('node:http').ClientRequest }} */ (message).request;
  const call = path.slice(path.lastIndexOf('/') + 1);
  sent[call] = (sent[call] ?? 0) + 1;
});

/**
 * Entries that the replica has read, by where it found them.
 *
 * @returns {Promise<Record<string, number>>}
 */
async function reads() {
  const text = await (await fetch(`${REPLICA_METRICS}`)).text();
  const lines = text.matchAll(/^freshet_reads_total\{.*?result="(\w+)".*?\} (\S+)/gm);
  return Object.fromEntries(Array.from(lines, ([, result, count]) => [result, Number(count)]));
}

/** @type {Map<string, Way>} */
const ways = new Map();
/** What is asked for, by way and bytes. @type {Map<string, { key: string, putAt: number }>} */
const values = new Map();
let keys = 0;

/**
 * A value that is where it is to be found: as a copy in this process, or else in the replica.
 *
 * @param {string} name
 * @param {Way} way
 * @param {number} bytes
 */
async function keyOf(name, way, bytes) {
  let value = values.get(`${name} ${bytes}`);
  if (!value || performance.now() - value.putAt > KEPT_MS) {
    const key = `["${process.pid}-${keys++}",[],["bench"]]`;
    await until(async () => {
      await within('request', () => way.put(key, bytes)); // again, until it is in touch
      return within('request', () => way.request()(key));
    });
    value = { key, putAt: performance.now() };
    values.set(`${name} ${bytes}`, value);
  }
  const { key } = value;
  if (way.asks) await until(() => isFound(way, key));
  return key;
}

/** Whether a get finds it where it is to be found. @param {Way} way @param {string} key */
async function isFound(way, key) {
  const before = await finds();
  await within('request', () => way.request()(key));
  return (await finds()) > before;
}

/** How often a value was found where it is to be found. */
async function finds() {
  return isNear ? (counts['near-hit'] ?? 0) : ((await reads())[`${FOUND}`] ?? 0);
}

/**
 * @param {Way} way
 * @param {{ key: string, bytes: number, requests: number, gets: number }} asked
 */
async function measure(way, { key, bytes, requests, gets }) {
  const entries = new Float64Array(requests * gets);
  const wholes = new Float64Array(requests * gets);
  for (let request = 0; request < requests; request++) {
    await within('request', async () => {
      const get = way.request();
      for (let at = request * gets; at < (request + 1) * gets; at++) {
        const asked = performance.now();
        const found = await get(key);
        const got = performance.now();
        const length = await way.read(found);
        const had = performance.now();
        if (length !== bytes) throw new Error(`${length} bytes`);
        entries[at] = (got - asked) * 1_000;
        wholes[at] = (had - asked) * 1_000;
      }
    });
    await new Promise(setImmediate); // the stream and the clock are heard
  }
  return { entries, wholes };
}

/** @param {string} name @param {{ bytes: number, requests: number, gets: number, warming: boolean }} asked */
async function answer(name, { bytes, requests, gets, warming }) {
  const way = ways.get(name) ?? (await makers[name]());
  ways.set(name, way);
  const key = await keyOf(name, way, bytes);
  const before = await counted(way);
  const from = performance.now();
  const { entries, wholes } = await measure(way, { key, bytes, requests, gets });
  const seconds = (performance.now() - from) / 1_000;
  const after = await counted(way);
  const { found, lookups, clocks, read } = Object.fromEntries(
    Object.entries(after).map(([what, count]) => [what, count - before[what]]),
  );
  if (way.asks && !warming && found < requests * gets * FOUND_SHARE_MIN) {
    throw new Error(`${found} of ${requests * gets} found, ${lookups} asked for, ${read} read`);
  }
  return {
    entry: figures(entries),
    first: figures(entries.filter((_, i) => i % gets === 0)),
    later: figures(entries.filter((_, i) => i % gets > 0)),
    whole: figures(wholes),
    requests,
    lookups,
    reads: read,
    clocks,
    seconds,
  };
}

/**
 * What has been found, asked for, and read by the replica until now.
 *
 * @param {Way} way
 * @returns {Promise<Record<string, number>>}
 */
async function counted({ asks }) {
  if (!asks) return { found: 0, lookups: 0, clocks: 0, read: 0 };
  const all = Object.values(await reads()).reduce((sum, count) => sum + count, 0);
  return { found: await finds(), lookups: sent.lookup, clocks: sent.clock, read: all };
}

/** In µs. @param {Float64Array} took */
function figures(took) {
  const sorted = took.toSorted();
  const at = (/** @type {number} */ share) => sorted[Math.ceil(share * sorted.length) - 1] ?? 0;
  return { p50: at(0.5), p99: at(0.99), p999: at(0.999), max: at(1) };
}

createServer(async (request, response) => {
  const { pathname, searchParams } = new URL(`http://localhost${request.url}`);
  const asked = (/** @type {string} */ name) => Number(searchParams.get(name));
  const [bytes, requests, gets] = [asked('bytes'), asked('requests'), asked('gets')];
  try {
    const warming = searchParams.has('warming'); // copies may not be proven yet
    response.end(JSON.stringify(await answer(pathname.slice(1), { bytes, requests, gets, warming })));
  } catch (error) {
    response.writeHead(500).end(error instanceof Error ? error.stack : String(error));
  }
}).listen(Number(process.argv[2]), '127.0.0.1');
