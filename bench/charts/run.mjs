// @ts-check
/*
 * node bench/charts/run.mjs [--check]
 *
 * Draws what stands in the tables of bench/results as charts beside them, writes the table and the
 * charts of README.md, section "How fast", and bench/results/scale.md: how what a thing takes grows.
 * With --check it writes nothing, and exits 1 if these do not say what the results do. npm brings Vega
 * into bench/target/charts.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const RESULTS = 'bench/results';
const TOOLS = 'bench/target/charts';
const VEGA = ['vega@6.4.0', 'vega-lite@6.4.3'];
const README = 'README.md';
const SCALE = `${RESULTS}/scale.md`;
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

/** What is under the head that begins so. @param {Record<string, string>} row @param {string} head */
function under(row, head) {
  const full = Object.keys(row).find((one) => one.startsWith(head));
  if (!full) throw new Error(`no column ${head}`);
  return figure(row[full]);
}

/**
 * One column of a result's second table (the first says where and when). Nothing where nobody has asked yet.
 *
 * @param {string} name
 * @param {string} by the head of the names
 * @param {string} head the beginning of the head of the figures
 * @returns {Map<string, Figure>}
 */
function column(name, by, head) {
  if (!existsSync(`${RESULTS}/${name}.md`)) return new Map();
  return new Map(tables(name)[1].map((row) => [row[by], under(row, head)]));
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
  const [publish, hops, acknowledged, refused] = acks.map((row) => row.what);
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
      ours: { ...near, 'epoll, an id in each request': 'Freshet, near, an id in each request' },
      others: { ...peers, 'the same by io_uring': 'bare Vert.x, io_uring' },
      better: 'more',
    },
    {
      what: 'the same without near copies, 64 connections at one key, which share what they read from Redis',
      result: 'load',
      figures: load,
      ours: { '': 'Freshet, store' },
      others: { webdis: 'webdis', 'Node with ioredis': 'node http, ioredis' },
      better: 'more',
    },
    {
      what: 'heap that a near hit of 4 KiB allocates',
      result: 'allocation',
      figures: column('allocation', 'server', 'bytes a request'),
      ours: near,
      others: { 'a Vert.x handler that does nothing else': 'bare Vert.x' },
      better: 'less',
      unit: 'bytes',
    },
    {
      what: 'near hits by HTTP/2 and TLS, so many streams on a connection',
      result: 'http2',
      figures: column('http2', 'protocol', 'requests a CPU second'),
      ours: { '10 streams': 'HTTP/2, streams 10', '50 streams': 'HTTP/2, streams 50' },
      others: {
        'our own HTTP/1.1': 'HTTP/1.1',
        'a Vert.x handler that does nothing else, 10 streams': 'bare Vert.x, HTTP/2, streams 10',
        'the same, 50 streams': 'bare Vert.x, HTTP/2, streams 50',
      },
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
      what: 'p99 of a near hit of 4 KiB on a loop that also sends 1 MiB 100 times a second',
      result: 'big',
      figures: column('big', 'server', 'p99 ms'),
      ours: { '': 'while 1 MiB is read 100 times a second' },
      others: { 'without that': 'alone' },
      better: 'less',
      unit: 'ms',
    },
    {
      what: 'an invalidation, until all of three replicas have acknowledged it, p50',
      result: 'acks',
      figures: ack('p50'),
      ours: { '': acknowledged },
      others: { 'a plain PUBLISH': publish, 'its way through the processes alone': hops },
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
  /* A peer that was not installed has no row. */
  const of = (/** @type {Record<string, string>} */ names) =>
    Object.entries(names).flatMap(([told, name]) => {
      const figure = figures.get(name);
      return figure ? [{ text: `${told} ${figure.text} ${unit}`.trim(), figure }] : [];
    });
  const mine = of(ours);
  if (mine.length < Object.keys(ours).length) throw new Error(`${result}: a row is missing`);
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
  const asked = questions().filter(({ figures }) => figures.size > 0);
  const results = new Set(asked.map(({ result }) => result));
  const dates = Array.from(results, (name) => `${name} ${when(name)}`);
  return [
    '| medians | Freshet | beside it, **bold** what is ahead |',
    '|---|---|---|',
    ...asked.map(row),
    '',
    `Measured: ${dates.join('; ')}.`,
    '',
    ...Object.entries({ ...comparisons(), tags: scale(TAGS) }).map(
      ([name, { title }]) => `![${title.text}](${RESULTS}/${name}.svg)`,
    ),
    '',
    `What else grows, and how: [near copies, marks, replicas, event streams](${SCALE}).`,
    '',
  ].join('\n');
}

/**
 * What a thing takes as a number grows.
 *
 * @typedef {object} Scale
 * @property {string} title
 * @property {string} result
 * @property {number} table which of the result's, the first of which says where and when
 * @property {(row: Record<string, string>) => string | undefined} size none for a row of something else
 * @property {string} head of the figures
 * @property {string[]} axes
 * @property {number} power as which it is expected to grow: 0 for what is to stay the same, 1 for what is to grow alike
 */

