// @ts-check
import * as api from './api.js';
import { badge, fill, h } from './dom.js';
import { entry } from './entry.js';
import { events } from './events.js';
import { fleet } from './fleet.js';
import { time } from './format.js';
import { overview } from './overview.js';
import { tags } from './tags.js';

/*
 * Asks once a second how the replica fares, hears the events of one app, and shows one of the views. What
 * was learned is kept while no answer comes, and said to be old.
 */

const POLL_MS = 1_000;
const SAMPLES_MAX = 900;
const REPLAY_MICROS = 15 * 60 * 1_000_000;
const RETRY_MS = 1_000;
const EVENTS_MAX = 300;
const TAGS_MAX = 500;
const NAMES_MAX = 3;

const model = {
  app: '',
  /** @type {any} */
  state: null,
  /** @type {Record<string, any[]>} */
  columns: { time: [] },
  hearing: false,
  dropped: 0,
  /** The latest of each tag. @type {Map<string, {tag: string, stamp: number, mode: string}>} */
  recent: new Map(),
  /** @type {any[]} */
  told: [],
  /** @type {any[]} */
  writes: [],
  /** The latest first. */
  events: () => [...model.told, ...model.writes].sort((a, b) => b.at - a.at || b.order - a.order),
  /** @param {string} view @param {string} what */
  go: (view, what) => { location.hash = '#' + view + '/' + encodeURIComponent(what); },
};

/** Each by its name in the address, its title, and what shows it. @type {[string, string, any][]} */
const views = [
  ['overview', 'Overview', overview(model)],
  ['fleet', 'Replicas', fleet(model)],
  ['tags', 'Tags', tags(model)],
  ['entry', 'Entry', entry(model)],
  ['events', 'Events', events(model)],
];

const [appSelect, self, who, tabs, banner, main] = ['app', 'self', 'who', 'tabs', 'banner', 'main'].map(
  (id) => /** @type {HTMLElement} */ (document.getElementById(id)));
/** @type {any} */
let shown = null;
let title = '';
let lostAt = 0;
let order = 0;
/** Since when each trouble lasts. @type {Map<string, number>} */
const since = new Map();

function show() {
  const [name, what = ''] = location.hash.slice(1).split('/');
  const found = /** @type {any[]} */ (views.find((view) => view[0] === name) ?? views[0]);
  tabs.querySelectorAll('a').forEach((link) => {
    link.toggleAttribute('aria-current', false);
    if (link.hash === '#' + found[0]) {
      link.setAttribute('aria-current', 'page');
    }
  });
  if (shown !== found[2]) {
    shown = found[2];
    main.replaceChildren(shown.element);
  }
  title = found[1];
  let decoded = '';
  try {
    decoded = decodeURIComponent(what);
  } catch {
    // a fragment that somebody typed: it names nothing
  }
  warn();
  shown.enter?.(decoded);
  shown.update();
}

function choose(/** @type {string} */ app) {
  model.app = app;
  model.told = [];
  model.writes = [];
  model.recent.clear();
  model.dropped = 0;
  hear();
  views.forEach((view) => /** @type {any} */ (view[2]).changed?.());
  shown?.update();
}

/** @param {any} state */
function take(state) {
  const { samples, ...rest } = state;
  model.state = rest;
  samples.columns.forEach((/** @type {string} */ name, /** @type {number} */ at) => {
    const column = (model.columns[name] ??= []);
    column.push(...samples.rows.map((/** @type {any[]} */ row) => row[at]));
    column.splice(0, column.length - SAMPLES_MAX);
  });
  head();
  const apps = rest.apps.map((/** @type {any} */ one) => one.app);
  if (!apps.includes(model.app) && model.app !== (apps[0] ?? '')) {
    choose(apps[0] ?? '');
  }
}

function head() {
  const { state } = model;
  const apps = state.apps.map((/** @type {any} */ one) => one.app);
  const listed = [...appSelect.querySelectorAll('option')].map((option) => option.value);
  if (listed.join('\n') !== apps.join('\n')) {
    appSelect.replaceChildren(...apps.map((/** @type {string} */ app) => h('option', { value: app }, app)));
  }
  /** @type {HTMLSelectElement} */ (appSelect).disabled = apps.length === 0;
  /** @type {HTMLSelectElement} */ (appSelect).value = model.app || apps[0] || '';
  fill(self, lostAt ? badge('bad', 'no answer') : badge(state.phase === 'ready' ? 'well' : 'warn', state.phase), h('span.mono', {}, ' ' + state.replica), h('span.soft', {}, ' ' + state.version + ' · ' + state.store));
  const id = api.hasToken() ? state.token.id : 'open, no token asked for';
  fill(who, h('span', {}, id), !state.token.writes && badge('idle', 'read only'),
    api.hasToken() && h('button.link', { type: 'button', onclick: () => { api.useToken(''); location.reload(); } }, 'Forget token'));
}

