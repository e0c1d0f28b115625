// @ts-check
import uPlot from './uplot.js';
import { h } from './dom.js';
import { time } from './format.js';

/*
 * A chart of some columns over time. Series differ by dashes as well as by tone, and the latest figures
 * stand beside their names, so that nothing is told by the picture alone.
 */

const HEIGHT = 168;
const TONES = ['--accent', '--ink', '--soft', '--warn', '--bad'];
const DASHES = [[], [6, 4], [2, 3], [8, 3, 2, 3], []];

/** @param {string} name of a custom property */
const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

/**
 * A chart.
 *
 * @param {string} title
 * @param {{name: string, label: string, tone?: number, fill?: boolean}[]} series columns of the samples
 * @param {(value: number) => string} format of a value
 * @param {boolean} [calm] whether a point is the mean of a sixtieth of the time shown, as rates of few are not read otherwise
 */
export function chart(title, series, format, calm = false) {
  const place = h('div.plot', { role: 'img', 'aria-label': title + ', over time; the latest figures follow' });
  const values = series.map(() => h('span.value', {}, '–'));
  const legend = h('ul.legend', {}, ...series.map((one, i) =>
    h('li', {}, key(one.tone ?? i), one.label + ' ', values[i])));
  const none = h('p.none', {}, 'Nothing in this time.');
  const element = h('figure.panel.chart', {}, h('figcaption', {}, title), h('div.canvas', {}, place, none), legend);
  /** @type {any} */
  let plot = null;
  /** @type {any[]} */
  let data = [[], ...series.map(() => [])];
  let span = 0;

  /** @param {number} at */
  function say(at) {
    series.forEach((one, i) => {
      const value = data[i + 1][at];
      values[i].textContent = value === null || value === undefined ? '–' : format(value);
    });
  }

  function draw() {
    const width = place.clientWidth;
    if (width === 0) {
      return;
    }
    plot?.destroy();
    plot = new uPlot(options(width, series, format, (at) => say(at ?? data[0].length - 1)), drawn(data), place);
    scale();
  }

  function scale() {
    const last = data[0].at(-1) ?? Date.now() / 1_000;
    plot?.setScale('x', { min: last - span, max: last });
  }

  new ResizeObserver(() => {
    if (plot && place.clientWidth > 0 && plot.width !== place.clientWidth) {
      plot.setSize({ width: place.clientWidth, height: HEIGHT });
    } else if (!plot) {
      draw();
    }
  }).observe(place);
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw);

  return {
    element,
    /** Shows other figures. @param {Record<string, any[]>} columns @param {number} seconds */
    show(columns, seconds) {
      data = [columns.time.map((ms) => ms / 1_000), ...series.map((one) => means(columns[one.name] ?? [], calm ? seconds / 60 : 1))];
      span = seconds;
      none.hidden = data.slice(1).some((values) => values.slice(-seconds).some((/** @type {any} */ value) => value));
      if (!plot) {
        draw();
      }
      plot?.setData(drawn(data), false);
      scale();
      if (plot?.cursor.idx === null || plot?.cursor.idx === undefined) {
        say(data[0].length - 1);
      }
    },
  };
}

/** The mean of each value and those before it. @param {any[]} values @param {number} width how many */
function means(values, width) {
  let sum = 0;
  return width === 1 ? values : values.map((value, i) => {
    sum += value - (i >= width ? values[i - width] : 0);
    return Math.max(0, sum) / Math.min(i + 1, width);
  });
}

/** A line that is zero throughout would cover the others, and is said beside them. @param {any[]} data */
const drawn = (data) => /** @type {any} */ ([data[0], ...data.slice(1).map((values) => (values.some((/** @type {any} */ value) => value) ? values : values.map(() => null)))]);

/** A line as the chart draws it. @param {number} tone */
function key(tone) {
  return h('span.key.tone' + tone, { 'aria-hidden': 'true' });
}

/** @param {number} width @param {any[]} series @param {(value: number) => string} format @param {(at: number | null) => void} pointed */
function options(width, series, format, pointed) {
  const axis = {
    stroke: colour('--soft'),
    font: '11px system-ui, sans-serif',
    grid: { stroke: colour('--line'), width: 1 },
    ticks: { show: false },
  };
  return {
    width,
    height: HEIGHT,
    padding: /** @type {[number, number, number, number]} */ ([8, 8, 0, 0]),
    legend: { show: false },
    cursor: { sync: { key: 'console' }, y: false, points: { size: 6 }, drag: { x: false, y: false } },
    scales: { x: { time: true }, y: { range: (/** @type {any} */ u, /** @type {number} */ min, /** @type {number} */ max) => /** @type {[number, number]} */ ([0, max > 0 ? max * 1.08 : 1]) } },
    axes: [
      { ...axis, size: 26, values: (/** @type {any} */ u, /** @type {number[]} */ at) => at.map((s) => time(s * 1_000).slice(-8, -3)), incrs: [60, 300, 600] },
      { ...axis, size: 58, values: (/** @type {any} */ u, /** @type {number[]} */ at) => at.map(format) },
    ],
    series: [{}, ...series.map((one, i) => {
      const tone = one.tone ?? i;
      return {
        label: one.label,
        stroke: colour(TONES[tone]),
        width: 1.5,
        dash: DASHES[tone],
        fill: one.fill ? colour('--accent-wash') : undefined,
        points: { show: false },
        spanGaps: false,
      };
    })],
    hooks: { setCursor: [(/** @type {any} */ u) => pointed(u.cursor.idx)] },
  };
}
