import { type Dispatcher, request as undiciRequest } from 'undici';
import { AppError, UpstreamFailed } from '../kit/errors.ts';

/** Response headers, lower-case names. */
export type NetHeaders = Readonly<Record<string, string | string[] | undefined>>;

/** PROPFIND lists a folder by WebDAV (RFC 4918 §9.1). */
type Method = 'GET' | 'HEAD' | 'POST' | 'PROPFIND';

export type NetRequest = {
  method?: Method;
  headers?: Readonly<Record<string, string>>;
  body?: string | Uint8Array;
  signal?: AbortSignal;
  /** Default 5; 0 hands a redirect to the caller. */
  maxRedirections?: number;
};

export type NetResponse = {
  status: number;
  headers: NetHeaders;
  /** Must be read to the end, `dump()`ed or `destroy()`ed. */
  body: Dispatcher.ResponseData['body'];
  /** Where the answer came from, after redirects. */
  url: URL;
};

const MAX_REDIRECTIONS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Headers that prove who asks; the new origin of a redirect must not get them. */
const CREDENTIAL = /auth|cookie|token|secret|session|password|api-?key/i;

/** Follows redirects by hand: each hop goes through the guarded dialer again. */
export async function requestFollowing(
  dispatcher: Dispatcher,
  start: URL | string,
  { method = 'GET', headers = {}, body, signal, maxRedirections = MAX_REDIRECTIONS }: NetRequest,
): Promise<NetResponse> {
  let url = httpUrl(start, undefined);
  let hop = { method, headers, body };
  for (let left = maxRedirections; ; left -= 1) {
    const response = await send(dispatcher, url, hop, signal);
    const location = response.headers.location;
    if (maxRedirections === 0 || !REDIRECTS.has(response.statusCode) || typeof location !== 'string')
      return { status: response.statusCode, headers: response.headers, body: response.body, url };
    // Reading a small redirect page to its end keeps the connection usable; a big one is cut.
    await response.body.dump({ limit: 16 * 1024, ...(signal === undefined ? {} : { signal }) });
    if (left === 0) throw new UpstreamFailed('The origin redirects in circles.', { retryable: false });
    const next = httpUrl(location, url);
    hop = nextHop(hop, response.statusCode, next.origin === url.origin);
    url = next;
  }
}

type Hop = {
  method: Method;
  headers: Readonly<Record<string, string>>;
  body: string | Uint8Array | undefined;
};

function nextHop({ method, headers, body }: Hop, status: number, isSameOrigin: boolean): Hop {
  const becomesGet = method === 'POST' && status < 307;
  const kept = isSameOrigin ? headers : withoutCredentials(headers);
  return becomesGet ? { method: 'GET', headers: kept, body: undefined } : { method, headers: kept, body };
}

/** The headers another origin may see. */
export function withoutCredentials(headers: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !CREDENTIAL.test(name)));
}

async function send(
  dispatcher: Dispatcher,
  url: URL,
  { method, headers, body }: Hop,
  signal: AbortSignal | undefined,
) {
  try {
    return await undiciRequest(url, {
      dispatcher,
      method,
      headers,
      body: body ?? null,
      signal: signal ?? null,
    });
  } catch (error) {
    signal?.throwIfAborted();
    throw toUpstreamFailed(error);
  }
}

/** A URL of http or https, without the userinfo: that is sent by `authorization` or not at all. */
function httpUrl(value: URL | string, from: URL | undefined): URL {
  const url = URL.parse(value, from);
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:'))
    throw new AppError('net.refused', 'Only http and https links can be fetched.', { status: 400 });
  url.username = '';
  url.password = '';
  return url;
}

const TIMEOUTS: ReadonlySet<string> = new Set([
  'UND_ERR_HEADERS_TIMEOUT',
  'UND_ERR_BODY_TIMEOUT',
  'UND_ERR_CONNECT_TIMEOUT',
  'ETIMEDOUT',
]);

/** What undici and sockets throw, as the 502 or 504 it means; our own errors pass through. */
export function toUpstreamFailed(error: unknown): Error {
  if (error instanceof AppError) return error;
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (TIMEOUTS.has(code))
    return new UpstreamFailed('The origin did not answer in time.', {
      retryable: true,
      status: 504,
      cause: error,
    });
  return new UpstreamFailed('The origin could not be reached or broke off.', {
    retryable: true,
    cause: error,
  });
}
