// @ts-check
import { badge, fill, h, table } from './dom.js';
import { brief, precise } from './format.js';

/* What happens to an app, as its bus tells it. */

const SHOWN_MAX = 200;

/** @param {any} model */
export function events(model) {
  let paused = false;
  /** @type {any[]} */
  let held = [];
  const filter = /** @type {HTMLInputElement} */ (h('input', { id: 'filter', type: 'search', autocomplete: 'off', spellcheck: 'false', oninput: () => update() }));
  const writes = /** @type {HTMLInputElement} */ (h('input', { id: 'writes', type: 'checkbox', onchange: () => update() }));
  const pause = h('button', {
    type: 'button',
    'aria-pressed': 'false',
    onclick: () => {
      paused = !paused;
      held = model.events();
      pause.setAttribute('aria-pressed', String(paused));
      pause.textContent = paused ? 'Go on' : 'Pause';
      update();
    },
  }, 'Pause');
  const state = h('p.note', { role: 'status' });
  const list = h('div');
  const element = h('div.view', {},
    h('div.head', {}, h('h2', {}, 'Events')),
    h('div.ask', {}, pause, h('label', { for: 'filter' }, 'Only with'), filter, h('label.check', {}, writes, 'writes too')),
    state,
    list);

  function update() {
    const wanted = filter.value.toLowerCase();
    const all = (paused ? held : model.events())
      .filter((/** @type {any} */ one) => (writes.checked || one.kind !== 'write') && (one.kind + ' ' + one.what).toLowerCase().includes(wanted));
    fill(state, model.hearing ? badge('well', 'hearing ' + model.app) : badge('warn', model.app ? 'not connected to the bus of ' + model.app : 'no app is served here yet'),
      paused && ' Paused.', model.dropped > 0 && ` ${model.dropped} older ones are forgotten.`);
    fill(list, all.length === 0
      ? h('p.empty', {}, model.events().length === 0 ? 'Nothing has happened in the last quarter of an hour.' : 'Nothing of that kind has happened.')
      : table('Events', ['When', 'Event', 'What'], all.slice(0, SHOWN_MAX).map(row)));
  }

  return { element, update, changed: () => { held = []; } };
}

const KINDS = /** @type {Record<string, 'well' | 'warn' | 'bad' | 'idle'>} */ ({ hard: 'bad', soft: 'warn', write: 'idle', reset: 'warn', hello: 'well', bye: 'warn' });

/** @param {any} one */
function row(one) {
  return [h('span.mono', {}, precise(one.at)), badge(KINDS[one.kind] ?? 'idle', one.kind), h('span.mono.wrap', {}, one.kind === 'write' ? one.deployment + ' ' + brief(one.digest) : one.what)];
}
