import { AppError } from '../../kit/errors.ts';

export type Slots = {
  /** Waits for a free one; call the answer to give it back. Throws `media.busy` when too many wait already. */
  take(signal: AbortSignal): Promise<() => void>;
  running(): number;
  waiting(): number;
};

/** At most `most` at once, the others in line in the order they came; whoever leaves the line takes nobody's place. */
export function createSlots(most: number, mostWaiting: number): Slots {
  const line = new Set<() => void>();
  let running = 0;

  function giveBack(): void {
    running -= 1;
    const [next] = line;
    if (next === undefined) return;
    line.delete(next);
    next();
  }

  function begin(): () => void {
    running += 1;
    let isGiven = false;
    return () => {
      if (isGiven) return;
      isGiven = true;
      giveBack();
    };
  }

  return {
    async take(signal) {
      signal.throwIfAborted();
      if (running < most) return begin();
      if (line.size >= mostWaiting)
        throw new AppError('media.busy', 'Too many films are being converted. Try again in a moment.', {
          status: 503,
          headers: { 'Retry-After': '5' },
        });
      return await new Promise<() => void>((resolve, reject) => {
        const leave = () => {
          line.delete(enter);
          reject(signal.reason);
        };
        const enter = () => {
          signal.removeEventListener('abort', leave);
          resolve(begin());
        };
        signal.addEventListener('abort', leave, { once: true });
        line.add(enter);
      });
    },
    running: () => running,
    waiting: () => line.size,
  };
}
