// @ts-check
/**
 * How often is the origin asked, and how long does who asks wait, when a whole fleet wants one value at once?
 *
 *     node bench/stampede/run.mjs [handler…]
 *
 * Wants target/freshet.jar, node, npm and redis-server. Writes bench/results/stampede-<date>.md.
 */
import { execFileSync, spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  openSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import http from 'node:http';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const HANDLERS = ['built-in', 'leejpsd', 'trieb.work', 'freshet'];
const PEERS = {
  'leejpsd': '@leejpsd/nextjs-cache-handler@1.0.0',
  'trieb.work': '@trieb.work/nextjs-turbo-redis-cache@1.18.0',
};
const CLIENTS = ['ioredis@5', 'redis@4.7.0'];
const KINDS = {
  "'use cache'": '/cached/',
  'ISR page': '/isr/',
  'route handler': '/api/isr/',
  'fetch': '/fetched/',
};
const PROCESSES = 3;
const REQUESTS = 60;
const ROUNDS = 3;
const ORIGIN_MS = 400;
/** After the last answer: for what Next refreshes behind it, and for tags to get about. */
const SETTLE_MS = 2_500;
const READY_MS = 120_000;

const repository = path.resolve(import.meta.dirname, '../..');
const work = path.join(repository, 'target/stampede');
const app = path.join(work, 'app');

/** Ends whatever this run has started, the last first. @type {(() => void)[]} */
const endings = [];

/** @returns {Promise<number>} a free port */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/** @param {string} name @param {string[]} command @param {Record<string, string>} env @param {string} [cwd] */
function start(name, [program, ...args], env, cwd = work) {
  const log = openSync(path.join(work, `${name}.log`), 'w');
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', log, log],
  });
  endings.push(() => child.kill('SIGKILL'));
}

/** @param {string} url */
async function ready(url) {
  const deadline = Date.now() + READY_MS;
  for (;;) {
    const status = await get(url).then(
      (answer) => answer.status,
      () => 0,
    );
    if (status > 0 && status < 500) return;
    if (Date.now() > deadline) throw new Error(`${url} does not answer: see ${work}`);
    await pause(200);
  }
}

/** One connection for each request: an idle one may be closed just as it is taken into use. */
const agent = new http.Agent({ keepAlive: false });

/** @param {string} url @param {string} [method] @returns {Promise<{ status: number, ms: number, body: string }>} */
function get(url, method = 'GET') {
  const begun = performance.now();
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method, agent, timeout: 60_000 }, (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (chunk) => (body += chunk));
      response.on('end', () => {
        resolve({ status: response.statusCode ?? 0, ms: performance.now() - begun, body });
      });
    });
    request.on('timeout', () => request.destroy(new Error('no answer')));
    request.on('error', reject).end();
  });
}

/** The number of the origin's call whose value a page or an answer shows. @param {{ body: string }} answer */
function shownCall({ body }) {
  return Number(/"?(?:data-)?value"?[=:]"v(\d+)"/.exec(body)?.[1]);
}

/** The origin: each value takes its time, and each call is counted. */
async function startOrigin() {
  /** @type {Map<string, number>} */
  const calls = new Map();
  const server = http.createServer((request, response) => {
    const key = (request.url ?? '').slice(1);
    const call = (calls.get(key) ?? 0) + 1;
    calls.set(key, call);
    setTimeout(() => response.end(`v${call}`), ORIGIN_MS);
  });
  const port = await freePort();
  await new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(undefined)));
  endings.push(() => server.close().closeAllConnections());
  return {
    url: `http://127.0.0.1:${port}`,
    calls: (/** @type {string} */ key) => calls.get(key) ?? 0,
  };
}

function install() {
  mkdirSync(app, { recursive: true });
  const source = path.join(repository, 'src/test/next-app');
  for (const part of ['app', 'lib', 'package.json']) {
    cpSync(path.join(source, part), path.join(app, part), { recursive: true });
  }
  cpSync(path.join(repository, 'bench/peers/next'), app, { recursive: true });
  const npm = (/** @type {string[]} */ ...args) => {
    execFileSync('npm', args, { cwd: app, stdio: ['ignore', 'pipe', 'inherit'] });
  };
  npm('pack', path.join(repository, 'src/main/js'), '--pack-destination', work);
  const archive = readdirSync(work).find((name) => /^freshet-next-.*\.tgz$/.test(name));
  npm(
    'install',
    '--no-audit',
    '--no-fund',
    '--legacy-peer-deps',
    ...Object.values(PEERS),
    ...CLIENTS,
    path.join(work, archive ?? ''),
  );
}

