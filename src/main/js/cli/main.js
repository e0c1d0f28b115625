#!/usr/bin/env node
// @ts-check
/** `freshet-next`: what a person or a deployment does with the adapter besides running it. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { Failure } from './failure.js';

/** Exit codes: 0 well, 1 not, 64 called wrongly. */
const EXIT_FAILED = 1;
const EXIT_USAGE = 64;

const HELP = `Usage: freshet-next <command> [options]

  init             write the two handler files, and show what else to add
  doctor           check settings, gateway, build and Next; exits 1 if anything is wrong
  seed             upload what the build has made, ahead of traffic; may be run again
  why <key or url> tell why an entry is served or not

Options
  --dir <path>          the app, by default where you are
  --url <addresses>     the gateway, in place of FRESHET_URL
  --app <name>          in place of FRESHET_APP
  --deployment <name>   in place of NEXT_DEPLOYMENT_ID
  --concurrency <n>     of seed: uploads at a time, 1 to 64, by default 8
  --dry-run             of seed: upload nothing
  --json                tell it as JSON
  --help, --version

Settings are read as Next does, from the environment and the .env files of the app.`;

const OPTIONS = /** @type {const} */ ({
  'dir': { type: 'string' },
  'url': { type: 'string' },
  'app': { type: 'string' },
  'deployment': { type: 'string' },
  'concurrency': { type: 'string' },
  'dry-run': { type: 'boolean' },
  'json': { type: 'boolean' },
  'help': { type: 'boolean', short: 'h' },
  'version': { type: 'boolean', short: 'v' },
});

/**
 * What each does. It answers what to print, and whether all is well.
 *
 * @typedef {{ json: object, text: string, ok: boolean }} Outcome
 * @typedef {{ words: string[], concurrency: number, dryRun: boolean }} Asked
 * @typedef {(asked: Asked) => Promise<Outcome> | Outcome} Run
 * @type {Record<string, () => Promise<{ run: Run }>>}
 */
const COMMANDS = {
  init: () => import('./init.js'),
  doctor: () => import('./doctor.js'),
  seed: () => import('./seed.js'),
  why: () => import('./why.js'),
};

/** @param {string[]} given */
async function main(given) {
  const { values, positionals } = parsed(given);
  const [command, ...words] = positionals;
  if (values.version) return console.log(versionOfPackage());
  if (values.help) return console.log(HELP);
  const load = Object.hasOwn(COMMANDS, command ?? '') ? COMMANDS[command] : undefined;
  if (!load) throw usage(command ? `there is no command ${command}` : 'name a command');
  if (words.length !== (command === 'why' ? 1 : 0)) {
    throw usage(command === 'why' ? 'why takes one key or url' : `${command} takes no more words`);
  }
  const concurrency = Number(values.concurrency ?? 8);
  if (!(Number.isInteger(concurrency) && concurrency >= 1 && concurrency <= 64)) {
    throw usage(`--concurrency is 1 to 64, was ${values.concurrency}`);
  }
  enter(values);
  const dryRun = values['dry-run'] ?? false;
  const { json, text, ok } = await (await load()).run({ words, concurrency, dryRun });
  console.log(values.json ? JSON.stringify(json, null, 2) : text);
  if (!ok) process.exitCode = EXIT_FAILED;
}

/** @param {string[]} args */
function parsed(args) {
  try {
    return parseArgs({ args, options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw usage(/** @type {Error} */ (error).message);
  }
}

/** @param {string} message */
function usage(message) {
  return Object.assign(new Failure(`${message}; see freshet-next --help`), { exit: EXIT_USAGE });
}

/**
 * Sets the environment up as it is for the app.
 *
 * @param {{ dir?: string, url?: string, app?: string, deployment?: string }} options
 */
function enter({ dir, url, app, deployment }) {
  try {
    if (dir) process.chdir(dir);
  } catch {
    throw usage(`there is no directory ${path.resolve(dir ?? '')}`);
  }
  if (url) process.env.FRESHET_URL = url;
  if (app) process.env.FRESHET_APP = app;
  if (deployment) process.env.NEXT_DEPLOYMENT_ID = deployment;
  process.env.FRESHET_NEAR_MAX_BYTES = '0';
  process.env.FRESHET_DEADLINE_MS ||= '5000';
}

function versionOfPackage() {
  return JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version;
}

try {
  await main(process.argv.slice(2));
} catch (error) {
  const expected = error instanceof Failure;
  console.error(expected ? `freshet-next: ${error.message}` : error);
  process.exitCode = expected ? error.exit : EXIT_FAILED;
}
