import type { ByteSink } from '../streams/kind.ts';
import type { PlayResponse } from './deps.ts';

/** How much may lie between the source and the client's socket: a stream's share of the memory budget. */
export type Window = { windowBytes(): number; hold(bytes: number): void; free(bytes: number): void };

type Options = {
  window: Window;
  /** Bytes of the file (not of part heads) that went out to the client. */
  onDelivered(sizeBytes: number): void;
  onResumed(): void;
};

/**
 * Sinks onto a response, one for each part of it; `begin` runs before the part's first byte. Chunks reach the socket without
 * a copy and may be several at once, up to the window: with one at a time the source would be stopped and started for each.
 */
export function responseSinks(response: PlayResponse, options: Options): (begin: () => void) => ByteSink {
  const { window, onDelivered, onResumed } = options;
  let inFlight = 0;
  let isFull = false;
  let onDrain = () => {};

  function left(sizeBytes: number): void {
    inFlight -= sizeBytes;
    window.free(sizeBytes);
    if (!isFull || inFlight > window.windowBytes() / 2) return;
    isFull = false;
    onDrain();
  }

  return (begin) => ({
    write(chunk, done) {
      begin();
      const sizeBytes = chunk.length;
      inFlight += sizeBytes;
      window.hold(sizeBytes);
      response.write(chunk, (error) => {
        if (!error) onDelivered(sizeBytes);
        done();
        left(sizeBytes);
      });
      isFull = inFlight >= window.windowBytes();
      return !isFull;
    },
    onDrain(listener) {
      onDrain = listener;
    },
    resumed: onResumed,
  });
}
