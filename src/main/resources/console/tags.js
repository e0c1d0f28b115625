// @ts-check
import * as api from './api.js';
import { badge, facts, fill, h, number, panel, table } from './dom.js';
import { duration, stampTime, time } from './format.js';

/* What is remembered of a tag, and ending what carries it. */

const TAG_CHARS_MAX = 256;
const RECENT_MAX = 50;
const LIFE = [['', 'never'], ['60', 'after 1 min'], ['3600', 'after 1 h'], ['86400', 'after 1 d']];

/** @param {any} model */
export function tags(model) {
  const input = /** @type {HTMLInputElement} */ (h('input', {
    id: 'tag', name: 'tag', type: 'text', maxlength: TAG_CHARS_MAX, required: true, autocomplete: 'off', spellcheck: 'false', placeholder: 'posts',
  }));
  const found = h('div', { 'aria-live': 'polite' },
    h('p.empty', {}, 'Name a tag, or choose one that was invalidated lately.'));
  const done = h('div', { role: 'status' });
  const recent = h('div');
  const form = h('form.ask', {
    onsubmit: (/** @type {Event} */ event) => {
      event.preventDefault();
      model.go('tags', input.value);
    },
  }, h('span.pair', {}, h('label', { for: 'tag' }, 'Tag'), input), h('button.main', { type: 'submit' }, 'Look up'));
  const element = h('div.view', {},
    h('div.head', {}, h('h2', {}, 'Tags')),
    form,
    h('div.grid', {}, h('div', {}, found, done), panel('Invalidated lately', recent)));
  let shown = '';
  let stamp = 0;

  async function look() {
    const { app } = model;
    if (!app || !shown) {
      return;
    }
    try {
      const mark = (await api.tag(app, shown)).json;
      if (mark.tag === shown) {
        stamp = newest(mark);
        fill(found, told(mark, model, act));
      }
    } catch (failed) {
      if (!(failed instanceof api.Refused)) {
        throw failed;
      }
      fill(found, h('p.error', { role: 'alert' }, badge('bad', 'not told'), ' ' + failed.message));
    }
  }

  /** @param {'soft' | 'hard'} mode @param {string} expire seconds, '' for never */
  function act(mode, expire) {
    const wish = { tags: [shown], mode, ...(mode === 'soft' && expire !== '' ? { expire: Number(expire) } : {}) };
    confirm(model, shown, mode, wish, async () => {
      fill(done, h('p.loading', {}, 'Waiting until it is in force everywhere …'));
      try {
        fill(done, outcome(mode, await api.invalidate(model.app, wish)));
      } catch (failed) {
        if (!(failed instanceof api.Refused)) {
          throw failed;
        }
        fill(done, h('p.error', { role: 'alert' }, badge('bad', 'not invalidated'), ' ' + failed.message));
      }
      await look();
    });
  }

  return {
    element,
    /** @param {string} tag */
    enter(tag) {
      if (tag && tag !== shown) {
        shown = tag;
        input.value = tag;
        fill(done);
        fill(found, h('p.loading', {}, 'Asking …'));
      }
      look();
    },
    update() {
      const changed = model.recent.get(shown);
      if (changed !== undefined && changed.stamp > stamp) {
        look();
      }
      fill(recent, lately(model));
    },
    changed() {
      fill(done);
      look();
    },
  };
}

/** @param {any} mark */
const newest = (mark) => Math.max(mark.hard, ...mark.soft.map((/** @type {any} */ soft) => soft.stamp), 0);

