// @ts-check
/** What a subject has taken until now: of Redis, and of the machine. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { installed } from './fleet.mjs';

/** By clock tick, as /proc counts. */
const TICK_MS = 10;
/** More than that of the machine to others, and a round is noisy. */
export const NOISE_MAX = 0.1;

/** @type {Map<string, any>} */
const clients = new Map();

/** @param {string} url */
function client(url) {
  const { Redis } = createRequire(path.join(installed, 'package.json'))('ioredis');
  const found = clients.get(url) ?? new Redis(url);
  clients.set(url, found);
  return found;
}

export function hangUpRedis() {
  for (const found of clients.values()) found.disconnect();
}

/** @param {import('./fleet.mjs').Fleet} fleet @returns {Promise<number>} */
export const keysIn = ({ redis }) => client(redis).dbsize();

/**
 * Until others leave the machine alone, or for so long.
 *
 * @param {number[]} pids of all that runs @param {number} seconds
 */
export async function calm(pids, seconds) {
  const until = performance.now() + seconds * 1_000;
  while (performance.now() < until) {
    const before = { othersMs: othersMs(pids), ms: performance.now() };
    await pause(1_000);
    if (othersShare(before, { othersMs: othersMs(pids), ms: performance.now() }) < NOISE_MAX) return;
  }
}

/** Ms of CPU of a process, and of its children that have ended. @param {number | 'self'} pid */
function cpuMs(pid) {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/.*\) /s, '').split(' ');
  const [user, system, ofChildren, systemOfChildren] = fields.slice(11, 15).map(Number);
  return (user + system + (pid === 'self' ? ofChildren + systemOfChildren : 0)) * TICK_MS;
}

/** Ms that the machine's cores worked. */
function busyMs() {
  const line = readFileSync('/proc/stat', 'utf8').split('\n')[0].split(/\s+/).slice(1).map(Number);
  const [user, nice, system, , , interrupts, soft, stolen] = line;
  return (user + nice + system + interrupts + soft + stolen) * TICK_MS;
}

/**
 * Commands that Redis was sent or that a script called, and how often it was sent any: what is
 * pipelined arrives together.
 *
 * @param {string} url
 */
async function redisCounts(url) {
  const info = await client(url).info('all');
  const calls = Array.from(info.matchAll(/^cmdstat_(\S+?):calls=(\d+)/gm));
  const commands = calls
    .filter(([, name]) => name !== 'info')
    .reduce((sum, [, , count]) => sum + Number(count), 0);
  return { commands, reads: Number(/total_reads_processed:(\d+)/.exec(info)?.[1]) };
}

/**
 * @param {import('./fleet.mjs').Fleet} fleet
 * @param {number[]} pids of all that runs
 */
async function now({ redis, pids: own }, pids) {
  return {
    ...(await redisCounts(redis)),
    cpuMs: allMs(own),
    othersMs: othersMs(pids),
    ms: performance.now(),
  };
}

const allMs = (/** @type {(number | 'self')[]} */ pids) =>
  pids.reduce((/** @type {number} */ ms, pid) => ms + cpuMs(pid), 0);

/** Ms that the cores worked for what is none of the bench's. @param {number[]} pids */
const othersMs = (pids) => busyMs() - allMs([...pids, 'self']);

/** @typedef {{ othersMs: number, ms: number }} Moment */

/** The share of the machine that others took. @param {Moment} before @param {Moment} after */
function othersShare(before, after) {
  return (after.othersMs - before.othersMs) / (after.ms - before.ms) / os.availableParallelism();
}

/**
 * @typedef {{ commands: number, reads: number, cpuMs: number, ms: number, others: number }} Taken
 *     `others`: the share of the machine that went to processes that are none of the bench's
 */

/**
 * What was taken while the body ran.
 *
 * @template T
 * @param {import('./fleet.mjs').Fleet} fleet
 * @param {number[]} pids of all that runs
 * @param {() => Promise<T>} body
 * @returns {Promise<{ result: T, taken: Taken }>}
 */
export async function metered(fleet, pids, body) {
  const before = await now(fleet, pids);
  const result = await body();
  const after = await now(fleet, pids);
  const [commands, reads] = [after.commands - before.commands, after.reads - before.reads];
  const ms = after.ms - before.ms;
  const others = othersShare(before, after);
  const taken = { commands, reads, cpuMs: after.cpuMs - before.cpuMs, ms, others };
  return { result, taken };
}
