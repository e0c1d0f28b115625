// @ts-check
'use strict';
/*
 * For require(). The one copy of the code is the module; it is loaded here and now, so that none of
 * it keeps the context of the request that happens to be first. Once it is there nothing stands
 * between.
 */
const loaded = import('./components.js').then((module) =>
  Object.assign(components, module.default),
);

const components = Object.fromEntries(
  ['get', 'set', 'refreshTags', 'getExpiration', 'updateTags'].map((method) => [
    method,
    async (/** @type {any[]} */ ...given) => /** @type {any} */ (await loaded)[method](...given),
  ]),
);

module.exports = components;
