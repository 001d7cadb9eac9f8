import { setImmediate as nextTurn } from 'node:timers/promises';
import { AppError } from '../kit/errors.ts';
import type { Net } from '../platform/net.ts';
import type { NetHeaders, NetResponse } from '../platform/net-request.ts';
import { createFeedReader, type FeedDocument } from './feed-xml.ts';
import { FinderFailed } from './finder-failed.ts';
import { restOf } from './retry-after.ts';

/** Feeds of 100 items have 200 KiB; a dump of all a tracker has some megabytes. */
const MAX_BYTES = 50 * 1024 * 1024;
const BUSY_REST_MS = 60_000;
/** The declaration stands first and names what follows. */
const DECLARATION_BYTES = 256;
const ROOTS: ReadonlySet<string> = new Set(['rss', 'rdf', 'feed', 'caps']);

export type FeedRequest = {
  timeoutMs: number;
  headers?: Readonly<Record<string, string>>;
  signal: AbortSignal;
};
/** `document` is null where the feed says that it is the one we have (304). */
export type FeedAnswer = { document: FeedDocument | null; headers: NetHeaders; restMs: number | null };

/**
 * One feed by the guarded dialer, parsed while it comes. Throws FinderFailed: another status than 200 and 304, no answer in time, more
 * than 50 MiB, compressed (which nobody asked for, so that nothing here can be a bomb), no XML; AppError `net.refused` names OUTBOUND_ALLOW.
 */
export async function fetchFeed(
  net: Pick<Net, 'request'>,
  url: URL,
  { timeoutMs, headers = {}, signal }: FeedRequest,
): Promise<FeedAnswer> {
  const late = AbortSignal.timeout(timeoutMs);
  try {
    const response = await net.request(url, {
      headers: {
        accept: 'application/rss+xml, application/atom+xml, application/xml, text/xml',
        'accept-encoding': 'identity',
        ...headers,
      },
      signal: AbortSignal.any([signal, late]),
    });
    response.body.on('error', () => {});
    try {
      return await answerOf(response);
    } finally {
      response.body.destroy();
    }
  } catch (error) {
    signal.throwIfAborted();
    throw translated(error, late.aborted ? timeoutMs : null);
  }
}

async function answerOf(response: NetResponse): Promise<FeedAnswer> {
  const { status, headers } = response;
  const restMs = restOf(headers['retry-after']);
  if (status === 304) return { document: null, headers, restMs };
  // Some give their error document with the status of its kind.
  const document = await readDocument(response).catch((error: unknown) => {
    if (status === 200) throw error;
    return null;
  });
  if (document?.error) throw refusal(document.error.code, restMs);
  if (status !== 200) throw byStatus(status, restMs);
  if (document === null || !ROOTS.has(document.root))
    throw new FinderFailed('broken', 'It answered with something else than a feed.');
  return { document, headers, restMs };
}

async function readDocument({ headers, body }: NetResponse): Promise<FeedDocument> {
  const { 'content-encoding': encoding = 'identity', 'content-length': length } = headers;
  if (encoding !== 'identity')
    throw new FinderFailed('broken', 'It sent a compressed answer, which was not asked for.');
  if (Number(length) > MAX_BYTES) throw tooLarge();
  const reader = createFeedReader();
  let decoder: TextDecoder | null = null;
  let sizeBytes = 0;
  for await (const chunk of body) {
    if (!(chunk instanceof Uint8Array)) continue;
    sizeBytes += chunk.length;
    if (sizeBytes > MAX_BYTES) throw tooLarge();
    decoder ??= decoderOf(chunk, headers['content-type']);
    reader.write(decoder.decode(chunk, { stream: true }));
    if (reader.isFull()) return reader.end();
    // Others run in between.
    await nextTurn();
  }
  reader.write(decoder?.decode() ?? '');
  return reader.end();
}

/** By its declaration, else by what the header says, else UTF-8. */
function decoderOf(head: Uint8Array, contentType: string | string[] | undefined): TextDecoder {
  const text = Buffer.from(head.subarray(0, DECLARATION_BYTES)).toString('latin1');
  const declared = /^\s*<\?xml\s[^>]*encoding\s*=\s*["']([\w.:-]{1,40})["']/.exec(text)?.[1];
  const said = /charset\s*=\s*"?([\w.:-]{1,40})/i.exec(String(contentType ?? ''))?.[1];
  try {
    return new TextDecoder(declared ?? said ?? 'utf-8');
  } catch {
    return new TextDecoder();
  }
}

function tooLarge(): FinderFailed {
  return new FinderFailed('broken', 'It sent more than 50 MiB.');
}

/** What an indexer that counts by the day or the hour does not say. */
const LIMIT_REST_MS = 3_600_000;

/** The codes of Newznab's standard (100 to 910). Its description is not passed on: some write the key into it. */
function refusal(code: number, restMs: number | null): FinderFailed {
  if (code === 429 || code === 500 || code === 501)
    return new FinderFailed('limit', `Its limit of requests is reached (error ${code}).`, {
      restMs: restMs ?? LIMIT_REST_MS,
    });
  if (code >= 100 && code < 200)
    return new FinderFailed('refused', `It refuses the key or the account (error ${code}).`);
  if (code >= 200 && code < 400)
    return new FinderFailed('request', `It does not know this question (error ${code}).`);
  return new FinderFailed('unreachable', `It reports a failure (error ${code}).`, { restMs });
}

function byStatus(status: number, restMs: number | null): FinderFailed {
  if (status === 401 || status === 403)
    return new FinderFailed('refused', `It refuses the key (status ${status}).`);
  if (status === 429)
    return new FinderFailed('limit', 'It was asked too often (status 429).', {
      restMs: restMs ?? BUSY_REST_MS,
    });
  if (status >= 500)
    return new FinderFailed('unreachable', `It reports a failure (status ${status}).`, { restMs });
  return new FinderFailed('broken', `There is no feed at this address (status ${status}).`);
}

function translated(error: unknown, lateMs: number | null): unknown {
  if (lateMs !== null)
    return new FinderFailed('unreachable', `It did not answer in ${Math.round(lateMs / 1000)} s.`, {
      cause: error,
    });
  if (error instanceof FinderFailed) return error;
  if (error instanceof AppError && error.code === 'net.refused')
    return new AppError(
      'net.refused',
      `${error.message} An indexer at home is named in OUTBOUND_ALLOW, by its address, host name or network.`,
      { status: 403, cause: error },
    );
  return new FinderFailed('unreachable', 'It could not be reached, or broke off.', { cause: error });
}
