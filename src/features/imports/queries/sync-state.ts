import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';

/** Remembers when something was last imported, and what came of it. */
export async function putSyncState(db: Db, key: string, data: Record<string, number>): Promise<void> {
  await db.query(command('imports.put_sync_state')`
    INSERT INTO sync_state (key, last_sync_at, data) VALUES (${key}, now(), ${sql.jsonb(data)})
    ON CONFLICT (key) DO UPDATE SET last_sync_at = EXCLUDED.last_sync_at, data = EXCLUDED.data
  `);
}

const SyncState = z.object({ lastSyncAt: z.date() });

/** When this was last imported; null = never. */
export async function lastSync(db: Db, key: string): Promise<Date | null> {
  const row = await db.maybeOne(rows('imports.last_sync', SyncState)`
    SELECT s.last_sync_at AS "lastSyncAt" FROM sync_state s WHERE s.key = ${key}
  `);
  return row?.lastSyncAt ?? null;
}

/** For a connection that is not the pool's: the resume mark of an import, in the transaction of what it marks. */
export const PUT_IMPORT_STATE = `
  INSERT INTO sync_state (key, last_sync_at, data) VALUES ($1, now(), $2::jsonb)
  ON CONFLICT (key) DO UPDATE SET last_sync_at = EXCLUDED.last_sync_at, data = EXCLUDED.data`;

/** The resume mark of an import, in the transaction of what it marks; `data` is JSON. */
export async function putImportState(db: Db, key: string, data: string): Promise<void> {
  await db.query(command('imports.put_state')`
    INSERT INTO sync_state (key, last_sync_at, data) VALUES (${key}, now(), ${data}::text::jsonb)
    ON CONFLICT (key) DO UPDATE SET last_sync_at = EXCLUDED.last_sync_at, data = EXCLUDED.data
  `);
}

const ImportState = z.object({ key: z.string(), data: z.unknown(), lastSyncAt: z.date() });

/** What imports remember under these keys. */
export function importStates(
  db: Db,
  keys: readonly string[],
): Promise<readonly z.infer<typeof ImportState>[]> {
  return db.any(rows('imports.states', ImportState)`
    SELECT s.key, s.data, s.last_sync_at AS "lastSyncAt" FROM sync_state s WHERE s.key = ANY(${sql.array(keys, 'text')})
  `);
}

export async function deleteImportStates(db: Db, keys: readonly string[]): Promise<void> {
  await db.query(command('imports.delete_states')`
    DELETE FROM sync_state WHERE key = ANY(${sql.array(keys, 'text')})
  `);
}
