// @ts-check
/**
 * An event stream of the gateway, by node:http: what changes is told as it happens, and after a break
 * from where it broke off.
 */
import * as http from 'node:http';
import * as https from 'node:https';
import { outside } from './exchange.js';

/**
 * @typedef {object} Listener
 * @property {(type: string, data: any, id?: string) => void} heard an event; one with an id completes
 * all that is known up to there
 * @property {() => void} lost from here on events may be missed, until the next `hello`
 */

const RETRY_MS = 1_000;
const RETRY_MS_MAX = 30_000;
/** The gateway says something every 15 s. */
const SILENCE_MS_MAX = 40_000;
const EVENT_CHARS_MAX = 1 << 20;

export class Stream {
  #url;
  #listener;
  /** @type {http.ClientRequest | undefined} */
  #request;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  /** @type {string | undefined} */
  #lastId;
  #retryMs = RETRY_MS;
  #failures = 0;

  /**
   * @param {URL} url
   * @param {Listener} listener
   */
  constructor(url, listener) {
    this.#url = url;
    this.#listener = listener;
  }

  /** Opens it, and again whenever it breaks off, until it is closed. */
  open() {
    outside(() => this.#connect());
  }

  close() {
    clearTimeout(this.#timer);
    const request = this.#request;
    this.#request = undefined;
    request?.destroy();
  }

  /** Has what feeds it replaced: it is open, and yet does not tell what is known elsewhere. */
  reopen() {
    if (this.#request) this.#over(this.#request);
  }

  #connect() {
    const headers = {
      accept: 'text/event-stream',
      ...(this.#lastId !== undefined && { 'last-event-id': this.#lastId }),
    };
    const request = (this.#url.protocol === 'https:' ? https : http).get(this.#url, {
      agent: false, // it would take a socket from the calls for as long as it lasts
      headers,
      timeout: SILENCE_MS_MAX,
    });
    this.#request = request;
    request.on('socket', (socket) => socket.unref()); // it keeps no process alive
    request.on('timeout', () => this.#over(request));
    request.on('error', () => this.#over(request));
    request.on('response', (response) => this.#read(request, response));
  }

  /**
   * @param {http.ClientRequest} request
   * @param {http.IncomingMessage} response
   */
  #read(request, response) {
    response.on('error', () => this.#over(request));
    const type = response.headers['content-type'] ?? '';
    if (response.statusCode !== 200 || !type.startsWith('text/event-stream')) {
      if (response.statusCode !== 503) this.#lastId = undefined; // it may be what is refused
      return this.#over(request);
    }
    let text = '';
    response.setEncoding('utf8');
    response.on('close', () => this.#over(request));
    response.on('data', (chunk) => {
      const blocks = (text + chunk).split(/\r?\n\r?\n/);
      text = blocks.pop() ?? '';
      try {
        if (text.length > EVENT_CHARS_MAX) throw new RangeError('an event without end');
        for (const block of blocks) if (this.#request === request) this.#event(block);
      } catch {
        this.#over(request); // what cannot be read is missed
      }
    });
  }

  /** @param {string} block the lines of an event, or of a comment */
  #event(block) {
    /** @type {Record<string, string>} */
    const fields = {};
    for (const line of block.split(/\r?\n/)) {
      const [, name, value] = /^(\w+): ?(.*)$/.exec(line) ?? [];
      if (name) fields[name] = value;
    }
    if (/^\d+$/.test(fields.retry)) this.#retryMs = Number(fields.retry);
    if (fields.data === undefined) return;
    if (fields.event === 'hello') this.#failures = 0;
    this.#listener.heard(fields.event, JSON.parse(fields.data), fields.id);
    this.#lastId = fields.id ?? this.#lastId;
    if (fields.event === 'bye') this.reopen();
  }

  /** @param {http.ClientRequest} request */
  #over(request) {
    if (this.#request !== request) return;
    this.close();
    this.#listener.lost();
    const retryMs = Math.min(RETRY_MS_MAX, this.#retryMs * 2 ** this.#failures++);
    const waitMs = this.#failures === 1 ? retryMs : retryMs * (0.5 + Math.random() / 2);
    this.#timer = setTimeout(() => this.#connect(), waitMs);
    this.#timer.unref();
  }
}
