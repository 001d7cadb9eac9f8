import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type Card, type CatalogQuery, PAGE_SIZE } from '../../src/catalogs/catalog.ts';
import { curatedPage, popularPage, recentPage } from '../../src/catalogs/queries.ts';
import { search } from '../../src/catalogs/search/index.ts';
import { curatedLists, genreNames } from '../../src/catalogs/stock/queries.ts';
import type { Db } from '../../src/platform/db.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { connect } from '../support/full-database.ts';
import { addTitles, type SmallTitle } from '../support/small-catalogue.ts';

let database: TestDatabase;
let client: Awaited<ReturnType<typeof connect>>;

beforeAll(async () => {
  database = await freshDatabase();
  client = await connect(database.url);
});
beforeEach(async () => {
  await client.query('TRUNCATE media, stream, genre, catalog_item, title_word RESTART IDENTITY CASCADE');
});
afterAll(async () => {
  await client.end();
  await database.close();
});

const query = (more: Partial<CatalogQuery> = {}): CatalogQuery => ({
  ...{ kind: 'movie', visibility: 'all', language: 'en', skip: 0 },
  ...more,
});
const names = (cards: readonly Card[]) => cards.map(({ title }) => title);
const popular = async (more?: Partial<CatalogQuery>) => names(await popularPage(database.db, query(more)));
const recent = async (more?: Partial<CatalogQuery>) => names(await recentPage(database.db, query(more)));
const found = async (text: string, more: Partial<CatalogQuery> = {}) =>
  names(await search.page(database.db, query({ ...more, search: text })));
const add = (...titles: SmallTitle[]) => addTitles(client, titles);

describe('order', () => {
  test('popular: by plays and popularity, of the asked kind', async () => {
    const [first = 0] = await add(
      { title: 'Played once', popularity: 1 },
      { title: 'Known', popularity: 5 },
      { title: 'Unknown' },
      { title: 'A series', kind: 'series', popularity: 99 },
    );
    await client.query('UPDATE media SET watch_count = 1 WHERE id = $1', [first]);
    // ln(2) · 10 + 1 = 7.9
    expect(await popular()).toEqual(['Played once', 'Known', 'Unknown']);
    expect(await popular({ kind: 'series' })).toEqual(['A series']);
    expect(await popular({ kind: 'tv' })).toEqual([]);
  });

  test('new: by the newest stream, titles without one last', async () => {
    const at = (addedAt: string) => [{ isOpen: false, addedAt }];
    await add(
      { title: 'None', popularity: 9 },
      { title: 'Old', streams: at('2020-01-01') },
      { title: 'Renewed', streams: [...at('2019-01-01'), ...at('2024-01-01')] },
      { title: 'Newer', streams: at('2022-01-01') },
    );
    expect(await recent()).toEqual(['Renewed', 'Newer', 'Old', 'None']);
  });

  test('a list: its own, whatever else is known of its titles', async () => {
    const ids = await add({ title: 'C', popularity: 9 }, { title: 'A' }, { title: 'B' });
    await fillList([ids[1], ids[2], ids[0]]);
    expect(names(await curatedPage(database.db, query(), 'open-films'))).toEqual(['A', 'B', 'C']);
    expect(await curatedPage(database.db, query(), 'no-such-list')).toEqual([]);
  });
});

async function fillList(ids: readonly (number | undefined)[]): Promise<void> {
  await client.query(
    `INSERT INTO catalog_item (catalog_id, media_id, position)
     SELECT c.id, i.id, i.place FROM catalog c, unnest($1::bigint[]) WITH ORDINALITY AS i(id, place) WHERE c.slug = 'open-films'`,
    [ids],
  );
}

describe('pages', () => {
  const COUNT = 2 * PAGE_SIZE + 30;
  type Page = (db: Db, asked: CatalogQuery) => Promise<readonly Card[]>;

  /** Many of equal rank, of equal time, and without a time: the order must not be left to chance. */
  beforeEach(async () => {
    await client.query(
      `INSERT INTO media (kind, title, popularity, last_stream_added_at)
       SELECT 'movie', 'River ' || lpad(n::text, 3, '0'), n / 70, CASE WHEN n % 3 > 0 THEN '2024-01-01'::timestamptz + n / 50 * interval '1 day' END
       FROM generate_series(1, ${COUNT}) n`,
    );
    await client.query(`INSERT INTO genre (slug, name) VALUES ('drama', 'Drama')`);
    await client.query('INSERT INTO media_genre SELECT m.id, g.id FROM media m, genre g');
    await fillList((await client.query<{ id: number }>('SELECT id FROM media')).rows.map(({ id }) => id));
  });

  test.each<[string, Page]>([
    ['popular', popularPage],
    ['new', recentPage],
    ['popular of a genre', (db, asked) => popularPage(db, { ...asked, genre: 'Drama' })],
    ['new of a genre', (db, asked) => recentPage(db, { ...asked, genre: 'Drama' })],
    ['a list', (db, asked) => curatedPage(db, asked, 'open-films')],
    ['search', (db, asked) => search.page(db, { ...asked, search: 'riv' })],
  ])('%s: full ones but the last, without gaps or repeats', async (_what, page) => {
    const pages = [];
    for (const skip of [0, PAGE_SIZE, 2 * PAGE_SIZE, 3 * PAGE_SIZE])
      pages.push(await page(database.db, query({ skip })));
    expect(pages.map((cards) => cards.length)).toEqual([PAGE_SIZE, PAGE_SIZE, 30, 0]);
    expect(new Set(pages.flatMap(names)).size).toBe(COUNT);
    // A page may begin anywhere.
    const shifted = await page(database.db, query({ skip: 37 }));
    expect(names(shifted)).toEqual(pages.flatMap(names).slice(37, 37 + PAGE_SIZE));
  });
});

