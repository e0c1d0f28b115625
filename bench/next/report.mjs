// @ts-check
/** Writes bench/results/next.md. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { nextVersion, PEERS, repository } from './fleet.mjs';
import { quantile } from './load.mjs';
import { NOISE_MAX } from './meters.mjs';
import { ORIGIN_MS } from './origin.mjs';
import { CONNECTIONS, ENDED, RATE, STAMPEDE, WARM_SECONDS } from './situations.mjs';

/** What was measured of a subject and a kind in a situation in a round. @typedef {any} Row */

const BUILT_IN = 'built-in';
const isOurs = (/** @type {string} */ subject) => subject.startsWith('Freshet');

/** Three digits that say something, or all before the point. @param {number} value */
function figure(value) {
  if (!Number.isFinite(value)) return '–';
  if (value >= 100) return Math.round(value).toLocaleString('en');
  return String(Number(value.toPrecision(3)));
}

/** @param {number[]} values @param {(value: number) => string} [show] */
function spread(values, show = figure) {
  const [least, median, most] = [0, 0.5, 1].map((q) => show(quantile(values, q)));
  return least === most ? `**${median}**` : `${least} · **${median}** · ${most}`;
}

/** @param {number[]} values */
const median = (values) => quantile(values, 0.5);
/** @param {number[]} values */
const sum = (values) => values.reduce((all, value) => all + value, 0);

/** The rounds of each subject and kind. @param {Row[]} rows */
function groups(rows) {
  /** @type {Map<string, Row[]>} */
  const found = new Map();
  for (const row of rows) {
    const name = `${row.subject} | ${row.kind}`;
    found.set(name, [...(found.get(name) ?? []), row]);
  }
  return Array.from(found, ([name, of]) => {
    const all = (/** @type {(row: Row) => number} */ column) => of.map(column);
    const noisy = of.filter(({ others }) => others > NOISE_MAX).length;
    const { subject, kind } = of[0];
    const rounds = noisy ? `${of.length}, ${noisy} noisy` : String(of.length);
    return { name, subject, kind, of, all, rounds };
  });
}

/** @param {string[]} columns @param {(string | number)[][]} rows */
function table(columns, rows) {
  const line = (/** @type {(string | number)[]} */ cells) => `| ${cells.join(' | ')} |`;
  return [line(columns), line(columns.map(() => '---')).replaceAll(' ', ''), ...rows.map(line), ''];
}

/** @param {Row[]} rows @param {import('./fleet.mjs').Fleet[]} fleets */
function warm(rows, fleets) {
  if (rows.length === 0) return [];
  const built = rows.filter(({ subject }) => subject === BUILT_IN);
  const beside = (/** @type {Row} */ row) =>
    row.perCpuSecond /
    (built.find(({ round, kind }) => round === row.round && kind === row.kind)?.perCpuSecond ?? NaN);
  return [
    '## Warm',
    '',
    `Nothing changes. Pages for each second of CPU that servers, gateways and Redis took, asked by wrk on ${CONNECTIONS} connections to each server for ${WARM_SECONDS} s; p50 and p99 at ${RATE} pages a second, both kinds together.`,
    'Redis: commands that it was sent or that its scripts called, and how often something arrived (what is pipelined arrives together), for each page, beyond those when nobody asks; and commands a second then.',
    'A Map is a handler that does nothing but keep what it is given in one: with any handler but its own Next loads and makes it anew for each request.',
    '',
    ...table(
      [
        'handler',
        'kind',
        'pages a CPU second: min · **median** · max',
        'beside the built-in, round by round',
        'pages/s',
        'p50 ms',
        'p99 ms',
        'Redis commands a page',
        'arrivals a page',
        'commands/s at rest',
        'failed',
        'rounds',
      ],
      groups(rows).map(({ name, subject, of, all, rounds }) => [
        name,
        spread(all((row) => row.perCpuSecond)),
        spread(of.map(beside), (value) => value.toFixed(2)),
        figure(median(all((row) => row.perSecond))),
        spread(all((row) => row.p50)),
        spread(all((row) => row.p99)),
        median(all((row) => row.commands)).toFixed(2),
        median(all((row) => row.reads)).toFixed(2),
        figure(fleets.find((fleet) => fleet.subject.name === subject)?.atRest.commands ?? NaN),
        sum(all(({ failed, wrong }) => failed + wrong)),
        rounds,
      ]),
    ),
  ];
}

