import { expect, test } from 'vitest';
import { startTributary } from '../support/product.ts';
import { sendSlowHead, watchSlowly } from '../support/slow-clients.ts';
import { get } from '../support/traffic.ts';

test('1,000 viewers who read by drops are served, cost little, and keep nobody waiting', async () => {
  const figures = await watchSlowly(1000);
  console.log(JSON.stringify(figures));
  expect(figures).toMatchObject({ served: 1000, leftOpen: 0 });
  expect(figures.healthMedianMs).toBeLessThan(200);
  expect(figures.rssDuringMib - figures.rssBeforeMib).toBeLessThan(30 + 1000 * 1.2);
});

test('heads that come by drops are closed with 408 within half a minute, and others are answered meanwhile', async () => {
  await using product = await startTributary();
  const slow = Promise.all(Array.from({ length: 50 }, () => sendSlowHead(product.baseUrl)));
  let answered = 0;
  const asking = setInterval(async () => {
    if ((await get(`${product.baseUrl}/healthz`)).ok) answered += 1;
  }, 1000);
  const ends = await slow.finally(() => clearInterval(asking));
  expect(Math.max(...ends.map(({ tookMs }) => tookMs))).toBeLessThan(30_000);
  expect(Math.min(...ends.map(({ tookMs }) => tookMs))).toBeGreaterThan(15_000);
  expect(ends.every(({ said }) => said.startsWith('HTTP/1.1 408 ') && said.includes('request.timeout'))).toBe(
    true,
  );
  expect(answered).toBeGreaterThan(10);
});
