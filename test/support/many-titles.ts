import { Client } from 'pg';
import { MANY_TITLES } from './many-titles-rows.ts';

/**
 * Fills a migrated, empty database with `count` titles and all that hangs on them (see `many-titles-rows.ts`), as they
 * are after a VACUUM. The derived columns are written straight: 100,000 titles take seconds instead of minutes.
 */
export function fillWithTitles(url: string, count: number): Promise<void> {
  return fillUnbraked(url, { maintenance_work_mem: '256MB' }, async (client) => {
    for (const statement of MANY_TITLES) await client.query(statement.replaceAll('$count', String(count)));
  });
}

/** Writes rows without triggers, and with indexes and foreign keys taken down and made again at the end; then VACUUM and ANALYZE. */
export async function fillUnbraked(
  url: string,
  settings: Readonly<Record<string, string>>,
  fill: (client: Client) => Promise<void>,
): Promise<void> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    for (const [name, value] of Object.entries({ synchronous_commit: 'off', ...settings }))
      await client.query('SELECT set_config($1, $2, false)', [name, value]);
    const { down, up } = await brakes(client);
    for (const statement of down) await client.query(statement);
    await fill(client);
    for (const statement of up) await client.query(statement);
    // With the visibility map, which index-only scans need and autovacuum would make within the minute.
    await client.query('VACUUM (ANALYZE)');
  } finally {
    await client.end();
  }
}

/** Statements that take away what slows inserts, and those that bring it back as it was. */
async function brakes(client: Client): Promise<{ down: string[]; up: string[] }> {
  const { rows } = await client.query<{ down: string; up: string }>(`
    SELECT format('ALTER TABLE %s DISABLE TRIGGER USER', c.oid::regclass) AS down,
      format('ALTER TABLE %s ENABLE TRIGGER USER', c.oid::regclass) AS up
    FROM pg_class c
    WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r'
      AND EXISTS (SELECT 1 FROM pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal)
    UNION ALL
    SELECT format('DROP INDEX %s', i.indexrelid::regclass), pg_get_indexdef(i.indexrelid)
    FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
    WHERE c.relnamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT 1 FROM pg_constraint k WHERE k.conindid = i.indexrelid)
    UNION ALL
    SELECT format('ALTER TABLE %s DROP CONSTRAINT %I', conrelid::regclass, conname),
      format('ALTER TABLE %s ADD CONSTRAINT %I %s', conrelid::regclass, conname, pg_get_constraintdef(oid))
    FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND conparentid = 0`);
  return { down: rows.map((row) => row.down), up: rows.map((row) => row.up) };
}
