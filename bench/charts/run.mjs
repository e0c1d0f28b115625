// @ts-check
/*
 * node bench/charts/run.mjs [--check]
 *
 * Draws what stands in the tables of bench/results as charts beside them, and writes the table and
 * the charts of README.md, section "How fast". With --check it writes nothing, and exits 1 if the
 * README does not say what the results do. npm brings Vega into bench/target/charts.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const RESULTS = 'bench/results';
const TOOLS = 'bench/target/charts';
const VEGA = ['vega@6.4.0', 'vega-lite@6.4.3'];
const README = 'README.md';
const BEGIN = '<!-- by bench/charts -->\n';
const END = '<!-- end of bench/charts -->';

/** Legible on white and on black. */
const INK = '#7d8590';
const OURS = '#1f6feb';
const OTHERS = '#9aa4af';

/**
 * Least, median and greatest of some rounds; one figure where there is no spread.
 *
 * @typedef {object} Figure
 * @property {number} min
 * @property {number} median
 * @property {number} max
 * @property {string} text the median as it is written
 */

/** The rows of a table, each by its heads. @typedef {Record<string, string>[]} Table */

/** The tables of a result. @param {string} name @returns {Table[]} */
function tables(name) {
  const lines = readFileSync(`${RESULTS}/${name}.md`, 'utf8').split('\n');
  /** @type {Table[]} */
  const found = [];
  for (let i = 1; i < lines.length; i++) {
    if (!/^\|[-| ]+\|$/.test(lines[i])) continue;
    const heads = cells(lines[i - 1]);
    /** @type {Table} */
    const rows = [];
    for (let at = i + 1; lines[at]?.startsWith('|'); at++) {
      const values = cells(lines[at]);
      rows.push(Object.fromEntries(heads.map((head, column) => [head, values[column]])));
    }
    found.push(rows);
  }
  return found;
}

/** @param {string} line */
function cells(line) {
  return line.slice(1, -1).split('|').map((cell) => cell.trim());
}

/** @param {string} cell @returns {Figure} */
function figure(cell) {
  const texts = cell.replaceAll('*', '').split(' · ');
  const numbers = texts.map((text) => Number(text.replaceAll(',', '')));
  if (numbers.some(Number.isNaN)) throw new Error(`no figure: ${cell}`);
  const [min, median, max] = numbers.length === 3 ? numbers : Array(3).fill(numbers[0]);
  return { min, median, max, text: texts[numbers.length === 3 ? 1 : 0] };
}

/**
 * One column of a result's second table (the first says where and when).
 *
 * @param {string} name
 * @param {string} by the head of the names
 * @param {string} head the beginning of the head of the figures
 * @returns {Map<string, Figure>}
 */
function column(name, by, head) {
  const rows = tables(name)[1];
  const full = Object.keys(rows[0]).find((one) => one.startsWith(head));
  if (!full) throw new Error(`${name}: no column ${head}`);
  return new Map(rows.map((row) => [row[by], figure(row[full])]));
}

/** Date and commit of a result. @param {string} name */
function when(name) {
  const [{ date, commit }] = tables(name)[0];
  return `${date}, ${commit}`;
}

/**
 * What the README compares: ours, and what it is beside.
 *
 * @typedef {object} Question
 * @property {string} what
 * @property {string} result
 * @property {Map<string, Figure>} figures
 * @property {Record<string, string>} ours names of rows, by how they are told
 * @property {Record<string, string>} others none where it is beside itself alone
 * @property {'more' | 'less'} better
 * @property {string} [unit]
 */

