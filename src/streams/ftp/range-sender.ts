import type { ByteRange } from '../../kit/range.ts';
import { abortable } from '../../platform/abortable.ts';
import type { FtpLease } from '../../platform/ftp/pool.ts';
import { ftpFailure } from '../../platform/ftp/refusal.ts';
import { CannotRestart, type FtpSession } from '../../platform/ftp/session.ts';
import { Cutter } from '../cutter.ts';
import { brokeOff, CannotSeek, MAX_SKIP_BYTES, type Sender, type Sending } from '../resume.ts';
import type { Parked } from './parked.ts';
import { Reading, type Taker } from './reading.ts';

/** So much of an open data connection is read and thrown away rather than opening another one, which takes three round trips. */
const MOST_SKIPPED = 1024 * 1024;

export type RangeSenderDeps = {
  /** A session of the server. */
  lease(signal: AbortSignal): Promise<FtpLease>;
  parked: Parked;
  path: string;
  /** Of this version of the file, for whoever may read it. */
  key: string;
  sizeBytes: number | null;
  canRestart(): boolean;
  onCannotRestart(): void;
  /** Rejects when the file has changed. */
  assertSame(session: FtpSession): Promise<void>;
  onFailed(): void;
};

/** Sends ranges of one file, each by the data connection that stands where it begins, or by a new one. */
export class RangeSender implements Sender {
  readonly #deps: RangeSenderDeps;

  constructor(deps: RangeSenderDeps) {
    this.#deps = deps;
  }

  async send(sending: Sending): Promise<void> {
    const { signal } = sending;
    const flow: Flow = { isFull: false, onDrain: () => {} };
    sending.sink.onDrain(() => {
      flow.isFull = false;
      flow.onDrain();
    });
    try {
      while (!(await this.#turn(sending, flow))) await drained(flow, signal);
    } catch (error) {
      signal.throwIfAborted();
      throw ftpFailure(error);
    }
  }

  mend(error: unknown): Promise<void> {
    return Promise.reject(error);
  }

  onFailed(failure: unknown): void {
    if (!(failure instanceof CannotSeek)) this.#deps.onFailed();
  }

  /** False: it let others have the connection, and has to go on later. */
  async #turn(sending: Sending, flow: Flow): Promise<boolean> {
    const { range, progress, sink, signal } = sending;
    signal.throwIfAborted();
    const reading = await this.#readingAt(sending);
    return await new Promise((resolve, reject) => {
      const end = (settle: () => void) => {
        signal.removeEventListener('abort', onAbort);
        settle();
      };
      const cut = new Cutter(range.end - progress.at, sink, progress, () => end(() => resolve(true)));
      cut.toSkip = progress.at - reading.at;
      let hasEnough = false;
      const fail = (error: unknown) => {
        // What serves others already is not ours to cut.
        if (!hasEnough) reading.cut();
        end(() => reject(error));
      };
      const onAbort = () => fail(signal.reason);
      const taker: Taker = {
        wants: () => cut.wants(),
        take(chunk, release) {
          flow.isFull = !cut.take(chunk, release);
          return !flow.isFull;
        },
        onEnough: () => {
          hasEnough = true;
          this.#park(reading, range);
          cut.end();
        },
        onEnd: (error) => {
          if (error !== null || !cut.end()) fail(error ?? brokeOff(true));
        },
        onYield: () => end(() => resolve(false)),
      };
      signal.addEventListener('abort', onAbort, { once: true });
      flow.onDrain = () => reading.resume(taker);
      if (signal.aborted) onAbort();
      else reading.feed(taker);
    });
  }

  #park(reading: Reading, { end }: ByteRange): void {
    const { parked, key, sizeBytes } = this.#deps;
    if (end === sizeBytes) reading.finish();
    else parked.put(key, reading);
  }

  async #readingAt({ range, progress, isResumed, signal }: Sending): Promise<Reading> {
    const { parked, key, canRestart } = this.#deps;
    const { at } = progress;
    const skipped = canRestart() ? MOST_SKIPPED : MAX_SKIP_BYTES;
    const waiting = parked.take(key, at, skipped);
    if (waiting !== null) return waiting;
    // After others had the connection the file may be another one, as after a break.
    const beginning = this.#begin(at, isResumed || at > range.start, signal);
    try {
      return await abortable(beginning, signal);
    } catch (error) {
      if (signal.aborted) beginning.then((reading) => reading.cut()).catch(() => {});
      throw error;
    }
  }

  /** The commands of a transfer go on when the viewer left: the connection is in order again after them. */
  async #begin(at: number, isInMiddle: boolean, signal: AbortSignal): Promise<Reading> {
    const { path, canRestart, onCannotRestart, assertSame } = this.#deps;
    const from = canRestart() ? at : 0;
    if (at - from > MAX_SKIP_BYTES) throw isInMiddle ? brokeOff(false) : new CannotSeek();
    const lease = await this.#deps.lease(signal);
    if (isInMiddle)
      await assertSame(lease.session).catch((error: unknown) => {
        lease.release();
        throw error;
      });
    try {
      return await Reading.begin(lease, path, from);
    } catch (error) {
      if (!(error instanceof CannotRestart) || from === 0) throw error;
      onCannotRestart();
      return await this.#begin(at, isInMiddle, signal);
    }
  }
}

/** Whether the sink takes bytes, and who is told when it does again. */
type Flow = { isFull: boolean; onDrain: () => void };

async function drained(flow: Flow, signal: AbortSignal): Promise<void> {
  if (!flow.isFull) return;
  const { promise, resolve } = Promise.withResolvers<void>();
  flow.onDrain = resolve;
  await abortable(promise, signal);
}
