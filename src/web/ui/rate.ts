import { useEffect, useState } from 'react';

/** How much was done at a time. */
export type Sample = { at: number; done: number };

/** A rate is that of the last half minute. */
const KEPT_MS = 30_000;
/** Of less nothing is said. */
const LEAST_MS = 1500;

/** The samples after one more look; what was counted anew begins anew. */
export function nextSamples(before: readonly Sample[], sample: Sample): Sample[] {
  const last = before.at(-1);
  if (last !== undefined && sample.done < last.done) return [sample];
  const kept = before.filter(({ at }) => sample.at - at <= KEPT_MS && at < sample.at);
  return [...kept, sample];
}

/** So many a second; null: it cannot be told yet. */
export function rateOf(samples: readonly Sample[]): number | null {
  const [first, last] = [samples[0], samples.at(-1)];
  if (first === undefined || last === undefined || last.at - first.at < LEAST_MS) return null;
  return ((last.done - first.done) * 1000) / (last.at - first.at);
}

/** How fast something that is polled goes, in so many a second; null: it does not run, or it cannot be told yet. `at`: when `done` was told. */
export function useRate(done: number | null, at: number | null): number | null {
  const [samples, setSamples] = useState<readonly Sample[]>([]);
  useEffect(() => {
    if (done === null || at === null) setSamples([]);
    else setSamples((before) => nextSamples(before, { at, done }));
  }, [done, at]);
  return rateOf(samples);
}

/** Milliseconds until the rest is done; null: it stands, or it cannot be told. */
export function etaOf(left: number, perSecond: number | null): number | null {
  return perSecond === null || perSecond <= 0 ? null : (left / perSecond) * 1000;
}
