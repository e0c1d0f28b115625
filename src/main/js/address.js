// @ts-check
/** Where a gateway is: a host over TCP or TLS, or a Unix socket. */
import * as http from 'node:http';
import * as https from 'node:https';

/**
 * @typedef {object} Address
 * @property {string} name as it was given
 * @property {URL} url what paths are added to
 * @property {string} [socketPath] of a Unix socket
 */

/** The most that can be named. */
const ADDRESSES_MAX = 16;

/**
 * Reads one or more addresses, separated by commas, the preferred ones first.
 *
 * @param {string} text
 * @returns {Address[] | undefined} undefined when one is none, or there are more than 16
 */
export function addressesIn(text) {
  const all = text.split(',').map((part) => addressIn(part.trim()));
  return all.length <= ADDRESSES_MAX && all.every((one) => one !== undefined) ? all : undefined;
}

/**
 * @param {string} name
 * @returns {Address | undefined}
 */
function addressIn(name) {
  const socketPath = /^unix:(?:\/\/)?(\/.+)$/.exec(name)?.[1];
  if (socketPath) return { name, url: new URL('http://localhost'), socketPath };
  try {
    const url = new URL(name);
    const plain = /^https?:$/.test(url.protocol) && !url.username && !url.search && !url.hash;
    return plain ? { name, url } : undefined;
  } catch {
    return undefined;
  }
}

/** @param {Address} address */
export function isSecure({ url }) {
  return url.protocol === 'https:';
}

/**
 * Begins a request. Throws when the options are impossible, as a key that belongs to another
 * certificate is.
 *
 * @param {Address} address
 * @param {string} path beginning with a slash
 * @param {https.RequestOptions} options
 */
export function requestTo(address, path, options) {
  const url = new URL(address.url.href.replace(/\/*$/, '') + path);
  const { socketPath } = address;
  return (isSecure(address) ? https : http).request(url, { ...options, socketPath });
}
