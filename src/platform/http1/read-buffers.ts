/**
 * Buffers that sockets read into. 256 KiB: at 64 KiB one stream is a tenth slower, at 1 MiB 100 stalled viewers cost 86 MB instead
 * of 20.
 */
export const READ_BUFFER_BYTES = 256 * 1024;
/** 16 MiB stay for the next streams; what is given back beyond that is left to the collector. */
const MAX_FREE = 64;

export type ReadBuffers = {
  /**
   * For connections that wait for an answer, one for all: a read and what is done with it are one step, so none finds another's
   * bytes in it, and a waiting connection holds no memory. What is to be kept is copied. 80 KiB: a head and a 64 KiB range in one read.
   */
  readonly shared: Buffer;
  take(): Buffer;
  /** Give each one back once, when nobody looks at it any more. */
  give(buffer: Buffer): void;
  /** Taken and not given back, in bytes. */
  heldBytes(): number;
};

const SHARED_BYTES = 80 * 1024;

/** Recycled buffers: a fresh one each read costs more than the read (collections, page faults). */
export function createReadBuffers(): ReadBuffers {
  const free: Buffer[] = [];
  let held = 0;
  return {
    shared: Buffer.allocUnsafeSlow(SHARED_BYTES),
    take() {
      held += 1;
      return free.pop() ?? Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
    },
    give(buffer) {
      held -= 1;
      if (free.length < MAX_FREE) free.push(buffer);
    },
    heldBytes: () => held * READ_BUFFER_BYTES,
  };
}
