// @ts-check
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import test from 'node:test';
import { fileURLToPath } from 'node:url';

const REPOSITORY = fileURLToPath(new URL('../../..', import.meta.url));

test('README.md: its figures are those of bench/results', () => {
  const check = ['bench/charts/run.mjs', '--check'];
  const { status, stderr } = spawnSync(process.execPath, check, { cwd: REPOSITORY });

  assert.equal(status, 0, `${stderr}`);
});
