// @ts-check
/**
 * An event stream of the gateway, by node:http: what changes is told as it happens, and after a break
 * from where it broke off, by whichever replica.
 */
import { emit } from './events.cjs';
import { outside } from './exchange.js';

/**
 * @typedef {object} Listener
 * @property {(type: string, data: any, id?: string) => void} heard an event; one with an id completes
 * all that is known up to there
 * @property {() => void} lost from here on events may be missed, until the next `hello`
 * @property {(address: Address, status: number) => void} refused the answer is no stream
 */

/** @typedef {import('./address.js').Address} Address */
/**
 * Asks for the stream.
 *
 * @typedef {(address: Address, headers: Record<string, string>, timeout: number) =>
 *   import('node:http').ClientRequest} Ask `timeout` in ms, of silence
 */

const RETRY_MS = 1_000;
const RETRY_MS_MAX = 30_000;
/** The gateway says something every 15 s. */
const SILENCE_MS_MAX = 40_000;
/** A replica that has not begun by then is taken for one that hangs. */
const HELLO_MS_MAX = 5_000;
const EVENT_CHARS_MAX = 1 << 20;

export class Stream {
  #addresses;
  /** Which address it is from, or will be. */
  #at = 0;
  #ask;
  #listener;
  /** @type {import('node:http').ClientRequest | undefined} */
  #request;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  /** @type {string | undefined} */
  #lastId;
  #retryMs = RETRY_MS;
  #begun = false;
  /** Since it has begun last. */
  #failures = 0;

  /**
   * @param {Address[]} addresses the preferred first
   * @param {Ask} ask
   * @param {Listener} listener
   */
  constructor(addresses, ask, listener) {
    this.#addresses = addresses;
    this.#ask = ask;
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

  get #address() {
    return this.#addresses[this.#at % this.#addresses.length];
  }

  #connect() {
    let request;
    try {
      request = this.#ask(
        this.#address,
        {
          accept: 'text/event-stream',
          ...(this.#lastId !== undefined && { 'last-event-id': this.#lastId }),
        },
        SILENCE_MS_MAX,
      );
    } catch {
      return this.#later();
    }
    const asked = request;
    this.#request = asked;
    asked.on('socket', (socket) => socket.unref()); // it keeps no process alive
    asked.on('timeout', () => this.#over(asked));
    asked.on('error', () => this.#over(asked));
    asked.on('response', (response) => this.#read(asked, response));
    asked.end();
    this.#timer = setTimeout(() => this.#over(asked), HELLO_MS_MAX);
    this.#timer.unref();
  }

  /**
   * @param {import('node:http').ClientRequest} request
   * @param {import('node:http').IncomingMessage} response
   */
  #read(request, response) {
    response.on('error', () => this.#over(request));
    const type = response.headers['content-type'] ?? '';
    if (response.statusCode !== 200 || !type.startsWith('text/event-stream')) {
      this.#listener.refused(this.#address, response.statusCode ?? 0);
      /* The place may be what is refused; it is not where there is no room, or no entry. */
      if (![401, 403, 503].includes(response.statusCode ?? 0)) this.#lastId = undefined;
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
    if (fields.event === 'hello') this.#begins();
    this.#listener.heard(fields.event, JSON.parse(fields.data), fields.id);
    this.#lastId = fields.id ?? this.#lastId;
    if (fields.event === 'bye') this.reopen();
  }

  #begins() {
    clearTimeout(this.#timer);
    this.#begun = true;
    this.#failures = 0;
    emit({ type: 'stream-back', address: this.#address.name });
  }

  /** @param {import('node:http').ClientRequest} request */
  #over(request) {
    if (this.#request !== request) return;
    this.close();
    this.#listener.lost();
    this.#later();
  }

  /*
   * Once it had begun, the next address is asked when its replica has said that who comes back
   * should come. Else the next at once; and when all have been tried, after ever longer pauses.
   */
  #later() {
    let waitMs = this.#retryMs;
    if (this.#begun) {
      emit({ type: 'stream-lost', address: this.#address.name });
    } else {
      const rounds = ++this.#failures / this.#addresses.length;
      const pauseMs = Math.min(RETRY_MS_MAX, this.#retryMs * 2 ** rounds);
      waitMs = Number.isInteger(rounds) ? pauseMs * (0.5 + Math.random() / 2) : 0;
    }
    this.#begun = false;
    this.#at++;
    this.#timer = setTimeout(() => this.#connect(), waitMs);
    this.#timer.unref();
  }
}
