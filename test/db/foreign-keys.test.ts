import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { connect } from '../support/full-database.ts';
import { SMALL_TABLES } from '../support/small-tables.ts';

const SRC = fileURLToPath(new URL('../../src', import.meta.url));

/** Tables whose rows come with the schema or stay for good: nothing ever looks for what refers to them. */
const NEVER_DELETED_FROM = ['language', 'metadata_provider', 'rating_provider'];

let database: TestDatabase;
let client: Awaited<ReturnType<typeof connect>>;

beforeAll(async () => {
  database = await freshDatabase();
  client = await connect(database.url);
});
afterAll(async () => {
  await client.end();
  await database.close();
});

type ForeignKey = { child: string; columns: string[]; parent: string };

/** Foreign keys without a valid index that begins with their columns and holds every row that refers to a parent. */
async function unindexed(): Promise<ForeignKey[]> {
  const { rows } = await client.query<ForeignKey>(`
    SELECT k.conrelid::regclass::text AS child, k.confrelid::regclass::text AS parent, c.names AS columns
    FROM pg_constraint k
    CROSS JOIN LATERAL (
      SELECT array_agg(a.attname::text ORDER BY n.place) AS names
      FROM unnest(k.conkey) WITH ORDINALITY AS n(number, place)
      JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = n.number
    ) c
    WHERE k.contype = 'f' AND k.connamespace = 'public'::regnamespace AND NOT EXISTS (
      SELECT 1 FROM pg_index i
      WHERE i.indrelid = k.conrelid AND i.indisvalid
        AND k.conkey <@ (i.indkey::int2[])[0:cardinality(k.conkey) - 1]
        AND (i.indpred IS NULL OR pg_get_expr(i.indpred, i.indrelid) = format('(%I IS NOT NULL)', c.names[1]))
    )
    ORDER BY 1, 3`);
  return rows;
}

test('every foreign key into a table that rows go from is indexed, so that no delete reads its children whole', async () => {
  const missing = await unindexed();
  const faults = missing.filter(
    ({ child, parent }) => !SMALL_TABLES.has(child) && !NEVER_DELETED_FROM.includes(parent),
  );
  expect(faults).toEqual([]);
});

test('a foreign key whose index went, or holds only some of its rows, is found', async () => {
  await client.query('BEGIN');
  await client.query('DROP INDEX stream_licence, media_credit_person');
  await client.query('CREATE INDEX some_credits ON media_credit (person_id) WHERE position > 0');
  const found = (await unindexed()).map(({ child, columns }) => `${child} ${columns.join(' ')}`);
  await client.query('ROLLBACK');
  expect(found).toEqual(expect.arrayContaining(['media_credit person_id', 'stream licence_code']));
  const now = (await unindexed()).map(({ child, columns }) => `${child} ${columns.join(' ')}`);
  expect(found.filter((key) => !now.includes(key))).toEqual([
    'media_credit person_id',
    'stream licence_code',
  ]);
});

test('nothing deletes from the tables that are excused for it', async () => {
  const deletes = new RegExp(`DELETE\\s+FROM\\s+(?:${NEVER_DELETED_FROM.join('|')})\\b`, 'i');
  const { rows } = await client.query<{ body: string }>(
    `SELECT prosrc AS body FROM pg_proc WHERE pronamespace = 'public'::regnamespace`,
  );
  expect(rows.filter(({ body }) => deletes.test(body))).toEqual([]);
  for (const file of await readdir(SRC, { recursive: true }))
    if (file.endsWith('.ts')) expect(await readFile(join(SRC, file), 'utf8'), file).not.toMatch(deletes);
});
