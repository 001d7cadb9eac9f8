import { UpstreamFailed } from '../kit/errors.ts';
import type { ByteSink, ByteSource } from '../streams/kind.ts';
import { createFlow } from '../streams/sink-flow.ts';

export type BodyHead = Pick<ByteSource, 'contentType' | 'etag' | 'lastModified'> & {
  /** null: known at the end only. */
  sizeBytes: number | null;
};

/** A body in memory that can be read while it is still coming. */
export type GrowingBody = {
  readonly head: BodyHead;
  received(): number;
  isComplete(): boolean;
  /** Memory that will be needed for `more` bytes beyond what there is; 0 = it fits. */
  growth(more: number): number;
  push(chunk: Uint8Array): void;
  end(): void;
  fail(error: unknown): void;
  /** Waits for more than `count` bytes or the end; rejects when the body failed or on abort. */
  beyond(count: number, signal: AbortSignal): Promise<void>;
  /** The first bytes, as far as they are there. */
  peek(count: number): Buffer;
  /** `onClose` runs once. */
  source(onClose: () => void): ByteSource;
};

/** Memory for a body of unknown length to begin with. */
export const FIRST_CAPACITY = 256 * 1024;
const PIECE = 1024 * 1024;
const MAX_PIECES_IN_FLIGHT = 4;

export function createGrowingBody(head: BodyHead): GrowingBody {
  let buffer = Buffer.allocUnsafeSlow(head.sizeBytes ?? FIRST_CAPACITY);
  let received = 0;
  let isComplete = false;
  let failure: Error | null = null;
  const waiting = new Set<() => void>();

  function stir(): void {
    for (const wake of waiting) wake();
  }

  function grown(more: number): number {
    let capacity = buffer.length;
    while (capacity < received + more) capacity *= 2;
    return capacity;
  }

  async function beyond(count: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      signal.throwIfAborted();
      if (failure !== null) throw failure;
      if (isComplete || received > count) return;
      await new Promise<void>((resolve) => {
        const wake = () => {
          waiting.delete(wake);
          signal.removeEventListener('abort', wake);
          resolve();
        };
        waiting.add(wake);
        signal.addEventListener('abort', wake, { once: true });
      });
    }
  }

  async function send(
    range: { start: number; end: number },
    sink: ByteSink,
    signal: AbortSignal,
  ): Promise<void> {
    const flow = createFlow(sink, signal, MAX_PIECES_IN_FLIGHT);
    try {
      let at = range.start;
      while (at < range.end) {
        await beyond(at, signal);
        if (at >= received) break;
        await flow.ready();
        const piece = buffer.subarray(at, Math.min(received, range.end, at + PIECE));
        at += piece.length;
        flow.write(piece, () => {});
      }
      if (at < range.end && range.end !== Number.POSITIVE_INFINITY) throw brokenOff();
      await flow.finish();
    } finally {
      flow.close();
    }
  }

  return {
    head,
    received: () => received,
    isComplete: () => isComplete,
    growth: (more) => grown(more) - buffer.length,
    push(chunk) {
      const capacity = grown(chunk.length);
      if (capacity > buffer.length) {
        const larger = Buffer.allocUnsafeSlow(capacity);
        buffer.copy(larger, 0, 0, received);
        // Readers may hold pieces of the old one; its bytes do not change any more.
        buffer = larger;
      }
      buffer.set(chunk, received);
      received += chunk.length;
      // Said now and not at the end of the answer: who has the last byte may leave before that comes.
      if (received === head.sizeBytes) isComplete = true;
      stir();
    },
    end() {
      isComplete = true;
      stir();
    },
    fail(error) {
      failure = error instanceof Error ? error : new Error(String(error));
      stir();
    },
    beyond,
    peek: (count) => buffer.subarray(0, Math.min(count, received)),
    source(onClose) {
      let isClosed = false;
      const { contentType, etag, lastModified } = head;
      return {
        size: isComplete ? received : head.sizeBytes,
        contentType,
        etag,
        lastModified,
        send,
        async close() {
          if (!isClosed) onClose();
          isClosed = true;
        },
      };
    },
  };
}

export function brokenOff(): UpstreamFailed {
  return new UpstreamFailed('The origin broke off in the middle of the file.', { retryable: true });
}