/** @returns {Question[]} */
function questions() {
  const load = column('load', 'server', 'requests a CPU second');
  const latency = column('latency', 'server', 'p99 ms');
  const acks = tables('acks')[1];
  const ack = (/** @type {string} */ head) => column('acks', 'what', head);
  const [publish, acknowledged, refused] = acks.map((row) => row.what);
  const peers = {
    'nginx `proxy_cache`': 'nginx proxy_cache',
    'Node with a `Map`': 'node http, Map',
    Varnish: 'varnish',
    'a Vert.x handler that does nothing else': 'bare Vert.x',
  };
  const near = { epoll: 'Freshet, near', io_uring: 'Freshet, near, io_uring' };
  return [
    {
      what: 'near hits of 4 KiB that a core serves in a second',
      result: 'load',
      figures: load,
      ours: near,
      others: { ...peers, 'the same by io_uring': 'bare Vert.x, io_uring' },
      better: 'more',
    },
    {
      what: 'the same, each read from Redis',
      result: 'load',
      figures: load,
      ours: { '': 'Freshet, store' },
      others: { webdis: 'webdis' },
      better: 'more',
    },
    {
      what: 'near hits by HTTP/2 and TLS, 10 streams on a connection',
      result: 'http2',
      figures: column('http2', 'protocol', 'requests a CPU second'),
      ours: { '': 'HTTP/2, streams 10' },
      others: { 'our own HTTP/1.1': 'HTTP/1.1' },
      better: 'more',
    },
    {
      what: 'p99 of a near hit at 20,000 a second',
      result: 'latency',
      figures: latency,
      ours: near,
      others: peers,
      better: 'less',
      unit: 'ms',
    },
    {
      what: 'an invalidation, until all of three replicas have acknowledged it, p50',
      result: 'acks',
      figures: ack('p50'),
      ours: { '': acknowledged },
      others: { 'a plain PUBLISH': publish },
      better: 'less',
      unit: 'ms',
    },
    {
      what: 'an invalidation, until every replica refuses what it ended, p99',
      result: 'acks',
      figures: ack('p99'),
      ours: { '': refused },
      others: { 'a plain PUBLISH': publish },
      better: 'less',
      unit: 'ms',
    },
    {
      what: 'what an invalidation of a tag takes of Redis',
      result: 'tags',
      figures: column('tags', 'what', 'µs a call'),
      ours: {
        'of 10 entries': 'a tag of 10 entries',
        'of 10,000': 'a tag of 10,000 entries',
        'of 1,000,000': 'a tag of 1,000,000 entries',
      },
      others: {},
      better: 'less',
      unit: 'µs',
    },
  ];
}

/** @param {Question} question */
function row({ what, result, figures, ours, others, better, unit = '' }) {
  /** @param {Record<string, string>} names */
  const of = (names) =>
    Object.entries(names).map(([told, name]) => {
      const figure = figures.get(name);
      if (!figure) throw new Error(`${result}: no row ${name}`);
      return { text: `${told} ${figure.text} ${unit}`.trim(), figure };
    });
  const mine = of(ours);
  const beside = of(others).map(({ text, figure }) =>
    mine.every((one) => isAhead(figure, one.figure, better)) ? `**${text}**` : text,
  );
  const texts = mine.map(({ text }) => text);
  return `| [${what}](${RESULTS}/${result}.md) | ${texts.join('; ')} | ${beside.join('; ')} |`;
}

/** @param {Figure} one @param {Figure} other @param {'more' | 'less'} better */
function isAhead(one, other, better) {
  return better === 'more' ? one.median > other.median : one.median < other.median;
}

/** What the README says. */
function section() {
  const dates = ['load', 'http2', 'latency', 'acks', 'tags'].map((name) => `${name} ${when(name)}`);
  return [
    '| medians | Freshet | beside it, **bold** what is ahead |',
    '|---|---|---|',
    ...questions().map(row),
    '',
    `Measured: ${dates.join('; ')}.`,
    '',
    ...Object.entries(charts()).map(
      ([name, { title }]) => `![${title.text}](${RESULTS}/${name}.svg)`,
    ),
    '',
  ].join('\n');
}

/** @typedef {object} Bar @property {string} name @property {Figure} figure */

/**
 * Bars from the median, with the spread drawn in.
 *
 * @param {string} title
 * @param {string} axis
 * @param {Map<string, Figure>} figures
 * @param {(name: string) => boolean} isOurs
 */
function bars(title, axis, figures, isOurs) {
  const values = Array.from(figures, ([name, { min, median, max }]) => {
    return { name, min, median, max, of: isOurs(name) ? 'ours' : 'others' };
  });
  const y = { field: 'name', type: 'nominal', sort: values.map(({ name }) => name), title: null };
  return {
    ...frame(title, 22 * values.length),
    data: { values },
    layer: [
      {
        mark: { type: 'bar', height: 13 },
        encoding: {
          y,
          x: { field: 'median', type: 'quantitative', title: axis },
          color: {
            field: 'of',
            scale: { domain: ['ours', 'others'], range: [OURS, OTHERS] },
            legend: null,
          },
        },
      },
      {
        mark: { type: 'rule', color: INK, strokeWidth: 1.5 },
        encoding: { y, x: { field: 'min', type: 'quantitative' }, x2: { field: 'max' } },
      },
    ],
  };
}

/**
 * What grows, or does not, with a number of things: both axes by powers of ten, and what is
 * expected drawn in.
 *
 * @param {string} title
 * @param {string[]} axes
 * @param {{ size: number, figure: Figure }[]} points
 * @param {number} power 0 for what is to stay the same, 1 for what is to grow alike
 */
