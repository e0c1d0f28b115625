// @ts-check
import assert from 'node:assert/strict';
import axe from 'axe-core';
import { chromium } from 'playwright-core';

/* A Chromium with the console open, which fails whatever the page itself calls wrong. */

const TIMEOUT_MS = 20_000;
const ARGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** @param {string} executablePath */
export const launch = (executablePath) => chromium.launch({ executablePath, headless: true, timeout: TIMEOUT_MS, args: ARGS });

/**
 * A tab.
 *
 * @param {import('playwright-core').Browser} browser
 * @param {string} url
 * @param {{dark?: boolean, width?: number, still?: boolean}} [how]
 */
export async function open(browser, url, { dark = false, width = 1440 } = {}) {
  const context = await browser.newContext({
    viewport: { width, height: width < 600 ? 844 : 900 },
    colorScheme: dark ? 'dark' : 'light',
    reducedMotion: 'reduce',
  });
  const page = await context.newPage();
  page.setDefaultTimeout(TIMEOUT_MS);
  /** @type {string[]} */
  const wrong = [];
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') {
      wrong.push(message.text());
    }
  });
  page.on('pageerror', (failed) => wrong.push(String(failed)));
  page.on('request', (request) => {
    if (new URL(request.url()).origin !== new URL(url).origin && !request.url().startsWith('data:')) {
      wrong.push('asked elsewhere: ' + request.url());
    }
  });
  await page.exposeFunction('reportedViolation', (/** @type {string} */ text) => wrong.push('CSP: ' + text));
  await page.addInitScript(() => addEventListener('securitypolicyviolation', (event) =>
    /** @type {any} */ (window).reportedViolation(event.violatedDirective + ' ' + event.blockedURI)));
  await page.goto(url + '/console/');
  return {
    page,
    /** Fails if the page logged an error, broke its policy, or asked another server. @param {RegExp} [but] what is right */
    checkQuiet(but) {
      assert.deepEqual(wrong.filter((line) => !but?.test(line)), []);
    },
    /** Fails if there is anything serious in the way of those who cannot see, or use no mouse. */
    async checkAccessible() {
      await page.evaluate(axe.source);
      const { violations } = await page.evaluate(() => /** @type {any} */ (window).axe.run());
      assert.deepEqual(
        violations
          .filter((/** @type {any} */ one) => ['serious', 'critical'].includes(one.impact))
          .map((/** @type {any} */ one) => [one.id, one.nodes.map((/** @type {any} */ node) => node.html + ' ' + node.failureSummary)]),
        []);
    },
    close: () => context.close(),
  };
}

/** Sends to the API as any other client. @param {string} url @param {string} method @param {string} path @param {string} body @param {Record<string, string>} [headers] */
export async function send(url, method, path, body, headers = {}) {
  const answer = await fetch(url + '/v1/apps/shop' + path, { method, body: method === 'GET' ? undefined : body, headers });
  assert.ok(answer.status < 300 || answer.status === 404, `${method} ${path}: ${answer.status} ${await answer.clone().text()}`);
  return answer;
}

/** @param {string} url @param {string[]} tags @param {'soft' | 'hard'} [mode] */
export const invalidate = (url, tags, mode = 'hard') =>
  send(url, 'POST', '/invalidations', JSON.stringify({ tags, mode }), { 'Content-Type': 'application/json' });

/** @param {string} url @param {string} deployment @param {string} key @param {string[]} tags @param {string} [lifetime] */
export const put = (url, deployment, key, tags, lifetime = 'revalidate=60, expire=600') =>
  send(url, 'PUT', `/deployments/${deployment}/entries/${key}`, 'x'.repeat(2_000), {
    'Freshet-Lifetime': lifetime,
    'Cache-Groups': tags.map((tag) => JSON.stringify(tag)).join(', '),
  });
