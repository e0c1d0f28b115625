// @ts-check
/** Whether every address of the gateway answers, in time, and as one fleet. */
import { randomUUID } from 'node:crypto';
import { decode } from '../frame.js';
import { digestOf } from '../names.js';
import { CLOCKS_APART_MS } from '../seed.js';
import { ask, explained, refusal } from './ask.js';

/** @typedef {import('../config.js').Config} Config */
/** @typedef {import('../address.js').Address} Address */
/** @typedef {import('./doctor.js').Say} Say */
/** @typedef {import('../trust.js').Clock & { replica: string }} Clock */
/** @typedef {{ address: Address, clock: Clock }} Reached */

const ROUNDS = 5;
/** Slower than this, a cache is of little use. */
const ROUND_TRIP_MS_MAX = 20;
/** Half of what build output is taken to be older than its files. */
const APART_MS_MAX = CLOCKS_APART_MS / 2;

/**
 * @param {Config} settings
 * @param {{ name: string, at: number }} built the deployment, and when it was built, ms
 * @param {Say} say
 */
export async function checkGateway(settings, { name, at }, say) {
  /** @type {Reached[]} */
  const reached = [];
  for (const address of settings.addresses) {
    const clock = await checkAddress(settings, address, say);
    if (clock) reached.push({ address, clock });
  }
  if (reached.length === 0) return;
  await checkClock(settings, name, reached[0], say);
  checkFleet(reached, say);
  checkHistory(reached, at, say);
  await checkRoundTrip(settings, name, reached, say);
}

/**
 * @param {Config} settings
 * @param {Address} address
 * @param {Say} say
 * @returns {Promise<Clock | undefined>}
 */
async function checkAddress(settings, address, say) {
  const times = [];
  let clock;
  try {
    for (let i = 0; i < ROUNDS; i++) {
      const answer = await ask(settings, address, { path: 'clock' });
      if (answer.status !== 200) {
        say('fail', 'gateway', `${address.name} answers ${refusal(answer)}`);
        return undefined;
      }
      times.push(answer.ms);
      clock = JSON.parse(answer.body.toString());
    }
  } catch (error) {
    say('fail', 'gateway', `${address.name}: ${explained(error)}`);
    return undefined;
  }
  const ms = times.sort((a, b) => a - b)[ROUNDS >> 1];
  const text = `${address.name} is replica ${clock.replica}, round trip ${ms.toFixed(1)} ms`;
  if (!clock.coherent) {
    say(
      'warn',
      'gateway',
      `${text}, but it is not coherent: is its Redis reachable, and not busy?`,
    );
  } else {
    say(ms > ROUND_TRIP_MS_MAX ? 'warn' : 'ok', 'gateway', text);
  }
  return clock;
}

/**
 * Holds this machine's clock against that of Redis, by the ticket of a miss.
 *
 * @param {Config} settings
 * @param {string} deployment
 * @param {Reached} reached
 * @param {Say} say
 */
async function checkClock(settings, deployment, { address }, say) {
  const from = Date.now();
  const { status, body } = await ask(settings, address, {
    method: 'POST',
    path: `deployments/${deployment}/lookup`,
    json: { entries: [{ digest: digestOf(randomUUID()) }] },
  });
  const to = Date.now();
  const asOf = status === 200 ? decode(body).meta.asOf : undefined;
  const grant = Number(asOf?.split('-')[1]) / 1000;
  if (!Number.isFinite(grant)) {
    say('fail', 'clock', `${address.name} gives no ticket`);
    return;
  }
  const apartMs = grant < from ? from - grant : Math.max(0, grant - to);
  const seconds = `${(apartMs / 1000).toFixed(1)} s`;
  if (apartMs <= APART_MS_MAX) {
    say('ok', 'clock', `this machine's is within ${seconds} of Redis's`);
  } else {
    say(
      'fail',
      'clock',
      `this machine's is ${seconds} apart from Redis's: build output is dated by it, and what ` +
        'was invalidated in that time may come back, or all of it be of no use',
    );
  }
}

/**
 * @param {Reached[]} reached
 * @param {Say} say
 */
function checkFleet(reached, say) {
  if (reached.length === 1) return;
  const epochs = new Set(reached.map(({ clock }) => clock.epoch));
  const replicas = new Set(reached.map(({ clock }) => clock.replica));
  if (epochs.size > 1) {
    say(
      'fail',
      'fleet',
      'the addresses are of different fleets: their replicas share no Redis, so an invalidation ' +
        'reaches one and not the other',
    );
  } else if (replicas.size < reached.length) {
    say(
      'warn',
      'fleet',
      `${reached.length} addresses lead to ${replicas.size} replica: if it fails, all fail`,
    );
  } else {
    say('ok', 'fleet', `${reached.length} replicas of one fleet`);
  }
}

/**
 * What is older than the gateway's memory of invalidations may have been ended, so it is not
 * served.
 *
 * @param {Reached[]} reached
 * @param {number} builtAt
 * @param {Say} say
 */
function checkHistory(reached, builtAt, say) {
  const floorMs = Math.max(...reached.map(({ clock }) => clock.floor)) / 1000;
  if (builtAt - CLOCKS_APART_MS >= floorMs) return;
  const since = new Date(floorMs).toISOString();
  say(
    'warn',
    'fresh pod',
    `invalidations are remembered from ${since} on, and the build is older: what it has ` +
      'prerendered is not served, and rendered anew once for all servers',
  );
}

/**
 * Writes an entry, finds it everywhere, invalidates it, and finds it nowhere.
 *
 * @param {Config} settings
 * @param {string} deployment
 * @param {Reached[]} reached
 * @param {Say} say
 */
async function checkRoundTrip(settings, deployment, reached, say) {
  const [{ address: first }] = reached;
  const key = `freshet-doctor:${randomUUID()}`;
  const path = `deployments/${deployment}/entries/@${digestOf(key)}`;
  const at = (/** @type {Address} */ address) => ask(settings, address, { path });
  try {
    const headers = { 'freshet-lifetime': 'expire=60', 'cache-groups': `"${key}"` };
    const body = [Buffer.from(key)];
    const put = await ask(settings, first, { method: 'PUT', path, headers, body });
    if (put.status !== 201) throw new Error(`a write is answered ${refusal(put)}`);
    for (const { address } of reached) {
      if ((await at(address)).body.toString() === key) continue;
      throw new Error(`what was written at ${first.name} is not found at ${address.name}`);
    }
    const json = { tags: [key], mode: 'hard' };
    const ended = await ask(settings, first, { method: 'POST', path: 'invalidations', json });
    if (ended.status !== 200) throw new Error(`an invalidation is answered ${refusal(ended)}`);
    for (const { address } of reached) {
      if ((await at(address)).status === 404) continue;
      throw new Error(`${address.name} still serves what was invalidated at ${first.name}`);
    }
    await ask(settings, first, { method: 'DELETE', path });
    const ms = ended.ms.toFixed(1);
    say('ok', 'round trip', `written, read, and invalidated everywhere in ${ms} ms`);
  } catch (error) {
    say('fail', 'round trip', explained(error));
  }
}
