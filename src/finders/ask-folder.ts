import { basicAuthorization } from '../kit/basic-authorization.ts';
import { AppError } from '../kit/errors.ts';
import { pathBelow } from '../kit/url-below.ts';
import type { Net } from '../platform/net.ts';
import type { NetHeaders, NetRequest, NetResponse } from '../platform/net-request.ts';
import { ListingFailed, type ListingPlace } from './lister.ts';
import { restOf } from './retry-after.ts';

/** Of one listing: one of a million names has 200 MB. */
export const MAX_LISTING_BYTES = 512 * 1024 * 1024;
/** Waited for the server while one folder is listed, whoever reads it slowly aside. */
const MAX_WAIT_MS = 120_000;
const MAX_REDIRECTIONS = 5;
const BUSY_REST_MS = 30_000;

export type FolderAnswer = {
  /** Where it came from, after redirects: links are read from here. */
  url: URL;
  headers: NetHeaders;
  chunks: AsyncIterable<Uint8Array>;
  /** Must be called in the end. */
  close(): void;
};

export type FolderQuestion = Pick<NetRequest, 'method' | 'body'> & {
  headers: Readonly<Record<string, string>>;
  /** The status of an answer: 200, or 207 of WebDAV. */
  status: 200 | 207;
  /** Said where another status has no better words. */
  otherwise: string;
};

/**
 * Asks a file server for one folder, by the guarded dialer; redirects are followed below the base only. Throws ListingFailed: `server`
 * for 5xx, 429 and a connection that fails, and whatever the base itself answers badly; else `folder`. AppError `net.refused` passes.
 */
export function createFolderAsking(net: Pick<Net, 'request'>, place: ListingPlace, question: FolderQuestion) {
  const base = new URL(place.baseUrl);
  const { method = 'GET', body, status: wanted, otherwise } = question;
  const headers = { ...question.headers, 'accept-encoding': 'identity', ...loginOf(place) };

  return async (path: string, signal: AbortSignal): Promise<FolderAnswer> => {
    const isBase = path === '';
    let url = new URL(isBase ? '' : `${path}/`, base);
    for (let hops = 0; hops <= MAX_REDIRECTIONS; hops += 1) {
      const response = await asked(url, signal);
      const next = redirectOf(response);
      if (next === null) return answerOf(response, isBase, signal);
      response.body.destroy();
      if (pathBelow(base, next) === null) throw atFault(isBase, 'It redirects to somewhere else.');
      url = next;
    }
    throw atFault(isBase, 'It redirects in circles.');
  };

  async function asked(url: URL, signal: AbortSignal): Promise<NetResponse> {
    try {
      const posted = body === undefined ? {} : { body };
      const response = await net.request(url, { method, headers, ...posted, signal, maxRedirections: 0 });
      // A body cut off says so by an error event; one that nobody hears would end the process.
      response.body.on('error', () => {});
      return response;
    } catch (error) {
      throw translated(error, signal);
    }
  }

  function answerOf(response: NetResponse, isBase: boolean, signal: AbortSignal): FolderAnswer {
    const close = () => void response.body.destroy();
    const fault = faultOf(response, wanted, isBase, otherwise);
    if (fault !== null) {
      close();
      throw fault;
    }
    const { url, headers: told } = response;
    return { url, headers: told, chunks: chunksOf(response.body, signal), close };
  }
}

function redirectOf({ status, headers: { location }, url }: NetResponse): URL | null {
  if (![301, 302, 303, 307, 308].includes(status) || typeof location !== 'string') return null;
  // What is no URL lies nowhere, and so not below the base.
  return URL.parse(location, url) ?? new URL('invalid:');
}

function faultOf(
  { status, headers }: NetResponse,
  wanted: number,
  isBase: boolean,
  otherwise: string,
): ListingFailed | null {
  const restMs = restOf(headers['retry-after']);
  if (status === 429)
    return new ListingFailed('server', 'It was asked too often (status 429).', {
      restMs: restMs ?? BUSY_REST_MS,
    });
  if (status >= 500 && status !== 501)
    return new ListingFailed('server', `It reports a failure (status ${status}).`, { restMs });
  if (status === 401 || status === 407) return atFault(isBase, `It refuses the login (status ${status}).`);
  if (status === 403) return atFault(isBase, 'It does not show this folder (status 403).');
  if (status === 404 || status === 410) return atFault(isBase, `There is no such folder (status ${status}).`);
  if (status !== wanted) return atFault(isBase, `${otherwise} (status ${status}).`);
  const { 'content-encoding': encoding = 'identity', 'content-length': length } = headers;
  if (encoding !== 'identity')
    return atFault(isBase, 'It sent a compressed answer, which was not asked for.');
  return Number(length) > MAX_LISTING_BYTES ? tooLarge() : null;
}

/** What cannot be had of the base cannot be had of anything: then no folder is gone, the address or the login is wrong. */
export function atFault(isBase: boolean, detail: string, cause?: unknown): ListingFailed {
  return new ListingFailed(isBase ? 'server' : 'folder', detail, { isLasting: true, cause });
}

async function* chunksOf(body: NetResponse['body'], signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
  const chunks = body[Symbol.asyncIterator]();
  let sizeBytes = 0;
  let waitedMs = 0;
  for (;;) {
    const askedAt = performance.now();
    const next = await chunks.next().catch((error: unknown) => {
      throw translated(error, signal);
    });
    waitedMs += performance.now() - askedAt;
    if (next.done === true) return;
    const chunk: unknown = next.value;
    if (!(chunk instanceof Uint8Array)) continue;
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_LISTING_BYTES) throw tooLarge();
    if (waitedMs > MAX_WAIT_MS) throw new ListingFailed('server', 'It sends a listing too slowly.');
    yield chunk;
  }
}

/** Never listed to its end, so nothing in it is taken for gone. */
export function tooLarge(): ListingFailed {
  return new ListingFailed('folder', 'Its listing is larger than 512 MiB.', { isLasting: true });
}

function translated(error: unknown, signal: AbortSignal): unknown {
  signal.throwIfAborted();
  if (error instanceof ListingFailed) return error;
  if (error instanceof AppError && error.code === 'net.refused') return error;
  const words = error instanceof AppError ? error.message : 'The server could not be reached or broke off.';
  return new ListingFailed('server', words, { cause: error });
}

function loginOf({ username, password }: ListingPlace): { authorization?: string } {
  if (username === null && password === null) return {};
  return { authorization: basicAuthorization(username ?? '', password) };
}
