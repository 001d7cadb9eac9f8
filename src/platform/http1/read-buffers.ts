/** Buffers that sockets read into: at 64 KiB one stream is a tenth slower. */
const READ_BYTES = 256 * 1024;
/**
 * For streams that have kept up for long: one alone is 1.03–1.10 of a tuned nginx instead of 0.92. For all, 100 stalled viewers
 * would cost 86 MB instead of 20.
 */
const FAST_BYTES = 1024 * 1024;
/** The streams beyond read by 256 KiB: of 50 none is slower for it. */
const MOST_FAST = 8;
/** A head and a 64 KiB range in one read. */
const FIRST_BYTES = 80 * 1024;
/** What may wait of each size for the next streams; left to the collector at once, a second crowd of viewers would cost a second helping. */
const MAX_FREE_BYTES = 128 * 1024 * 1024;
/** What stays of each for good. */
const MIN_FREE_BYTES = 4 * 1024 * 1024;

export type ReadBuffers = {
  /**
   * For connections that wait for an answer, one for all: a read and what is done with it are one step, so none finds another's
   * bytes in it, and a waiting connection holds no memory. What is to be kept of it is copied.
   */
  readonly shared: Buffer;
  /** For the reads of a long body. `isFast`: it has filled them for long; it gets a larger one while there are not too many. */
  take(isFast: boolean): Buffer;
  /** Holds what fits into `shared`. */
  takeSmall(): Buffer;
  /** Give each one back once, when nobody looks at it any more. */
  give(buffer: Buffer): void;
  /** Lets go what nobody has needed since the last call; call it every ten seconds. False: nothing more to let go. */
  trim(): boolean;
  /** Taken and not given back, in bytes. */
  heldBytes(): number;
};

/** Recycled buffers: a fresh one each read costs more than the read (collections, page faults). */
export function createReadBuffers(): ReadBuffers {
  const fast = createShelf(FAST_BYTES);
  const large = createShelf(READ_BYTES);
  const small = createShelf(FIRST_BYTES);
  const shared = Buffer.allocUnsafeSlow(FIRST_BYTES);
  return {
    shared,
    take: (isFast) => (isFast && fast.heldBytes() < MOST_FAST * FAST_BYTES ? fast : large).take(),
    takeSmall: small.take,
    give(buffer) {
      const shelf = buffer.length === READ_BYTES ? large : buffer.length === FIRST_BYTES ? small : fast;
      shelf.give(buffer);
    },
    trim: () => [fast.trim(), large.trim(), small.trim()].includes(true),
    heldBytes: () => fast.heldBytes() + large.heldBytes() + small.heldBytes(),
  };
}

function createShelf(sizeBytes: number) {
  const free: Buffer[] = [];
  const mostFree = MAX_FREE_BYTES / sizeBytes;
  const fewestKept = Math.ceil(MIN_FREE_BYTES / sizeBytes);
  let held = 0;
  /** Since the last trim. */
  let fewestFree = 0;
  return {
    take(): Buffer {
      held += 1;
      fewestFree = Math.min(fewestFree, Math.max(0, free.length - 1));
      return free.pop() ?? Buffer.allocUnsafeSlow(sizeBytes);
    },
    give(buffer: Buffer): void {
      held -= 1;
      if (free.length < mostFree) free.push(buffer);
    },
    trim(): boolean {
      free.length -= Math.max(0, Math.min(fewestFree, free.length - fewestKept));
      fewestFree = free.length;
      return free.length > fewestKept;
    },
    heldBytes: () => held * sizeBytes,
  };
}
