import { setTimeout as sleep } from 'node:timers/promises';
import { openSource } from './open-lister.ts';
import { dueSources, makeDueSoon } from './queries/scans.ts';
import { watchableSources } from './queries/sources.ts';
import { runScan } from './run-scan.ts';
import type { ScanDeps } from './scan.ts';

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
/** A copy of many files is one change. */
const QUIET_MS = 5000;
const MAX_WATCHED = 50;

export type ScannerDeps = ScanDeps & {
  /** Something may wait to be matched. */
  onStaged(): Promise<void>;
  /** A scan came to its end, well or not. */
  onScanned(sourceId: number, isOk: boolean): Promise<void>;
};

export function createScanner(deps: ScannerDeps): Scanner {
  const { db, log } = deps;
  const closing = new AbortController();
  const running = new Map<number, Promise<void>>();
  const watched = new Map<number, { key: string; stop: AbortController }>();

  async function scan(sourceId: number): Promise<void> {
    try {
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

  async function follow(sourceId: number, signal: AbortSignal): Promise<void> {
    const lister = (await openSource(deps, sourceId))?.openLister();
    if (lister === undefined) return;
    let isDirty = false;
    const onChange = () => {
      if (isDirty) return;
      isDirty = true;
      sleep(QUIET_MS, undefined, { signal })
        .then(
          async () => {
            isDirty = false;
            await makeDueSoon(db, sourceId);
          },
          () => undefined,
        )
        .catch((err: unknown) => log.debug({ err }, 'a change of a folder was not noted'));
    };
    try {
      await lister.watch?.(onChange, signal);
    } catch (error) {
      if (!signal.aborted)
        log.info({ err: error, sourceId }, 'the folder cannot be watched; it is scanned by the clock');
    } finally {
      await lister.close();
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
    async watch() {
      const sources = await watchableSources(db, MAX_WATCHED);
      const wanted = new Map(sources.map(({ id, baseUrl }) => [id, baseUrl]));
      for (const [id, { key, stop }] of watched) {
        if (wanted.get(id) === key) continue;
        stop.abort(new Error('the source rests'));
        watched.delete(id);
      }
      for (const [id, key] of wanted) {
        if (watched.has(id) || closing.signal.aborted) continue;
        const stop = new AbortController();
        watched.set(id, { key, stop });
        void follow(id, AbortSignal.any([stop.signal, closing.signal])).catch((err: unknown) =>
          log.debug({ err }, 'a folder is not watched'),
        );
      }
    },
    async close() {
      closing.abort(new Error('the program stops'));
      await Promise.allSettled(running.values());
    },
  };
}
