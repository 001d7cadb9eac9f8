import { Histogram, Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createTalliedHistogram } from '../../src/platform/tallied-histogram.ts';

test('says word for word what prom-client’s own histogram says', async () => {
  const [theirs, ours] = [new Registry(), new Registry()];
  const config = { name: 'x_seconds', help: 'a "name"', labelNames: ['a', 'b'], buckets: [0.1, 1] };
  const plain = new Histogram({ ...config, registers: [theirs] });
  const tallied = createTalliedHistogram({ ...config, registers: [ours] });
  const values = [0.05, 0.1, 0.5, 1, 3, 0];
  for (const [a, b] of [
    ['GET', '/play/:token'],
    ['GET', 'odd "\\ \n'],
  ] as const)
    for (const value of values) {
      plain.labels(a, b).observe(value);
      tallied.series(a, b).observe(value);
    }
  expect(await ours.metrics()).toBe(await theirs.metrics());
  expect(await ours.metrics()).toContain('x_seconds_count{a="GET",b="/play/:token"} 6');
});
