import type { Crypto } from '../platform/crypto.ts';
import type { Db } from '../platform/db.ts';

export type SealedValue = { streamId: number; sealed: Buffer };

/** A column of a kind's own table that holds sealed values. */
export type SealedColumn = {
  /** What the values are bound to. */
  readonly purpose: string;
  /** Values read at once: a `.torrent` may have 10 MiB. */
  readonly atOnce: number;
  /** Values that do not begin with `head`, of streams after this id, in the order of the ids. */
  stale(db: Db, after: number, head: Buffer, most: number): Promise<readonly SealedValue[]>;
  /** Puts the new value where the old one still is. */
  replace(db: Db, old: SealedValue, sealed: Buffer): Promise<void>;
};

export type Resealed = {
  /** Values that are under the newest key now. */
  resealed: number;
  /** Values that no known key opens: the key that sealed them was removed too early. */
  lost: number;
};

type ResealDeps = {
  db: Db;
  crypto: Pick<Crypto, 'open' | 'seal' | 'sealedHead' | 'hasOldKeys'>;
  kinds: { readonly all: readonly { readonly sealed?: readonly SealedColumn[] }[] };
};

/**
 * Seals everything stored under an older key with the newest one, a batch at a time; asks nothing where there is one key
 * only. Two that run at once do no harm: a value is replaced only while it is the one that was read.
 */
export async function resealStreams(deps: ResealDeps, signal: AbortSignal): Promise<Resealed> {
  const total: Resealed = { resealed: 0, lost: 0 };
  if (!deps.crypto.hasOldKeys) return total;
  for (const column of deps.kinds.all.flatMap(({ sealed }) => sealed ?? [])) {
    const { resealed, lost } = await resealColumn(deps, column, signal);
    total.resealed += resealed;
    total.lost += lost;
  }
  return total;
}

/** Whether something stored is still under an older key. */
export async function needsOldKeys({ db, crypto, kinds }: ResealDeps, signal: AbortSignal): Promise<boolean> {
  for (const { stale } of kinds.all.flatMap(({ sealed }) => sealed ?? [])) {
    signal.throwIfAborted();
    if ((await stale(db, 0, crypto.sealedHead, 1)).length > 0) return true;
  }
  return false;
}

async function resealColumn(
  { db, crypto }: ResealDeps,
  { purpose, atOnce, stale, replace }: SealedColumn,
  signal: AbortSignal,
): Promise<Resealed> {
  const done: Resealed = { resealed: 0, lost: 0 };
  for (let after = 0; ; ) {
    signal.throwIfAborted();
    const batch = await stale(db, after, crypto.sealedHead, atOnce);
    for (const value of batch) {
      const plain = crypto.open(purpose, value.sealed);
      if (plain === null) done.lost += 1;
      else {
        await replace(db, value, crypto.seal(purpose, plain));
        done.resealed += 1;
      }
      after = value.streamId;
    }
    if (batch.length < atOnce) return done;
  }
}
