import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createFinderMetrics, type FinderAsked } from '../../src/platform/finder-metrics.ts';

const PREFIX = 'tributary_finder_';

async function scraped(asked: readonly FinderAsked[]): Promise<Map<string, number>> {
  const registry = new Registry();
  const metrics = createFinderMetrics(registry);
  for (const one of asked) metrics.onAsked(one);
  const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith(PREFIX));
  return new Map(
    lines.map((line) => {
      const place = line.lastIndexOf(' ');
      return [line.slice(PREFIX.length, place), Number(line.slice(place + 1))];
    }),
  );
}

const good = { finder: 'Mine', hasFailed: false, found: 12, seconds: 0.4 };

test('each finder has what it was asked, failed at and brought under its name, and how long that took', async () => {
  const figures = await scraped([
    good,
    { ...good, hasFailed: true, found: 0, seconds: 20 },
    { ...good, finder: 'Yours' },
  ]);
  expect(Object.fromEntries(figures)).toMatchObject({
    ...{ 'requests_total{finder="Mine"}': 2, 'requests_total{finder="Yours"}': 1 },
    ...{ 'failures_total{finder="Mine"}': 1, 'failures_total{finder="Yours"}': 0 },
    ...{ 'releases_total{finder="Mine"}': 12, 'releases_total{finder="Yours"}': 12 },
    ...{ 'seconds_bucket{le="0.5",finder="Mine"}': 1, 'seconds_bucket{le="20",finder="Mine"}': 2 },
    ...{ 'seconds_sum{finder="Mine"}': 20.4, 'seconds_count{finder="Mine"}': 2 },
  });
});

test('renaming one again and again does not grow what is scraped', async () => {
  const asked = Array.from({ length: 500 }, (_, n) => ({ ...good, finder: `Finder ${n}` }));
  const figures = await scraped(asked);
  const requests = [...figures].filter(([name]) => name.startsWith('requests_total'));
  expect(requests).toHaveLength(201);
  expect(figures.get('requests_total{finder="other"}')).toBe(300);
});
