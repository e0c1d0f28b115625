// @ts-check
import * as api from './api.js';
import { badge, facts, fill, h, number, table } from './dom.js';
import { brief, duration, fixed, size, stampTime } from './format.js';

/* Why an entry is served or not. */

/** @param {any} model */
export function entry(model) {
  const names = h('datalist', { id: 'deployments' });
  const field = (/** @type {string} */ id, /** @type {Record<string, any>} */ more) => /** @type {HTMLInputElement} */ (h('input', {
    id, name: id, type: 'text', required: true, autocomplete: 'off', spellcheck: 'false', ...more,
  }));
  const deployment = field('deployment', { list: 'deployments', pattern: '[A-Za-z0-9._\\-]{1,128}', placeholder: 'v1' });
  const key = field('key', { placeholder: 'its text, or @ and its digest' });
  const found = h('div', { 'aria-live': 'polite' },
    h('p.empty', {}, 'Name a deployment and a key to see why it is fresh, stale or gone. Asking takes no lease, and changes nothing.'));
  const element = h('div.view', {},
    h('div.head', {}, h('h2', {}, 'Entry')),
    h('form.ask', {
      onsubmit: (/** @type {Event} */ event) => {
        event.preventDefault();
        look();
      },
    }, h('span.pair', {}, h('label', { for: 'deployment' }, 'Deployment'), deployment, names),
    h('span.pair', {}, h('label', { for: 'key' }, 'Key'), key),
    h('button.main', { type: 'submit' }, 'Explain')),
    found);

  async function look() {
    fill(found, h('p.loading', {}, 'Asking …'));
    try {
      fill(found, model.app ? explained((await api.why(model.app, deployment.value, key.value)).json) : h('p.empty', {}, 'No app is served here yet.'));
    } catch (failed) {
      if (!(failed instanceof api.Refused)) {
        throw failed;
      }
      fill(found, h('p.error', { role: 'alert' }, badge('bad', 'not told'), ' ' + failed.message));
    }
  }

  return {
    element,
    async enter() {
      if (model.app) {
        const told = await api.deployments(model.app).catch(() => ({ json: { deployments: [] } }));
        fill(names, ...told.json.deployments.map((/** @type {any} */ one) => h('option', { value: one.deployment })));
      }
    },
    update() {},
    changed() {
      fill(found);
    },
  };
}

const STATES = /** @type {const} */ ({ fresh: 'well', stale: 'warn', gone: 'bad', missing: 'idle' });

/** @param {any} why */
function explained(why) {
  const life = (/** @type {number | undefined} */ seconds) => (seconds === undefined ? 'never' : duration(1_000 * seconds));
  const there = why.state !== 'missing';
  return h('section.panel', {},
    h('h2', {}, badge(STATES[/** @type {keyof typeof STATES} */ (why.state)], why.state)),
    h('p.verdict', {}, verdict(why)),
    facts([
      ['Digest', h('span.mono', { title: why.digest }, brief(why.digest))],
      ...(there ? /** @type {[string, any][]} */ ([
        ['Age', duration(1_000 * why.age)],
        ['Stale after', life(why.revalidate)],
        ['Gone after', life(why.expire)],
        ['Invalidations count from', h('span.mono', {}, stampTime(why.asOf))],
        ['Written', h('span.mono', {}, stampTime(why.revision))],
        ['Size', size(why.bytes)],
        ['Type', why.type],
      ]) : []),
      ['Being refreshed', why.lease ? `by a client of replica ${why.lease.replica}, for ${duration(1_000 * why.lease.ttl)} more at most` : 'by nobody'],
    ]),
    there && (why.tags.length === 0
      ? h('p.empty', {}, 'It has no tags: no invalidation reaches it.')
      : table('Its tags', ['Tag', 'Effect', number('Hard'), number('Newest soft')], why.tags.map(tagged))));
}

/** @param {any} tag */
function tagged(tag) {
  const soft = Math.max(0, ...tag.soft.map((/** @type {any} */ one) => one.stamp));
  return [
    h('a.mono.wrap', { href: '#tags/' + encodeURIComponent(tag.tag) }, tag.tag),
    tag.effect === 'none' ? badge('well', 'none') : badge(tag.effect === 'gone' ? 'bad' : 'warn', 'made it ' + tag.effect),
    tag.hard ? stampTime(tag.hard) : '–',
    soft ? stampTime(soft) : '–',
  ];
}

/** In a sentence. @param {any} why */
export function verdict(why) {
  const age = duration(1_000 * why.age);
  const by = (why.tags ?? []).filter((/** @type {any} */ tag) => tag.effect === why.state).map((/** @type {any} */ tag) => `“${tag.tag}”`);
  if (why.state === 'missing') {
    return 'The store has no such entry: it was never written, was removed, or has outlived its lifetime.';
  }
  if (why.state === 'fresh') {
    return `It is served. It is ${age} old, and no tag of it was invalidated since it was computed.`;
  }
  const served = why.state === 'stale' ? 'It is served while one client refreshes it' : 'It is not served';
  switch (why.reason) {
    case 'tag':
      return `${served}: ${by.join(', ')} ${by.length === 1 ? 'was' : 'were'} invalidated after its computation had begun.`;
    case 'time':
      return `${served}: it is ${age} old, and its lifetime says ${fixed((why.state === 'stale' ? why.revalidate : why.expire) ?? 0)} s.`;
    default:
      return `${served}: it is older than what is remembered of invalidations.`;
  }
}
