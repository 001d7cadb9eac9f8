import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool } from '../../platform/db.ts';
import type { Log } from '../../platform/log.ts';
import type { StoredTorrent } from '../../streams/storage.ts';
import { saveStored } from './queries.ts';

/** Writes what the engine tells, one statement at a time; what comes meanwhile waits and is written together. */
export type StoredWriter = {
  note(reports: readonly StoredTorrent[]): void;
  /** Something was told of it since the start. */
  hasHeardOf(infoHash: string): boolean;
  /** Nobody will ask that any more. */
  forgetHeard(): void;
  /** What waits of it is not written. */
  forget(infoHash: string): void;
  /** Resolves when all that was noted before is written, or could not be. */
  settled(): Promise<void>;
};

/** Without a database the figures wait. */
const RETRY_MS = 2000;

export function createStoredWriter({ db, store, log }: { db: Pool; store: string; log: Log }): StoredWriter {
  const waiting = new Map<string, StoredTorrent>();
  let heardOf: Set<string> | null = new Set();
  let isWriting = false;
  let writing = Promise.resolve();
  let restsUntil = 0;

  /** The last figures count; what was moved adds up. */
  function put(report: StoredTorrent, isOlder: boolean): void {
    const other = waiting.get(report.infoHash);
    if (other === undefined) return void waiting.set(report.infoHash, report);
    const [first, last] = isOlder ? [report, other] : [other, report];
    waiting.set(report.infoHash, {
      ...last,
      name: last.name ?? first.name,
      sizeBytes: last.sizeBytes ?? first.sizeBytes,
      pieceCount: last.pieceCount ?? first.pieceCount,
      accessedAt: last.accessedAt ?? first.accessedAt,
      downloadedBytes: first.downloadedBytes + last.downloadedBytes,
      uploadedBytes: first.uploadedBytes + last.uploadedBytes,
    });
  }

  async function write(): Promise<void> {
    while (waiting.size > 0 && performance.now() >= restsUntil) {
      const reports = [...waiting.values()];
      waiting.clear();
      try {
        await saveStored(db, store, reports);
      } catch (error) {
        log.debug({ err: error }, 'what lies on disk of torrents could not be noted; it is tried again');
        for (const report of reports) put(report, true);
        restsUntil = performance.now() + RETRY_MS;
        void sleep(RETRY_MS, undefined, { ref: false }).then(begin);
      }
    }
  }

  function begin(): void {
    if (isWriting) return;
    isWriting = true;
    writing = write().finally(() => {
      isWriting = false;
    });
  }

  return {
    note(reports) {
      for (const report of reports) {
        heardOf?.add(report.infoHash);
        put(report, false);
      }
      begin();
    },
    hasHeardOf: (infoHash) => heardOf?.has(infoHash) === true,
    forgetHeard() {
      heardOf = null;
    },
    forget: (infoHash) => void waiting.delete(infoHash),
    settled: async () => {
      begin();
      await writing;
    },
  };
}
