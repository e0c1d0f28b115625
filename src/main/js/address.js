// @ts-check
/** Where a gateway is: a host over TCP or TLS, or a Unix socket. */
import * as http from 'node:http';
import * as https from 'node:https';
import { urlToHttpOptions } from 'node:url';

/**
 * @typedef {object} Address
 * @property {string} name as it was given
 * @property {https.RequestOptions} where of a request: `path` is what paths are added to, and a Unix
 * socket has a `socketPath`
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
  try {
    const url = new URL(socketPath ? 'http://localhost' : name);
    if (!/^https?:$/.test(url.protocol) || url.username || url.search || url.hash) return undefined;
    const path = url.pathname.replace(/\/*$/, '');
    return { name, where: { ...urlToHttpOptions(url), path, socketPath } };
  } catch {
    return undefined;
  }
}

/** @param {Address} address */
export function isSecure({ where }) {
  return where.protocol === 'https:';
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
  const { where } = address;
  const { request } = isSecure(address) ? https : http;
  return request({ ...where, ...options, path: where.path + path });
}
