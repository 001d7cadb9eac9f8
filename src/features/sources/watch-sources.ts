import { setTimeout as sleep } from 'node:timers/promises';
import type { Lister } from '../../finders/lister.ts';
import type { Log } from '../../platform/log.ts';
import { openSource } from './open-lister.ts';
import { makeDueSoon } from './queries/scans.ts';
import { watchableSources } from './queries/sources.ts';
import type { ScanDeps } from './scan.ts';

/** A copy of many files is one change. */
const QUIET_MS = 5000;
const MAX_WATCHED = 50;
/** Before a watch that ended begins again; twice as long each time, up to the longest. */
const REST_MS = 60_000;
const LONGEST_REST_MS = 3_600_000;

export type WatchDeps = Pick<ScanDeps, 'db' | 'crypto' | 'net' | 'openLister'> & {
  log: Log;
  /** Milliseconds that a change waits for others, and before a watch that ended begins again at first; left out: 5 s and a minute. */
  watching?: { quietMs: number; restMs: number };
};

type SourceWatch = {
  /** Watches those folders that can be, and no others any more. */
  renew(): Promise<void>;
};

/** Makes sources due soon after a change in their folders, until the signal. A watch that ended begins again, and tells then. */
export function createSourceWatch(deps: WatchDeps, closing: AbortSignal): SourceWatch {
  const { db, log, watching: { quietMs, restMs } = { quietMs: QUIET_MS, restMs: REST_MS } } = deps;
  const watched = new Map<number, { key: string; stop: AbortController }>();

  /** Until the signal. */
  async function follow(sourceId: number, signal: AbortSignal): Promise<void> {
    for (let ends = 0; !signal.aborted; ends += 1) {
      if (ends > 0) await sleep(restAfter(ends), undefined, { signal }).catch(() => {});
      const begun = performance.now();
      await watchOnce(sourceId, ends > 0, signal);
      if (performance.now() - begun > LONGEST_REST_MS) ends = 0;
    }
  }

  function restAfter(ends: number): number {
    return Math.min(restMs * 2 ** Math.min(ends - 1, 16), LONGEST_REST_MS);
  }

  async function watchOnce(sourceId: number, isAgain: boolean, signal: AbortSignal): Promise<void> {
    const note = noting(sourceId, signal);
    let isFirst = true;
    let lister: Lister | undefined;
    try {
      lister = (await openSource(deps, sourceId))?.openLister();
      await lister?.watch?.((_path, isSeen) => {
        // The first says that it hears from now on: a scan is to find what changed while an earlier watch had ended.
        if (!isFirst || isAgain) note(isSeen || isFirst);
        isFirst = false;
      }, signal);
    } catch (err) {
      if (!signal.aborted) log.info({ err, sourceId }, 'the watch of a folder ended; it begins again later');
    } finally {
      await lister?.close();
    }
  }

  /** Makes the source due once it is quiet. */
  function noting(sourceId: number, signal: AbortSignal): (isSeen: boolean) => void {
    let waiting: { isSeen: boolean } | null = null;
    return (isSeen) => {
      if (waiting !== null) {
        waiting.isSeen ||= isSeen;
        return;
      }
      waiting = { isSeen };
      sleep(quietMs, undefined, { signal })
        .then(async () => {
          const seen = waiting?.isSeen ?? false;
          waiting = null;
          await makeDueSoon(db, sourceId, seen);
        })
        .catch((err: unknown) => signal.aborted || log.warn({ err }, 'a change of a folder was not noted'));
    };
  }

  return {
    async renew() {
      const sources = await watchableSources(db, MAX_WATCHED);
      const wanted = new Map(sources.map(({ id, baseUrl }) => [id, baseUrl]));
      for (const [id, { key, stop }] of watched) {
        if (wanted.get(id) === key) continue;
        stop.abort(new Error('the source rests'));
        watched.delete(id);
      }
      for (const [id, key] of wanted) {
        if (watched.has(id) || closing.aborted) continue;
        const stop = new AbortController();
        watched.set(id, { key, stop });
        void follow(id, AbortSignal.any([stop.signal, closing]));
      }
    },
  };
}
