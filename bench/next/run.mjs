// @ts-check
/**
 * How do pages of three `next start` fare with Next's own cache handlers, three from npm, and Freshet:
 * warm, when many ask at once for what is not there, and while what they show is invalidated?
 *
 *     node bench/next/run.mjs [--rounds 5] [--entries 1,1000] [--only NAME,…] [--situations NAME,…] [--patience 10] [--result next]
 *
 * Wants target/freshet.jar, a JDK 25 (JAVA_HOME), redis-server and wrk. Writes bench/results/next.md, or another result.
 */
import os from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { endAll, install, startFleet, SUBJECTS } from './fleet.mjs';
import { hangUp } from './load.mjs';
import { calm, hangUpRedis, metered } from './meters.mjs';
import { startOrigin } from './origin.mjs';
import { report } from './report.mjs';
import { invalidated, stampeded, warmed, warmUp } from './situations.mjs';

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    patience: { type: 'string', default: '10' },
    entries: { type: 'string', default: '1,1000' },
    only: { type: 'string', default: SUBJECTS.map(({ name }) => name).join() },
    situations: { type: 'string' },
    result: { type: 'string', default: 'next' },
  },
});
/** @typedef {import('./fleet.mjs').Fleet} Fleet */

const REST_MS = 3_000;
const rounds = Number(values.rounds);
const entries = values.entries.split(',').map(Number);
const wanted = values.only.split(',');
const load = os.loadavg()[0].toFixed(1);
const origin = await startOrigin();

/**
 * @typedef {object} Situation
 * @property {string} name
 * @property {(fleet: Fleet, pids: number[], name: string) => Promise<Record<string, any>>} measure figures by kind
 * @property {(fleet: Fleet) => boolean} [leavesOut]
 */

/** Shows what a handler of one's own costs when all is there, and nothing else. @param {Fleet} fleet */
const isMap = ({ subject }) => subject.handler === 'map';

/** @param {number} held @param {'hard' | 'soft'} mode @returns {Situation} */
const whileInvalidated = (held, mode) => ({
  name: `${mode} ${held}`,
  measure: (fleet, pids, name) => invalidated(fleet, pids, origin, name, held, mode),
  // has nothing that others could fill
  leavesOut: (fleet) => isMap(fleet) || (held > 1 && fleet.subject.handler === 'built-in'),
});

/** @type {Situation[]} */
const situations = [
  { name: 'warm', measure: warmed },
  {
    name: 'stampede',
    measure: (fleet, pids, name) => stampeded(fleet, pids, origin, name),
    leavesOut: isMap,
  },
  ...entries.map((held) => whileInvalidated(held, 'hard')),
  whileInvalidated(entries[0], 'soft'),
].filter(({ name }) => values.situations?.split(',').includes(name) ?? true);

/**
 * A round: each situation with one subject right after the other, so that what the machine does
 * meanwhile is shared.
 *
 * @param {Fleet[]} fleets @param {number[]} pids @param {number} round
 */
async function* measure(fleets, pids, round) {
  // there and back, so that none is always after the same
  const inTurn = round % 2 ? fleets.toReversed() : fleets;
  for (const situation of situations) {
    for (const fleet of inTurn.filter((fleet) => !situation.leavesOut?.(fleet))) {
      await calm(pids, Number(values.patience));
      const subject = fleet.subject.name;
      const name = `${subject}-${situation.name}-${round}`.replace(/\W+/g, '-');
      const rows = await situation.measure(fleet, pids, name);
      for (const [kind, figures] of Object.entries(rows)) {
        yield { round, subject, situation: situation.name, kind, ...figures };
      }
    }
  }
}

for (const signal of ['SIGINT', 'SIGTERM']) {
  process.once(signal, () => {
    endAll();
    process.exit(1);
  });
}

try {
  install();
  const fleets = [];
  for (const subject of SUBJECTS.filter(({ name }) => wanted.includes(name))) {
    console.log('starting', subject.name);
    fleets.push(await startFleet(subject, origin.url));
  }
  for (const fleet of fleets) await warmUp(fleet);
  const pids = fleets.flatMap((fleet) => fleet.pids);
  for (const fleet of fleets) {
    const rest = () => pause(REST_MS);
    const { commands, reads, ms } = (await metered(fleet, pids, rest)).taken;
    fleet.atRest = { commands: (commands * 1_000) / ms, reads: (reads * 1_000) / ms };
  }
  const measured = [];
  for (let round = 0; round < rounds; round++) {
    for await (const row of measure(fleets, pids, round)) {
      measured.push(row);
      console.log(JSON.stringify(row));
    }
    report({ measured, fleets, load, result: values.result }); // what there is, should a later round fail
  }
} finally {
  hangUp();
  hangUpRedis();
  endAll();
  origin.close();
}
