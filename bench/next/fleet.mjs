// @ts-check
/** What is measured: for each handler a Redis, three `next start` of one build, and whatever the handler needs beside them. */
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { ask } from './load.mjs';

export const PEERS = [
  '@leejpsd/nextjs-cache-handler@1.0.0',
  '@trieb.work/nextjs-turbo-redis-cache@1.18.0',
  '@mrjasonroy/cache-components-cache-handler@16.1.6',
];
/** leejpsd and mrjasonroy take ioredis, trieb.work wants this version of the other. */
const CLIENTS = ['ioredis@5.8.2', 'redis@4.7.0'];
const PROCESSES = 3;
const READY_MS = 120_000;
/** Longer than a run: no connection is closed just as it is taken into use. */
const KEEP_ALIVE_MS = 3_600_000;

export const repository = path.resolve(import.meta.dirname, '../..');
const work = path.join(repository, 'target/next');
export const installed = path.join(work, 'app');
const NEXT = 'node_modules/next/dist/bin/next';

/**
 * A handler and how it is set. What is in `env` is given to its servers.
 *
 * @typedef {{ name: string, handler: string, env?: Record<string, string> }} Subject
 */

/** @type {Subject[]} */
export const SUBJECTS = [
  { name: 'built-in', handler: 'built-in' },
  { name: 'a Map', handler: 'map' },
  { name: 'leejpsd', handler: 'leejpsd' },
  { name: 'trieb.work', handler: 'trieb.work' },
  { name: 'mrjasonroy', handler: 'mrjasonroy' },
  { name: 'Freshet near', handler: 'freshet', env: { FRESHET_COHERENCE: 'bounded' } },
  { name: 'Freshet strict', handler: 'freshet', env: { FRESHET_COHERENCE: 'strict' } },
];

/**
 * A subject that runs.
 *
 * @typedef {object} Fleet
 * @property {Subject} subject
 * @property {string[]} urls of its servers
 * @property {string} redis
 * @property {number[]} pids of all that serves it
 * @property {Record<string, string>} env of its servers
 * @property {string} folder of its first server
 * @property {string} action the id of the action that ends a tag
 * @property {{ commands: number, reads: number }} atRest what Redis is sent in a second when nobody asks
 */

/** @type {import('node:child_process').ChildProcess[]} */
const started = [];

/** Ends what was started, the last first. Who is to write a profile gets to do so. */
export function endAll() {
  const signal = process.env.PROFILE ? 'SIGTERM' : 'SIGKILL';
  for (const child of started.splice(0).reverse()) child.kill(signal);
}

/** @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}

/** @param {string} name @param {string[]} command @param {Record<string, string>} [env] @param {string} [cwd] */
function start(name, [program, ...args], env = {}, cwd = work) {
  const log = openSync(path.join(work, 'logs', `${name}.log`), 'w');
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, ...env },
    stdio: ['ignore', log, log],
  });
  started.push(child);
  return child.pid ?? 0;
}

/** @param {string} url @param {number} pid of who is to answer there */
async function ready(url, pid) {
  const deadline = Date.now() + READY_MS;
  while ((await ask(url)).status !== 200) {
    const ended = started.find((child) => child.pid === pid)?.exitCode != null;
    if (ended || Date.now() > deadline) throw new Error(`no answer of ${url}: see ${work}/logs`);
    await pause(200);
  }
}

/** Installs the app with the adapter, as it would be published, and the peers. */
export function install() {
  mkdirSync(installed, { recursive: true });
  mkdirSync(path.join(work, 'logs'), { recursive: true });
  for (const part of ['src/test/next-app/package.json', 'bench/peers/next', 'bench/next/app']) {
    const into = part.endsWith('.json') ? path.join(installed, path.basename(part)) : installed;
    cpSync(path.join(repository, part), into, { recursive: true });
  }
  const npm = (/** @type {string[]} */ ...args) =>
    execFileSync('npm', args, { cwd: installed, stdio: ['ignore', 'ignore', 'inherit'] });
  npm('pack', path.join(repository, 'src/main/js'), '--pack-destination', work, '--loglevel=error');
  const archive = readdirSync(work).find((name) => /^freshet-next-.*\.tgz$/.test(name)) ?? '';
  const quiet = ['--no-audit', '--no-fund', '--legacy-peer-deps', '--loglevel=error'];
  npm('install', ...quiet, ...PEERS, ...CLIENTS, path.join(work, archive));
}

/** @param {string} folder @returns {number} when the latest of its files was written */
function newest(folder) {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  return Math.max(...files.map((name) => statSync(path.join(folder, name)).mtimeMs));
}

/**
 * The app built for a handler; one that is newer than its sources is kept.
 *
 * @param {string} handler @param {Record<string, string>} env
 */
function build(handler, env) {
  const built = path.join(work, 'built', handler);
  const id = path.join(built, '.next/BUILD_ID');
  const sources = ['bench/peers/next', 'bench/next/app', 'src/main/js', 'src/test/next-app'];
  const changed = Math.max(...sources.map((part) => newest(path.join(repository, part))));
  if (existsSync(id) && statSync(id).mtimeMs > changed) return built;
  rmSync(built, { recursive: true, force: true });
  rmSync(path.join(installed, '.next'), { recursive: true, force: true });
  const log = openSync(path.join(work, 'logs', `${handler}-build.log`), 'w');
  execFileSync(process.execPath, [NEXT, 'build'], {
    cwd: installed,
    env: { ...process.env, ...env },
    stdio: ['ignore', log, log],
  });
  cpSync(installed, built, { recursive: true, filter: (file) => !file.endsWith('/node_modules') });
  return built;
}

