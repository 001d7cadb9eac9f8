import { afterAll, beforeAll, expect, test } from 'vitest';
import { search, settleTiers } from '../../src/catalogs/search/index.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { connect } from '../support/full-database.ts';
import { addTitles } from '../support/small-catalogue.ts';

let database: TestDatabase;
let client: Awaited<ReturnType<typeof connect>>;

beforeAll(async () => {
  database = await freshDatabase();
  client = await connect(database.url);
  await addTitles(client, [
    { title: '東京物語', translations: { en: 'Tokyo Story' } },
    { title: 'Face/Off' },
    { title: 'E.T. the Extra-Terrestrial' },
    { title: 'หมานคร' },
  ]);
});
afterAll(async () => {
  await client.end();
  await database.close();
});

async function found(text: string, { kind }: { kind: 'movie' | 'event' | 'tv' } = { kind: 'movie' }) {
  const query = { kind, visibility: 'all', language: 'en', skip: 0, search: text } as const;
  return (await search.page(database.db, query)).map(({ title }) => title);
}
const events = (text: string) => found(text, { kind: 'event' });

test.each([
  ['Japanese from the middle', '物語', 'Tokyo Story'],
  ['one Japanese letter', '語', 'Tokyo Story'],
  ['Thai from the middle', 'านค', 'หมานคร'],
  ['words that signs part, written as one', 'extraterrestrial', 'E.T. the Extra-Terrestrial'],
  ['the same as two', 'face off', 'Face/Off'],
  ['points left out', 'et the', 'E.T. the Extra-Terrestrial'],
])('%s', async (_what, text, title) => {
  expect(await found(text)).toContain(title);
});

test('the title itself before an alias, the whole name before its beginning, the better known first', async () => {
  await addTitles(client, [
    { title: 'Solaris Rising', kind: 'event', popularity: 3 },
    { title: 'Other', aliases: ['Solaris'], kind: 'event', popularity: 2 },
    { title: 'Solaris', kind: 'event', popularity: 2 },
    { title: 'Return to Solaris', kind: 'event', popularity: 3 },
  ]);
  expect(await events('solaris')).toEqual(['Solaris', 'Other', 'Solaris Rising', 'Return to Solaris']);
});

test('people by their first names and the first letters of the last, few of a name or many', async () => {
  const credit = (title: number | undefined, names: readonly string[]) =>
    client.query(
      `WITH p AS (INSERT INTO person (name) SELECT unnest($2::text[]) RETURNING id)
       INSERT INTO media_credit (media_id, person_id, credit_type) SELECT $1, id, 'cast' FROM p`,
      [title, names],
    );
  const [ofFew, ofMany, other] = await addTitles(client, [
    { title: 'Alpha', kind: 'event' },
    { title: 'Beta', kind: 'event' },
    { title: 'Gamma', kind: 'event' },
  ]);
  await credit(ofFew, ['Zbigniew Ölafson']);
  await credit(ofMany, ['Jaroslaw Quist']);
  // More than are read one by one, all before and after the one that is meant.
  await credit(
    other,
    Array.from({ length: 150 }, (_, n) => `Jaroslaw Nobody${n}`),
  );
  await credit(other, ['Zbigniew Nobody']);
  expect(await events('zbigniew o')).toEqual(['Alpha']);
  expect(await events('Zbigniew öla')).toEqual(['Alpha']);
  expect(await events('zbigniew x')).toEqual([]);
  expect(await events('jaroslaw q')).toEqual(['Beta']);
  expect(await events('jaroslaw qui')).toEqual(['Beta']);
  expect(await events('jaroslaw quist')).toEqual(['Beta']);
  expect(await events('q jaroslaw')).toEqual([]);
});

test('people, by any of their names, and keywords, after names', async () => {
  const [byPerson, byKeyword] = await addTitles(client, [
    { title: 'Stalker', kind: 'event' },
    { title: 'Ikiru', kind: 'event' },
  ]);
  await client.query(
    `WITH p AS (INSERT INTO person (name) VALUES ('Алиса Фрейндлих') RETURNING id)
     INSERT INTO media_credit (media_id, person_id, credit_type) SELECT $1, id, 'cast' FROM p`,
    [byPerson],
  );
  await client.query(
    `WITH k AS (INSERT INTO keyword (name) VALUES ('terminal illness') RETURNING id)
     INSERT INTO media_keyword (media_id, keyword_id) SELECT $1, id FROM k`,
    [byKeyword],
  );
  expect(await events('фрейндл')).toEqual(['Stalker']);
  expect(await events('Terminal illness')).toEqual(['Ikiru']);
  await client.query('UPDATE media SET is_public = false WHERE id = $1', [byPerson]);
  expect(await events('фрейндл')).toEqual([]);
});

test('tiers follow the ranks, and a title is found in each', async () => {
  await client.query(
    `INSERT INTO media (kind, title, popularity) SELECT 'tv', 'Channel ' || n, n FROM generate_series(1, 2300) n`,
  );
  await settleTiers(database.db, 10_000);
  const tiers = async () =>
    (
      await client.query<{ tier: number; titles: number }>(
        `SELECT tier, count(*)::integer AS titles FROM media_search WHERE kind = 'tv' GROUP BY 1 ORDER BY 1`,
      )
    ).rows;
  expect(await tiers()).toEqual([
    { tier: 1, titles: 300 },
    { tier: 2, titles: 2000 },
  ]);
  expect((await found('channel 2300', { kind: 'tv' }))[0]).toBe('Channel 2300');
  expect((await found('channel 17', { kind: 'tv' }))[0]).toBe('Channel 17');
  await client.query(`UPDATE media SET watch_count = 1e9 WHERE kind = 'tv' AND title = 'Channel 17'`);
  await settleTiers(database.db, 10_000);
  expect((await found('chan', { kind: 'tv' }))[0]).toBe('Channel 2300');
  await client.query(`DELETE FROM media WHERE kind = 'tv' AND title LIKE 'Channel %'`);
});

test('where the last word begins too many, titles of the words before it are held against it, in every tier', async () => {
  const zebras = Array.from({ length: 40 }, (_, n) => ({ title: `Zebra ${n}` }));
  await addTitles(client, zebras);
  for (const tier of [2, 1, 0]) {
    await addTitles(client, [{ title: 'Solitary Lion' }, { title: 'Solitary Zebrafish' }]);
    await client.query(`UPDATE media_search SET tier = $1 WHERE document @@ 'solitary'`, [tier]);
    for (const typed of ['solitary z', 'solitary zebra', 'zebrafish solit'])
      expect([tier, typed, await found(typed)]).toEqual([tier, typed, ['Solitary Zebrafish']]);
    await client.query(`DELETE FROM media WHERE title LIKE 'Solitary %'`);
  }
  // More than are looked at, of a word that none of the best known has.
  await client.query(
    `INSERT INTO media (kind, title) SELECT 'movie', CASE n WHEN 4100 THEN 'Copious Zebrafish' ELSE 'Copious ' || n END
     FROM generate_series(1, 4100) n`,
  );
  await client.query(`UPDATE media_search SET tier = 0 WHERE document @@ 'copious'`);
  expect(await found('copious zebra')).toEqual(['Copious Zebrafish']);
  await client.query(`DELETE FROM media WHERE title LIKE ANY ('{Copious %,Zebra %}')`);
});
