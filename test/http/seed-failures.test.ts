import { expect, test } from 'vitest';
import { z } from 'zod';
import { command, rows } from '../../src/platform/db.ts';
import { seedRoom } from '../support/seed-room.ts';

// What `npm run seed` says when the database fails under it: one sentence, what was kept, and what to do.

const { db, put, run, seed } = seedRoom();
const KEPT = 'What was imported stays; the same command goes on from there.';

/** From the title of this name on, statements fail with that code and, where Postgres' own words matter, with them. */
async function failAt(code: string, message: string): Promise<void> {
  await db().query(command('test.told')`CREATE TABLE failing (code text, message text)`);
  await db().query(command('test.code')`INSERT INTO failing VALUES (${code}, ${message})`);
  await db().query(command('test.fail')`
    CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ DECLARE f failing;
      BEGIN SELECT * INTO f FROM failing; RAISE EXCEPTION USING ERRCODE = f.code, MESSAGE = f.message; END $$`);
  await db().query(command('test.trigger')`
    CREATE TRIGGER fail BEFORE INSERT ON media FOR EACH ROW WHEN (NEW.title = 'Late') EXECUTE FUNCTION fail()`);
}
async function mend(): Promise<void> {
  await db().query(command('test.mend')`DROP FUNCTION fail() CASCADE`);
  await db().query(command('test.table')`DROP TABLE failing`);
}

test.each([
  [
    '57014',
    'canceling statement due to statement timeout',
    /^The database stopped a step that took too long\./,
  ],
  [
    '53100',
    'could not extend file: no space left on device',
    /^The database's disk is full\. Free some space/,
  ],
  ['57P01', 'terminating connection due to administrator command', /^The database went away\./],
])('%s: what to do, and what was kept; the same command goes on', async (code, message, said) => {
  // 200 titles a transaction: those of the first stay.
  const titles = Array.from({ length: 300 }, (_, n) => ({
    ...{
      kind: 'movie',
      title: n === 250 ? 'Late' : `Film ${n}`,
      ids: { wikidata: `Q${code.replace(/\D/g, '')}${n + 100}` },
    },
  }));
  const path = await put(`${code}.json`, JSON.stringify({ version: 1, titles }));
  await failAt(code, message);
  const { code: exitCode, complained } = await run('json', path);
  expect(exitCode).toBe(1);
  const told = complained.trim().split('\n').at(-1) ?? '';
  expect(told).toMatch(said);
  expect(told).toContain(KEPT);
  expect(complained).not.toMatch(/Error| {4}at |canceling|node_modules/);
  await mend();
  expect(await seed('json', path)).toMatchObject({ titles: 300, newTitles: 100 });
});

test('live channels and lists of releases say the same', async () => {
  await failAt('57014', 'canceling statement due to statement timeout');
  const list = await put('list.m3u', '#EXTM3U\n#EXTINF:-1,Late\nhttp://127.0.0.1:9/late.ts\n');
  const { code, complained } = await run('m3u', list);
  expect([code, complained]).toEqual([1, expect.stringContaining(KEPT)]);
  expect(complained).not.toMatch(/ {4}at /);
  await mend();
  const Count = z.object({ n: z.int() });
  await seed('m3u', list);
  expect(
    await db().one(
      rows('test.late', Count)`SELECT count(*)::integer AS n FROM media WHERE title = 'Late' AND kind = 'tv'`,
    ),
  ).toEqual({ n: 1 });
});
