import { Counter, type Registry } from 'prom-client';
import { createTalliedHistogram } from './tallied-histogram.ts';

/** How one question to a finder ended. */
export type FinderAsked = {
  /** As the owner names it. */
  finder: string;
  hasFailed: boolean;
  /** Streams it brought. */
  found: number;
  /** From asking to what it found being kept. */
  seconds: number;
};

/** Figures of finders, by their names, which the owner gave. */
export type FinderMetrics = { onAsked(asked: FinderAsked): void };

const SECONDS = [0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60];
/** As many finders as there may be; one that is renamed is another. Past it, `other`. */
const MAX_NAMES = 200;

export function createFinderMetrics(registry: Registry): FinderMetrics {
  const labelNames = ['finder' as const];
  const counter = (name: string, help: string) =>
    new Counter({ name: `tributary_finder_${name}`, help, labelNames, registers: [registry] });
  const requests = counter('requests_total', 'Times it was asked: for a title, or a feed read');
  const failures = counter('failures_total', 'Times it did not answer, refused, or sent what cannot be read');
  const releases = counter('releases_total', 'Streams it brought');
  const seconds = createTalliedHistogram({
    ...{ name: 'tributary_finder_seconds', help: 'From asking it to what it found being kept' },
    ...{ labelNames, buckets: SECONDS, registers: [registry] },
  });
  const names = new Set<string>();

  return {
    onAsked(asked) {
      if (names.size < MAX_NAMES) names.add(asked.finder);
      const finder = names.has(asked.finder) ? asked.finder : 'other';
      requests.inc({ finder });
      // A rate of what is not there yet cannot be drawn.
      failures.inc({ finder }, asked.hasFailed ? 1 : 0);
      releases.inc({ finder }, asked.found);
      seconds.series(finder).observe(asked.seconds);
    },
  };
}
