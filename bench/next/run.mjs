// @ts-check
/**
 * How do pages of three `next start` fare with Next's own cache handlers, three from npm, and Freshet:
 * warm, when many ask at once for what is not there, and while what they show is invalidated?
 *
 *     node bench/next/run.mjs [--rounds 5] [--entries 1,1000] [--only NAME,…] [--patience 30]
 *
 * Wants target/freshet.jar, a JDK 25 (JAVA_HOME), redis-server and wrk. Writes bench/results/next.md.
 */
import os from 'node:os';
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
    patience: { type: 'string', default: '30' },
    entries: { type: 'string', default: '1,1000' },
    only: { type: 'string', default: SUBJECTS.map(({ name }) => name).join() },
  },
});
const REST_MS = 3_000;
const rounds = Number(values.rounds);
const entries = values.entries.split(',').map(Number);
const wanted = values.only.split(',');
const load = os.loadavg()[0].toFixed(1);
const origin = await startOrigin();

/** @param {import('./fleet.mjs').Fleet} fleet @param {number[]} pids @param {number} round */
async function* situations(fleet, pids, round) {
  const [hard, soft] = /** @type {const} */ (['hard', 'soft']);
  const modes = [...entries.map((held) => ({ held, mode: hard })), { held: entries[0], mode: soft }];
  yield { situation: 'warm', rows: await warmed(fleet, pids) };
  const name = `${fleet.subject.name.replace(/\W+/g, '-')}-${round}`;
  yield { situation: 'stampede', rows: await stampeded(fleet, pids, origin, `${name}-rush`) };
  for (const { held, mode } of modes) {
    if (held > 1 && fleet.subject.handler === 'built-in') continue; // has nothing that others could fill
    const tag = `${name}-${mode}-${held}`;
    const rows = await invalidated(fleet, pids, origin, tag, held, mode);
    yield { situation: `${mode} ${held}`, rows };
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
    const rest = () => new Promise((resolve) => setTimeout(resolve, REST_MS));
    const { commands, reads, ms } = (await metered(fleet, pids, rest)).taken;
    fleet.atRest = { commands: (commands * 1_000) / ms, reads: (reads * 1_000) / ms };
  }
  const measured = [];
  for (let round = 0; round < rounds; round++) {
    // there and back, so that none is always after the same
    for (const fleet of round % 2 ? fleets.toReversed() : fleets) {
      await calm(pids, Number(values.patience));
      for await (const { situation, rows } of situations(fleet, pids, round)) {
        for (const [kind, figures] of Object.entries(rows)) {
          const row = { round, subject: fleet.subject.name, situation, kind, ...figures };
          measured.push(row);
          console.log(JSON.stringify(row));
        }
      }
    }
    report({ measured, fleets, load }); // what there is, should a later round fail
  }
} finally {
  hangUp();
  hangUpRedis();
  endAll();
  origin.close();
}