/** @param {string} handler @param {Record<string, string>} env */
function build(handler, env) {
  rmSync(path.join(app, '.next'), { recursive: true, force: true });
  const next = path.join(app, 'node_modules/next/dist/bin/next');
  execFileSync(process.execPath, [next, 'build'], {
    cwd: app,
    env: { ...process.env, ...env },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return Array.from({ length: PROCESSES }, (_, i) => {
    const folder = path.join(work, 'run', `${handler}-${i + 1}`);
    rmSync(folder, { recursive: true, force: true });
    cpSync(app, folder, { recursive: true, filter: (file) => !file.endsWith('/node_modules') });
    symlinkSync(path.join(app, 'node_modules'), path.join(folder, 'node_modules'));
    return folder;
  });
}

/** Starts the fleet of a handler. @param {string} handler @param {string} origin */
async function startFleet(handler, origin) {
  const redis = await freePort();
  start(
    'redis',
    [
      'redis-server',
      '--port',
      String(redis),
      '--bind',
      '127.0.0.1',
      '--save',
      '',
      '--notify-keyspace-events',
      'Exe',
    ],
    {},
  );
  const env = {
    HANDLER: handler,
    NEXT_TELEMETRY_DISABLED: '1',
    NEXT_DEPLOYMENT_ID: 'bench',
    DEPLOYMENT_VERSION: 'bench',
    VERCEL_ENV: 'production',
    REDIS_URL: `redis://127.0.0.1:${redis}`,
    FRESHET_APP: 'bench',
  };
  const folders = build(handler, env);
  const fleet = [];
  for (const [i, folder] of folders.entries()) {
    const [gateway, admin, port] = [await freePort(), await freePort(), await freePort()];
    if (handler === 'freshet') {
      const java = process.env.JAVA_HOME ? path.join(process.env.JAVA_HOME, 'bin/java') : 'java';
      start(
        `gateway-${i + 1}`,
        [java, '-Xmx256m', '-jar', path.join(repository, 'target/freshet.jar')],
        {
          FRESHET_LISTEN: `127.0.0.1:${gateway}`,
          FRESHET_ADMIN_LISTEN: `127.0.0.1:${admin}`,
          FRESHET_REDIS_URL: env.REDIS_URL,
        },
      );
      await ready(`http://127.0.0.1:${admin}/readyz`);
    }
    const next = path.join('node_modules/next/dist/bin/next');
    start(
      `${handler}-${i + 1}`,
      [process.execPath, next, 'start', '--hostname', '127.0.0.1', '--port', String(port)],
      {
        ...env,
        ORIGIN_URL: origin,
        FRESHET_URL: `http://127.0.0.1:${gateway}`,
      },
      folder,
    );
    fleet.push(`http://127.0.0.1:${port}`);
  }
  for (const url of fleet) await ready(`${url}/api/revalidate`);
  return fleet;
}

/** @param {string[]} fleet @param {string} page */
async function stampede(fleet, page) {
  const asked = Array.from({ length: REQUESTS }, (_, i) => get(fleet[i % fleet.length] + page));
  const answers = await Promise.all(asked);
  const failed = answers.filter(
    ({ status, body }) => status !== 200 || !shownCall({ body }),
  ).length;
  await pause(SETTLE_MS);
  return { ms: answers.map(({ ms }) => ms), failed };
}

/** @param {number[]} values @param {number} q */
function quantile(values, q) {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)];
}

