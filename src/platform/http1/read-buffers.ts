/**
 * Buffers that sockets read into. 256 KiB: at 64 KiB one stream is a tenth slower, at 1 MiB 100 stalled viewers cost 86 MB instead
 * of 20.
 */
const READ_BYTES = 256 * 1024;
/** A head and a 64 KiB range in one read. */
const FIRST_BYTES = 80 * 1024;
/** 128 MiB may wait for the next streams; left to the collector at once, a second crowd of viewers would cost a second helping. */
const MAX_FREE = 512;
/** What stays for good: 4 MiB. */
const MIN_FREE = 16;

export type ReadBuffers = {
  /**
   * For connections that wait for an answer, one for all: a read and what is done with it are one step, so none finds another's
   * bytes in it, and a waiting connection holds no memory. What is to be kept of it is copied.
   */
  readonly shared: Buffer;
  /** For the reads of a long body. */
  take(): Buffer;
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
  const large = createShelf(READ_BYTES);
  const small = createShelf(FIRST_BYTES);
  const shared = Buffer.allocUnsafeSlow(FIRST_BYTES);
  return {
    shared,
    take: large.take,
    takeSmall: small.take,
    give: (buffer) => (buffer.length === READ_BYTES ? large : small).give(buffer),
    trim: () => [large.trim(), small.trim()].includes(true),
    heldBytes: () => large.heldBytes() + small.heldBytes(),
  };
}

function createShelf(sizeBytes: number) {
  const free: Buffer[] = [];
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
      if (free.length < MAX_FREE) free.push(buffer);
    },
    trim(): boolean {
      free.length -= Math.max(0, Math.min(fewestFree, free.length - MIN_FREE));
      fewestFree = free.length;
      return free.length > MIN_FREE;
    },
    heldBytes: () => held * sizeBytes,
  };
}
