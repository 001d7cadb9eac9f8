import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import got, { type Got, MaxRedirectsError, RequestError, TimeoutError } from 'got';
import { AppError, UpstreamFailed } from '../kit/errors.ts';
import { guardedAgents } from './guarded-agents.ts';
import type { Net } from './net.ts';
import { withoutCredentials } from './net-request.ts';
import { createTokenBucket, type TokenBucket } from './token-bucket.ts';

const TIMEOUT_MS = 15_000;
/** After these a second and a third attempt help; after a time-out they make one who waits wait three times. */
const RETRIED_STATUSES = [429, 500, 502, 503, 504];
const RETRIED_CODES = ['ECONNRESET', 'ECONNREFUSED', 'EPIPE', 'ENETUNREACH', 'EAI_AGAIN'];
const RETRIES = 2;
const LONGEST_BACK_OFF_MS = 8000;
const LONGEST_WAIT_MS = 60_000;
/** Whoever says "come back in a year" is asked again tomorrow. */
const LONGEST_HOLD_MS = 24 * 3600 * 1000;
const MAX_REDIRECTS = 3;
/** Of a day's requests that are used up: nobody says when the day ends there. */
const USED_UP_HOLD_MS = 3600 * 1000;
/** As sent, and as unpacked: the largest real answer is a series of TMDB with everything, 1.5 MB. */
const MAX_BYTES = 8 * 1024 * 1024;

const unpack = promisify(gunzip);

export type JsonRequest<T> = {
  url: URL;
  /** Parses what came; a shape that is not understood rejects with UpstreamFailed. */
  parse(body: unknown): T;
  headers?: Readonly<Record<string, string>>;
  method?: 'GET' | 'POST';
  body?: unknown;
  /** Whether the body of a 401 says that the day's requests are used up, and not that the key is wrong (OMDb). */
  isUsedUp?(body: unknown): boolean;
  signal: AbortSignal;
};

/** 401 or 403: it wants another key, or what it gave for the key has run out. */
export class KeyRefused extends UpstreamFailed {}

/** It wants no more requests for a while. */
export class AskedTooOften extends UpstreamFailed {
  readonly waitMs: number;

  constructor(name: string, waitMs: number) {
    const when = waitMs > 0 ? ` for ${Math.ceil(waitMs / 1000)} s` : '';
    super(`${name} wants no more requests${when}.`, { retryable: true, status: 429 });
    this.waitMs = waitMs;
  }
}

/** One provider's API: so many requests a second, one after the other where no `burst` is said, tries again where that helps, waits as long as Retry-After says (at most a minute). */
export type JsonApi = {
  /** Null: 404. */
  get<T>(request: JsonRequest<T>): Promise<T | null>;
};

export type OpenJsonApi = (
  net: Pick<Net, 'dial'>,
  limits: { name: string; perSecond: number; burst?: number; timeoutMs?: number },
) => JsonApi;

/** A JSON API by got over the guarded dialer. What it rejects with says which provider and what, never an address or a key. */
export const openJsonApi: OpenJsonApi = (net, { name, perSecond, burst, timeoutMs = TIMEOUT_MS }) => {
  const bucket = createTokenBucket(perSecond, burst ?? 1, LONGEST_WAIT_MS);
  const client = clientOf(net, bucket, name, timeoutMs);
  return {
    async get(request) {
      try {
        const body = await download(client, bucket, name, request);
        return body === null ? null : understood(name, body, request.parse);
      } catch (error) {
        request.signal.throwIfAborted();
        throw failureOf(name, error);
      }
    },
  };
};

function clientOf(net: Pick<Net, 'dial'>, bucket: TokenBucket, name: string, timeoutMs: number): Got {
  return got.extend({
    agent: guardedAgents(net),
    headers: { 'user-agent': 'Tributary', accept: 'application/json', 'accept-encoding': 'gzip' },
    // Unpacked by hand: with a bound, and half an answer is an error.
    decompress: false,
    responseType: 'buffer',
    timeout: { request: timeoutMs },
    maxRedirects: MAX_REDIRECTS,
    methodRewriting: true,
    retry: {
      limit: RETRIES,
      methods: ['GET', 'POST'],
      statusCodes: RETRIED_STATUSES,
      errorCodes: RETRIED_CODES,
      backoffLimit: LONGEST_BACK_OFF_MS,
      maxRetryAfter: LONGEST_WAIT_MS,
      // One who is told to wait waits for all.
      calculateDelay({ error, computedValue }) {
        if (error.response?.statusCode === 429)
          bucket.hold(retryAfterMs(error.response.headers['retry-after']) ?? computedValue);
        return computedValue;
      },
    },
    hooks: {
      beforeRetry: [({ options }) => turn(bucket, name, options.signal ?? new AbortController().signal)],
      beforeRedirect: [
        (options, response) => {
          const isElsewhere = new URL(response.url).origin !== new URL(String(options.url)).origin;
          if (isElsewhere) options.headers = withoutCredentials(plainHeaders(options.headers));
        },
      ],
    },
  });
}

function plainHeaders(headers: Record<string, string | string[] | undefined>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([key, value]) => (typeof value === 'string' ? [[key, value]] : [])),
  );
}

