// @ts-check
'use strict';
/* For require(): see components.cjs. */
const loaded = import('./incremental.js').then((module) => module.default);

module.exports = class Incremental {
  #handler;

  /** @param {any} context */
  constructor(context) {
    this.#handler = loaded.then((Handler) => new Handler(context));
  }

  /** @param {[key: string, ctx: any]} given */
  async get(...given) {
    return (await this.#handler).get(...given);
  }

  /** @param {[key: string, value: any, ctx: any]} given */
  async set(...given) {
    return (await this.#handler).set(...given);
  }

  /** @param {[tags: string | string[], durations?: { expire?: number }]} given */
  async revalidateTag(...given) {
    return (await this.#handler).revalidateTag(...given);
  }

  resetRequestCache() {}
};