/** @type {Scale} */
const TAGS = {
  title: 'What an invalidation takes of Redis, and (dashed) what it would if it stayed the same',
  result: 'tags',
  table: 1,
  size: ({ what }) => /of ([\d,]+) entries/.exec(what)?.[1],
  head: 'µs a call',
  axes: ['entries that carry the tag', 'µs'],
  power: 0,
};

/** By the names of their charts. @type {Record<string, Scale>} */
const SCALES = {
  'scale-near': {
    title: 'What a near copy takes beyond its body, with 3 tags of its own',
    result: 'memory',
    table: 2,
    size: (row) => (row.JVM === 'as it is' ? row.of : undefined),
    head: 'bytes a copy',
    axes: ['near copies', 'bytes'],
    power: 0,
  },
  'scale-marks': {
    title: 'What a mark takes in a replica',
    result: 'memory',
    table: 1,
    size: (row) => (row.JVM === 'as it is' && row.marks === 'hard' ? row.of : undefined),
    head: 'bytes a tag',
    axes: ['tags that were invalidated', 'bytes'],
    power: 0,
  },
  tags: TAGS,
  'scale-remembered': {
    title: 'What an invalidation takes of Redis when others are remembered',
    result: 'tags',
    table: 2,
    size: (row) => row['tags remembered'],
    head: 'µs a call',
    axes: ['tags that are remembered', 'µs'],
    power: 0,
  },
  'scale-replicas': {
    title: 'How long until all replicas have acknowledged an invalidation, p50',
    result: 'replicas',
    table: 1,
    size: (row) => row.replicas,
    head: 'the caller is told, p50',
    axes: ['replicas on two cores, with their Redis', 'ms'],
    power: 1,
  },
  'scale-streams': {
    title: 'How long until all event streams have told of an invalidation, p50',
    result: 'fanout',
    table: 1,
    size: (row) => row.streams,
    head: 'the last has told, p50',
    axes: ['streams of one replica', 'ms'],
    power: 1,
  },
};

/** @param {Scale} scale */
function points({ result, table, size, head }) {
  return tables(result)[table].flatMap((row) => {
    const found = size(row);
    return found ? [{ size: Number(found.replaceAll(',', '')), figure: under(row, head) }] : [];
  });
}

/** @param {Scale} of */
function scale(of) {
  return growth(of.title, of.axes, points(of), of.power);
}

/** The page of what grows. */
function page() {
  const rows = Object.values(SCALES).map((one) => {
    const found = points(one);
    const [first, last] = [found[0], found[found.length - 1]];
    const times = (/** @type {number} */ ratio) => (ratio < 10 ? ratio.toFixed(1) : ratio.toFixed(0));
    const number = (/** @type {number} */ size) => size.toLocaleString('en');
    return [
      `| [${one.title.split(',')[0]}](${one.result}.md)`,
      `${number(first.size)} to ${number(last.size)} ${one.axes[0].split(' ')[0]}`,
      `${first.figure.text} to ${last.figure.text} ${one.axes[1]}`,
      times(last.figure.median / first.figure.median),
      `${times((last.size / first.size) ** one.power)} |`,
    ].join(' | ');
  });
  return [
    '# scale',
    '',
    'What a thing takes as a number grows. Dashed in the charts is the slope that is expected: level where it is to stay the same, and through the last point where it is to grow alike; what it takes even for one is above that. `node bench/charts/run.mjs` writes this page from the results.',
    '',
    '| what | from … to | medians | times | at most, if as expected |',
    '|---|---|---|---|---|',
    ...rows,
    '',
    ...Object.entries(SCALES).map(([name, { title }]) => `![${title}](${name}.svg)`),
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
  const from = values[power ? values.length - 1 : 0];
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

/** The charts of what is beside others, by name. @returns {Record<string, any>} */
function comparisons() {
  const isOurs = (/** @type {string} */ name) => name.startsWith('Freshet');
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
  const grown = Object.entries(SCALES).map(([name, one]) => [name, scale(one)]);
  for (const [name, spec] of [...Object.entries(comparisons()), ...grown]) {
    const view = new vega.View(vega.parse(compile(spec).spec), { renderer: 'none' });
    writeFileSync(`${RESULTS}/${name}.svg`, `${await view.toSVG()}\n`);
  }
}

const readme = readFileSync(README, 'utf8');
const [from, to] = [readme.indexOf(BEGIN) + BEGIN.length, readme.indexOf(END)];
if (from < BEGIN.length || to < from) throw new Error(`${README} has no place for the table`);
const told = {
  [README]: `${readme.slice(0, from)}${section()}${readme.slice(to)}`,
  [SCALE]: page(),
};
if (process.argv.includes('--check')) {
  for (const [file, text] of Object.entries(told)) {
    if (existsSync(file) && readFileSync(file, 'utf8') === text) continue;
    console.error(`${file} does not say what ${RESULTS} does: node bench/charts/run.mjs`);
    process.exitCode = 1;
  }
} else {
  await draw();
  for (const [file, text] of Object.entries(told)) writeFileSync(file, text);
}
