// @ts-check
import { chart } from './chart.js';
import { badge, fill, h, number, panel, table } from './dom.js';
import { duration, fixed, percent, short, size, stampTime } from './format.js';

/* How this replica fares, now and over the last minutes. */

const RANGES = [[1, '1 min'], [5, '5 min'], [15, '15 min']];
const RECENT = 10;

/** @param {any} model */
export function overview(model) {
  let minutes = 5;
  const tiles = h('div.tiles');
  const charts = [
    chart('Reads per second, by result', [
      { name: 'near', label: 'near', fill: true },
      { name: 'store', label: 'store' },
      { name: 'miss', label: 'miss', tone: 2 },
      { name: 'stale', label: 'stale', tone: 3 },
      { name: 'outage', label: 'outage', tone: 4 },
    ], short, true),
    chart('Time to answer a read', [
      { name: 'readP50', label: 'median', fill: true },
      { name: 'readP99', label: '99 of 100' },
    ], duration),
    chart('Time until an invalidation is in force everywhere', [
      { name: 'settleP50', label: 'median', fill: true },
      { name: 'settleP99', label: '99 of 100' },
    ], duration),
    chart('Readers who would refresh, per second', [
      { name: 'lead', label: 'lead', fill: true },
      { name: 'follow', label: 'follow' },
      { name: 'collapsed', label: 'got the leader’s', tone: 2 },
      { name: 'early', label: 'lead early', tone: 3 },
    ], short, true),
  ];
  const ranges = RANGES.map(([value, label]) => h('button', {
    type: 'button',
    'aria-pressed': String(value === minutes),
    onclick: () => {
      minutes = Number(value);
      ranges.forEach((button, i) => button.setAttribute('aria-pressed', String(RANGES[i][0] === minutes)));
      update();
    },
  }, label));
  const means = h('span.note');
  const standing = h('div');
  const checks = h('div');
  const element = h('div.view', {},
    h('div.head', {}, h('h2', {}, 'This replica'), means, h('div.segments', { role: 'group', 'aria-label': 'Time shown' }, ...ranges)),
    tiles,
    h('div.grid', {}, ...charts.map((one) => one.element)),
    h('div.grid', {}, panel('Apps served here', standing), panel('Checks', checks)));

  function update() {
    const { columns, state } = model;
    if (!state) {
      return;
    }
    fill(tiles, ...figures(columns, state));
    charts.forEach((one) => one.show(columns, 60 * minutes));
    fill(means, minutes === 1 ? 'each second' : `rates are means of ${minutes} s`);
    fill(standing, state.apps.length === 0
      ? h('p.empty', {}, 'No request has named an app yet. The first one that does is served, and shown here.')
      : table('Apps served here', ['App', 'State', number('Window left'), number('Applied up to')], state.apps.map(row)));
    fill(checks, table('Checks', ['Check', 'State', 'Finding'], state.checks.map((/** @type {any} */ check) =>
      [check.name, check.well ? badge('well', 'well') : badge('bad', 'not well'), check.reason])));
  }

  return { element, update };
}

/** @param {any} app */
function row(app) {
  return [app.app, standingOf(app), duration(app.window), app.applied ? stampTime(app.applied) : '–'];
}

/** Whether an app's invalidations are known here. @param {any} app */
export function standingOf(app) {
  if (app.outage) {
    return badge('bad', 'outage');
  }
  if (app.coherent) {
    return app.cutOff ? badge('warn', 'cut off') : badge('well', 'coherent');
  }
  return badge('warn', 'window closed');
}

/** @param {Record<string, any[]>} columns @param {any} state */
function figures(columns, state) {
  const mean = (/** @type {string} */ name) => {
    const last = (columns[name] ?? []).slice(-RECENT);
    return last.length ? last.reduce((sum, value) => sum + (value ?? 0), 0) / last.length : 0;
  };
  const last = (/** @type {string} */ name) => (columns[name] ?? []).at(-1) ?? null;
  const [near, store, stale, miss, outage] = ['near', 'store', 'stale', 'miss', 'outage'].map(mean);
  const all = near + store + stale + miss + outage;
  const bytes = last('nearBytes') ?? 0;
  return [
    tile('Hit ratio', percent(all - miss, all), 'near ' + percent(near, all)),
    tile('Misses', percent(miss, all), 'stale ' + percent(stale, all)),
    tile('Reads', short(all) + ' /s', 'writes ' + short(mean('writes')) + ' /s'),
    tile('Read, 99 of 100', duration(last('readP99')), 'median ' + duration(last('readP50'))),
    tile('In force everywhere', duration(last('settleP99')), 'invalidations ' + short(mean('hard') + mean('soft')) + ' /s'),
    tile('Near cache', percent(bytes, state.nearBytesMax), size(bytes) + ', ' + fixed(last('nearEntries') ?? 0) + ' copies', bytes / state.nearBytesMax),
    tile('Waiting for a leader', fixed(last('waiters') ?? 0), 'leading ' + short(mean('lead') + mean('early')) + ' /s'),
    tile('Connections', fixed(last('connections') ?? 0), 'streams ' + fixed(last('streams') ?? 0) + ', refused ' + short(mean('refused')) + ' /s'),
  ];
}

/** @param {string} name @param {string} value @param {string} more @param {number} [share] of a limit */
function tile(name, value, more, share) {
  return h('div.tile', {},
    h('span.name', {}, name),
    h('span.figure', {}, value),
    h('span.more', {}, more),
    share !== undefined && h('meter', { min: 0, max: 1, value: Math.min(1, share || 0), 'aria-label': name }));
}
