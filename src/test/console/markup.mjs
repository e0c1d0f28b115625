// @ts-check
import assert from 'node:assert/strict';
import { invalidate, launch, open, put } from './browser.mjs';

/*
 * node markup.mjs <browser> <console> <api>
 *
 * Tags and keys that are markup, scripts and shell are shown as they are, and do nothing.
 */
const [executablePath, url, api] = process.argv.slice(2);
const NASTY = [
  '<img src=x onerror="window.__xss=1">',
  '<script>window.__xss=1</script>',
  '"><svg onload=window.__xss=1>',
  'javascript:window.__xss=1',
  "'; rm -rf ~; echo '",
  '{{constructor.constructor("window.__xss=1")()}}',
  '%3Cimg src=x onerror=window.__xss=1%3E',
  '\u202Egnp.exe',
];

for (const [i, text] of NASTY.entries()) {
  await put(api, 'v1', '~' + Buffer.from(text).toString('base64url'), ['nasty-' + i, ...(text.match(/^[ -~]*$/) ? [text] : [])]);
}
const browser = await launch(executablePath);
try {
  const tab = await open(browser, url);
  const { page } = tab;
  const inert = async () => {
    assert.equal(await page.evaluate(() => /** @type {any} */ (window).__xss), undefined);
    assert.equal(await page.locator('main img, main script, main svg, dialog img').count(), 0);
  };
  await page.locator('nav a[href="#events"]').click();
  await page.getByText('hearing shop').waitFor();
  for (const text of NASTY) {
    await invalidate(api, [text]);
    await page.getByRole('cell', { name: text, exact: true }).first().waitFor();
    await inert();
    await page.goto(url + '/console/#tags/' + encodeURIComponent(text));
    await page.getByRole('heading', { name: text, exact: true }).waitFor();
    await page.getByRole('link', { name: text, exact: true }).waitFor();
    await page.getByRole('button', { name: 'Invalidate hard …' }).click();
    await page.locator('dialog').getByText(text, { exact: true }).waitFor();
    const command = (await page.locator('dialog pre').textContent()) ?? '';
    assert.ok(command.endsWith(" -d '" + JSON.stringify({ tags: [text], mode: 'hard' }).replaceAll("'", "'\\''") + "'"), command);
    await inert();
    await page.keyboard.press('Escape');
    await page.locator('nav a[href="#entry"]').click();
    await page.fill('#deployment', 'v1');
    await page.fill('#key', text);
    await page.keyboard.press('Enter');
    await page.locator('.verdict').waitFor();
    await page.getByRole('cell', { name: /^nasty-/ }).waitFor();
    await inert();
    await page.locator('nav a[href="#events"]').click();
  }
  tab.checkQuiet();
} finally {
  await browser.close();
}
