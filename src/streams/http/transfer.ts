import type { Dispatcher } from 'undici';
import { UpstreamFailed } from '../../kit/errors.ts';
import type { ByteRange } from '../../kit/range.ts';
import type { BodyReader, Exchange } from '../../platform/http1/pool.ts';
import type { Net } from '../../platform/net.ts';
import { type NetHeaders, toUpstreamFailed } from '../../platform/net-request.ts';
import type { ByteSink } from '../kind.ts';
import { createCutter } from './cutter.ts';
import { type Facts, lastModifiedOf, lengthOf, parseContentRange, refusalOf, strongEtag } from './facts.ts';

/** An origin without ranges is read from its first byte; more than this is thrown away for no seek. */
const MAX_SKIP_BYTES = 8 * 1024 * 1024;
/** Answers that a fresh look at the original URL may cure: an expired redirect target, a moved file. */
const STALE: ReadonlySet<number> = new Set([301, 302, 303, 307, 308, 401, 403, 404, 410]);

export type Transfer = {
  net: Pick<Net, 'dispatcher' | 'http1'>;
  /** `http1` for bodies whose length the origin says; anything else is undici's. */
  by: 'http1' | 'undici';
  facts: Facts;
  headers: Readonly<Record<string, string>>;
  range: ByteRange;
  /** The beginning has been sent already: only this very file from this very byte will do. */
  isResumed: boolean;
  sink: Pick<ByteSink, 'write' | 'onDrain'>;
  signal: AbortSignal;
};

/** Thrown before the first byte: the remembered URL no longer leads there. */
export class StaleLocation extends Error {
  readonly status: number;
  readonly headers: NetHeaders;
  constructor(status: number, headers: NetHeaders) {
    super('the remembered location of the file does not answer any more');
    this.status = status;
    this.headers = headers;
  }
}

/** Thrown before the first byte: the origin does not say how long this body is. */
export class UnknownLength extends Error {}

/**
 * Sends one range of an HTTP origin into the sink. Resolves when the sink has taken the last byte; rejects with
 * UpstreamFailed when the origin sends something else than the range, breaks off or falls silent. On abort the
 * connection is closed at once.
 */
