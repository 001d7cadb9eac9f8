import { expect, test } from 'vitest';
import { watchSlowly } from '../support/slow-clients.ts';

test('1,000 viewers who read by drops are served, cost little, and keep nobody waiting', async () => {
  const figures = await watchSlowly(1000);
  console.log(JSON.stringify(figures));
  expect(figures).toMatchObject({ served: 1000, leftOpen: 0 });
  expect(figures.healthMedianMs).toBeLessThan(200);
  expect(figures.rssDuringMib - figures.rssBeforeMib).toBeLessThan(30 + 1000 * 1.2);
});
