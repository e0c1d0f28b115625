// @ts-check
/** Writes the two handler files, and shows what else an app needs. Overwrites nothing. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { project } from './project.js';

const KINDS = ['incremental', 'components'];

/** @type {import('./main.js').Run} */
export function run() {
  const app = project();
  const end = app.esm ? 'mjs' : 'cjs';
  const files = KINDS.map((kind) => {
    const file = path.posix.join(app.sources, `cache-${kind}.${end}`);
    const text = app.esm
      ? `export { default } from 'freshet-next/${kind}';\n`
      : `module.exports = require('freshet-next/${kind}');\n`;
    return { file, state: write(file, text) };
  });
  const config = configOf(
    app,
    files.map(({ file }) => `./${file}`),
  );
  const name = appName(app.name);
  const environment = { FRESHET_URL: 'http://127.0.0.1:8484', FRESHET_APP: name };
  const text = [
    ...files.map(({ file, state }) => `${state.padEnd(8)} ${file}`),
    '',
    `Add to ${app.config}:`,
    '',
    ...config.map((line) => (line ? `  ${line}` : '')),
    '',
    'Set for each server:',
    '',
    ...Object.entries(environment).map(([key, value]) => `  ${key}=${value}`),
    '',
    ...(existsSync('node_modules/freshet-next')
      ? []
      : ['Install the package: npm install freshet-next']),
    'Then build, and ask: npx freshet-next doctor',
  ].join('\n');
  return {
    ok: true,
    text,
    json: { files, config: { file: app.config, lines: config }, environment },
  };
}

/**
 * @param {string} file
 * @param {string} text
 */
function write(file, text) {
  try {
    writeFileSync(file, text, { flag: 'wx' });
    return 'written';
  } catch (error) {
    if (/** @type {any} */ (error).code !== 'EEXIST') throw error;
    return readFileSync(file, 'utf8') === text ? 'there' : 'kept';
  }
}

/**
 * @param {ReturnType<typeof project>} app
 * @param {string[]} files
 */
function configOf({ esm, typescript }, [incremental, components]) {
  const to = (/** @type {string} */ file) =>
    esm ? `file('${file}')` : `require.resolve('${file}')`;
  const lines = [
    `cacheHandler: ${to(incremental)},`,
    `cacheHandlers: { default: ${to(components)}, remote: ${to(components)} },`,
  ];
  if (!esm) return lines;
  const type = typescript ? ': string' : '';
  return [
    "import { fileURLToPath } from 'node:url';",
    `const file = (name${type}) => fileURLToPath(new URL(name, import.meta.url));`,
    '',
    ...lines,
  ];
}

/** @param {string} text */
function appName(text) {
  const name = text
    .toLowerCase()
    .replace(/[^a-z0-9._-]+/g, '-')
    .replace(/^[^a-z0-9]+/, '');
  return name.slice(0, 63) || 'app';
}