/** A folder to start a server in, as on a machine of its own. @param {string} built @param {string} name */
function unpack(built, name) {
  const folder = path.join(work, 'run', name);
  rmSync(folder, { recursive: true, force: true });
  cpSync(built, folder, { recursive: true, preserveTimestamps: true });
  symlinkSync(path.join(installed, 'node_modules'), path.join(folder, 'node_modules'));
  return folder;
}

async function startRedis(/** @type {string} */ name) {
  const port = await freePort();
  const settings = ['--bind', '127.0.0.1', '--save', '', '--notify-keyspace-events', 'Exe'];
  const pid = start(name, ['redis-server', '--port', String(port), ...settings]);
  return { pid, url: `redis://127.0.0.1:${port}` };
}

/** A JDK's, and the product's jar is built if that is older than its sources. */
function java() {
  const script = '. bench/jdk && jar >&2 && echo "$java_home/bin/java"';
  return execFileSync('bash', ['-ec', script], { cwd: repository, encoding: 'utf8' }).trim();
}

/** @param {string} name @param {string} redis */
async function startGateway(name, redis) {
  const [port, admin] = [await freePort(), await freePort()];
  const jar = path.join(repository, 'target/freshet.jar');
  const pid = start(name, [java(), '-Xmx256m', '-jar', jar], {
    FRESHET_LISTEN: `127.0.0.1:${port}`,
    FRESHET_ADMIN_LISTEN: `127.0.0.1:${admin}`,
    FRESHET_REDIS_URL: redis,
  });
  await ready(`http://127.0.0.1:${admin}/readyz`, pid);
  return { pid, url: `http://127.0.0.1:${port}` };
}

/**
 * Builds the app for the subject, if need be, and starts three servers; those of Freshet with a replica each.
 *
 * @param {Subject} subject
 * @param {string} origin
 * @returns {Promise<Fleet>}
 */
export async function startFleet(subject, origin) {
  const { handler } = subject;
  const name = subject.name.replace(/\W+/g, '-');
  const redis = await startRedis(`${name}-redis`);
  /** @type {Record<string, string>} */
  const env = {
    HANDLER: handler,
    NODE_ENV: 'production',
    NEXT_TELEMETRY_DISABLED: '1',
    NEXT_DEPLOYMENT_ID: 'bench',
    DEPLOYMENT_VERSION: 'bench',
    VERCEL_ENV: 'production',
    REDIS_URL: redis.url,
    FRESHET_APP: 'bench',
    ...subject.env,
  };
  const built = build(handler, env);
  const pids = [redis.pid];
  const servers = /** @type {number[]} */ ([]);
  const [urls, folders] = [/** @type {string[]} */ ([]), /** @type {string[]} */ ([])];
  for (let i = 1; i <= PROCESSES; i++) {
    if (handler === 'freshet') {
      const gateway = await startGateway(`${name}-gateway-${i}`, redis.url);
      pids.push(gateway.pid);
      env.FRESHET_URL = gateway.url;
    }
    const [port, folder] = [String(await freePort()), unpack(built, `${name}-${i}`)];
    const options = ['--hostname', '127.0.0.1', '--port', port];
    const kept = ['--keepAliveTimeout', String(KEEP_ALIVE_MS)];
    const command = [process.execPath, ...profiled(name), NEXT, 'start', ...options, ...kept];
    const more = { ...env, ORIGIN_URL: origin };
    servers.push(start(`${name}-${i}`, command, more, folder));
    urls.push(`http://127.0.0.1:${port}`);
    folders.push(folder);
  }
  for (const [i, url] of urls.entries()) await ready(`${url}/end`, servers[i]);
  const action = /\$ACTION_ID_(\w+)/.exec((await ask(`${urls[0]}/end`)).body)?.[1];
  if (!action) throw new Error(`${urls[0]}/end has no action`);
  const all = { subject, urls, redis: redis.url, pids: [...pids, ...servers] };
  return { ...all, env, folder: folders[0], action, atRest: { commands: 0, reads: 0 } };
}

/** With PROFILE=1 each server writes a CPU profile when it ends. @param {string} name */
function profiled(name) {
  if (!process.env.PROFILE) return [];
  return ['--cpu-prof', `--cpu-prof-dir=${path.join(work, 'profiles', name)}`];
}

/**
 * Has the handler itself write entries with the tags, so many with each.
 *
 * @param {Fleet} fleet @param {string[]} tags @param {number} entries
 */
export async function fill({ subject, env, folder }, tags, entries) {
  const script = path.join(import.meta.dirname, 'fill.mjs');
  const child = spawn(process.execPath, [script, String(entries), ...tags], {
    cwd: folder,
    env: { ...process.env, ...env, FRESHET_DEADLINE_MS: '30000' }, // so many at once, from a process just begun
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [code] = await once(child, 'exit');
  if (code !== 0) throw new Error(`filling ${subject.name} ended with ${code}`);
}

export const nextVersion = () =>
  JSON.parse(readFileSync(path.join(installed, 'node_modules/next/package.json'), 'utf8')).version;