/** @param {Row[]} rows */
function stampede(rows) {
  if (rows.length === 0) return [];
  return [
    '## Stampede',
    '',
    `${STAMPEDE} requests at once for a page that nobody has, and for one whose tag \`updateTag\` has just ended. Stale: those of the latter that were shown what was before; of all rounds.`,
    '',
    ...table(
      [
        'handler',
        'kind',
        'cold: origin calls',
        'p99 ms',
        'just ended: origin calls',
        'p99 ms',
        'stale',
        'failed',
        'rounds',
      ],
      groups(rows).map(({ name, of, all, rounds }) => [
        name,
        spread(all(({ cold }) => cold.calls)),
        spread(all(({ cold }) => cold.p99)),
        spread(all(({ ended }) => ended.calls)),
        spread(all(({ ended }) => ended.p99)),
        share(sum(all(({ ended }) => ended.stale)), of.length * STAMPEDE),
        sum(all(({ cold, ended, refused }) => cold.failed + ended.failed + refused)),
        rounds,
      ]),
    ),
  ];
}

/** @param {number} part @param {number} whole */
function share(part, whole) {
  const of = `${part.toLocaleString('en')} of ${whole.toLocaleString('en')}`;
  return part ? `**${of}**` : of;
}

/** @param {Row[]} rows @param {string} mode @param {number} held */
function invalidations(rows, mode, held) {
  const entries = held === 1 ? 'that no other entry has' : `that ${held.toLocaleString('en')} entries have`;
  const isHard = mode === 'hard';
  return [
    isHard ? `## While a tag ${entries} is ended` : `## While a tag ${entries} is made stale`,
    '',
    ...table(
      [
        'handler',
        'kind',
        'p50 ms',
        'p99 ms',
        'origin calls each time',
        isHard ? 'stale after the acknowledgement' : 'old afterwards (as it may be)',
        'the last after ms',
        'old when all is quiet',
        'acknowledged after ms: median, max',
        'refused',
        'failed',
        'Redis commands a page',
        'rounds',
      ],
      groups(rows).map(({ name, all, rounds }) => [
        name,
        spread(all(({ p50 }) => p50)),
        spread(all(({ p99 }) => p99)),
        spread(all(({ calls }) => calls)),
        isHard
          ? share(sum(all(({ stale }) => stale)), sum(all(({ judged }) => judged)))
          : `${sum(all(({ stale }) => stale))} of ${sum(all(({ judged }) => judged))}`,
        figure(Math.max(...all(({ staleMs }) => staleMs))),
        share(sum(all(({ kept }) => kept)), sum(all(({ of }) => of))),
        `${figure(median(all(({ endMs }) => endMs)))}, ${figure(Math.max(...all(({ endMsMax }) => endMsMax)))}`,
        sum(all(({ refused }) => refused)),
        sum(all(({ failed }) => failed)),
        median(all(({ commands }) => commands)).toFixed(2),
        rounds,
      ]),
    ),
  ];
}

