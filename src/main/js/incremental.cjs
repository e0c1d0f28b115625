// @ts-check
'use strict';
/* For require(): see components.cjs. */
/** @type {typeof import('./incremental.js').default | undefined} */
let Handler;
const loaded = import('./incremental.js').then((module) => (Handler = module.default));

module.exports = class Incremental {
  #handler;

  /** @param {any} context */
  constructor(context) {
    if (Handler) return /** @type {any} */ (new Handler(context));
    this.#handler = loaded.then((Loaded) => new Loaded(context));
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