/**
 * What may be wrong with an app, the worst first; an app has the first of these alone.
 *
 * @type {[string, 'bad' | 'warn', string, (app: any) => boolean, (names: string) => string][]}
 */
const TROUBLES = [
  ['outage', 'bad', 'Outage', (app) => app.outage,
    (names) => `Redis does not answer. Near copies of ${names} are served past their window, what else is asked is refused.`],
  ['refused', 'bad', 'Out of service', (app) => app.cutOff && !app.coherent,
    (names) => `Redis does not answer, and near copies of ${names} may not be served any more: what is asked is refused.`],
  ['cut', 'bad', 'Cut off', (app) => app.cutOff,
    (names) => `Redis did not answer the last beat of ${names}. Near copies are served until the window closes.`],
  ['window', 'warn', 'Window closed', (app) => !app.coherent,
    (names) => `Near copies of ${names} are not served, or are confirmed by Redis first: a beat or the bus is missing.`],
];

/** @param {string[]} names */
const listed = (names) => names.slice(0, NAMES_MAX).join(', ') + (names.length > NAMES_MAX ? ` and ${names.length - NAMES_MAX} more` : '');

/** What is wrong, the worst first. */
function troubles() {
  /** @type {[string, 'bad' | 'warn', string, string][]} */
  const all = [];
  const { state } = model;
  if (lostAt) {
    all.push(['lost', 'bad', 'No answer', 'from this replica’s operations port. What is shown is as of ' + time(lostAt) + '.']);
  }
  const apps = state?.apps ?? [];
  TROUBLES.forEach(([key, kind, title, holds, text], at) => {
    const names = apps
      .filter((/** @type {any} */ app) => holds(app) && !TROUBLES.slice(0, at).some((worse) => worse[3](app)))
      .map((/** @type {any} */ app) => app.app);
    if (names.length > 0) {
      all.push([key, kind, title, text(listed(names))]);
    }
  });
  for (const check of state?.checks ?? []) {
    if (!check.well && check.name !== 'bus') {
      all.push(['check ' + check.name, 'bad', 'Check ' + check.name, check.reason]);
    }
  }
  if (state && state.phase !== 'ready' && !lostAt) {
    all.push(['phase', 'warn', state.phase === 'stopping' ? 'Draining' : 'Starting', state.phase === 'stopping' ? 'This replica finishes what is under way, and ends.' : 'This replica takes no requests yet.']);
  }
  return all;
}

function warn() {
  const all = troubles();
  const now = Date.now();
  document.title = (all.some(([, kind]) => kind === 'bad') ? '■ ' : '') + title + ' · Freshet console';
  const keys = new Set(all.map(([key]) => key));
  [...since.keys()].filter((key) => !keys.has(key)).forEach((key) => since.delete(key));
  all.forEach(([key]) => since.has(key) || since.set(key, now));
  fill(banner, ...all.map(([key, kind, title, text]) =>
    h('p.trouble.' + kind, {}, badge(kind, title), h('span', {}, text), h('span.since', {}, 'since ' + time(/** @type {number} */ (since.get(key)))))));
}

async function poll() {
  try {
    const { json } = await api.state(model.columns.time.at(-1) ?? 0);
    lostAt = 0;
    take(json);
  } catch (failed) {
    if (!(failed instanceof api.Refused)) {
      throw failed;
    }
    if (failed.status === 401 || failed.status === 403) {
      signIn(failed.message);
      return;
    }
    lostAt ||= model.columns.time.at(-1) ?? Date.now();
    if (model.state) {
      head();
    }
  }
  main.classList.toggle('old', lostAt > 0);
  warn();
  if (!shown) {
    show();
  }
  shown.update();
  setTimeout(poll, POLL_MS);
}

let listening = new AbortController();