function growth(title, axes, points, power) {
  const values = points.map(({ size, figure }) => ({ size, ...figure }));
  const from = values[0];
  const expected = values.map(({ size }) => {
    return { size, expected: from.median * (size / from.size) ** power };
  });
  const bounds = values.flatMap(({ min, max }) => [min, max]);
  const ends = [...bounds, ...expected.map((one) => one.expected)];
  const scale = (/** @type {number[]} */ sizes) => {
    const [from, to] = [Math.min(...sizes), Math.max(...sizes)].map(Math.log10);
    const [first, last] = [Math.floor(from), Math.ceil(to)];
    const powers = Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
    const domain = [powers[0], 10 ** last];
    return { scale: { type: 'log', domain }, axis: { values: powers, format: ',~f' } };
  };
  const across = { type: 'quantitative', field: 'size', title: axes[0] };
  const x = { ...across, ...scale(values.map(({ size }) => size)) };
  const y = { type: 'quantitative', title: axes[1], ...scale(ends) };
  return {
    ...frame(title, 160),
    layer: [
      {
        data: { values: expected },
        mark: { type: 'line', color: INK, strokeDash: [4, 4] },
        encoding: { x, y: { ...y, field: 'expected' } },
      },
      {
        data: { values },
        mark: { type: 'rule', color: OURS, strokeWidth: 2 },
        encoding: { x, y: { ...y, field: 'min' }, y2: { field: 'max' } },
      },
      {
        data: { values },
        mark: { type: 'point', filled: true, size: 60, color: OURS, opacity: 1 },
        encoding: { x, y: { ...y, field: 'median' } },
      },
    ],
  };
}

/** @param {string} title @param {number} height */
function frame(title, height) {
  const lines = { gridColor: INK, gridOpacity: 0.25, domainColor: INK, tickColor: INK };
  const axis = { ...lines, labelColor: INK, labelLimit: 300, titleColor: INK };
  return {
    width: 420,
    height,
    background: 'transparent',
    title: { text: title, color: INK, anchor: 'start', fontSize: 13 },
    config: { font: 'sans-serif', axis, view: { stroke: null } },
  };
}

/** The charts, by name. @returns {Record<string, any>} */
function charts() {
  const isOurs = (/** @type {string} */ name) => name.startsWith('Freshet');
  const tags = column('tags', 'what', 'µs a call');
  const sizes = Array.from(tags, ([what, one]) => {
    return { size: Number(/of ([\d,]+) entries/.exec(what)?.[1].replaceAll(',', '')), figure: one };
  });
  return {
    load: bars(
      'Requests of 4 KiB that a core serves',
      'a second of processor time: median, and from the least to the greatest round',
      column('load', 'server', 'requests a CPU second'),
      isOurs,
    ),
    latency: bars(
      'p99 at 20,000 requests a second',
      'ms',
      column('latency', 'server', 'p99 ms'),
      isOurs,
    ),
    tags: growth(
      "What an invalidation takes of Redis, and (dashed) what it would if it stayed the same",
      ['entries that carry the tag', 'µs'],
      sizes.filter(({ size }) => size > 0),
      0,
    ),
  };
}

/** Draws the charts. */
async function draw() {
  mkdirSync(TOOLS, { recursive: true });
  if (!existsSync(`${TOOLS}/node_modules/vega-lite`)) {
    const quiet = ['--no-audit', '--no-fund', '--loglevel=error'];
    execFileSync('npm', ['install', '--prefix', TOOLS, ...quiet, ...VEGA], { stdio: 'inherit' });
  }
  const { resolve } = createRequire(path.resolve(TOOLS, 'any.js'));
  const vega = await import(resolve('vega'));
  const { compile } = await import(resolve('vega-lite'));
  for (const [name, spec] of Object.entries(charts())) {
    const view = new vega.View(vega.parse(compile(spec).spec), { renderer: 'none' });
    writeFileSync(`${RESULTS}/${name}.svg`, `${await view.toSVG()}\n`);
  }
}

const readme = readFileSync(README, 'utf8');
const [from, to] = [readme.indexOf(BEGIN) + BEGIN.length, readme.indexOf(END)];
if (from < BEGIN.length || to < from) throw new Error(`${README} has no place for the table`);
const told = `${readme.slice(0, from)}${section()}${readme.slice(to)}`;
if (process.argv.includes('--check')) {
  if (told !== readme) {
    console.error(`${README} does not say what ${RESULTS} does: node bench/charts/run.mjs`);
    process.exitCode = 1;
  }
} else {
  await draw();
  writeFileSync(README, told);
}
