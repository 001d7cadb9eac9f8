import type { Crypto } from '../../platform/crypto.ts';
import type { Pool } from '../../platform/db.ts';
import type { Log } from '../../platform/log.ts';
import type { StreamKind } from '../../streams/kind.ts';
import type { ListerDeps } from './open-lister.ts';
import { endScan, noteScanned, type Running, type Walked } from './queries/scans.ts';
import type { StoredSource } from './queries/sources.ts';
import { releaseItems } from './queries/staging.ts';

export type ScanDeps = ListerDeps & {
  db: Pool;
  crypto: Pick<Crypto, 'open'>;
  kinds: { get(kind: string): StreamKind | undefined };
  log: Log;
  /** Milliseconds before each new attempt at a folder of a server that fails; left out: as the walk has it. */
  restsMs?: readonly number[];
  /** What is seen of one source in one scan at most; left out: millions. */
  mostWalked?: Walked;
};

export type ScanResult = 'completed' | 'failed' | 'not-mine';

/** What one run of a scan works with. */
export type Scan = Running & {
  source: StoredSource;
  holder: string;
  isHeld: boolean;
  /** Seen so far, by whoever began it too. */
  walked: Walked;
  /** Why the last folder that could not be listed could not. */
  lastReason: string | null;
};

/** Another instance has taken the scan, or its source is gone. */
export class LostScan extends Error {}

export const MAX_FAILURE_CHARS = 500;

/** What it staged is matched all the same. */
export async function endWith(db: Pool, scan: Scan, reason: string): Promise<void> {
  const failure = reason.slice(0, MAX_FAILURE_CHARS);
  await db.transaction(async (tx) => {
    if (!(await endScan(tx, scan, { status: 'failed', failure, moved: 0, gone: 0 }))) return;
    await releaseItems(tx, scan.source.id);
    await noteScanned(tx, scan.source.id, failure);
  });
}
