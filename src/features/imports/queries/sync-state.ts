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
