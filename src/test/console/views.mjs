// @ts-check
import assert from 'node:assert/strict';
import { invalidate, launch, open, put, send } from './browser.mjs';

/*
 * node views.mjs <browser> <console> <folder> <api>…
 *
 * Opens each view, wide and narrow, light and dark: none logs an error, breaks the policy, or bars
 * anybody; and keeps what it looks like in the folder.
 */
const [executablePath, url, folder, ...apis] = process.argv.slice(2);

const [first, second = first] = apis;
for (const [deployment, keys] of /** @type {[string, number][]} */ ([['v41', 12], ['v42', 30]])) {
  for (let i = 0; i < keys; i++) {
    await put(first, deployment, 'product-' + i, ['products', 'product-' + i]);
  }
}
await put(first, 'v42', 'front', ['posts', 'layout'], 'revalidate=3600, expire=86400');
await invalidate(second, ['product-3', 'product-4'], 'soft');
await invalidate(second, ['posts'], 'soft');
await invalidate(second, ['posts'], 'hard');
await put(second, 'v42', 'front', ['posts', 'layout'], 'revalidate=3600, expire=86400');
await invalidate(second, ['posts'], 'soft');
for (let i = 0; i < 400; i++) {
  await send(first, 'GET', `/deployments/v42/entries/product-${(i * i) % 36}`, '');
}

const VIEWS = /** @type {[string, (page: import('playwright-core').Page) => Promise<void>][]} */ ([
  ['overview', async (page) => {
    await page.locator('.tile').first().waitFor();
    await page.locator('canvas').nth(3).waitFor();
    await page.getByRole('cell', { name: 'coherent' }).waitFor();
  }],
  ['fleet', async (page) => {
    await page.getByText('in step').first().waitFor();
    await page.getByText('this one').waitFor();
    await page.getByRole('cell', { name: 'v42' }).waitFor();
  }],
  ['tags', async (page) => {
    await page.fill('#tag', 'posts');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'posts' }).waitFor();
    await page.locator('a', { hasText: 'product-4' }).waitFor();
  }],
  ['entry', async (page) => {
    await page.fill('#deployment', 'v42');
    await page.fill('#key', 'front');
    await page.keyboard.press('Enter');
    await page.getByText('was invalidated after its computation').waitFor();
  }],
  ['events', async (page) => {
    await page.getByText('hearing shop').waitFor();
    await page.getByRole('cell', { name: 'posts' }).first().waitFor();
  }],
]);

const browser = await launch(executablePath);
try {
  for (const width of [1440, 390]) {
    for (const dark of [false, true]) {
      const tab = await open(browser, url, { dark, width });
      for (const [name, shown] of VIEWS) {
        await tab.page.locator('nav a[href="#' + name + '"]').click();
        await shown(tab.page);
        await tab.checkAccessible();
        assert.equal(await tab.page.evaluate(() => document.documentElement.scrollWidth > innerWidth), false, name + ' is wider than the window');
        await tab.page.screenshot({ path: `${folder}/${name}-${width}-${dark ? 'dark' : 'light'}.png`, fullPage: true });
      }
      await tab.page.locator('nav a[href="#tags"]').click();
      await tab.page.getByRole('button', { name: 'Invalidate hard …' }).click();
      await tab.page.getByRole('dialog').waitFor();
      assert.equal(await tab.page.evaluate(() => document.activeElement?.textContent), 'Cancel');
      await tab.checkAccessible();
      await tab.page.screenshot({ path: `${folder}/confirm-${width}-${dark ? 'dark' : 'light'}.png` });
      await tab.page.keyboard.press('Escape');
      tab.checkQuiet();
      await tab.close();
    }
  }
} finally {
  await browser.close();
}
