// @ts-check
/** next.md says what Next asks; here, that it names every rule and trap and the very tests of each. */
import assert from 'node:assert/strict';
import { readFileSync, readdirSync } from 'node:fs';
import { test } from 'node:test';

const RULES = 10;
const TRAPS = 25;
const HERE = new URL('./', import.meta.url);
const NEXT = new URL('../../site/markdown/next.md', import.meta.url);

/** @type {(length: number, name: string) => string[]} */
const numbered = (length, name) => Array.from({ length }, (_, i) => `${name}${i + 1}`);
const ALL = [...numbered(RULES, 'rule '), ...numbered(TRAPS, 'T')];

/** The tests of each rule and trap, by what stands in the sources; `…` where they fill in. */
function tests() {
  /** @type {Map<string, string[]>} */
  const byName = new Map();
  for (const file of readdirSync(HERE).filter((file) => file.endsWith('.test.js'))) {
    const source = readFileSync(new URL(file, HERE), 'utf8');
    for (const [, , names, title] of source.matchAll(
      /^ *test\(\s*(['`])((?:(?:rule |T)\d+(?:, )?)+): (.+?)\1/gm,
    )) {
      for (const name of names.split(', ')) {
        byName.set(name, [...(byName.get(name) ?? []), title.replace(/\$\{.*?\}/g, '…')]);
      }
    }
  }
  return byName;
}

/** The tests that the tables name. */
function documented() {
  const rows = readFileSync(NEXT, 'utf8').matchAll(/^\| ((?:rule |T)\d+) \|.*\| (.*) \|$/gm);
  return new Map(
    [...rows].map(([, name, shown]) => [name, [...shown.matchAll(/`(.+?)`/g)].map(([, t]) => t)]),
  );
}

test('next.md_hasEachRuleAndTrapOnce', () => {
  const rows = readFileSync(NEXT, 'utf8').matchAll(/^\| ((?:rule |T)\d+) \|/gm);

  assert.deepEqual(
    [...rows].map(([, name]) => name),
    ALL,
  );
});

test('next.md_namesTheTestsThatBearTheName', () => {
  const there = tests();
  const named = documented();

  assert.deepEqual([...there.keys()].sort(), [...ALL].sort());
  for (const name of ALL) {
    assert.ok(there.get(name)?.length, `${name} has no test`);
    assert.deepEqual(named.get(name)?.sort(), there.get(name)?.sort(), name);
  }
});
