// @ts-check
import assert from 'node:assert/strict';
import { invalidate, launch, open, put } from './browser.mjs';

/*
 * node events.mjs <browser> <console> <api of another replica> [<api of the console's>]
 *
 * What another client invalidates at another replica appears within a second: in the events, in the mark of the tag that is
 * looked at, and among what was invalidated lately. And the console's own invalidation is in force there.
 */
const SECOND_MS = 1_000;
const [executablePath, url, other, own] = process.argv.slice(2);

await put(own, 'v1', 'page', ['seen']);
await put(other, 'v1', 'page', ['seen']);
const browser = await launch(executablePath);
try {
  const tab = await open(browser, url);
  const { page } = tab;
  await page.locator('nav a[href="#events"]').click();
  await page.getByText('hearing shop').waitFor();
  const took = [];
  for (let i = 0; i < 5; i++) {
    const shown = page.getByRole('cell', { name: 'heard-' + i, exact: true }).waitFor();
    await invalidate(other, ['heard-' + i]);
    const begun = performance.now();
    await shown;
    took.push(Math.round(performance.now() - begun));
  }
  console.log('an invalidation made elsewhere is shown after ms: ' + took.join(' '));
  assert.ok(Math.max(...took) < SECOND_MS, took.join(' '));

  await page.goto(url + '/console/#tags/seen');
  await page.getByText('never invalidated').waitFor();
  await invalidate(other, ['seen'], 'soft');
  await page.getByText('soft: made stale').waitFor({ timeout: SECOND_MS });

  await page.getByRole('button', { name: 'Invalidate hard …' }).click();
  const command = (await page.locator('dialog pre').textContent()) ?? '';
  assert.match(command, /^curl 'http:\S+\/console\/api\/apps\/shop\/invalidations' -H 'Content-Type: application\/json' -d '\{"tags":\["seen"\],"mode":"hard"\}'$/);
  await page.getByRole('button', { name: 'Cancel' }).click();
  assert.equal((await (await fetch(other + '/v1/apps/shop/deployments/v1/entries/page')).text()).length, 2_000);
  await page.getByRole('button', { name: 'Invalidate hard …' }).click();
  await page.getByRole('button', { name: 'Invalidate hard', exact: true }).click();
  await page.getByText('in force everywhere').waitFor();
  assert.equal((await fetch(other + '/v1/apps/shop/deployments/v1/entries/page')).status, 404);
  await page.getByText('hard: ended').waitFor();
  tab.checkQuiet();
} finally {
  await browser.close();
}
