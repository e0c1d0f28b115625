// @ts-check
import * as api from './api.js';
import { badge, fill, h, number, panel, table } from './dom.js';
import { duration, fixed, percent, size, stampTime } from './format.js';

/* The replicas of an app as Redis knows them, and what of it is near here. */

const NEAR_MS = 5_000;

/** @param {any} model */
export function fleet(model) {
  const replicas = h('div', {}, h('p.loading', {}, 'Asking the store …'));
  const near = h('div', {}, h('p.loading', {}, 'Counting …'));
  const element = h('div.view', {},
    h('div.head', {}, h('h2', {}, 'Replicas')),
    panel('As the store knows them', replicas),
    panel('Near copies in this replica, by deployment', near));
  let nearAt = 0;
  let asking = false;

  async function update() {
    const app = model.app;
    if (asking || !app) {
      if (!app) {
        fill(replicas, h('p.empty', {}, 'No app is served here yet.'));
        fill(near, h('p.empty', {}, 'No app is served here yet.'));
      }
      return;
    }
    asking = true;
    await show(replicas, async () => members((await api.replicas(app)).json, model.state));
    if (Date.now() - nearAt > NEAR_MS) {
      nearAt = Date.now();
      await show(near, async () => copies((await api.deployments(app)).json));
    }
    asking = false;
  }

  return { element, update, changed: () => { nearAt = 0; } };
}

/** @param {Element} place @param {() => Promise<Node>} shown */
async function show(place, shown) {
  try {
    fill(place, await shown());
  } catch (failed) {
    if (failed instanceof api.Refused) {
      fill(place, h('p.error', { role: 'alert' }, badge('bad', 'not told'), ' ' + failed.message));
    } else {
      throw failed;
    }
  }
}

/** @param {any} told @param {any} state */
function members(told, state) {
  if (told.replicas.length === 0) {
    return h('p.empty', {}, 'No replica has a window open.');
  }
  return h('div', {},
    table('Replicas', ['Replica', 'State', number('Window left'), number('Lag'), number('Applied up to'), number('May serve cut off')],
      told.replicas.map((/** @type {any} */ one) => [
        h('span.mono', {}, one.replica, one.replica === state?.replica && h('span.tag', {}, 'this one')),
        stateOf(one, told.head),
        one.window > 0 ? duration(one.window) : '–',
        one.applied >= told.head ? 'none' : one.lag > 0 ? duration(one.lag) : 'behind',
        one.applied > 0 ? stampTime(one.applied) : '–',
        one.serves > 0 ? duration(one.serves) : '–',
      ])),
    h('p.note', {}, 'Newest invalidation ', h('span.mono', {}, told.head ? stampTime(told.head) : '–'),
      ', history ', h('span.mono', {}, told.epoch || '–'),
      '. An invalidation is acknowledged when each replica whose window is open has applied it.'));
}

/** @param {any} one @param {number} head */
function stateOf(one, head) {
  if (one.window === 0) {
    return badge('warn', one.serves > 0 ? 'cut off, may serve' : 'window closed');
  }
  return one.applied >= head ? badge('well', 'in step') : badge('warn', 'behind');
}

/** @param {any} told */
function copies(told) {
  if (told.deployments.length === 0) {
    return h('p.empty', {}, 'There are no near copies of this app.');
  }
  const all = told.deployments.reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + one.bytes, 0);
  return h('div', {},
    table('Near copies by deployment', ['Deployment', number('Copies'), number('Bytes'), number('Share')],
      told.deployments.map((/** @type {any} */ one) => [
        h('span.mono', {}, one.deployment), fixed(one.entries), size(one.bytes), percent(one.bytes, all),
      ])),
    told.total > told.deployments.length && h('p.note', {}, `The first ${told.deployments.length} of ${told.total}.`));
}
