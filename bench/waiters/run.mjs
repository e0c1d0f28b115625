// @ts-check
/**
 * What do 10,000 callers cost a replica that wait for one value, and how soon are they told of it?
 *
 *     node bench/waiters/run.mjs [waiters]
 *
 * Wants target/freshet.jar, a JDK 25 (JAVA_HOME) and as many open files as waiters. Writes bench/results/waiters-<date>.md.
 */
import { execFileSync, spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

const WAITERS = Number(process.argv[2] ?? 10_000);
const [PORT, ADMIN] = [18484, 18485];
const READY_MS = 60_000;
const repository = path.resolve(import.meta.dirname, '../..');
const bin = (/** @type {string} */ name) =>
  process.env.JAVA_HOME ? path.join(process.env.JAVA_HOME, 'bin', name) : name;
const ENTRY = '/v1/apps/bench/deployments/v1/entries/hot';

const gateway = spawn(
  bin('java'),
  ['-Xmx512m', '-jar', path.join(repository, 'target/freshet.jar')],
  {
    env: {
      ...process.env,
      FRESHET_LISTEN: `127.0.0.1:${PORT}`,
      FRESHET_ADMIN_LISTEN: `127.0.0.1:${ADMIN}`,
      FRESHET_LEASE_TTL: '5m',
    },
    stdio: 'ignore',
  },
);
const agent = new http.Agent({ keepAlive: true, maxSockets: Infinity });

/** @returns {Promise<{ status: number, headers: http.IncomingHttpHeaders, body: string, at: number }>} */
function call(/** @type {http.RequestOptions} */ options, body = '') {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: '127.0.0.1', port: PORT, path: ENTRY, agent, ...options },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk) => (text += chunk));
        response.on('end', () =>
          resolve({
            status: response.statusCode ?? 0,
            headers: response.headers,
            body: text,
            at: performance.now(),
          }),
        );
      },
    );
    request.on('error', reject).end(body);
  });
}

/** @param {string} name a line of the metrics without labels */
async function metric(name) {
  const { body } = await call({ port: ADMIN, path: '/metrics' });
  return Number(body.match(new RegExp(`^${name} (\\S+)`, 'm'))?.[1]);
}

/** What the process holds, after a collection. */
function held() {
  execFileSync(bin('jcmd'), [String(gateway.pid), 'GC.run'], { stdio: 'ignore' });
  const heap = execFileSync(bin('jcmd'), [String(gateway.pid), 'GC.heap_info'], {
    encoding: 'utf8',
  });
  const status = readFileSync(`/proc/${gateway.pid}/status`, 'utf8');
  return {
    heapKb: Number(heap.match(/used (\d+)K/)?.[1]),
    rssKb: Number(status.match(/VmRSS:\s+(\d+)/)?.[1]),
    threads: Number(status.match(/Threads:\s+(\d+)/)?.[1]),
  };
}

/** @param {() => Promise<boolean>} condition */
async function until(condition) {
  const deadline = Date.now() + READY_MS;
  while (!(await condition().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`never: ${condition}`);
    await pause(100);
  }
}

try {
  await until(async () => (await call({ port: ADMIN, path: '/readyz' })).status === 200);
  const leader = await call({ headers: { 'Freshet-Lease': 'want' } });
  const token = /token="([^"]+)"/.exec(String(leader.headers['freshet-lease']))?.[1];
  const before = held();
  const asked = Array.from({ length: WAITERS }, () =>
    call({ headers: { 'Freshet-Lease': 'want', 'Prefer': 'wait=30' } }),
  );
  const begun = performance.now();
  await until(async () => (await metric('freshet_lease_waiters')) === WAITERS);
  const queuedMs = performance.now() - begun;
  const during = held();
  const written = performance.now();
  const put = await call(
    {
      method: 'PUT',
      headers: {
        'Freshet-Lease': `token="${token}"`,
        'Freshet-As-Of': String(leader.headers['freshet-as-of']),
      },
    },
    'x'.repeat(4096),
  );
  const answers = await Promise.all(asked);
  const told = answers.map(({ at }) => at - written).sort((a, b) => a - b);
  const right = answers.filter(
    ({ status, body, headers }) =>
      status === 200 && body.length === 4096 && /collapsed/.test(String(headers['cache-status'])),
  ).length;
  agent.destroy();
  await until(async () => (await metric('freshet_lease_waiters')) === 0);
  await pause(1_000);
  const after = held();
  if (put.status !== 201 || right !== WAITERS)
    throw new Error(`PUT ${put.status}, ${right} of ${WAITERS} were told`);
  report({ before, during, after, queuedMs, told });
} finally {
  gateway.kill('SIGKILL');
  agent.destroy();
}

/** @param {{ before: any, during: any, after: any, queuedMs: number, told: number[] }} measured */
function report({ before, during, after, queuedMs, told }) {
  const git = (/** @type {string[]} */ ...args) =>
    execFileSync('git', args, { cwd: repository, encoding: 'utf8' }).trim();
  const date = new Date().toISOString().slice(0, 10);
  const row = (/** @type {string} */ when, /** @type {any} */ { heapKb, rssKb, threads }) =>
    `| ${when} | ${heapKb.toLocaleString('en')} | ${rssKb.toLocaleString('en')} | ${threads} |`;
  const perWaiter = (((during.heapKb - before.heapKb) * 1024) / WAITERS).toFixed(0);
  const lines = [
    '# waiters',
    '',
    `What do ${WAITERS.toLocaleString('en')} callers cost a replica that wait for one value, each on a connection of its own, and how soon are they told of it? The store is in memory, the body 4 KiB; the callers are one Node`,
    'process on the same machine, so the times are those of both.',
    '',
    '    node bench/waiters/run.mjs',
    '',
    '| date | commit | machine | load | Java heap |',
    '|---|---|---|---|---|',
    `| ${date} | ${git('rev-parse', '--short', 'HEAD')} | ${os.cpus()[0].model}, ${os.cpus().length} cores, ${Math.round(os.totalmem() / 1024)} kB | ${os.loadavg()[0].toFixed(1)} | -Xmx512m |`,
    '',
    '| | heap after a collection, kB | resident, kB | threads |',
    '|---|---|---|---|',
    row('before', before),
    row(`${WAITERS.toLocaleString('en')} wait`, during),
    row('after', after),
    '',
    `A waiter takes ${perWaiter} bytes of heap, connection and request included. All were in line after ${Math.round(queuedMs)} ms. One write told all ${told.length.toLocaleString('en')}: the first after ${told[0].toFixed(0)} ms, half after ${told[Math.floor(told.length / 2)].toFixed(0)} ms, the last after ${told.at(-1)?.toFixed(0)} ms.`,
    '',
  ];
  writeFileSync(path.join(repository, `bench/results/waiters-${date}.md`), lines.join('\n'));
}
