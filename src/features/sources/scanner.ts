import { dueSources } from './queries/scans.ts';
import { runScan } from './run-scan.ts';
import type { ScanDeps } from './scan.ts';
import { createSourceWatch, type WatchDeps } from './watch-sources.ts';

export type Scanner = {
  /** Begins the scans whose time has come, some at once; they run beside the jobs, since one may take hours. */
  scanDue(): Promise<void>;
  /** Watches folders that can be watched, and scans them soon after a change. */
  watch(): Promise<void>;
  /** How many run here. */
  running(): number;
  close(): Promise<void>;
};

const SCANS_AT_ONCE = 3;

export type ScannerDeps = ScanDeps &
  WatchDeps & {
    /** A scan is about to begin. */
    onScanning?(): void;
    /** Something may wait to be matched. */
    onStaged(): Promise<void>;
    /** A scan came to its end, well or not. */
    onScanned(sourceId: number, isOk: boolean): Promise<void>;
  };

export function createScanner(deps: ScannerDeps): Scanner {
  const { db, log } = deps;
  const closing = new AbortController();
  const running = new Map<number, Promise<void>>();
  const watch = createSourceWatch(deps, closing.signal);

  async function scan(sourceId: number): Promise<void> {
    try {
      deps.onScanning?.();
      const result = await runScan(deps, sourceId, closing.signal);
      if (result === 'not-mine') return;
      await deps.onScanned(sourceId, result === 'completed');
      await deps.onStaged();
    } catch (error) {
      if (!closing.signal.aborted) log.warn({ err: error, sourceId }, 'a source could not be scanned');
    } finally {
      running.delete(sourceId);
    }
  }

  return {
    running: () => running.size,
    async scanDue() {
      const room = SCANS_AT_ONCE - running.size;
      if (room <= 0 || closing.signal.aborted) return;
      for (const sourceId of await dueSources(db, room))
        if (!running.has(sourceId)) running.set(sourceId, scan(sourceId));
    },
    watch: () => watch.renew(),
    async close() {
      closing.abort(new Error('the program stops'));
      await Promise.allSettled(running.values());
    },
  };
}
