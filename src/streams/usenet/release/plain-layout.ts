import type { Layout } from '../articles/part.ts';

/** A file posted as it is: one stretch of one posted file. */
export function plainLayout(volume: number, sizeBytes: number): Layout {
  const guess = (offset: number) => ({ volume, offset, length: sizeBytes - offset });
  return { sizeBytes, locate: guess, guess };
}
