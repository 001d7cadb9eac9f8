import { createLagMeter } from './event-loop-lag.ts';

export type HealthSample = {
  /** Epoch ms. */
  at: number;
  rssMib: number;
  eventLoopP99Ms: number;
  requestsPerMinute: number;
  mbitPerSecond: number;
  /** Database connections busy with a statement, on average. */
  dbBusy: number;
};

export type HealthHistory = {
  countRequest(): void;
  countBytes(sizeBytes: number): void;
  countStatement(durationMs: number): void;
  /** Oldest first: an hour at most. */
  list(): HealthSample[];
  close(): void;
};

const EVERY_MS = 15_000;
const KEPT = 240;

/** How this process fared, every 15 s of the last hour: what the health page plots. `everyMs` is for tests. */
export function createHealthHistory({ everyMs = EVERY_MS }: { everyMs?: number } = {}): HealthHistory {
  const samples: HealthSample[] = [];
  const lag = createLagMeter();
  let since = performance.now();
  let requests = 0;
  let sentBytes = 0;
  let busyMs = 0;

  function sample(): void {
    const now = performance.now();
    const tookMs = Math.max(1, now - since);
    samples.push({
      at: Date.now(),
      rssMib: rounded(process.memoryUsage.rss() / 2 ** 20),
      eventLoopP99Ms: rounded(lag.read().p99Ms),
      requestsPerMinute: rounded((requests * 60_000) / tookMs),
      mbitPerSecond: rounded((sentBytes * 8) / 1000 / tookMs),
      dbBusy: rounded(busyMs / tookMs),
    });
    if (samples.length > KEPT) samples.shift();
    lag.reset();
    since = now;
    requests = 0;
    sentBytes = 0;
    busyMs = 0;
  }

  const timer = setInterval(sample, everyMs).unref();
  return {
    countRequest() {
      requests += 1;
    },
    countBytes(sizeBytes) {
      sentBytes += sizeBytes;
    },
    countStatement(durationMs) {
      busyMs += durationMs;
    },
    list: () => [...samples],
    close() {
      clearInterval(timer);
      lag.close();
    },
  };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
