import { LRUCache } from 'lru-cache';
import type { ByteRange } from '../../../../kit/range.ts';
import {
  type BodyReader,
  type Exchange,
  type RequestTarget,
  type ResponseHead,
  requestTarget,
} from '../../../../platform/http1/pool.ts';
import type { Net } from '../../../../platform/net.ts';
import { faultOf, MissingFile } from './faults.ts';

/** A file at a web seed. */
export type SeedFile = { index: number; url: URL; sizeBytes: number };

/** Where files of one seed were found: archive.org answers each request with 302 to a machine that has it. */
export type Locations = LRUCache<number, RequestTarget>;

/** Redirects lead elsewhere after some time; what fails is forgotten at once. */
const LOCATION_TTL_MS = 600_000;
const MAX_LOCATIONS = 200;
const MAX_REDIRECTS = 5;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);
/** Of a server that knows no ranges and gives the whole file: read over until the range begins. */
const MAX_SKIP_BYTES = 1024 * 1024;
/** Ranges count bytes of the file itself. */
const HEADERS = { accept: '*/*', 'accept-encoding': 'identity', 'user-agent': 'Tributary' };

export function createLocations(): Locations {
  return new LRUCache({ max: MAX_LOCATIONS, ttl: LOCATION_TTL_MS });
}

/** Takes what comes for a range, in order. After `onOver` nothing more is called. */
export type RangeSink = {
  /** They are overwritten after the call. */
  onBytes(bytes: Buffer): void;
  /** Null: all of the answer is here, be it less than was asked for. */
  onOver(error: Error | null): void;
};

class Redirected extends Error {
  readonly location: string;
  constructor(location: string) {
    super('the web seed redirects');
    this.location = location;
  }
}

export type RangeDeps = { net: Pick<Net, 'http1'>; locations: Locations };

/** Asks for one range of one file, and goes wherever the answer leads: each hop is dialled guarded. */
export class FileRange implements BodyReader {
  readonly #deps: RangeDeps;
  readonly #file: SeedFile;
  readonly #range: ByteRange;
  readonly #sink: RangeSink;
  #target: RequestTarget;
  #exchange: Exchange | null = null;
  #isRemembered: boolean;
  #redirects = 0;
  #isOver = false;
  #hasBytes = false;
  /** Bytes of the body before the range, of the range, and of the body in all. */
  #toSkip = 0;
  #left = 0;
  #bodyLeft = 0;

  constructor(deps: RangeDeps, file: SeedFile, range: ByteRange, sink: RangeSink) {
    this.#deps = deps;
    this.#file = file;
    this.#range = range;
    this.#sink = sink;
    const remembered = deps.locations.get(file.index);
    this.#isRemembered = remembered !== undefined;
    this.#target = remembered ?? requestTarget(file.url, HEADERS);
  }

  begin(): void {
    const { start, end } = this.#range;
    this.#exchange = this.#deps.net.http1.get(this.#target, { range: `bytes=${start}-${end - 1}` }, this);
  }

  /** Hangs up at once. */
  abort(): void {
    this.#isOver = true;
    this.#exchange?.abort();
  }

  onHead(head: ResponseHead): void {
    const { location } = head.headers;
    // Its connection is closed with it: the next of these comes after minutes.
    if (REDIRECTS.has(head.status) && typeof location === 'string') throw new Redirected(location);
    this.#measure(head);
    if (this.#redirects > 0) this.#deps.locations.set(this.#file.index, this.#target);
  }

  /** Throws where it is not the range that was asked for. */
  #measure({ status, headers, length }: ResponseHead): void {
    const { index } = this.#file;
    if (status !== 200 && status !== 206) throw faultOf(status, headers['retry-after'], index);
    const encoding = headers['content-encoding'];
    if (length === null || (encoding !== undefined && encoding !== 'identity'))
      throw new MissingFile(index, 'the web seed does not say how long its answer is');
    this.#bodyLeft = length;
    if (status === 206) this.#measurePart(length, String(headers['content-range']));
    else this.#measureWhole(length);
  }

  /** It may end early: the rest is asked for then. */
  #measurePart(length: number, told: string): void {
    const { index, sizeBytes } = this.#file;
    const { start, end } = this.#range;
    const [, first, last, total] = CONTENT_RANGE.exec(told) ?? [];
    const isOther = total !== '*' && Number(total) !== sizeBytes;
    if (isOther || Number(first) !== start || Number(last) >= end || length !== Number(last) + 1 - start)
      throw new MissingFile(index, 'the web seed has another file');
    this.#left = length;
  }

  #measureWhole(length: number): void {
    const { index, sizeBytes } = this.#file;
    const { start, end } = this.#range;
    if (length !== sizeBytes) throw new MissingFile(index, 'the web seed has another file');
    if (start > MAX_SKIP_BYTES) throw new MissingFile(index, 'the web seed knows no ranges');
    this.#toSkip = start;
    this.#left = end - start;
  }

  onData(chunk: Buffer, release: () => void): boolean {
    try {
      this.#take(chunk);
    } finally {
      release();
    }
    return true;
  }

  #take(chunk: Buffer): void {
    if (this.#isOver) return;
    this.#bodyLeft -= chunk.length;
    const skipped = Math.min(this.#toSkip, chunk.length);
    this.#toSkip -= skipped;
    const bytes = chunk.subarray(skipped, skipped + Math.min(this.#left, chunk.length - skipped));
    this.#left -= bytes.length;
    this.#hasBytes ||= bytes.length > 0;
    if (bytes.length > 0) this.#sink.onBytes(bytes);
    // A whole file goes on past the range; after an exact one the connection serves the next.
    if (this.#left === 0 && this.#bodyLeft > 0) this.#over(null);
  }

  onEnd(): void {
    this.#over(null);
  }

  onError(error: Error): void {
    if (this.#isOver) return;
    try {
      if (error instanceof Redirected) this.#follow(error.location);
      else if (this.#isRemembered && !this.#hasBytes) this.#goRound();
      else this.#over(error);
    } catch (failed) {
      this.#over(failed instanceof Error ? failed : new Error(String(failed)));
    }
  }

  #follow(location: string): void {
    this.#redirects += 1;
    const url = URL.parse(location, this.#target.url);
    if (this.#redirects > MAX_REDIRECTS || url === null || !/^https?:$/.test(url.protocol))
      throw new Error('the web seed redirects to nowhere');
    url.hash = '';
    this.#target = requestTarget(url, HEADERS);
    this.begin();
  }

  /** What was found earlier is not there any more: by the seed's own address, once. */
  #goRound(): void {
    this.#deps.locations.delete(this.#file.index);
    this.#isRemembered = false;
    this.#target = requestTarget(this.#file.url, HEADERS);
    this.begin();
  }

  #over(error: Error | null): void {
    if (this.#isOver) return;
    this.abort();
    this.#sink.onOver(error);
  }
}

const CONTENT_RANGE = /^bytes (\d{1,15})-(\d{1,15})\/(\d{1,15}|\*)$/i;
