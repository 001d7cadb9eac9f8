import type { Dispatcher } from 'undici';
import { UpstreamFailed } from '../../kit/errors.ts';
import type { ByteRange } from '../../kit/range.ts';
import type {
  BodyReader,
  Exchange,
  RequestFields,
  RequestTarget,
  ResponseHead,
} from '../../platform/http1/pool.ts';
import type { Net } from '../../platform/net.ts';
import { type NetHeaders, toUpstreamFailed } from '../../platform/net-request.ts';
import { Cutter, type Progress } from '../cutter.ts';
import type { ByteSink } from '../kind.ts';
import { brokeOff, CannotSeek, hasChanged, MAX_SKIP_BYTES } from '../resume.ts';
import { type Facts, lastModifiedOf, lengthOf, parseContentRange, refusalOf, strongEtag } from './facts.ts';

/** Answers that a fresh look at the original URL may cure: an expired redirect target, a moved file. */
const STALE: ReadonlySet<number> = new Set([301, 302, 303, 307, 308, 401, 403, 404, 410]);

export type Transfer = {
  net: Pick<Net, 'dispatcher' | 'http1'>;
  /** `http1` for bodies whose length the origin says; anything else is undici's. */
  by: 'http1' | 'undici';
  facts: Facts;
  location: Location;
  range: ByteRange;
  /** Moves on with each byte that is passed to the sink. */
  progress: Progress;
  /** The beginning has been sent already: only this very file from this very byte will do. */
  isResumed: boolean;
  /** Told what came for a range: the part, or all of the file. */
  onRangeAnswered(isPart: boolean): void;
  sink: Pick<ByteSink, 'write' | 'onDrain'>;
  signal: AbortSignal;
};

/** The address of a file and the headers every request for it has, made once for all ranges. */
export type Location = RequestTarget & { headers: RequestFields };

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
  job.signal.throwIfAborted();
  return new Promise((resolve, reject) => new RangeTransfer(job, resolve, reject).begin());
}

/** A class because each range of a film makes one: its closures were 2 KB of garbage. */
class RangeTransfer implements BodyReader {
  readonly #job: Transfer;
  readonly #reject: (error: unknown) => void;
  readonly #cut: Cutter;
  #exchange: Exchange | null = null;
  /** Settled, or only the sink has still to take what came. */
  #isOver = false;

  constructor(job: Transfer, resolve: () => void, reject: (error: unknown) => void) {
    const { range, sink, progress, signal } = job;
    this.#job = job;
    this.#reject = reject;
    this.#cut = new Cutter(range.end - range.start, sink, progress, () => {
      signal.removeEventListener('abort', this.#onAbort);
      resolve();
    });
  }

  get earlierBytes(): number {
    const { at, from } = this.#job.progress;
    return at - from;
  }

  begin(): void {
    const { net, by, location, sink, signal } = this.#job;
    signal.addEventListener('abort', this.#onAbort, { once: true });
    sink.onDrain(() => this.#exchange?.resume());
    try {
      const own = rangeFields(this.#job);
      this.#exchange =
        by === 'http1'
          ? net.http1.get(location, own, this)
          : byUndici(net.dispatcher, location.url, { ...location.headers, ...own }, this);
      // What failed at once could not be aborted yet.
      if (this.#isOver) this.#exchange.abort();
    } catch (error) {
      this.#fail(error);
    }
  }

  readonly #onAbort = (): void => this.#fail(this.#job.signal.reason);

  #fail(error: unknown): void {
    this.#isOver = true;
    this.#exchange?.abort();
    this.#job.signal.removeEventListener('abort', this.#onAbort);
    this.#reject(error);
  }

  onHead({ status, headers, length }: ResponseHead): void {
    const { by } = this.#job;
    if (by === 'http1' && length === null && (status === 200 || status === 206)) throw new UnknownLength();
    this.#cut.toSkip = skipOf(status, headers, this.#job);
  }

  onData(chunk: Buffer, release: () => void): boolean {
    if (this.#isOver) {
      release();
      return true;
    }
    // Only a body that goes on past the range is cut: after an exact one the connection serves the next range.
    const isSurplus = chunk.length > this.#cut.wants();
    const takesMore = this.#cut.take(chunk, release);
    if (isSurplus) {
      this.#isOver = true;
      this.#exchange?.abort();
      this.#cut.end();
    }
    return takesMore;
  }

  onEnd(): void {
    if (!this.#isOver && !this.#cut.end()) this.#fail(brokeOff(true));
  }

  onError(error: Error): void {
    if (this.#isOver) return;
    const isOurs = error instanceof StaleLocation || error instanceof UnknownLength;
    // An origin that ends the connection after the last byte of a body without a length has said all.
    if (this.#cut.wants() !== 0 || !this.#cut.end()) this.#fail(isOurs ? error : toUpstreamFailed(error));
  }
}

const NONE: RequestFields = {};

function rangeFields({ facts, range, isResumed }: Transfer): RequestFields {
  if (isWhole(facts, range)) return NONE;
  const fields = { range: `bytes=${range.start}-${range.end - 1}` };
  const validator = isResumed ? (facts.etag ?? facts.lastModified?.toUTCString()) : undefined;
  return validator === undefined ? fields : { ...fields, 'if-range': validator };
}

function isWhole({ sizeBytes }: Facts, { start, end }: ByteRange): boolean {
  return start === 0 && end >= (sizeBytes ?? 0);
}

/** The same reader on undici: chunked bodies, bodies until the connection ends. */
function byUndici(
  dispatcher: Dispatcher,
  { origin, pathname, search }: URL,
  headers: RequestFields,
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
      onResponseEnd: () => over(() => reader.onEnd()),
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
  { facts, range, isResumed, onRangeAnswered }: Transfer,
): number {
  if (STALE.has(status)) throw new StaleLocation(status, headers);
  if (status === 416) throw hasChanged();
  if (status !== 200 && status !== 206) throw refusalOf(status, headers);
  assertSameFile(headers, facts);
  if (status === 206) {
    assertExactPart(headers, facts, range);
    onRangeAnswered(true);
    return 0;
  }
  const length = lengthOf(headers);
  if (isResumed) throw brokeOff(false);
  if (facts.sizeBytes !== null && length !== null && length !== facts.sizeBytes) throw hasChanged();
  if (!isWhole(facts, range)) onRangeAnswered(false);
  if (range.start > MAX_SKIP_BYTES) throw new CannotSeek();
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
