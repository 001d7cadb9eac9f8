import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Client } from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { migrate, migrateDown, migrationNames } from '../../src/platform/migrate.ts';
import { freshDatabase, MIGRATIONS, type TestDatabase } from '../support/database.ts';
import { connect, fillEveryTable } from '../support/full-database.ts';

const log = createLog('silent');
let database: TestDatabase;
let client: Client;
let dir: string;

beforeEach(async () => {
  database = await freshDatabase({ isEmpty: true });
  client = await connect(database.url);
  dir = await mkdtemp(join(tmpdir(), 'tributary-migrations-'));
  await cp(MIGRATIONS, dir, { recursive: true });
});
afterEach(async () => {
  await client.end();
  await database.close();
  await rm(dir, { recursive: true, force: true });
});

/** Every table, column, index, constraint, function and trigger of the schema, as text. */
async function schemaOf(): Promise<string[]> {
  const { rows } = await client.query<{ line: string }>(`
    SELECT 'column ' || table_name || '.' || column_name || ' ' || data_type || ' ' || is_nullable || ' ' || coalesce(column_default, '') AS line
      FROM information_schema.columns WHERE table_schema = 'public'
    UNION ALL SELECT 'index ' || indexdef FROM pg_indexes WHERE schemaname = 'public'
    UNION ALL SELECT 'constraint ' || conrelid::regclass || ' ' || pg_get_constraintdef(oid) FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype <> 'n'
    UNION ALL SELECT 'function ' || p.proname || '(' || pg_get_function_identity_arguments(p.oid) || ')' FROM pg_proc p
      WHERE p.pronamespace = 'public'::regnamespace AND NOT EXISTS (SELECT 1 FROM pg_depend d WHERE d.objid = p.oid AND d.deptype = 'e')
    UNION ALL SELECT 'trigger ' || tgrelid::regclass || ' ' || tgname FROM pg_trigger WHERE NOT tgisinternal
    ORDER BY line`);
  return rows.map((row) => row.line);
}

const up = (from = dir) => migrate({ url: database.url, dir: from, log });
const down = (count: number) => migrateDown({ url: database.url, dir, log, count });

test('all migrations up, all down, all up again give the same schema, and down leaves nothing behind', async () => {
  const names = await migrationNames(dir);
  expect(await up()).toEqual(names);
  const first = await schemaOf();
  expect(first.length).toBeGreaterThan(300);
  expect(await down(names.length)).toEqual([...names].reverse());
  expect((await schemaOf()).filter((line) => !line.includes('schema_migration'))).toEqual([]);
  expect(await up()).toEqual(names);
  expect(await schemaOf()).toEqual(first);
});

test('each migration down and up again gives the schema it was, also over data', async () => {
  const names = await migrationNames(dir);
  await up();
  await fillEveryTable(client);
  // Each over the data that those before it leave room for. One step at a time: all of them anew for each took two minutes.
  for (const name of names.toReversed()) {
    const before = await schemaOf();
    expect(await down(1)).toEqual([name]);
    expect(await up()).toEqual([name]);
    expect(await schemaOf(), name).toEqual(before);
    expect(await down(1)).toEqual([name]);
    await rm(join(dir, name));
  }
}, 120_000);

test('a migration that fails changes nothing, not even by the ones that ran before it', async () => {
  await up();
  await fillEveryTable(client);
  const before = await schemaOf();
  await writeFile(
    join(dir, '9001_good.sql'),
    '-- Up Migration\nCREATE TABLE left_over (id integer PRIMARY KEY);\nDELETE FROM media_alias;\n-- Down Migration\nDROP TABLE left_over;\n',
  );
  await writeFile(
    join(dir, '9002_broken.sql'),
    '-- Up Migration\nALTER TABLE media ADD COLUMN half integer;\nSELECT no_such_function();\n-- Down Migration\n',
  );
  await expect(up()).rejects.toThrow(/no_such_function/);
  expect(await schemaOf()).toEqual(before);
  const { rows } = await client.query('SELECT count(*)::integer AS aliases FROM media_alias');
  expect(rows).toEqual([{ aliases: 1 }]);
  const applied = await client.query<{ name: string }>('SELECT name FROM schema_migration ORDER BY id');
  expect(applied.rows.map((row) => row.name)).toEqual(await migrationNames(MIGRATIONS));
});

test('two programs that start at once migrate once', async () => {
  const names = await migrationNames(dir);
  const ran = await Promise.all([up(), up(), up()]);
  expect(ran.flat().sort()).toEqual(names);
  expect(await up()).toEqual([]);
});

test('a database newer than the program is refused in words', async () => {
  await writeFile(
    join(dir, '9001_newer.sql'),
    '-- Up Migration\nCREATE TABLE newer (id integer);\n-- Down Migration\nDROP TABLE newer;\n',
  );
  await up();
  await expect(up(MIGRATIONS)).rejects.toThrow(/newer than this program \(it has 9001_newer\)/);
});
