import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';

/** Fewer lines at a time are not worth the way to another thread. */
const LEAST_LINES = 50;

/** A thread that reads names beside this one; it takes a job at a time, and none before it is ready. */
export type SecondThread = {
  /** The answer to these lines; null while it is busy, not ready, or they are too few. */
  take(lines: readonly string[]): Promise<string> | null;
};

/** `sample`: lines to compile the patterns with. Null on a machine of one processor. */
export function startSecondThread(sample: readonly string[]): SecondThread | null {
  if (availableParallelism() < 2) return null;
  const worker = new Worker(new URL('names-worker.ts', import.meta.url));
  let answer: ((text: string) => void) | null = null;
  let isReady = false;
  worker.on('message', (text: string) => {
    isReady = true;
    // It keeps nobody from ending who waits for nothing.
    worker.unref();
    answer?.(text);
    answer = null;
  });
  worker.postMessage(sample);
  worker.unref();
  return {
    take(lines) {
      if (!isReady || answer !== null || lines.length < LEAST_LINES) return null;
      worker.ref();
      worker.postMessage(lines);
      return new Promise((resolve) => {
        answer = resolve;
      });
    },
  };
}