/** Hears the chosen app, from a quarter of an hour ago or the beginning of its history on, and again when the connection ends. */
async function hear() {
  listening.abort();
  const mine = new AbortController();
  listening = mine;
  let place = '';
  while (!mine.signal.aborted && model.app) {
    const app = model.state.apps.find((/** @type {any} */ one) => one.app === model.app);
    const first = Number.parseInt(app?.epoch || '0', 10);
    place ||= first > 0 ? app.epoch + '/' + Math.min(Math.max(first, 1_000 * model.state.time - REPLAY_MICROS), app.applied) : '';
    try {
      await api.listen(model.app, place, mine.signal, (event) => {
        model.hearing = true;
        place = event.event === 'reset' ? '' : event.id || place;
        heard(event);
      });
    } catch (failed) {
      if (mine.signal.aborted) {
        return;
      }
    }
    model.hearing = false;
    shown?.update();
    await new Promise((later) => setTimeout(later, RETRY_MS));
  }
}

/** @param {{event: string, id: string, data: any}} told */
function heard({ event, data }) {
  const at = Date.now();
  if (event === 'invalidate') {
    const tags = Object.entries(data.tags);
    tags.forEach(([tag, mark]) => invalidated(tag, /** @type {any} */ (mark), at));
  } else if (event === 'write') {
    keep(model.writes, { at, kind: 'write', deployment: data.deployment, digest: data.digest, what: data.deployment + ' ' + data.digest });
  } else if (event === 'reset') {
    const reasons = /** @type {Record<string, string>} */ ({ behind: 'more was missed than is remembered', epoch: 'the history of invalidations began anew', lost: 'the bus was lost: changes may have been missed', slow: 'this page did not read fast enough' });
    keep(model.told, { at, kind: 'reset', what: reasons[data.reason] ?? data.reason });
  } else if (event === 'bye') {
    keep(model.told, { at, kind: 'bye', what: data.reason === 'stop' ? 'this replica stops' : 'the connection is old, and made anew' });
  }
  soon();
}

/** @param {string} tag @param {any} mark @param {number} at */
function invalidated(tag, mark, at) {
  const soft = Math.max(0, ...mark.soft.map((/** @type {any} */ one) => one.stamp));
  const stamp = Math.max(mark.hard, soft);
  if ((model.recent.get(tag)?.stamp ?? 0) >= stamp) {
    return;
  }
  const mode = mark.hard >= soft ? 'hard' : 'soft';
  model.recent.delete(tag);
  model.recent.set(tag, { tag, stamp, mode });
  if (model.recent.size > TAGS_MAX) {
    model.recent.delete(/** @type {string} */ (model.recent.keys().next().value));
  }
  keep(model.told, { at: Math.min(at, stamp / 1_000), kind: mode, what: tag });
}

/** @param {any[]} kept @param {any} one */
function keep(kept, one) {
  kept.push({ ...one, order: ++order });
  if (kept.length > EVENTS_MAX) {
    kept.shift();
    model.dropped++;
  }
}

let due = false;

/** Shows what was heard, however much it is, a few times a second. */
function soon() {
  if (!due) {
    due = true;
    setTimeout(() => {
      due = false;
      shown?.update();
    }, 150);
  }
}

/** @param {string} why */
function signIn(why) {
  api.useToken('');
  listening.abort();
  model.app = '';
  const secret = /** @type {HTMLInputElement} */ (h('input', { id: 'secret', type: 'password', required: true, autocomplete: 'off', spellcheck: 'false' }));
  shown = null;
  fill(banner);
  main.replaceChildren(h('section.panel.signin', {},
    h('h2', {}, 'Token'),
    h('p', {}, 'This replica asks for a token that is good for ', h('code', {}, 'admin:read'), ', and for ', h('code', {}, 'admin:write'), ' to invalidate. It is kept for this tab, and sent to this server only.'),
    why && h('p.error', { role: 'alert' }, badge('bad', 'refused'), ' ' + why),
    h('form.ask', {
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        api.useToken(secret.value.trim());
        poll();
      },
    }, h('span.pair', {}, h('label', { for: 'secret' }, 'Token'), secret), h('button.main', { type: 'submit' }, 'Use'))));
  secret.focus();
}

async function begin() {
  tabs.append(...views.map(([name, title]) => h('li', {}, h('a', { href: '#' + name }, title))));
  appSelect.addEventListener('change', () => choose(/** @type {HTMLSelectElement} */ (appSelect).value));
  addEventListener('hashchange', () => shown && show());
  try {
    if ((await api.ask('access')).json.tokens && !api.hasToken()) {
      signIn('');
      return;
    }
  } catch {
    // the first poll says so
  }
  poll();
}

begin();