/** @param {string} handler */
async function measure(handler) {
  const origin = await startOrigin();
  const fleet = await startFleet(handler, origin.url);
  for (const folder of Object.values(KINDS)) {
    for (let i = 0; i < 20; i++)
      await Promise.all(fleet.map((url) => get(`${url}${folder}warm-${i % 2}`)));
  }
  await pause(SETTLE_MS);
  const rows = [];
  for (const [kind, folder] of Object.entries(KINDS)) {
    const cold = {
      calls: /** @type {number[]} */ ([]),
      ms: /** @type {number[]} */ ([]),
      failed: 0,
      old: /** @type {number[]} */ ([]),
    };
    const stale = structuredClone(cold);
    for (let round = 0; round < ROUNDS; round++) {
      const key = `${round}-${folder.replace(/\W/g, '')}`;
      for (const [what, into] of /** @type {const} */ ([
        ['cold', cold],
        ['stale', stale],
      ])) {
        const before = origin.calls(key);
        if (what === 'stale') {
          await get(`${fleet[0]}/api/revalidate?tag=${key}`, 'POST');
          await pause(SETTLE_MS);
        }
        const { ms, failed } = await stampede(fleet, folder + key);
        into.calls.push(origin.calls(key) - before);
        into.ms.push(...ms);
        into.failed += failed;
        const shown = await Promise.all(fleet.map((url) => get(url + folder + key)));
        into.old.push(shown.filter((answer) => shownCall(answer) <= before).length);
      }
    }
    rows.push({ handler, kind, cold, stale });
    console.log(handler, kind, 'cold', cold.calls, 'stale', stale.calls, 'old', stale.old);
  }
  for (const end of endings.splice(0).reverse()) end();
  await pause(1_000);
  return rows;
}

/** @param {{ calls: number[], ms: number[], failed: number }} measured */
function cells({ calls, ms, failed }) {
  const range = rangeOf(calls);
  const wrong = failed ? ` (${failed} of ${ms.length} without a value)` : '';
  return `${range}${wrong} | ${Math.round(quantile(ms, 0.5))} | ${Math.round(quantile(ms, 0.99))}`;
}

/** @param {number[]} values */
function rangeOf(values) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return least === most ? String(most) : `${least} to ${most}`;
}

/** @param {any[]} rows @param {string} load */
function report(rows, load) {
  const git = (/** @type {string[]} */ ...args) =>
    execFileSync('git', args, { cwd: repository, encoding: 'utf8' }).trim();
  const date = new Date().toISOString().slice(0, 10);
  const changed = git('status', '--porcelain', 'src') ? ' and changes' : '';
  const redis = execFileSync('redis-server', ['--version'], { encoding: 'utf8' }).match(
    /v=(\S+)/,
  )?.[1];
  const { version } = JSON.parse(
    execFileSync(process.execPath, ['-p', 'JSON.stringify(require("next/package.json"))'], {
      cwd: app,
      encoding: 'utf8',
    }),
  );
  const lines = [
    '# stampede',
    '',
    `How often is the origin asked, and how long does who asks wait, when ${REQUESTS} requests reach ${PROCESSES} \`next start\` at once? The origin takes ${ORIGIN_MS} ms. Cold: nobody`,
    `has the value. Stale: \`revalidateTag(tag, 'max')\` was called at one of the three, and ${SETTLE_MS / 1000} s later they are asked. ${ROUNDS} rounds with new keys: the least and the most calls of a round, the`,
    `latencies of all. Old afterwards: of the ${PROCESSES} processes, those that show the old value when they are asked once more.`,
    'Where the machine was busy with other things, compare the calls, and latencies only within a handler.',
    '',
    '    node bench/stampede/run.mjs',
    '',
    '| date | commit | machine | load before | Node | Next | Redis | peers |',
    '|---|---|---|---|---|---|---|---|',
    `| ${date} | ${git('rev-parse', '--short', 'HEAD')}${changed} | ${os.cpus()[0].model}, ${os.cpus().length} cores, ${Math.round(os.totalmem() / 1024)} kB | ${load} | ${process.versions.node} | ${version} | ${redis} | ${Object.values(PEERS).join(', ')} |`,
    '',
    '| handler | kind | cold: origin calls | p50 ms | p99 ms | stale: origin calls | p50 ms | p99 ms | old afterwards |',
    '|---|---|---|---|---|---|---|---|---|',
    ...rows.map(
      ({ handler, kind, cold, stale }) =>
        `| ${handler} | ${kind} | ${cells(cold)} | ${cells(stale)} | ${rangeOf(stale.old)} |`,
    ),
    '',
  ];
  writeFileSync(path.join(repository, `bench/results/stampede-${date}.md`), lines.join('\n'));
}

const load = os.loadavg()[0].toFixed(1);
const wanted = process.argv.slice(2);
try {
  install();
  const rows = [];
  for (const handler of HANDLERS) {
    if (wanted.length === 0 || wanted.includes(handler)) rows.push(...(await measure(handler)));
  }
  report(rows, load);
} finally {
  for (const end of endings.splice(0).reverse()) end();
  agent.destroy();
}