export function transfer(job: Transfer): Promise<void> {
  const { net, by, facts, range, isResumed, sink, signal } = job;
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const cut = createCutter(range.end - range.start, sink, resolve);
  let exchange: Exchange | null = null;
  let isOver = false;

  const fail = (error: unknown) => {
    isOver = true;
    exchange?.abort();
    reject(error);
  };
  const reader: BodyReader = {
    onHead({ status, headers, length }) {
      if (by === 'http1' && length === null && (status === 200 || status === 206)) throw new UnknownLength();
      cut.skip(skipOf(status, headers, facts, range, isResumed));
    },
    onData(chunk, release) {
      if (isOver) {
        release();
        return true;
      }
      // Only a body that goes on past the range is cut: after an exact one the connection serves the next range.
      const isSurplus = chunk.length > cut.wants();
      const takesMore = cut.take(chunk, release);
      if (isSurplus) {
        isOver = true;
        exchange?.abort();
        cut.end();
      }
      return takesMore;
    },
    onEnd() {
      if (!isOver && !cut.end()) fail(brokeOff(true));
    },
    onError(error) {
      if (isOver) return;
      const isOurs = error instanceof StaleLocation || error instanceof UnknownLength;
      // An origin that ends the connection after the last byte of a body without a length has said all.
      if (cut.wants() !== 0 || !cut.end()) fail(isOurs ? error : toUpstreamFailed(error));
    },
  };
  const onAbort = () => fail(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  sink.onDrain(() => exchange?.resume());
  try {
    const headers = requestHeaders(job);
    exchange =
      by === 'http1'
        ? net.http1.get(facts.url, headers, reader)
        : byUndici(net.dispatcher, facts.url, headers, reader);
    // What failed at once could not be aborted yet.
    if (isOver) exchange.abort();
  } catch (error) {
    fail(error);
  }
  return promise.finally(() => signal.removeEventListener('abort', onAbort));
}

function requestHeaders({ facts, headers, range, isResumed }: Transfer): Readonly<Record<string, string>> {
  const isWhole = range.start === 0 && range.end >= (facts.sizeBytes ?? 0);
  if (isWhole) return headers;
  const validator = facts.etag ?? facts.lastModified?.toUTCString();
  return {
    ...headers,
    range: `bytes=${range.start}-${range.end - 1}`,
    ...(isResumed && validator !== undefined ? { 'if-range': validator } : {}),
  };
}

/** The same reader on undici: chunked bodies, bodies until the connection ends. */
function byUndici(
  dispatcher: Dispatcher,
  { origin, pathname, search }: URL,
  headers: Readonly<Record<string, string>>,
  reader: BodyReader,
): Exchange {
  let controller: Dispatcher.DispatchController | null = null;
  let isOver = false;
  const over = (tell?: () => void) => {
    if (isOver) return;
    isOver = true;
    tell?.();
  };
  dispatcher.dispatch(
    { origin, path: pathname + search, method: 'GET', headers },
    {
      onRequestStart(started) {
        controller = started;
        if (isOver) started.abort(GIVEN_UP);
      },
      onResponseStart(started, status, responseHeaders) {
        if (status < 200 || isOver) return;
        try {
          reader.onHead({
            status,
            headers: responseHeaders,
            length: lengthOf(responseHeaders),
            isKeptAlive: true,
          });
        } catch (error) {
          over(() => reader.onError(error instanceof Error ? error : new Error(String(error))));
          started.abort(GIVEN_UP);
        }
      },
      onResponseData(paused, chunk) {
        if (!isOver && !reader.onData(chunk, () => {})) paused.pause();
      },
      onResponseEnd: () => over(reader.onEnd),
      onResponseError: (_controller, error) => over(() => reader.onError(error)),
    },
  );
  return {
    resume: () => controller?.resume(),
    abort() {
      over();
      controller?.abort(GIVEN_UP);
    },
  };
}

const GIVEN_UP = new Error('the rest of the body is not wanted');

/** How many bytes of the body come before the range; throws when this is not the file that was looked at. */
function skipOf(
  status: number,
  headers: NetHeaders,
  facts: Facts,
  range: ByteRange,
  isResumed: boolean,
): number {
  if (STALE.has(status)) throw new StaleLocation(status, headers);
  if (status === 416) throw hasChanged();
  if (status !== 200 && status !== 206) throw refusalOf(status, headers);
  assertSameFile(headers, facts);
  if (status === 206) {
    assertExactPart(headers, facts, range);
    return 0;
  }
  const length = lengthOf(headers);
  if (isResumed) throw brokeOff(false);
  if (facts.sizeBytes !== null && length !== null && length !== facts.sizeBytes) throw hasChanged();
  if (range.start > MAX_SKIP_BYTES)
    throw new UpstreamFailed('The origin cannot seek, so playback can only begin at the start.', {
      retryable: false,
    });
  return range.start;
}

function assertExactPart(headers: NetHeaders, facts: Facts, range: ByteRange): void {
  const got = parseContentRange(headers['content-range']);
  const isExact = got !== null && got.start === range.start && got.last === range.end - 1;
  if (!isExact || (got.total !== null && got.total !== facts.sizeBytes)) throw hasChanged();
}

function assertSameFile(headers: NetHeaders, facts: Facts): void {
  const encoding = headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity')
    throw new UpstreamFailed('The origin compresses the file, so parts of it cannot be found.', {
      retryable: false,
    });
  const { spelled } = facts;
  if (headers.etag === spelled.etag && headers['last-modified'] === spelled.lastModified) return;
  const etag = strongEtag(headers);
  const modified = lastModifiedOf(headers);
  const isOther =
    (etag !== null && facts.etag !== null && etag !== facts.etag) ||
    (modified !== null && facts.lastModified !== null && modified.getTime() !== facts.lastModified.getTime());
  if (isOther) throw hasChanged();
}

/** `mayGoOn`: it is worth asking for the rest. An origin that answers a later byte with the whole file cannot give it. */
function brokeOff(mayGoOn: boolean): UpstreamFailed {
  return new UpstreamFailed('The origin broke off in the middle of the file.', { retryable: mayGoOn });
}

export function hasChanged(): UpstreamFailed {
  return new UpstreamFailed('The file at the origin has changed. Start it again.', { retryable: false });
}