/** @param {any} mark @param {any} model @param {(mode: 'soft' | 'hard', expire: string) => void} act */
function told(mark, model, act) {
  const events = [
    ...(mark.hard ? [{ stamp: mark.hard, what: 'hard: ended what was computed before', deadline: undefined }] : []),
    ...mark.soft.map((/** @type {any} */ soft) => ({ ...soft, what: 'soft: made stale what was computed before' })),
  ].sort((a, b) => b.stamp - a.stamp);
  const expire = /** @type {HTMLSelectElement} */ (h('select', { id: 'expire' }, ...LIFE.map(([value, label]) => h('option', { value }, label))));
  const writes = model.state?.token.writes;
  return h('section.panel', {},
    h('h2', {}, h('span.mono.wrap', {}, mark.tag)),
    facts([
      ['State', events.length === 0 ? badge('idle', 'never invalidated, or no longer remembered') : badge('warn', 'invalidated')],
      ['Last', events.length === 0 ? '–' : stampTime(events[0].stamp)],
    ]),
    events.length > 0 && table('History of the tag', ['When', 'What', number('Ends what is stale')],
      events.map((one) => [h('span.mono', {}, stampTime(one.stamp)), one.what, one.what.startsWith('hard') ? '–' : one.deadline === undefined ? 'never' : time(one.deadline)])),
    h('div.actions', {},
      h('button', { type: 'button', disabled: !writes, onclick: () => act('soft', expire.value) }, 'Invalidate soft …'),
      h('label', { for: 'expire' }, 'ending what is stale ', expire),
      h('button.danger', { type: 'button', disabled: !writes, onclick: () => act('hard', '') }, 'Invalidate hard …')),
    !writes && h('p.note', {}, 'Your token is read only: it lacks admin:write.'));
}

/** @param {any} model */
function lately(model) {
  const all = [...model.recent.values()].sort((a, b) => b.stamp - a.stamp).slice(0, RECENT_MAX);
  if (all.length === 0) {
    return h('p.empty', {}, 'None, as far as this page has heard.');
  }
  return table('Invalidated lately', ['When', 'Mode', 'Tag'], all.map((one) => [
    h('span.mono', {}, stampTime(one.stamp)),
    one.mode,
    h('a.mono.wrap', { href: '#tags/' + encodeURIComponent(one.tag) }, one.tag),
  ]));
}

/** @param {string} mode @param {{status: number, json: any}} answer */
function outcome(mode, answer) {
  const { stamp, replicas, waited, unacknowledged = [], missing = [] } = answer.json;
  const late = [...unacknowledged, ...missing];
  return h('div', {},
    h('p', {},
      answer.status === 200 ? badge('well', 'in force everywhere') : badge('warn', 'taken, not in force everywhere yet'),
      ` ${mode}, ${stampTime(stamp)}, ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}, after ${duration(1_000 * waited)}.`),
    late.length > 0 && h('p.note', {}, (missing.length ? 'Not yet at: ' : 'Did not say so, and may serve no more: ') + late.join(', ')));
}

/** Quotes for a shell: nothing in single quotes means anything but the next one. @param {string} text */
const quoted = (text) => `'${text.replaceAll("'", "'\\''")}'`;

/** The same by hand. @param {any} model @param {object} wish */
export function curl(model, wish) {
  const { url, body } = api.invalidation(model.app, wish);
  const token = api.hasToken() ? ' -H "Authorization: Bearer $FRESHET_TOKEN"' : '';
  return `curl ${quoted(url)}${token} -H 'Content-Type: application/json' -d ${quoted(body)}`;
}

/** @param {any} model @param {string} tag @param {'soft' | 'hard'} mode @param {any} wish @param {() => void} go */
function confirm(model, tag, mode, wish, go) {
  const effect = mode === 'hard'
    ? 'Whatever carries the tag and was computed before is gone at once, in every deployment of the app: who asks for it waits until it is computed anew.'
    : 'Whatever carries the tag and was computed before is stale, in every deployment of the app: it is served while it is computed anew'
      + (wish.expire === undefined ? '.' : `, and gone ${duration(1_000 * wish.expire)} from now.`);
  const command = curl(model, wish);
  const dialog = /** @type {HTMLDialogElement} */ (h('dialog', { 'aria-labelledby': 'confirm-title' },
    h('h2', { id: 'confirm-title' }, mode === 'hard' ? 'Invalidate hard?' : 'Invalidate soft?'),
    facts([['App', model.app], ['Tag', h('span.mono.wrap', {}, tag)]]),
    h('p', {}, effect),
    h('p.label', {}, 'The same by hand'),
    h('pre.code', { tabindex: 0 }, command),
    h('div.actions', {},
      h('button', { type: 'button', autofocus: true, onclick: () => dialog.close() }, 'Cancel'),
      h(mode === 'hard' ? 'button.danger' : 'button.main', {
        type: 'button',
        onclick: () => {
          dialog.close();
          go();
        },
      }, mode === 'hard' ? 'Invalidate hard' : 'Invalidate soft'))));
  dialog.addEventListener('close', () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
