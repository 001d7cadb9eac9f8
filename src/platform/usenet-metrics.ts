import { Counter, Gauge, type Registry } from 'prom-client';

/** How one provider does; counts are since its thread began. */
export type ProviderFigures = {
  /** As the owner names it. */
  name: string;
  connections: number;
  maxConnections: number;
  status: 'ready' | 'resting' | 'refused';
  bytes: number;
  articles: number;
  missing: number;
  corrupt: number;
  failures: number;
  /** Smoothed milliseconds to the first byte of an article. */
  latencyMs: number | null;
};

/** Figures of Usenet; the providers are the only label, and the owner named them. */
export type UsenetMetrics = {
  /** Who knows how they do. */
  watchProviders(of: () => readonly ProviderFigures[]): void;
  /** Before each scrape. */
  lookAtProviders(): void;
};

const GROWING = ['bytes', 'articles', 'missing', 'corrupt', 'failures'] as const;
type Counts = Record<(typeof GROWING)[number], number>;
const NONE: Counts = { bytes: 0, articles: 0, missing: 0, corrupt: 0, failures: 0 };

export function createUsenetMetrics(registry: Registry): UsenetMetrics {
  const own = instruments(registry);
  const seen = new Map<string, Counts>();
  let providers: () => readonly ProviderFigures[] = () => [];

  function count(provider: string, now: Counts): void {
    const before = seen.get(provider) ?? NONE;
    for (const figure of GROWING) {
      // Less than before: the thread began anew, and counts from 0.
      const since = now[figure] >= before[figure] ? now[figure] - before[figure] : now[figure];
      own[figure].inc({ provider }, since);
    }
    const { bytes, articles, missing, corrupt, failures } = now;
    seen.set(provider, { bytes, articles, missing, corrupt, failures });
  }

  return {
    watchProviders(of) {
      providers = of;
    },
    lookAtProviders() {
      for (const one of providers()) {
        const provider = one.name;
        count(provider, one);
        own.up.set({ provider }, one.status === 'ready' ? 1 : 0);
        own.connections.set({ provider }, one.connections);
        own.connectionLimit.set({ provider }, one.maxConnections);
        if (one.latencyMs === null) own.latency.remove({ provider });
        else own.latency.set({ provider }, one.latencyMs / 1000);
      }
    },
  };
}

function instruments(registry: Registry) {
  const of = (name: string, help: string) => ({
    ...{ name: `tributary_usenet_${name}`, help, labelNames: ['provider' as const] },
    registers: [registry],
  });
  return {
    up: new Gauge(
      of('provider_up', '1 while it is asked; 0 while it rests after failures, or refuses the login'),
    ),
    connections: new Gauge(of('connections', 'Connections that are open')),
    connectionLimit: new Gauge(
      of(
        'connection_limit',
        'Connections that may be open: those of the plan, or fewer while it turns us away',
      ),
    ),
    latency: new Gauge(of('latency_seconds', 'Smoothed time to the first byte of an article')),
    bytes: new Counter(of('bytes_total', 'Bytes that came from it, as they go over the wire')),
    articles: new Counter(of('articles_total', 'Articles it gave whole and right')),
    missing: new Counter(of('missing_total', 'Articles it did not have')),
    corrupt: new Counter(of('corrupt_total', 'Articles that came damaged')),
    failures: new Counter(
      of('failures_total', 'Connections that could not be opened or broke off, and answers that were none'),
    ),
  };
}
