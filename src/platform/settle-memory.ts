import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Gives back what only the start needed: loading 400 modules grows V8's young generation to 67 MB, and V8 keeps it while
 * little is allocated. One full collection takes 0.1 s and takes the process from 197 to 145 MB (first start) and from 150
 * to 125 (later ones). Call it when the start's work is done, or before the first work that needs much.
 */
export function settleMemory(): void {
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('gc');
  if (typeof collect === 'function') collect({ type: 'major', execution: 'sync', flavor: 'last-resort' });
}
