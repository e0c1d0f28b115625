// @ts-check
/**
 * A gateway small enough to be seen through: it keeps what it is told, and answers as it is told.
 */
import { once } from 'node:events';
import http from 'node:http';
import https from 'node:https';
import { decode, encode } from '../../../main/js/frame.js';
import './settings.js';

/**
 * @typedef {object} Call
 * @property {string} method
 * @property {string} path without `/v1/apps/app/`
 * @property {Buffer} bytes
 * @property {any} json
 * @property {{ meta: any, body: Buffer } | undefined} frame
 * @property {http.IncomingHttpHeaders} headers
 */

export class FakeGateway {
  /** @type {Call[]} */
  calls = [];
  /**
   * What lookups find, by digest; what is absent is missed.
   *
   * @type {Map<string, { meta: any, body: Buffer }>}
   */
  entries = new Map();
  stamp = 1_795_377_977_000_000;
  connections = 0;
  /**
   * Answers a call in place of the usual answer, if it returns true.
   *
   * @type {(call: Call, response: http.ServerResponse) => boolean | void}
   */
  instead = () => {};
  epoch = 'e';
  /** What the clock says of itself. */
  clock = { coherent: true, window: 1_000 };
  /** The event streams that are open. @type {Set<http.ServerResponse>} */
  streams = new Set();
  /* It keeps idle connections: what they hold in memory would else be gone when they are closed. */
  /** @type {http.Server} */
  #server = http.createServer({ keepAliveTimeout: 0 }, (request, response) =>
    this.#serve(request, response),
  );
  #tokens = 0;
  #writes = 0;

  /**
   * @param {object} [how]
   * @param {boolean} [how.near] whether its clients keep copies
   * @param {https.ServerOptions} [how.tls] to serve https
   * @param {string} [how.socketPath] to listen there
   */
  async start({ near = false, tls, socketPath } = {}) {
    process.env.FRESHET_NEAR_MAX_BYTES = near ? '' : '0';
    if (tls) {
      this.#server = https.createServer(tls, (request, response) => this.#serve(request, response));
    }
    this.#server.on('connection', () => this.connections++);
    if (socketPath) this.#server.listen(socketPath);
    else this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    const { port } = /** @type {import('node:net').AddressInfo} */ (this.#server.address());
    const scheme = tls ? 'https' : 'http';
    this.url = socketPath ? `unix:${socketPath}` : `${scheme}://127.0.0.1:${port}`;
    process.env.FRESHET_URL = this.url;
    return this;
  }

  async stop() {
    this.#server.close();
    this.#server.closeAllConnections();
  }

  /** Hangs up on everybody. */
  closeConnections() {
    this.#server.closeAllConnections();
  }

  /** @param {string} path */
  to(path) {
    return this.calls.filter((call) => call.path.includes(path));
  }

  get lookups() {
    return this.to('/lookup');
  }

  get puts() {
    return this.calls.filter((call) => call.method === 'PUT');
  }

  get releases() {
    return this.to('/leases/').map((call) => call.path.split('/').at(-1));
  }

  get invalidations() {
    return this.to('invalidations')
      .filter((call) => call.method === 'POST')
      .map((call) => call.json);
  }

  /** The requests for an event stream. */
  get subscriptions() {
    return this.to('invalidations').filter((call) => call.method === 'GET');
  }

  get clocks() {
    return this.to('clock');
  }

  /** Where it stands. */
  get place() {
    return `${this.epoch}/${this.stamp}`;
  }

  /**
   * Tells each event stream.
   *
   * @param {string} event
   * @param {object} data
   * @param {string} [id]
   */
  tell(event, data, id) {
    const text = `event: ${event}\n${id ? `id: ${id}\n` : ''}data: ${JSON.stringify(data)}\n\n`;
    for (const stream of this.streams) stream.write(text);
  }

  /**
   * Tells of an invalidation.
   *
   * @param {...string} tags
   * @returns {number} its stamp
   */
  invalidate(...tags) {
    this.stamp++;
    const marks = Object.fromEntries(tags.map((tag) => [tag, { hard: this.stamp, soft: [] }]));
    this.tell('invalidate', { stamp: this.stamp, tags: marks }, this.place);
    return this.stamp;
  }

  /** A lease as the leader is told of it. */
  lead() {
    return { role: 'leader', token: `token-${++this.#tokens}`, ttl: 10 };
  }

  /** @param {any} meta @param {Uint8Array} [body] */
  static frame(meta, body = Buffer.alloc(0)) {
    return Buffer.concat(encode(meta, body));
  }

  /**
   * @param {http.IncomingMessage} request
   * @param {http.ServerResponse} response
   */
  async #serve(request, response) {
    /** @type {Buffer[]} */
    const chunks = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      return;
    }
    const bytes = Buffer.concat(chunks);
    const type = request.headers['content-type'];
    const call = {
      method: request.method ?? '',
      path: (request.url ?? '').replace('/v1/apps/app/', ''),
      headers: request.headers,
      bytes,
      json: type === 'application/json' ? JSON.parse(bytes.toString()) : undefined,
      frame: type === 'application/vnd.freshet.entry' ? decode(bytes) : undefined,
    };
    this.calls.push(call);
    if (!this.instead(call, response)) this.#answer(call, response);
  }

  /**
   * @param {Call} call
   * @param {http.ServerResponse} response
   */
  #answer({ method, path, headers, json, frame }, response) {
    if (path === 'invalidations' && method === 'GET') {
      response.writeHead(200, { 'content-type': 'text/event-stream' });
      this.streams.add(response);
      response.on('close', () => this.streams.delete(response));
      const replay = headers['last-event-id'] ? 'whole' : 'none';
      const data = JSON.stringify({ epoch: this.epoch, stamp: this.stamp, replay });
      response.write(`event: hello\nid: ${this.place}\nretry: 10\ndata: ${data}\n\n`);
    } else if (path === 'clock') {
      const { epoch, stamp, clock } = this;
      const ticket = `${stamp}-7-${epoch}`;
      response.end(JSON.stringify({ epoch, stamp, ticket, floor: 0, replica: 'r', ...clock }));
    } else if (path.endsWith('/lookup')) {
      const { etag } = json.entries[0];
      const { meta, body } = this.entries.get(json.entries[0].digest) ?? {
        meta: { status: 404, tags: [], asOf: `${this.invalidate()}-1`, lease: this.lead() },
      };
      const told = { ...(meta.status === 200 && { known: this.place }), ...meta };
      const has = etag !== undefined && etag === meta.etag;
      response.end(
        has ? FakeGateway.frame({ ...told, status: 304 }) : FakeGateway.frame(told, body),
      );
    } else if (method === 'HEAD') {
      response.writeHead(this.entries.has(path.split('@')[1]) ? 200 : 404).end();
    } else if (method === 'PUT' && frame) {
      const { asOf, lease, ...kept } = frame.meta;
      const digest = path.split('@')[1];
      const revision = (++this.#writes).toString(36);
      const etag = `${revision}.0`;
      response.statusCode = this.entries.has(digest) ? 204 : 201;
      this.entries.set(digest, {
        meta: { status: 200, state: 'fresh', etag, detail: 'near', ...kept },
        body: frame.body,
      });
      this.tell('write', { deployment: 'v1', digest, revision });
      response.setHeader('etag', `"${etag}"`).end();
    } else if (method === 'DELETE') {
      response.writeHead(204).end();
    } else if (path === 'invalidations') {
      response.end(JSON.stringify({ stamp: this.invalidate(...json.tags), replicas: 1 }));
    } else {
      response.writeHead(404).end();
    }
  }
}