async function turn(bucket: TokenBucket, name: string, signal: AbortSignal): Promise<void> {
  const waitMs = await bucket.take(signal);
  if (waitMs !== null) throw new AskedTooOften(name, waitMs);
}

/** Null: 404. */
async function download(
  client: Got,
  bucket: TokenBucket,
  name: string,
  { url, headers = {}, method = 'GET', body, isUsedUp, signal }: Omit<JsonRequest<unknown>, 'parse'>,
): Promise<Buffer | null> {
  await turn(bucket, name, signal);
  const cut = new AbortController();
  const work = client(url, {
    method,
    headers: { ...headers },
    ...(body === undefined ? {} : { json: body }),
    signal: AbortSignal.any([signal, cut.signal]),
  });
  void work.on('downloadProgress', ({ transferred, total = 0 }) => {
    if (transferred > MAX_BYTES || total > MAX_BYTES) cut.abort();
  });
  try {
    const response = await work;
    return await unpacked(name, response.rawBody, response.headers['content-encoding']);
  } catch (error) {
    if (cut.signal.aborted && !signal.aborted) throw tooLarge(name);
    const response = error instanceof RequestError ? error.response : undefined;
    if (response?.statusCode === 404) return null;
    const holdMs = await peaceMs(response, isUsedUp);
    if (holdMs === null) throw error;
    bucket.hold(holdMs);
    throw new AskedTooOften(name, holdMs);
  }
}

/** For how long it wants no more requests; null: it does not say that. */
async function peaceMs(
  response: RequestError['response'],
  isUsedUp: JsonRequest<unknown>['isUsedUp'],
): Promise<number | null> {
  if (response === undefined) return null;
  const { statusCode, headers, rawBody } = response;
  if (statusCode === 429) return retryAfterMs(headers['retry-after']) ?? 0;
  if (statusCode !== 401 || isUsedUp === undefined) return null;
  const body = await unpacked('', rawBody, headers['content-encoding'])
    .then((text): unknown => JSON.parse(text.toString('utf8')))
    .catch(() => null);
  return isUsedUp(body) ? USED_UP_HOLD_MS : null;
}

async function unpacked(name: string, sent: Uint8Array, encoding = 'identity'): Promise<Buffer> {
  if (encoding === 'identity') return Buffer.from(sent.buffer, sent.byteOffset, sent.byteLength);
  if (!/^(x-)?gzip$/i.test(encoding))
    throw new UpstreamFailed(`${name} sent its answer packed in a way nobody asked for.`, {
      retryable: false,
    });
  try {
    return await unpack(sent, { maxOutputLength: MAX_BYTES });
  } catch (cause) {
    if (codeOf(cause) === 'ERR_BUFFER_TOO_LARGE') throw tooLarge(name);
    throw new UpstreamFailed(`${name} sent an answer that ends in the middle.`, { retryable: true });
  }
}

function understood<T>(name: string, body: Buffer, parse: (body: unknown) => T): T {
  const text = body.toString('utf8');
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    const what = /^\s*</.test(text) ? 'a page instead of data' : 'something that is not JSON';
    throw new UpstreamFailed(`${name} sent ${what}.`, { retryable: true });
  }
  try {
    return parse(json);
  } catch (error) {
    if (error instanceof AppError) throw error;
    // Not as the cause: what was sent has no business in a log.
    throw new UpstreamFailed(`${name} answers in a shape that is not known here.`, { retryable: false });
  }
}

/** Without a cause: got's errors carry the whole request, its address and key too. */
function failureOf(name: string, error: unknown): Error {
  if (error instanceof AppError) return error;
  if (!(error instanceof RequestError)) return new UpstreamFailed(`${name} failed.`, { retryable: true });
  if (error.cause instanceof AppError) return refusal(name, error.cause);
  if (error instanceof TimeoutError)
    return new UpstreamFailed(`${name} did not answer in time.`, { retryable: true, status: 504 });
  if (error instanceof MaxRedirectsError)
    return new UpstreamFailed(`${name} redirects in circles.`, { retryable: false });
  const status = error.response?.statusCode;
  if (status === undefined)
    return new UpstreamFailed(`${name} could not be reached or broke off.`, { retryable: true });
  if (status === 401 || status === 403)
    return new KeyRefused(`${name} refused the request (${status}): is its key right?`, { retryable: false });
  return new UpstreamFailed(`${name} answered ${status}.`, { retryable: status >= 500 });
}

/** The dialer's refusals stay what they are (the owner can do something about them); its failures get the provider's name. */
function refusal(name: string, cause: AppError): AppError {
  if (!(cause instanceof UpstreamFailed)) return cause;
  const status = cause.status === 504 ? 504 : 502;
  return new UpstreamFailed(`${name} could not be reached.`, { retryable: true, status });
}

/** Retry-After in seconds or as a date (RFC 9110 §10.2.3), at most a day; null: it says nothing of use. */
function retryAfterMs(header: string | undefined): number | null {
  if (header === undefined) return null;
  const waitMs = /^\d+$/.test(header) ? Number(header) * 1000 : Date.parse(header) - Date.now();
  return waitMs > 0 ? Math.min(waitMs, LONGEST_HOLD_MS) : null;
}

function tooLarge(name: string): UpstreamFailed {
  return new UpstreamFailed(`${name} sent more than ${MAX_BYTES / 1024 / 1024} MiB.`, { retryable: false });
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
