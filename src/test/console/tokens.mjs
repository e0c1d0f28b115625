// @ts-check
import assert from 'node:assert/strict';
import { launch, open } from './browser.mjs';

/*
 * node tokens.mjs <browser> <console> <token that may read> <token that may write> <token of another app>
 *
 * Nothing is shown without a token; one that may read changes nothing, by the page or past it; one that may write does.
 */
const [executablePath, url, reads, writes, foreign] = process.argv.slice(2);

const browser = await launch(executablePath);
try {
  const refused = /status of 40[13]/; // what the browser itself says of an answer
  const use = async (/** @type {import('playwright-core').Page} */ page, /** @type {string} */ token) => {
    await page.locator('#secret').fill(token);
    await page.getByRole('button', { name: 'Use' }).click();
  };
  const tab = await open(browser, url);
  const { page } = tab;
  await page.getByRole('heading', { name: 'Token' }).waitFor();
  await tab.checkAccessible();
  tab.checkQuiet();
  await use(page, 'freshet_reader_wrong');
  await page.getByText('the token is not known here').waitFor();
  await use(page, reads);
  await page.getByText('read only').first().waitFor();
  await page.goto(url + '/console/#tags/posts');
  await page.getByText('never invalidated').waitFor();
  for (const name of ['Invalidate soft …', 'Invalidate hard …']) {
    assert.ok(await page.getByRole('button', { name }).isDisabled());
  }
  await page.getByText('lacks admin:write').waitFor();
  const past = await page.evaluate(async (token) => {
    const answer = await fetch('api/apps/shop/invalidations', {
      method: 'POST',
      headers: { Authorization: 'Bearer ' + token, 'Content-Type': 'application/json' },
      body: '{"tags":["posts"],"mode":"hard"}',
    });
    return [answer.status, (await answer.json()).type];
  }, reads);
  assert.deepEqual(past, [403, 'https://freshet.dev/problems/insufficient-scope']);
  assert.equal(page.url().includes(reads), false);
  assert.deepEqual(await tab.page.context().cookies(), []);

  await page.getByRole('button', { name: 'Forget token' }).click();
  await page.getByRole('heading', { name: 'Token' }).waitFor();
  assert.equal(await page.evaluate(() => sessionStorage.length), 0);
  await use(page, foreign);
  await page.getByText('ready').waitFor();
  assert.equal(await page.locator('#app option').count(), 0);
  await page.getByRole('button', { name: 'Forget token' }).click();

  await use(page, writes);
  await page.getByText('never invalidated').waitFor();
  await page.getByRole('button', { name: 'Invalidate soft …' }).click();
  assert.ok(((await page.locator('dialog pre').textContent()) ?? '').includes('-H "Authorization: Bearer $FRESHET_TOKEN"'));
  await page.getByRole('button', { name: 'Invalidate soft', exact: true }).click();
  await page.getByText('in force everywhere').waitFor();
  tab.checkQuiet(refused);
} finally {
  await browser.close();
}
