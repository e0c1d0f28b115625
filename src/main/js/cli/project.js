// @ts-check
/** The app in the working directory: how it is set up, and what its build has made. */
import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { deployment } from '../config.js';
import { borrowed, pathOf, scopesKeys } from '../next.js';
import { Failure } from './failure.js';

/**
 * @typedef {object} Build
 * @property {string} distDir
 * @property {string} serverDistDir
 * @property {any} config of Next, as it was built
 * @property {any} prerendered the manifest of what was prerendered
 */

/**
 * A page that the build has made, as Next asks for it.
 *
 * @typedef {object} Page
 * @property {string} pathname
 * @property {string} key
 * @property {{ kind: string, isFallback: boolean, isRoutePPREnabled: boolean }} ctx
 */

const CONFIGS = ['next.config.ts', 'next.config.mts', 'next.config.mjs', 'next.config.js'];

/** How the app is written. */
export function project() {
  const about = readJson('package.json');
  if (!about)
    throw new Failure(`there is no package.json in ${process.cwd()}: name the app by --dir`);
  const config = CONFIGS.find((file) => existsSync(file));
  const typescript = config ? /ts$/.test(config) : existsSync('tsconfig.json');
  const esm = about.type === 'module' || /\.m[jt]s$/.test(config ?? '') || (!config && !typescript);
  const inSrc = existsSync('src/app') || existsSync('src/pages');
  return {
    name: String(about.name ?? ''),
    config: config ?? (typescript ? 'next.config.ts' : 'next.config.mjs'),
    typescript,
    esm,
    sources: inSrc ? 'src' : '.',
  };
}

/** Takes over the settings of the app's .env files, as `next start` does. */
export function loadEnv() {
  const next = borrowedPath('next/package.json');
  try {
    createRequire(next ?? '')('@next/env').loadEnvConfig(process.cwd(), false, SILENT);
  } catch {
    // no Next, no files
  }
}

const SILENT = { info() {}, error() {} };

/** @returns {Build} */
export function build() {
  const distDir = path.resolve('.next');
  const config = readJson(path.join(distDir, 'required-server-files.json'))?.config;
  if (!config)
    throw new Failure(`there is no build in ${distDir}: run next build, or name the app by --dir`);
  return {
    distDir,
    serverDistDir: path.join(distDir, 'server'),
    config,
    prerendered: readJson(path.join(distDir, 'prerender-manifest.json')) ?? {},
  };
}

/**
 * The name of the build's deployment, and what tells it.
 *
 * @param {Build} build
 */
export function deploymentOf({ config, serverDistDir }) {
  const { NEXT_DEPLOYMENT_ID: named } = process.env;
  const name = deployment({ deploymentId: config.deploymentId, serverDistDir });
  if (!name) throw new Failure('nothing names the deployment: set NEXT_DEPLOYMENT_ID, or build it');
  const from = named ? 'NEXT_DEPLOYMENT_ID' : config.deploymentId ? 'deploymentId' : 'BUILD_ID';
  return { name, from };
}

/**
 * What Next gives the handler for this build.
 *
 * @param {Build} build
 */
export function handlerContext({ serverDistDir }) {
  const fs = borrowed('next/dist/server/lib/node-fs-methods.js')?.nodeFs;
  if (!fs) throw new Failure(`there is no Next in ${process.cwd()} that could read its build`);
  return { fs, serverDistDir, dev: false, revalidatedTags: [], _requestHeaders: {} };
}

/**
 * The pages, route handlers and fallback shells of a build, by Next's own note beside each. Before
 * 16.3 that says nothing of the key: it is the file's path. And before 16.2 what a route that may be
 * partly prerendered has made is not all there, and Next does not look for it, though it be whole.
 *
 * @param {Build} build
 * @returns {Generator<Page>}
 */
export function* pagesOf({ serverDistDir, prerendered }) {
  for (const part of ['app', 'pages']) {
    const root = path.join(serverDistDir, part);
    const files = existsSync(root) ? readdirSync(root, { recursive: true, encoding: 'utf8' }) : [];
    for (const file of files.sort()) {
      const meta = file.endsWith('.meta') ? readJson(path.join(root, file)) : undefined;
      if (typeof meta?.routeCache?.key === 'string') {
        const { key, owner, isFallback } = meta.routeCache;
        const pathname = key.slice(key.indexOf('/$/') + 2);
        const isRoutePPREnabled = meta.postponed !== undefined && meta.postponed !== null;
        const ctx = { kind: owner.kind, isFallback: !!isFallback, isRoutePPREnabled };
        yield { pathname, key, ctx };
      } else if (meta && part === 'app' && !scopesKeys()) {
        const name = file.slice(0, -'.meta'.length);
        const pathname = `/${name.split(path.sep).join('/')}`;
        const kind = existsSync(path.join(root, `${name}.body`)) ? 'APP_ROUTE' : 'APP_PAGE';
        const { routes = {}, dynamicRoutes = {} } = prerendered;
        const isFallback = pathname in dynamicRoutes;
        const { renderingMode } = routes[pathOf(pathname)] ?? dynamicRoutes[pathname] ?? {};
        const isRoutePPREnabled = renderingMode === 'PARTIALLY_STATIC';
        yield { pathname, key: pathname, ctx: { kind, isFallback, isRoutePPREnabled } };
      }
    }
  }
}

/** The version of Next that is installed. @returns {string | undefined} */
export function nextVersion() {
  return borrowed('next/package.json')?.version;
}

/** @param {string} id */
function borrowedPath(id) {
  try {
    return createRequire(path.resolve('any.js')).resolve(id);
  } catch {
    return undefined;
  }
}

/** @param {string} file @returns {any} undefined when it is not there, or cannot be read */
export function readJson(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch {
    return undefined;
  }
}
