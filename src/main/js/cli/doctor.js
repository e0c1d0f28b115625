// @ts-check
/** Finds out whether this app and its gateway are set up well, and says what to do where not. */
import { config } from '../config.js';
import { Failure } from './failure.js';
import { checkGateway } from './doctor-gateway.js';
import { checkBuild, checkNext } from './doctor-build.js';
import { loadEnv } from './project.js';

/** @typedef {{ state: 'ok' | 'warn' | 'fail', what: string, text: string }} Finding */
/** @typedef {(state: Finding['state'], what: string, text: string) => void} Say */

/** @type {import('./main.js').Run} */
export async function run() {
  /** @type {Finding[]} */
  const findings = [];
  /** @type {Say} */
  const say = (state, what, text) => void findings.push({ state, what, text });
  loadEnv();
  const settings = heeding(config, (text) => say('fail', 'settings', text));
  if (findings.length === 0) {
    const at = settings.addresses.map(({ name }) => name).join(', ');
    say('ok', 'settings', `app ${settings.app} at ${at}, coherence ${settings.coherence}`);
  }
  if (settings.token || settings.tokenFile) checkSecrecy(settings.addresses, say);
  checkNext(say);
  let built = { name: 'freshet-doctor', at: Infinity };
  try {
    built = await checkBuild(say);
  } catch (error) {
    if (!(error instanceof Failure)) throw error;
    say('warn', 'build', error.message);
  }
  await checkGateway(settings, built, say);

  const ok = findings.every(({ state }) => state !== 'fail');
  const text = findings.map(
    ({ state, what, text }) => `${state.padEnd(4)}  ${what.padEnd(11)}${text}`,
  );
  return { ok, text: text.join('\n'), json: { ok, findings } };
}

/**
 * @param {import('../address.js').Address[]} addresses
 * @param {Say} say
 */
function checkSecrecy(addresses, say) {
  for (const { name, where } of addresses) {
    const near = where.socketPath || /^(localhost|127\.[\d.]+|::1)$/.test(`${where.hostname}`);
    if (where.protocol === 'http:' && !near) {
      say('warn', 'settings', `the token goes to ${name} unencrypted: use https`);
    }
  }
}

/**
 * Has what would be warned of told.
 *
 * @template T
 * @param {() => T} work
 * @param {(text: string) => void} told
 */
function heeding(work, told) {
  const { warn } = console;
  console.warn = (text) => told(String(text).replace('freshet-next: ', ''));
  try {
    return work();
  } finally {
    console.warn = warn;
  }
}
