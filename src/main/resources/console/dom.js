// @ts-check
/*
 * Elements, made of text alone: keys and tags come from whoever may write, so nothing here ever
 * reads markup.
 */

/** @typedef {Node | string | number | null | undefined | false} Child */

/**
 * An element.
 *
 * @param {string} name of the element, with classes after dots: 'p.note'
 * @param {Record<string, any>} [attributes] `on…` are listeners, true stands for an empty one
 * @param {...Child} children strings become text
 * @returns {HTMLElement}
 */
export function h(name, attributes = {}, ...children) {
  const [tag, ...classes] = name.split('.');
  const element = document.createElement(tag);
  if (classes.length > 0) {
    element.className = classes.join(' ');
  }
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith('on')) {
      element.addEventListener(key.slice(2), value);
    } else if (value !== false && value !== null && value !== undefined) {
      element.setAttribute(key, value === true ? '' : String(value));
    }
  }
  element.append(...nodes(children));
  return element;
}

/** @param {Child[]} children */
function nodes(children) {
  return children
    .filter((child) => child !== null && child !== undefined && child !== false)
    .map((child) => (child instanceof Node ? child : String(child)));
}

/**
 * Gives an element other children, unless they say what is there already: so that what is selected, or has the focus, stays so.
 *
 * @param {Element} element
 * @param {...Child} children
 */
export function fill(element, ...children) {
  const next = document.createElement(element.tagName);
  next.append(...nodes(children));
  if (!next.isEqualNode(shallow(element))) {
    element.replaceChildren(...next.childNodes);
  }
}

/** @param {Element} element */
function shallow(element) {
  const bare = document.createElement(element.tagName);
  bare.append(...[...element.childNodes].map((node) => node.cloneNode(true)));
  return bare;
}

/** Shapes and words: what is well, what is worth a look, and what is wrong, told apart without colour. */
const SHAPES = { well: '●', warn: '▲', bad: '■', idle: '○' };

/**
 * A state, by shape and word.
 *
 * @param {'well' | 'warn' | 'bad' | 'idle'} kind
 * @param {string} word
 */
export function badge(kind, word) {
  return h('span.badge.' + kind, {}, h('span', { 'aria-hidden': 'true' }, SHAPES[kind]), word);
}

/**
 * A table.
 *
 * @param {string} caption
 * @param {(string | {text: string, number: boolean})[]} heads
 * @param {Child[][]} rows
 */
export function table(caption, heads, rows) {
  const numbers = heads.map((head) => typeof head === 'object');
  return h(
    'div.scroll', { tabindex: 0, role: 'region', 'aria-label': caption },
    h(numbers.includes(true) ? 'table' : 'table.texts', {},
      h('caption', {}, caption),
      h('thead', {}, h('tr', {}, ...heads.map((head, i) =>
        h(numbers[i] ? 'th.number' : 'th', { scope: 'col' }, typeof head === 'object' ? head.text : head)))),
      h('tbody', {}, ...rows.map((cells) =>
        h('tr', {}, ...cells.map((cell, i) => h(numbers[i] ? 'td.number' : 'td', {}, cell)))))));
}

/** A column of numbers. @param {string} text */
export const number = (text) => ({ text, number: true });

/**
 * A list of names and values.
 *
 * @param {[string, Child][]} pairs
 */
export function facts(pairs) {
  return h('dl.facts', {}, ...pairs.map(([name, value]) => h('div', {}, h('dt', {}, name), h('dd', {}, value))));
}

/**
 * A panel with a heading.
 *
 * @param {string} title
 * @param {...Child} children
 */
export function panel(title, ...children) {
  return h('section.panel', {}, h('h2', {}, title), ...children);
}
