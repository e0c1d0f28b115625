// @ts-check
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { launch, open } from './browser.mjs';

/*
 * node outage.mjs <browser> <console> <folder>
 *
 * Whoever started this kills the store when the file "watching" is in the folder, starts it when "seen" is, and ends the
 * replica when "recovered" is. Each time the page says so by itself.
 */
const [executablePath, url, folder] = process.argv.slice(2);
const say = (/** @type {string} */ name) => writeFileSync(folder + '/' + name, '');

const browser = await launch(executablePath);
try {
  const tab = await open(browser, url);
  const { page } = tab;
  await page.getByRole('cell', { name: 'coherent' }).waitFor();
  assert.equal(await page.locator('.trouble').count(), 0);
  say('watching');
  const killed = performance.now();
  await page.locator('.trouble', { hasText: 'Outage' }).filter({ hasText: 'shop' }).waitFor();
  console.log('the banner came after ms: ' + Math.round(performance.now() - killed));
  await page.getByText('Check store').waitFor();
  await tab.checkAccessible();
  await page.screenshot({ path: folder + '/outage.png' });
  await page.locator('nav a[href="#fleet"]').click();
  await page.getByRole('alert').waitFor();
  await page.locator('nav a[href="#overview"]').click();
  say('seen');
  const started = performance.now();
  await page.getByRole('cell', { name: 'coherent' }).waitFor();
  await page.locator('.trouble').first().waitFor({ state: 'detached' });
  console.log('it went after ms: ' + Math.round(performance.now() - started));
  tab.checkQuiet(/status of 503/);
  say('recovered');
  await page.locator('.trouble', { hasText: 'No answer' }).waitFor();
  await page.screenshot({ path: folder + '/lost.png' });
} finally {
  await browser.close();
}
