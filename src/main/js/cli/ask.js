// @ts-check
/** One call of the gateway for a person: what went wrong is told, not counted. */
import { credentials } from '../credentials.js';
import { exchange } from '../exchange.js';

const ANSWER_BYTES_MAX = 16 << 20;

/**
 * @param {import('../config.js').Config} settings
 * @param {import('../address.js').Address} address
 * @param {{ method?: string, path: string, headers?: Record<string, string>, json?: object,
 *   body?: Uint8Array[] }} call `path` below the app's
 * @returns {Promise<{ status: number, body: Buffer, ms: number }>}
 */
export async function ask(settings, address, { method = 'GET', path, headers, json, body }) {
  const shown = credentials(settings, address);
  const from = performance.now();
  const answer = await exchange({
    address,
    path: `/v1/apps/${settings.app}/${path}`,
    method,
    headers: { ...(json && { 'content-type': 'application/json' }), ...headers, ...shown.headers },
    tls: shown.tls,
    body: json ? [Buffer.from(JSON.stringify(json))] : body,
    ms: Math.max(settings.deadlineMs, settings.invalidateMs),
    bytesMax: ANSWER_BYTES_MAX,
  });
  return { ...answer, ms: performance.now() - from };
}

/** What to do about a failure to ask. @param {any} error */
export function explained(error) {
  const { code = '', message } = error;
  if (code === 'ECONNREFUSED') return 'nobody listens there: is the gateway running?';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'no such host: check the name';
  if (code === 'ENOENT') return 'there is no such socket: is the gateway running?';
  if (code === 'EACCES') return 'this user may not use the socket, or read the file';
  if (/^ERR_SSL_.*(CERTIFICATE|UNKNOWN_CA|HANDSHAKE_FAILURE)/.test(code)) {
    return `it wants another certificate (${code}): FRESHET_CERT_FILE, and its FRESHET_KEY_FILE`;
  }
  if (/CERT|SIGNATURE|SELF_SIGNED|ALTNAME/.test(code)) {
    return `its certificate is not accepted (${code}): name its authority by FRESHET_CA_FILE`;
  }
  if (/^(ECONNRESET|EPROTO|HPE_|ERR_SSL)/.test(code)) {
    return `it breaks off (${code}): http where https is served, or is a certificate missing?`;
  }
  return String(message ?? error);
}

/** What to do about an answer that is none. @param {{ status: number, body: Buffer }} answer */
export function refusal({ status, body }) {
  if (status === 401)
    return '401, the token is missing or unknown: set FRESHET_TOKEN or FRESHET_TOKEN_FILE';
  if (status === 403) return '403, the token may not do this with this app';
  let detail = body.toString('utf8', 0, 200);
  try {
    detail = JSON.parse(body.toString()).detail;
  } catch {
    // as it is
  }
  return `${status} ${detail}`.trim();
}
