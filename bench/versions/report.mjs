// @ts-check
/*
 * node bench/versions/report.mjs
 *
 * What bench/matrix has run, by the reports in target/matrix, a folder for each version: writes
 * bench/results/next-versions.md, and the first table of it between the markers in README.md.
 * Exits 1 if a test has failed.
 */
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';

/** What the tests of a class are about, in the order of the table. @type {Record<string, string>} */
const SUBJECTS = {
  FleetIT: 'one cache for a fleet: every kind of value, actions, deployments',
  SemanticsIT: 'every way to end a value: profiles, paths, actions, draft mode, a new pod',
  StampedeIT: 'one refresh: cold, stale, while a leader fails or dies',
  BuildKindsIT: 'standalone output, webpack, `next dev`; locales, root parameters, images',
  ToolsIT: '`freshet-next doctor`, `seed`, `why`',
};
const REPORTS = 'target/matrix';
const NOT_THERE = /TestAbortedException: not in Next /;
const RESULT = 'bench/results/next-versions.md';
const BEGIN = '<!-- by bench/matrix -->\n';
const END = '<!-- end -->';

/**
 * @typedef {object} Case
 * @property {string} subject the test's class
 * @property {string} name
 * @property {'pass' | 'absent' | 'skip' | 'fail'} state `absent` when this Next lacks what it needs
 * @property {string} why of those that did not pass
 */

const versions = readdirSync(REPORTS)
  .filter((name) => /^[\d.]+$/.test(name))
  .sort((one, other) => one.localeCompare(other, 'en', { numeric: true }));
const runs = versions.map((version) => ({ version, cases: [...casesOf(version)] }));
for (const { version, cases } of runs) {
  if (cases.length === 0) throw new Error(`nothing has run on Next ${version}`);
}

const table = [
  row(['Next.js', ...versions]),
  row(['---', ...versions.map(() => '---')]),
  ...Object.entries(SUBJECTS).map(([subject, about]) =>
    row([
      about,
      ...runs.map(({ cases }) => summary(cases.filter((one) => one.subject === subject))),
    ]),
  ),
].join('\n');
writeFileSync(RESULT, document());
const readme = readFileSync('README.md', 'utf8');
const [from, to] = [readme.indexOf(BEGIN) + BEGIN.length, readme.indexOf(END)];
if (from < BEGIN.length || to < from) throw new Error('README.md has no place for the table');
writeFileSync('README.md', `${readme.slice(0, from)}${table}\n${readme.slice(to)}`);
console.log(table);
process.exitCode = runs.some(({ cases }) => cases.some(isBad)) ? 1 : 0;

/** @param {string} version @returns {Generator<Case>} */
function* casesOf(version) {
  const folder = `${REPORTS}/${version}`;
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.xml'))) {
    const xml = readFileSync(`${folder}/${file}`, 'utf8');
    for (const [, attributes, body = ''] of xml.matchAll(
      /<testcase ([^>]*?)(?:\/>|>([^]*?)<\/testcase>)/g,
    )) {
      const subject = attribute(attributes, 'classname').replace(/^.*\./, '');
      const name = attribute(attributes, 'name');
      const [, kind, why = ''] =
        /<(skipped|failure|error)\b[^>]*>(?:<!\[CDATA\[)?([^\n]*)/.exec(body) ?? [];
      const bad = kind === 'skipped' ? 'skip' : 'fail';
      const state = NOT_THERE.test(why) ? 'absent' : kind ? bad : 'pass';
      yield { subject, name, state, why };
    }
  }
}

/** @param {string} attributes @param {string} name */
function attribute(attributes, name) {
  const [, value = ''] = new RegExp(`\\b${name}="([^"]*)"`).exec(attributes) ?? [];
  return value
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(code))
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&quot;/g, '"')
    .replace(/&apos;/g, "'")
    .replace(/&amp;/g, '&');
}

/** @param {Case} one */
function isBad({ state }) {
  return state === 'fail' || state === 'skip';
}

/** @param {Case[]} cases */
function summary(cases) {
  const count = (/** @type {Case['state']} */ state) =>
    cases.filter((one) => one.state === state).length;
  /** @type {[number, string][]} */
  const parts = [
    [count('pass'), ''],
    [count('absent'), ' not there'],
    [count('skip'), ' **skipped**'],
    [count('fail'), ' **failed**'],
  ];
  const told = parts.filter(([n]) => n > 0).map(([n, text]) => `${n}${text}`);
  return told.join(', ') || 'not run';
}

/** @param {string[]} cells */
function row(cells) {
  return `| ${cells.join(' | ')} |`;
}

function document() {
  return `# Versions of Next.js

On ${new Date().toISOString().slice(0, 10)} by \`bench/matrix\`, with Node ${process.version} on ${cpus().length} × ${cpus()[0].model}
with a load average of ${loadavg()[2].toFixed(0)}.

How many tests have passed on real builds of each version. *Not there*: they need what that version of Next does not have.

${table}

## What a version lacks

${lacks()}

## Test by test

A test that is run with several values counts once for each.

${details()}
${failures()}`;
}

function lacks() {
  const lines = runs.map(({ version, cases }) => {
    const needs = cases
      .filter(({ state }) => state === 'absent')
      .map(({ why }) => why.replace(/^.*not in Next .*?: /, ''));
    const counts = [...new Set(needs)].map(
      (need) => `${need} (${needs.filter((one) => one === need).length})`,
    );
    const commit = readFileSync(`${REPORTS}/${version}/commit`, 'utf8').trim();
    return row([version, commit, counts.join(', ') || 'nothing']);
  });
  const head = ['Next.js', 'at commit', 'lacks (tests that need it)'];
  return [row(head), row(head.map(() => '---')), ...lines].join('\n');
}

function details() {
  const names = new Set();
  for (const subject of Object.keys(SUBJECTS)) {
    for (const { cases } of runs) {
      for (const one of cases)
        if (one.subject === subject) names.add(`${subject}.${methodOf(one)}`);
    }
  }
  const lines = [...names].map((name) =>
    row([
      `\`${name}\``,
      ...runs.map(({ cases }) =>
        summary(cases.filter((one) => `${one.subject}.${methodOf(one)}` === name)),
      ),
    ]),
  );
  return [row(['test', ...versions]), row(['---', ...versions.map(() => '---')]), ...lines].join(
    '\n',
  );
}

/** Without what it was run with. @param {Case} one */
function methodOf({ name }) {
  return name.replace(/[({[].*$/, '');
}

function failures() {
  const lines = runs.flatMap(({ version, cases }) =>
    cases
      .filter(isBad)
      .map(({ subject, name, why }) => `- ${version}: \`${subject}.${name}\`: ${why}`),
  );
  return lines.length === 0 ? '' : `\n## Failed or skipped\n\n${lines.join('\n')}\n`;
}
