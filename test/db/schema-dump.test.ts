import { expect, test } from 'vitest';
import { dumpSchema, storedSchema } from '../../scripts/dump-schema.ts';
import { freshDatabase } from '../support/database.ts';
import { connect } from '../support/full-database.ts';

test('sql/schema.sql is what the migrations add up to; `npm run db:dump` writes it', async () => {
  await using database = await freshDatabase();
  expect(await dumpSchema(database.url)).toBe(await storedSchema());
});

test.each([
  ['a column', 'ALTER TABLE stream ADD COLUMN new integer'],
  ['a default', `ALTER TABLE stream ALTER COLUMN quality SET DEFAULT 'x'`],
  ['NOT NULL', 'ALTER TABLE stream ALTER COLUMN name DROP NOT NULL'],
  ['a rule', 'ALTER TABLE stream DROP CONSTRAINT stream_score_check'],
  ['a foreign key', 'ALTER TABLE stream DROP CONSTRAINT stream_owner_id_fkey'],
  ['an index', 'DROP INDEX stream_licence'],
  ['a trigger', 'DROP TRIGGER stream_touch ON stream'],
  ['a function', `CREATE OR REPLACE FUNCTION fold(value text) RETURNS text LANGUAGE sql AS 'SELECT value'`],
  ['a table', 'CREATE TABLE new (id integer PRIMARY KEY)'],
])('the dump tells of a change to %s', async (_what, change) => {
  await using database = await freshDatabase();
  await using client = await connect(database.url);
  const before = await dumpSchema(database.url);
  await client.query(change);
  expect(await dumpSchema(database.url)).not.toBe(before);
});
