import type { Client } from 'pg';

/** Counters and the like that a copy need not hold; jobs live in their own schema and are made anew. */
const LEFT_OUT = ['rate_limit', 'stream_lease', 'live_list', 'shared_value', 'schema_migration'];

export type CopiedTable = { name: string; columns: string[] };

/** Tables of the schema with the columns a COPY can carry (generated ones are computed again). */
async function tables(client: Client): Promise<CopiedTable[]> {
  const { rows } = await client.query<CopiedTable>(
    `SELECT c.relname AS name, array_agg(a.attname::text ORDER BY a.attnum) AS columns
     FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''
     WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND c.relname <> ALL ($1)
     GROUP BY c.relname ORDER BY c.relname`,
    [LEFT_OUT],
  );
  return rows;
}

/** The tables, each after those it refers to, so that rows can be copied back with foreign keys on. */
export async function tablesInOrder(client: Client): Promise<CopiedTable[]> {
  const all = await tables(client);
  const { rows } = await client.query<{ child: string; parent: string }>(
    `SELECT DISTINCT conrelid::regclass::text AS child, confrelid::regclass::text AS parent
     FROM pg_constraint WHERE contype = 'f' AND conrelid <> confrelid AND connamespace = 'public'::regnamespace`,
  );
  const ordered: CopiedTable[] = [];
  let waiting = all;
  while (waiting.length > 0) {
    const placed = new Set(ordered.map((table) => table.name));
    const known = new Set(all.map((table) => table.name));
    const ready = waiting.filter((table) =>
      rows.every((row) => row.child !== table.name || !known.has(row.parent) || placed.has(row.parent)),
    );
    if (ready.length === 0) throw new Error('tables refer to each other in a circle');
    ordered.push(...ready);
    waiting = waiting.filter((table) => !ready.includes(table));
  }
  return ordered;
}

export async function appliedMigrations(client: Client): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>('SELECT name FROM schema_migration ORDER BY id');
  return rows.map((row) => row.name);
}

export function copyOut(table: CopiedTable): string {
  return `COPY ${quoted(table.name)} (${table.columns.map(quoted).join(', ')}) TO STDOUT`;
}

export function copyIn(table: CopiedTable): string {
  return `COPY ${quoted(table.name)} (${table.columns.map(quoted).join(', ')}) FROM STDIN`;
}

/** One snapshot for all tables. */
export async function beginSnapshot(client: Client): Promise<void> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
}

/** Is a server at work on this database? It keeps a listening connection open. */
export async function isServed(client: Client): Promise<boolean> {
  const { rows } = await client.query<{ served: boolean }>(
    `SELECT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'tributary notify') AS served`,
  );
  return rows[0]?.served === true;
}

/** Begins the restore's transaction on an empty schema; nothing is lost until it commits. */
export async function beginEmpty(client: Client): Promise<void> {
  await client.query('BEGIN');
  await client.query(`SET LOCAL lock_timeout = '30s'`);
  await client.query('SET LOCAL statement_timeout = 0');
  await client.query('DROP SCHEMA IF EXISTS graphile_worker CASCADE');
  await client.query('DROP SCHEMA public CASCADE');
  await client.query('CREATE SCHEMA public');
  await client.query(
    'CREATE TABLE schema_migration (id serial PRIMARY KEY, name varchar(255) NOT NULL, run_on timestamp NOT NULL)',
  );
}

export async function noteMigration(client: Client, name: string): Promise<void> {
  await client.query('INSERT INTO schema_migration (name, run_on) VALUES ($1, now())', [name]);
}

/** Empties what the migrations put in, and keeps our triggers still while rows are copied back as they were. */
export async function prepareForRows(client: Client, all: readonly CopiedTable[]): Promise<void> {
  await client.query(`TRUNCATE ${all.map((table) => quoted(table.name)).join(', ')} CASCADE`);
  for (const table of all) await client.query(`ALTER TABLE ${quoted(table.name)} DISABLE TRIGGER USER`);
}

/** Triggers on again, identity counters past the highest id. */
export async function finishRows(client: Client, all: readonly CopiedTable[]): Promise<void> {
  for (const table of all) await client.query(`ALTER TABLE ${quoted(table.name)} ENABLE TRIGGER USER`);
  const { rows } = await client.query<{ table: string; column: string }>(
    `SELECT c.relname AS table, a.attname AS column FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
     WHERE c.relnamespace = 'public'::regnamespace AND a.attidentity <> '' AND NOT a.attisdropped`,
  );
  for (const { table, column } of rows) {
    await client.query(
      `SELECT setval(pg_get_serial_sequence($1, $2), greatest((SELECT max(${quoted(column)}) FROM ${quoted(table)}), 1),
         (SELECT max(${quoted(column)}) FROM ${quoted(table)}) IS NOT NULL)`,
      [table, column],
    );
  }
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
