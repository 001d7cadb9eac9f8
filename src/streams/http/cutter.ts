import type { ByteSink } from '../kind.ts';

/** Cuts the wanted bytes out of a body. */
export type Cutter = {
  /** So many bytes come before the wanted ones. */
  skip(count: number): void;
  /** Passes on what belongs to the range and calls `release` when the sink is done with it; false = the sink is full. */
  take(chunk: Uint8Array, release: () => void): boolean;
  /** Bytes that may still come before the range is complete. */
  wants(): number;
  /** The origin is done. False: bytes of a known length are missing. */
  end(): boolean;
};

/** Calls `onDone` when the sink has taken all. `wanted` is Infinity for an unknown length. */
export function createCutter(wanted: number, sink: Pick<ByteSink, 'write'>, onDone: () => void): Cutter {
  let toSkip = 0;
  let missing = wanted;
  let inFlight = 0;
  let hasEnded = false;
  const settle = () => {
    if (inFlight === 0 && hasEnded) onDone();
  };
  return {
    skip(count) {
      toSkip = count;
    },
    take(chunk, release) {
      const from = Math.min(toSkip, chunk.length);
      toSkip -= from;
      const piece = from === 0 && chunk.length <= missing ? chunk : chunk.subarray(from, from + missing);
      if (piece.length === 0) {
        release();
        return true;
      }
      missing -= piece.length;
      inFlight += 1;
      return sink.write(piece, () => {
        inFlight -= 1;
        release();
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