/** What Freshet is to be, and whether it is. @param {Row[]} measured */
function goals(measured) {
  const of = (/** @type {string} */ situation, /** @type {string} */ kind, /** @type {string} */ column) =>
    groups(measured.filter((row) => row.situation === situation && row.kind === kind)).map(
      ({ subject, all }) => ({ subject, median: median(all((row) => row[column])) }),
    );
  const rows = [];
  for (const situation of new Set(measured.map((row) => row.situation))) {
    for (const kind of new Set(measured.map((row) => row.kind))) {
      if (situation === 'stampede') continue; // its table says it all
      const isWarm = situation === 'warm';
      const medians = of(situation, kind, isWarm ? 'perCpuSecond' : 'p99');
      const others = medians.filter(({ subject }) =>
        isWarm ? subject === BUILT_IN : !isOurs(subject) && subject !== BUILT_IN,
      );
      if (others.length === 0) continue;
      const sorted = others.toSorted((a, b) => (a.median - b.median) * (isWarm ? -1 : 1));
      for (const { subject, median } of medians.filter(({ subject }) => isOurs(subject))) {
        const ratio = median / sorted[0].median;
        rows.push([
          situation,
          kind,
          subject,
          isWarm ? 'pages a CPU second, the built-in\'s or more' : 'p99 below every peer\'s',
          `${figure(median)} beside ${figure(sorted[0].median)} (${sorted[0].subject})`,
          (isWarm ? ratio >= 1 : ratio < 1) ? 'yes' : `**no**: ${ratio.toFixed(2)} ×`,
        ]);
      }
    }
  }
  return [
    '## What was to be shown',
    '',
    'Medians of all rounds.',
    '',
    ...table(['situation', 'kind', 'handler', 'goal', 'measured', 'met'], rows),
  ];
}

/** @param {{ measured: Row[], fleets: import('./fleet.mjs').Fleet[], load: string, result: string }} run */
export function report({ measured, fleets, load, result }) {
  const git = (/** @type {string[]} */ ...args) =>
    execFileSync('git', args, { cwd: repository, encoding: 'utf8' }).trim();
  const redis = execFileSync('redis-server', ['--version'], { encoding: 'utf8' });
  const changed = git('status', '--porcelain', 'src') ? ' and changes' : '';
  const machine = `${os.cpus()[0].model}, ${os.cpus().length} cores, ${Math.round(os.totalmem() / 1024)} kB`;
  const in_ = (/** @type {string} */ situation) =>
    measured.filter((row) => row.situation === situation);
  const ends = Array.from(new Set(measured.map(({ situation }) => situation)))
    .map((situation) => ({ situation, words: situation.split(' ') }))
    .filter(({ words }) => words.length === 2);
  const lines = [
    '# next',
    '',
    `How do pages of three \`next start\` fare with Next's own cache handlers, three from npm and Freshet? A page has some 4 KiB of text; the origin takes ${ORIGIN_MS} ms for what it shows, its version. Handlers in turn, there and back, round`,
    `after round, on the same machine as those who ask. Each is configured as its own documents say for a fleet ([\`bench/peers/next\`](../peers/next)). Noisy are rounds in which others took more than ${NOISE_MAX * 100} % of the machine.`,
    '',
    `    node bench/next/run.mjs ${process.argv.slice(2).join(' ')}`.trimEnd(),
    '',
    ...table(
      ['date', 'commit', 'machine', 'load before', 'Node', 'Next', 'Redis', 'peers'],
      [
        [
          new Date().toISOString().slice(0, 10),
          git('rev-parse', '--short', 'HEAD') + changed,
          machine,
          load,
          process.versions.node,
          nextVersion(),
          redis.match(/v=(\S+)/)?.[1] ?? '',
          PEERS.join(', '),
        ],
      ],
    ),
    ...warm(in_('warm'), fleets),
    ...stampede(in_('stampede')),
    '## While what pages show is invalidated',
    '',
    `${RATE} pages a second are asked for at three servers, whether or not those before are answered. In each of ${ENDED} seconds everybody asks for another page of each kind, and in the middle of it, between two requests, the data changes and a tag that both pages carry is`,
    `ended by \`updateTag\` in a server action, which answers when the handlers have; and ${ORIGIN_MS / 2} ms later again, while what the first has ended is computed anew. Or it is made stale, once, by \`revalidateTag(tag, 'max')\`. An answer is stale that was`,
    'asked for after the acknowledgement and shows the version of before. Next has requests at one server join what it computes for an earlier one, whatever has ended since: that alone gives some to all handlers. When all is quiet each server is asked once more.',
    'Who asks next after an end waits for the origin, whatever the handler.',
    'Who serves stale pages has nothing to wait for: read p99 beside that column.',
    '',
    ...ends.flatMap(({ situation, words: [mode, held] }) =>
      invalidations(in_(situation), mode, Number(held)),
    ),
    ...goals(measured),
  ];
  writeFileSync(path.join(repository, `bench/results/${result}.md`), lines.join('\n'));
}