describe('what is shown', () => {
  test('a genre keeps up with plays, streams, licences, hiding, kinds, and genres put on and taken off', async () => {
    const [first = 0, second = 0] = await add(
      {
        title: 'First',
        genres: ['Drama'],
        popularity: 2,
        streams: [{ isOpen: true, addedAt: '2020-01-01' }],
      },
      {
        title: 'Second',
        genres: ['Drama'],
        popularity: 1,
        streams: [{ isOpen: false, addedAt: '2021-01-01' }],
      },
    );
    const drama = { genre: 'Drama' };
    const change = (sql: string, id: number) => client.query(sql, [id]);
    expect([await popular(drama), await recent(drama)]).toEqual([
      ['First', 'Second'],
      ['Second', 'First'],
    ]);
    expect(await popular({ ...drama, visibility: 'licensed' })).toEqual(['First']);
    await change('UPDATE media SET watch_count = 5 WHERE id = $1', second);
    expect(await popular(drama)).toEqual(['Second', 'First']);
    await client.query(
      `UPDATE stream SET licence_code = CASE licence_code IS NULL WHEN true THEN 'CC-BY-4.0' END`,
    );
    expect(await recent({ ...drama, visibility: 'licensed' })).toEqual(['Second']);
    await change('UPDATE media SET is_public = false WHERE id = $1', second);
    expect(await recent(drama)).toEqual(['First']);
    await change('UPDATE media SET is_public = true WHERE id = $1', second);
    await change(`UPDATE media SET kind = 'event' WHERE id = $1`, first);
    expect([await popular(drama), await popular({ ...drama, kind: 'event' })]).toEqual([
      ['Second'],
      ['First'],
    ]);
    await client.query(`INSERT INTO genre (slug, name) VALUES ('comedy', 'Comedy')`);
    await change(
      `UPDATE media_genre SET genre_id = (SELECT id FROM genre WHERE name = 'Comedy') WHERE media_id = $1`,
      second,
    );
    expect([await popular(drama), await popular({ genre: 'Comedy' })]).toEqual([[], ['Second']]);
    await change('DELETE FROM media_genre WHERE media_id = $1', second);
    expect(await popular({ genre: 'Comedy' })).toEqual([]);
    expect(await genreNames(database.db, 'all', 9)).toEqual(['Drama']);
  });

  test('a genre: only its titles, with all of their genres', async () => {
    await add(
      { title: 'Both', genres: ['Drama', 'Comedy'], popularity: 2 },
      { title: 'One', genres: ['Drama'] },
      { title: 'Other', genres: ['Comedy'] },
      { title: 'None' },
    );
    expect(await popular({ genre: 'Drama' })).toEqual(['Both', 'One']);
    expect(await recent({ genre: 'Comedy' })).toEqual(['Both', 'Other']);
    expect(await popular({ genre: 'Nobody heard of it' })).toEqual([]);
    const [both] = await popularPage(database.db, query({ genre: 'Drama' }));
    expect(both?.genres).toEqual(['Comedy', 'Drama']);
    expect(await genreNames(database.db, 'all', 10)).toEqual(['Comedy', 'Drama']);
  });

  test('only open licences: titles with a stream under one', async () => {
    const ids = await add(
      { title: 'River open', streams: [{ isOpen: true }, { isOpen: false }], genres: ['Drama'] },
      { title: 'River closed', streams: [{ isOpen: false }], genres: ['Drama'] },
      { title: 'River without' },
    );
    await fillList(ids);
    const licensed = { visibility: 'licensed' as const };
    const open = ['River open'];
    expect(await popular(licensed)).toEqual(open);
    expect(await popular({ ...licensed, genre: 'Drama' })).toEqual(open);
    expect(await recent(licensed)).toEqual(open);
    expect(await found('river', licensed)).toEqual(open);
    expect(await found('rivver', licensed)).toEqual(open);
    expect(names(await curatedPage(database.db, query(licensed), 'open-films'))).toEqual(open);
    expect((await popular()).sort()).toEqual(['River closed', 'River open', 'River without']);
  });

  test.each([
    ['unpublished', { isPublished: false }],
    ['private', { isPublic: false }],
    ['adult', { isAdult: true }],
  ])('%s titles nowhere', async (_what, hidden) => {
    const ids = await add(
      { title: 'River', genres: ['Drama'] },
      { title: 'River hidden', genres: ['Drama'], streams: [{ isOpen: true }], popularity: 9, ...hidden },
    );
    await fillList(ids);
    expect(await popular()).toEqual(['River']);
    expect(await popular({ genre: 'Drama' })).toEqual(['River']);
    expect(await popular({ visibility: 'licensed' })).toEqual([]);
    expect(await recent()).toEqual(['River']);
    expect(await found('river')).toEqual(['River']);
    expect(await found('River hidden')).toEqual([]);
    expect(await found('rivver')).toEqual(['River']);
    expect(names(await curatedPage(database.db, query(), 'open-films'))).toEqual(['River']);
  });

  test('text in the asked language where there is one, each part for itself', async () => {
    const ids = await add(
      {
        title: 'The River',
        overview: 'It flows.',
        translations: { de: 'Der Fluss', fr: 'La Rivière' },
        overviews: { de: 'Er fließt.' },
      },
      { title: 'The Bridge', overview: 'It stands.' },
    );
    await fillList(ids);
    const pages = [
      await popularPage(database.db, query({ language: 'de' })),
      await recentPage(database.db, query({ language: 'de' })),
      await curatedPage(database.db, query({ language: 'de' }), 'open-films'),
    ];
    for (const page of pages) {
      expect(page.map(({ title, overview }) => [title, overview])).toEqual([
        ['Der Fluss', 'Er fließt.'],
        ['The Bridge', 'It stands.'],
      ]);
    }
    const [french] = await popularPage(database.db, query({ language: 'fr' }));
    expect([french?.title, french?.overview]).toEqual(['La Rivière', 'It flows.']);
    expect(await found('river', { language: 'de' })).toEqual(['Der Fluss']);
  });

  test('a card with all there is of a title, and one with nothing', async () => {
    const [whole = 0] = await add(
      { title: 'A "\\"\u0001\n映画', genres: ['Drama, "old"', 'Sci-Fi'] },
      { title: 'Bare' },
    );
    await client.query(
      `UPDATE media SET overview = '', year = 1999, release_date = '1999-02-28', end_date = '2001-12-31', runtime_minutes = 90,
         poster_url = 'asset:a.jpg', background_url = 'https://b.example/', logo_url = 'x', rating = 7, canonical_id = 'tt0000001', imdb_id = 'tt0000001'
       WHERE id = $1`,
      [whole],
    );
    const [first, second] = await recentPage(database.db, query());
    expect(first).toEqual({
      ...{ canonicalId: 'tt0000001', title: 'A "\\"\u0001\n映画', overview: '', year: 1999 },
      ...{ releaseDate: '1999-02-28', endDate: '2001-12-31', runtimeMinutes: 90 },
      ...{ posterUrl: 'asset:a.jpg', backgroundUrl: 'https://b.example/', logoUrl: 'x' },
      ...{ genres: ['Drama, "old"', 'Sci-Fi'], rating: 7, imdbId: 'tt0000001' },
    });
    expect(second).toEqual({
      ...{ canonicalId: second?.canonicalId, title: 'Bare', overview: null, year: null },
      ...{ releaseDate: null, endDate: null, runtimeMinutes: null },
      ...{ posterUrl: null, backgroundUrl: null, logoUrl: null },
      ...{ genres: [], rating: null, imdbId: null },
    });
  });

  test('lists with the kinds a viewer finds in them', async () => {
    const ids = await add(
      { title: 'Film', streams: [{ isOpen: true }] },
      { title: 'Series', kind: 'series', streams: [{ isOpen: false }] },
    );
    await fillList(ids);
    const list = { slug: 'open-films', name: 'Open films' };
    expect(await curatedLists(database.db, 'all')).toEqual([{ ...list, kinds: ['movie', 'series'] }]);
    expect(await curatedLists(database.db, 'licensed')).toEqual([{ ...list, kinds: ['movie'] }]);
  });

  test('titles that hold what a page is cut at', async () => {
    const titles = ['A \u001f film', '\u001f', 'C\u001f', 'D'];
    await add(...titles.map((title, index) => ({ title, popularity: 9 - index })));
    expect(await popular()).toEqual(titles);
    expect(await found('film')).toEqual(['A \u001f film']);
  });

  test('a title of fifty long genres', async () => {
    const genres = Array.from({ length: 50 }, (_, index) => `${index} ${'ジャンル'.repeat(24)}`);
    await add({ title: 'Everything', genres });
    const [card] = await popularPage(database.db, query());
    expect(genres).toEqual(expect.arrayContaining([...(card?.genres ?? [])]));
    expect(card?.genres.length).toBeGreaterThan(5);
  });
});
