import { PLAIN_FIELDS } from './fields.ts';

/** A request without a body, of the form players send. Header names are in lower case, each once. */
export type PlainRequest = {
  method: 'GET' | 'HEAD';
  /** Path and query as they came. */
  target: string;
  headers: Readonly<Record<string, string>>;
  /** RFC 9112 §9.3: false after `Connection: close`. */
  isKeptAlive: boolean;
};

/** More than any player sends. */
const MAX_HEAD_BYTES = 8 * 1024;
const MAX_HEADERS = 64;
/** RFC 9112 §2–5 without everything that is optional: no folding, no bare CR or LF, nothing beyond ASCII, no body. */
const HEAD = new RegExp(`^(GET|HEAD) (/[!-~]*) HTTP/1\\.1\\r\\n(${PLAIN_FIELDS})\\r\\n$`);
/** A body, another protocol, or a question before the request: nothing that a player has to say. */
const NOT_PLAIN: ReadonlySet<string> = new Set([
  'content-length',
  'transfer-encoding',
  'expect',
  'upgrade',
  'trailer',
  'te',
  'http2-settings',
  'proxy-connection',
]);

/**
 * Reads bytes that are one whole request and nothing more, if there is only one way to read them. Null: it may be a request all the
 * same, and the parser of node has to say.
 */
export function readPlainRequest(bytes: Buffer): PlainRequest | null {
  if (bytes.length > MAX_HEAD_BYTES) return null;
  const [, method, target = '', fields = ''] = HEAD.exec(bytes.toString('latin1')) ?? [];
  if (method !== 'GET' && method !== 'HEAD') return null;
  const headers: Record<string, string> = Object.create(null);
  let count = 0;
  for (let at = 0; at < fields.length; count += 1) {
    const colon = fields.indexOf(':', at);
    const end = fields.indexOf('\r\n', colon);
    const name = fields.slice(at, colon).toLowerCase();
    if (headers[name] !== undefined || NOT_PLAIN.has(name)) return null;
    headers[name] = fields.slice(colon + 1, end).trim();
    at = end + 2;
  }
  const { host, connection = 'keep-alive' } = headers;
  if (count > MAX_HEADERS || host === undefined || !/^(keep-alive|close)$/i.test(connection)) return null;
  return { method, target, headers, isKeptAlive: connection.length !== 'close'.length };
}
