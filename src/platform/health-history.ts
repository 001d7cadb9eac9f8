import { monitorEventLoopDelay } from 'node:perf_hooks';

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
  const delay = monitorEventLoopDelay({ resolution: 20 });
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
      // Each measured delay holds the 20 ms between two looks.
      eventLoopP99Ms: rounded(Math.max(0, delay.percentile(99) / 1e6 - 20)),
      requestsPerMinute: rounded((requests * 60_000) / tookMs),
      mbitPerSecond: rounded((sentBytes * 8) / 1000 / tookMs),
      dbBusy: rounded(busyMs / tookMs),
    });
    if (samples.length > KEPT) samples.shift();
    delay.reset();
    since = now;
    requests = 0;
    sentBytes = 0;
    busyMs = 0;
  }

  delay.enable();
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
      delay.disable();
    },
  };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
