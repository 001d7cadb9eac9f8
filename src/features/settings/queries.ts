import { z } from 'zod';
import { command, type Db, rows, sql } from '../../platform/db.ts';
import type { SettingType } from './registry.ts';

/** The row that counts the changes: it orders them over all instances, and whoever changes settings locks it. */
const REVISION = 'revision';

const Row = z.object({ key: z.string(), value: z.unknown() });
const Revision = z.object({ revision: z.int() });
const StoredRevision = z.int();

export type StoredSettings = { revision: number; values: Record<string, unknown> };

/** What is stored, with the revision it is as of: one statement, so both are of one moment. */
export async function storedSettings(db: Db): Promise<StoredSettings> {
  const found = await db.any(rows('settings.stored', Row)`SELECT key, value FROM setting ORDER BY key`);
  const values = Object.fromEntries(found.map(({ key, value }) => [key, value]));
  const { [REVISION]: revision = 0, ...others } = values;
  return { revision: StoredRevision.parse(revision), values: others };
}

/** Takes the next revision; until the transaction ends nobody else changes settings. */
export async function nextRevision(db: Db): Promise<number> {
  const { revision } = await db.one(rows('settings.next_revision', Revision)`
    INSERT INTO setting (key, type, value) VALUES (${REVISION}, 'integer', '1')
    ON CONFLICT (key) DO UPDATE SET value = to_jsonb((setting.value #>> '{}')::bigint + 1)
    RETURNING (value #>> '{}')::bigint AS revision
  `);
  return revision;
}

export type SettingRow = { key: string; type: Exclude<SettingType, 'enum'>; value: unknown };

export async function storeSettings(db: Db, settings: readonly SettingRow[]): Promise<void> {
  await db.query(command('settings.store')`
    INSERT INTO setting (key, type, value)
    SELECT r.key, r.type, r.value
    FROM jsonb_to_recordset(${JSON.stringify(settings)}::jsonb) AS r(key text, type text, value jsonb)
    ON CONFLICT (key) DO UPDATE SET type = excluded.type, value = excluded.value
  `);
}

export async function forgetSettings(db: Db, keys: readonly string[]): Promise<void> {
  await db.query(command('settings.forget')`
    DELETE FROM setting WHERE key = ANY (${sql.array(keys, 'text')})
  `);
}
