import { setTimeout as sleep } from 'node:timers/promises';
import { UpstreamFailed } from '../kit/errors.ts';
import type { ByteRange } from '../kit/range.ts';
import type { Progress } from './cutter.ts';
import type { ByteSink } from './kind.ts';

/** Before the first byte a lost connection or a 502/503 is tried again after these pauses; a timeout is not, it cost enough. */
const RETRY_DELAYS_MS = [0, 250, 1000] as const;
/** A busy origin that says when to come back is asked once more, if that is soon. */
const MAX_RETRY_AFTER_S = 5;
/** In the middle of a body: so many times without this much progress in between, and never longer than that without a byte. */
const MAX_RESUMES = 5;
const PROGRESS_BYTES = 8 * 1024 * 1024;
const MAX_STUCK_MS = 30_000;
/** While nothing comes at all; an origin that gives some bytes each time is asked at once. */
const RESUME_DELAYS_MS = [0, 250, 1000, 2000, 4000] as const;

/** An origin is read from its first byte where it cannot begin later; more than this is thrown away for no seek. */
export const MAX_SKIP_BYTES = 8 * 1024 * 1024;

/** The range begins where an origin without ranges is not read to. */
export class CannotSeek extends UpstreamFailed {
  constructor() {
    super('The origin cannot seek, so playback can only begin at the start.', { retryable: false });
  }
}

/** The origin is busy and said when to come back. */
export class Busy extends UpstreamFailed {
  readonly retryAfterS: number;
  constructor(status: 429 | 503, retryAfterS: number) {
    super('The origin is overloaded. Try again in a moment.', { retryable: false, status });
    this.headers['Retry-After'] = String(retryAfterS);
    this.retryAfterS = retryAfterS;
  }
}

/** `mayGoOn`: it is worth asking for the rest. An origin that answers a later byte with the whole file cannot give it. */
export function brokeOff(mayGoOn: boolean): UpstreamFailed {
  return new UpstreamFailed('The origin broke off in the middle of the file.', { retryable: mayGoOn });
}

export function hasChanged(): UpstreamFailed {
  return new UpstreamFailed('The file at the origin has changed. Start it again.', { retryable: false });
}

type Job = { range: ByteRange; sink: ByteSink; signal: AbortSignal };
export type Sending = {
  range: ByteRange;
  /** Moves on with each byte that the sink was given. */
  progress: Progress;
  sink: ByteSink;
  signal: AbortSignal;
  isResumed: boolean;
};
export type Sender = {
  /** One transfer. */
  send(sending: Sending): Promise<void>;
  /** Tries again where a transfer failed for a reason that something can be done about; rejects else with `error`. */
  mend(error: unknown, sending: Sending): Promise<void>;
  /** Nothing helped, and nobody had stopped it. */
  onFailed(failure: unknown): void;
};

/**
 * Sends a range by one transfer or, where the origin breaks off in the middle, by several: each goes on at the very next
 * byte, up to the end that the client asked for. Rejects when the origin does not give the rest of this very file.
 */
export async function sendResuming({ range, sink, signal }: Job, sender: Sender): Promise<void> {
  const first: Sending = {
    range,
    progress: { from: range.start, at: range.start },
    sink,
    signal,
    isResumed: false,
  };
  try {
    await sender.send(first);
  } catch (error) {
    await goOn(first, sender, error).catch((failure: unknown) => {
      signal.throwIfAborted();
      sender.onFailed(failure);
      throw failure;
    });
  }
}

/** What a range costs that does not go well is not what matters; the other case is above, alone. */
async function goOn(first: Sending, sender: Sender, error: unknown): Promise<void> {
  const { range, progress, signal, sink } = first;
  const send = (sending: Sending) => sender.send(sending).catch((failed) => sender.mend(failed, sending));
  let mended: Promise<void> | null = sender.mend(error, first);
  let failure: unknown;
  try {
    await retrying(
      signal,
      () => {
        const attempt = mended ?? send(first);
        mended = null;
        return attempt;
      },
      () => progress.at === range.start,
    );
    return;
  } catch (failed) {
    failure = failed;
  }
  const patience = createPatience(progress.at);
  while (isPassing(failure, signal) && progress.at > range.start && range.end !== Number.POSITIVE_INFINITY) {
    const delayMs = patience.next(progress.at);
    if (delayMs === null) break;
    if (delayMs > 0) await sleep(delayMs, undefined, { signal });
    sink.resumed?.();
    try {
      await send({ ...first, range: { start: progress.at, end: range.end }, isResumed: true });
      return;
    } catch (failed) {
      failure = failed;
    }
  }
  throw failure;
}

/** How long to wait before going on at byte `at`; null when it has been tried enough. */
function createPatience(begunAt: number): { next(at: number): number | null } {
  let [resumes, countedFrom] = [0, begunAt];
  let [stuckAt, stuckSince, stuckTimes] = [begunAt, performance.now(), 0];
  return {
    next(at) {
      if (at - countedFrom >= PROGRESS_BYTES) [resumes, countedFrom] = [0, at];
      if (at > stuckAt) [stuckAt, stuckSince, stuckTimes] = [at, performance.now(), 0];
      if (resumes >= MAX_RESUMES || performance.now() - stuckSince > MAX_STUCK_MS) return null;
      resumes += 1;
      stuckTimes += 1;
      return RESUME_DELAYS_MS[stuckTimes - 1] ?? null;
    },
  };
}

function isPassing(error: unknown, signal: AbortSignal): boolean {
  return !signal.aborted && error instanceof UpstreamFailed && error.retryable;
}

/** Runs what may fail for a moment, while `mayRetry`. */
export async function retrying<T>(
  signal: AbortSignal,
  run: () => Promise<T>,
  mayRetry: () => boolean = () => true,
): Promise<T> {
  let hasWaited = false;
  for (const delayMs of RETRY_DELAYS_MS) {
    try {
      return await run();
    } catch (error) {
      const askedMs: number | null = hasWaited ? null : retryAfterMs(error);
      if (signal.aborted || !mayRetry() || (askedMs === null && !isWorthATry(error))) throw error;
      hasWaited ||= askedMs !== null;
      await sleep(askedMs ?? delayMs, undefined, { signal });
    }
  }
  return await run();
}

function retryAfterMs(error: unknown): number | null {
  return error instanceof Busy && error.retryAfterS <= MAX_RETRY_AFTER_S ? error.retryAfterS * 1000 : null;
}

function isWorthATry(error: unknown): boolean {
  return error instanceof UpstreamFailed && error.retryable && error.status !== 504;
}
