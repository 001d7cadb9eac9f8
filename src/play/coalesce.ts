import { abortable } from '../platform/abortable.ts';

type Job<T> = { result: Promise<T>; stop: AbortController; waiting: number };

/** Runs one job a key at a time: who comes meanwhile shares it, and it is aborted when the last of them has left. */
export function createCoalescer<T>(): (
  key: string,
  run: (signal: AbortSignal) => Promise<T>,
  signal: AbortSignal,
) => Promise<T> {
  const running = new Map<string, Job<T>>();
  return async (key, run, signal) => {
    signal.throwIfAborted();
    const job = running.get(key) ?? begin(key, run);
    job.waiting += 1;
    try {
      return await abortable(job.result, signal);
    } finally {
      job.waiting -= 1;
      if (job.waiting === 0) {
        if (running.get(key) === job) running.delete(key);
        job.stop.abort(new Error('nobody waits for this any more'));
      }
    }
  };

  function begin(key: string, run: (signal: AbortSignal) => Promise<T>): Job<T> {
    const stop = new AbortController();
    const result = run(stop.signal);
    const job: Job<T> = { result, stop, waiting: 0 };
    running.set(key, job);
    // Whoever comes after the end asks anew; keeping the answer is the caller's business.
    const end = () => void (running.get(key) === job && running.delete(key));
    result.then(end, end);
    return job;
  }
}
