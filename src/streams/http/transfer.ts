import type { Dispatcher } from 'undici';
import { UpstreamFailed } from '../../kit/errors.ts';
import type { ByteRange } from '../../kit/range.ts';
import { type NetHeaders, toUpstreamFailed } from '../../platform/net-request.ts';
import type { ByteSink } from '../kind.ts';
import { type Facts, lastModifiedOf, lengthOf, parseContentRange, refusalOf, strongEtag } from './facts.ts';

/** An origin without ranges is read from its first byte; more than this is thrown away for no seek. */
const MAX_SKIP_BYTES = 8 * 1024 * 1024;
/** Answers that a fresh look at the original URL may cure: an expired redirect target, a moved file. */
const STALE: ReadonlySet<number> = new Set([301, 302, 303, 307, 308, 401, 403, 404, 410]);

export type Transfer = {
  dispatcher: Dispatcher;
  facts: Facts;
  headers: Readonly<Record<string, string>>;
  range: ByteRange;
  sink: ByteSink;
  signal: AbortSignal;
};

/** Thrown before the first byte: the remembered URL no longer leads there. */
export class StaleLocation extends Error {
  readonly status: number;
  constructor(status: number) {
    super('the remembered location of the file does not answer any more');
    this.status = status;
  }
}

/**
 * Sends one range of an HTTP origin into the sink. Resolves when the sink has taken the last byte; rejects with
 * UpstreamFailed when the origin sends something else than the range, breaks off or falls silent. On abort the
 * connection is closed at once.
 */
export function transfer({ dispatcher, facts, headers, range, sink, signal }: Transfer): Promise<void> {
  signal.throwIfAborted();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  let controller: Dispatcher.DispatchController | null = null;
  let stopped: Error | null = null;
  let cut: Cutter | null = null;

  const stop = (reason: Error) => {
    stopped ??= reason;
    controller?.abort(reason);
  };
  const fail = (error: unknown) => {
    const reason = error instanceof Error ? error : new Error(String(error));
    stop(reason);
    reject(reason);
  };
  const onAbort = () => fail(signal.reason);
  signal.addEventListener('abort', onAbort, { once: true });
  sink.onDrain(() => controller?.resume());

  const handler: Dispatcher.DispatchHandler = {
    onRequestStart(started) {
      controller = started;
      if (stopped !== null) started.abort(stopped);
    },
    onResponseStart(_controller, status, responseHeaders) {
      if (status < 200) return;
      try {
        const skip = skipOf(status, responseHeaders, facts, range);
        cut = createCutter(skip, range.end - range.start, sink, resolve);
      } catch (error) {
        fail(error);
      }
    },
    onResponseData(paused, chunk) {
      if (stopped !== null || cut === null) return;
      // Only a body that goes on past the range is cut: after an exact one the connection serves the next range.
      const isSurplus = chunk.length > cut.wants();
      const takesMore = cut.take(chunk);
      // After the last wanted byte nothing can flood the sink, and a paused connection would never be free.
      if (!takesMore && cut.wants() > 0) paused.pause();
      if (!isSurplus) return;
      stop(ENOUGH);
      cut.end();
    },
    onResponseEnd() {
      if (cut === null) return fail(new Error('the response had no head'));
      if (!cut.end())
        fail(new UpstreamFailed('The origin broke off in the middle of the file.', { retryable: true }));
    },
    onResponseError(_controller, error) {
      if (stopped !== null) return;
      if (cut?.wants() !== 0 || !cut.end()) fail(toUpstreamFailed(error));
    },
  };
  const { origin, pathname, search } = facts.url;
  const whole = range.start === 0 && range.end >= (facts.sizeBytes ?? 0);
  const requestHeaders = whole ? headers : { ...headers, range: `bytes=${range.start}-${range.end - 1}` };
  dispatcher.dispatch({ origin, path: pathname + search, method: 'GET', headers: requestHeaders }, handler);
  return promise.finally(() => signal.removeEventListener('abort', onAbort));
}

/** Not an error: an origin without ranges sends on past what was asked for, and is cut. */
const ENOUGH = new Error('the wanted bytes have arrived');

/** How many bytes of the body come before the range; throws when this is not the file that was looked at. */
function skipOf(status: number, headers: NetHeaders, facts: Facts, range: ByteRange): number {
  if (STALE.has(status)) throw new StaleLocation(status);
  if (status === 416) throw hasChanged();
  if (status !== 200 && status !== 206) throw refusalOf(status);
  assertSameFile(headers, facts);
  if (status === 206) {
    assertExactPart(headers, facts, range);
    return 0;
  }
  const length = lengthOf(headers);
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
  const etag = strongEtag(headers);
  const modified = lastModifiedOf(headers);
  const isOther =
    (etag !== null && facts.etag !== null && etag !== facts.etag) ||
    (modified !== null && facts.lastModified !== null && modified.getTime() !== facts.lastModified.getTime());
  if (isOther) throw hasChanged();
}

export function hasChanged(): UpstreamFailed {
  return new UpstreamFailed('The file at the origin has changed. Start it again.', { retryable: false });
}

type Cutter = {
  /** Passes on what belongs to the range; false = the sink is full. */
  take(chunk: Uint8Array): boolean;
  /** Bytes that may still come before the range is complete. */
  wants(): number;
  /** The origin is done. False: bytes of a known length are missing. */
  end(): boolean;
};

/** Cuts the range out of the body and calls `onDone` when the sink has taken all of it. `wanted` is Infinity for an unknown length. */
function createCutter(skip: number, wanted: number, sink: ByteSink, onDone: () => void): Cutter {
  let toSkip = skip;
  let missing = wanted;
  let inFlight = 0;
  let hasEnded = false;
  const settle = () => {
    if (inFlight === 0 && hasEnded) onDone();
  };
  return {
    take(chunk) {
      const from = Math.min(toSkip, chunk.length);
      toSkip -= from;
      const piece = chunk.subarray(from, from + missing);
      if (piece.length === 0) return true;
      missing -= piece.length;
      inFlight += 1;
      return sink.write(piece, () => {
        inFlight -= 1;
        settle();
      });
    },
    wants: () => toSkip + missing,
    end() {
      if (missing !== 0 && missing !== Number.POSITIVE_INFINITY) return false;
      hasEnded = true;
      settle();
      return true;
    },
  };
}
