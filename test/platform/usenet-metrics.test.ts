import { Registry } from 'prom-client';
import { expect, test } from 'vitest';
import { createUsenetMetrics, type ProviderFigures } from '../../src/platform/usenet-metrics.ts';

const NOTHING: ProviderFigures = {
  ...{ name: 'news', connections: 0, maxConnections: 8, status: 'ready', latencyMs: null },
  ...{ bytes: 0, articles: 0, missing: 0, corrupt: 0, failures: 0 },
};

/** A scrape for each state, one behind the other; what the last one tells. */
async function scraped(states: readonly (readonly ProviderFigures[])[]): Promise<Record<string, number>> {
  const registry = new Registry();
  const metrics = createUsenetMetrics(registry);
  for (const state of states) {
    metrics.watchProviders(() => state);
    metrics.lookAtProviders();
  }
  const lines = (await registry.metrics()).split('\n').filter((line) => line.startsWith('tributary_usenet_'));
  return Object.fromEntries(
    lines
      .map((line) => line.slice('tributary_usenet_'.length).split(' '))
      .map(([name, value]) => [name, Number(value)]),
  );
}

test('each provider has its figures under its name', async () => {
  const figures = await scraped([
    [
      { ...NOTHING, connections: 3, bytes: 700, articles: 5, missing: 1, latencyMs: 40 },
      { ...NOTHING, name: 'block', status: 'refused', failures: 2, corrupt: 1 },
    ],
  ]);
  expect(figures).toEqual({
    ...{ 'provider_up{provider="news"}': 1, 'provider_up{provider="block"}': 0 },
    ...{ 'connections{provider="news"}': 3, 'connections{provider="block"}': 0 },
    ...{ 'connection_limit{provider="news"}': 8, 'connection_limit{provider="block"}': 8 },
    'latency_seconds{provider="news"}': 0.04,
    ...{ 'bytes_total{provider="news"}': 700, 'bytes_total{provider="block"}': 0 },
    ...{ 'articles_total{provider="news"}': 5, 'articles_total{provider="block"}': 0 },
    ...{ 'missing_total{provider="news"}': 1, 'missing_total{provider="block"}': 0 },
    ...{ 'corrupt_total{provider="news"}': 0, 'corrupt_total{provider="block"}': 1 },
    ...{ 'failures_total{provider="news"}': 0, 'failures_total{provider="block"}': 2 },
  });
});

test('what a thread counted stays counted when another takes its place, and its latency is unknown again', async () => {
  const figures = await scraped([
    [{ ...NOTHING, bytes: 100, articles: 2, latencyMs: 40 }],
    [{ ...NOTHING, bytes: 150, articles: 3, latencyMs: 40 }],
    [{ ...NOTHING, bytes: 30, articles: 1, failures: 1 }],
  ]);
  expect(figures).toMatchObject({
    'bytes_total{provider="news"}': 180,
    'articles_total{provider="news"}': 4,
    'failures_total{provider="news"}': 1,
  });
  expect(figures).not.toHaveProperty('latency_seconds{provider="news"}');
});
