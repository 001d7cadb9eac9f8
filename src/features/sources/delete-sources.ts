import { NotFound } from '../../kit/errors.ts';
import type { Pool } from '../../platform/db.ts';
import { type Actor, noteAudit, THE_SYSTEM } from '../audit/index.ts';
import { deleteStreams } from '../stream-index/index.ts';
import { toldOf } from './change-sources.ts';
import {
  type DeletedSource,
  deletedSources,
  dropNotes,
  dropSource,
  markDeleted,
  SCAN_TABLES,
  streamsToDrop,
} from './queries/deleted.ts';
import { endWalk } from './queries/scans.ts';
import { sourceToChange } from './queries/sources.ts';

/** Of streams in one transaction, which holds their titles meanwhile. */
const STREAMS_AT_ONCE = 1000;
const NOTES_AT_ONCE = 20_000;
const SOURCES_AT_ONCE = 50;

/** Nobody sees the source any more; `dropDeleted` takes what it holds. Throws NotFound. */
export async function deleteSource(db: Pool, publicId: string, actor: Actor = THE_SYSTEM): Promise<void> {
  await db.transaction(async (tx) => {
    const stored = await sourceToChange(tx, publicId);
    if (stored === null) throw new NotFound('sources.not_found', 'There is no such source.');
    await endWalk(tx, stored.id, 'The source was taken away.');
    await markDeleted(tx, stored.id);
    const entry = { action: 'source.deleted', severity: 'warning', resource: `source ${publicId}` } as const;
    await noteAudit(tx, actor, { ...entry, before: toldOf(stored) });
  });
}

/**
 * Takes sources that were deleted, with their streams: a statement for all of a large one would take minutes and hold every title it has a
 * file of. Whoever is broken off, or comes second, leaves the rest to the next.
 */
export async function dropDeleted(db: Pool, signal: AbortSignal): Promise<void> {
  for (const source of await deletedSources(db, SOURCES_AT_ONCE)) {
    for (const table of SCAN_TABLES)
      await untilNone(() => dropNotes(db, table, source.id, NOTES_AT_ONCE), signal);
    await untilNone(() => dropStreams(db, source), signal);
    await db.transaction((tx) => dropSource(tx, source));
  }
}

function dropStreams(db: Pool, source: DeletedSource): Promise<number> {
  return db.transaction(async (tx) => {
    const streamIds = await streamsToDrop(tx, source, STREAMS_AT_ONCE);
    await deleteStreams(tx, streamIds);
    return streamIds.length;
  });
}

async function untilNone(drop: () => Promise<number>, signal: AbortSignal): Promise<void> {
  do signal.throwIfAborted();
  while ((await drop()) > 0);
}
