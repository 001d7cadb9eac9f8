import { setImmediate as nextTurn } from 'node:timers/promises';

/** For long work on the one thread there is: called again and again, it lets others have their turn once so many milliseconds have passed. */
export function createPause(everyMs: number): () => Promise<void> {
  let since = performance.now();
  return async () => {
    if (performance.now() - since < everyMs) return;
    await nextTurn();
    since = performance.now();
  };
}
