// @ts-check
import { chromium } from 'playwright-core';

/*
 * node browser/click.mjs <browser> <page> <selector> <url>…
 *
 * Opens the page, clicks, and reads each url as soon as the server action has answered. Prints
 * {"status": of the answer, "shown": the value that the page shows then, "read": [text of each url]}.
 */
const [executablePath, page, selector, ...urls] = process.argv.slice(2);
const timeout = 20_000;

const browser = await chromium.launch({
  executablePath,
  headless: true,
  timeout,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
});
try {
  const tab = await browser.newPage();
  tab.setDefaultTimeout(timeout);
  await tab.goto(page);
  const answered = tab.waitForResponse((response) => response.request().method() === 'POST');
  await tab.click(selector);
  const answer = await answered;
  const read = await Promise.all(urls.map(async (url) => (await fetch(url)).text()));
  await tab.locator('#done', { hasText: '1' }).waitFor();
  const shown = await tab.locator('output').getAttribute('data-value');
  console.log(JSON.stringify({ status: answer.status(), shown, read }));
} finally {
  await browser.close();
}
