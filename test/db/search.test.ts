import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { CatalogQuery } from '../../src/catalogs/catalog.ts';
import { search } from '../../src/catalogs/search/index.ts';
import { titlesByPeople } from '../../src/catalogs/search/queries/people.ts';
import { titlesByName, typedWords } from '../../src/catalogs/search/queries/typed.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { connect } from '../support/full-database.ts';
import { addTitles } from '../support/small-catalogue.ts';

let database: TestDatabase;
let client: Awaited<ReturnType<typeof connect>>;

beforeAll(async () => {
  database = await freshDatabase();
  client = await connect(database.url);
  await addTitles(client, [
    { title: 'Amélie', original: 'Le Fabuleux Destin d’Amélie Poulain', popularity: 8 },
    { title: 'Metropolis', aliases: ['Fritz Langs Monumentalfilm'], popularity: 6 },
    {
      title: 'Night of the Living Dead',
      translations: { de: 'Die Nacht der lebenden Toten' },
      popularity: 7,
    },
    { title: 'Night Train to Munich' },
    { title: '東京物語', translations: { en: 'Tokyo Story' } },
    { title: 'Face/Off' },
    { title: 'E.T. the Extra-Terrestrial' },
    { title: 'WALL·E' },
    { title: 'Terminator -2' },
    { title: 'M' },
    { title: 'Ocean’s Eleven' },
    { title: 'Tom & Jerry!' },
    { title: 'หมานคร' },
    { title: 'Война и мир' },
    { title: 'The Night Bus', kind: 'series' },
  ]);
});
afterAll(async () => {
  await client.end();
  await database.close();
});

const query = (more: Partial<CatalogQuery> = {}): CatalogQuery => ({
  ...{ kind: 'movie', visibility: 'all', language: 'en', skip: 0 },
  ...more,
});
const found = async (text: string, more: Partial<CatalogQuery> = {}) =>
  (await search.page(database.db, query({ ...more, search: text }))).map(({ title }) => title);

describe('what is typed finds', () => {
  test.each([
    ['accents forgiven', 'amelie', 'Amélie'],
    ['accents where there are none', 'Mëtrópolis', 'Metropolis'],
    ['case forgiven', 'METROPOLIS', 'Metropolis'],
    ['the beginning of the last word', 'metr', 'Metropolis'],
    ['one letter', 'a', 'Amélie'],
    ['the original title', 'fabuleux destin', 'Amélie'],
    ['an alias', 'monumentalfilm', 'Metropolis'],
    ['a translation, in any language', 'lebenden tot', 'Night of the Living Dead'],
    ['words in any order', 'dead living', 'Night of the Living Dead'],
    ['Japanese', '東京', 'Tokyo Story'],
    ['Cyrillic', 'война', 'Война и мир'],
    ['Thai, with its marks', 'หมานคร', 'หมานคร'],
    ['a slash in the title', 'face off', 'Face/Off'],
    ['a slash as typed', 'Face/Off', 'Face/Off'],
    ['points in the title', 'e t the extra', 'E.T. the Extra-Terrestrial'],
    ['points as typed', 'E.T.', 'E.T. the Extra-Terrestrial'],
    ['a hyphen in the title', 'extraterrestrial', 'E.T. the Extra-Terrestrial'],
    ['a point in the middle', 'wall e', 'WALL·E'],
    ['a number after a hyphen', 'terminator 2', 'Terminator -2'],
    ['an apostrophe', "ocean's eleven", 'Ocean’s Eleven'],
    ['another apostrophe', 'ocean’s elev', 'Ocean’s Eleven'],
    ['signs', 'tom & jerry', 'Tom & Jerry!'],
  ])('%s', async (_what, text, title) => {
    expect(await found(text)).toContain(title);
  });

  test('titles that hold all of the words, of the asked kind', async () => {
    expect(await found('night')).toEqual(['Night of the Living Dead', 'Night Train to Munich']);
    expect(await found('night munich')).toEqual(['Night Train to Munich']);
    expect(await found('night', { kind: 'series' })).toEqual(['The Night Bus']);
  });

  test('what is called just so first, however many known titles begin like it', async () => {
    await client.query(
      `INSERT INTO media (kind, title, popularity) SELECT 'event', 'Upside ' || n, 100 + n FROM generate_series(1, 700) n`,
    );
    await client.query(`INSERT INTO media (kind, title) VALUES ('event', 'Up'), ('event', 'Up!')`);
    const [first] = await found('up', { kind: 'event' });
    expect(first).toBe('Up');
  });

  test('a title that was renamed under its new name only', async () => {
    const [id] = await addTitles(client, [{ title: 'Working title', kind: 'tv' }]);
    await client.query(`UPDATE media SET title = 'Final cut' WHERE id = $1`, [id]);
    expect(await found('final', { kind: 'tv' })).toEqual(['Final cut']);
    expect(await found('working', { kind: 'tv' })).toEqual([]);
  });
});

describe('what is typed wrong finds by the second step', () => {
  test.each([
    ['a letter left out', 'metroplis', 'Metropolis'],
    ['two letters swapped', 'nigth train', 'Night Train to Munich'],
    ['one word of a long title', 'the livving dead', 'Night of the Living Dead'],
    ['a word too many', 'metropolis qqqqq', 'Metropolis'],
    ['an alias', 'monumentalflim', 'Metropolis'],
    ['a translation', 'lebnden toten', 'Night of the Living Dead'],
    ['the original title', 'fabulux', 'Amélie'],
    ['Japanese', '東京物誌', 'Tokyo Story'],
    ['a short word with a letter too many', 'night off the living dead', 'Night of the Living Dead'],
    ['a short word, another letter', 'night of thr living dead', 'Night of the Living Dead'],
    ['a short word, a letter left out', 'night o the living dead', 'Night of the Living Dead'],
    ['short words and a long one', 'nihgt if teh living dead', 'Night of the Living Dead'],
  ])('%s', async (_what, text, title) => {
    expect((await found(text))[0]).toBe(title);
  });

  test('nothing where no word is alike', async () => {
    expect(await found('qqqqq')).toEqual([]);
    expect(await found('of qqqqq')).toEqual([]);
    // A long word alone is not enough where the rest is something else.
    expect(await found('xx yy zz uu vv dead')).toEqual([]);
  });

  test('not while the words themselves find something', async () => {
    expect(await found('dead')).toEqual(['Night of the Living Dead']);
  });
});

describe('nothing that is typed is an error', () => {
  test.each([
    ...[
      "'",
      '"',
      '&',
      '|',
      '!',
      ':*',
      '\\',
      '(',
      ')',
      '<->',
      '%',
      '_',
      '*',
      '\n',
      '\t',
      '\u200b',
      '😀',
      '👨‍👩‍👧',
    ],
    ...[
      "it's",
      "o'b",
      'a & b',
      'a | b',
      '!a',
      'a:*',
      'a:b',
      'a\\',
      'a\\b',
      '(a',
      'a)',
      "';--",
      '$1',
      '<b>',
      'a<->b',
    ],
    ...[
      '٣',
      '½',
      '⑴',
      'ŉ',
      'ʼ',
      'Hawaiʻi',
      'ː',
      'ﬁ',
      '㌀',
      '＇',
      '⑴:*',
      '\u0301',
      'e\u0301',
      '\ud800',
      'x'.repeat(500),
    ],
    ...[
      'the '.repeat(125),
      '💥'.repeat(250),
      "'".repeat(500),
      ':*'.repeat(250),
      '((((',
      '))))',
      '-- -',
      '-2',
      '1e5',
      '1.5.2',
    ],
    ...[
      'http://x.example/a?b=c',
      'a@b.example',
      '&amp;',
      '\ufeff',
      'İstanbul',
      'ß',
      'Σ',
      'ﷺ',
      '…',
      '„“',
      '¿?',
    ],
  ])('%j', async (text) => {
    await expect(found(text)).resolves.toBeInstanceOf(Array);
    // A lone surrogate is no text; the search leaves it out before it comes here.
    const typed = text.toWellFormed();
    const asked = { text: typed, kind: 'movie', audience: 'all' } as const;
    await expect(titlesByName(database.db, asked)).resolves.toBeInstanceOf(Array);
    await expect(titlesByPeople(database.db, asked)).resolves.toBeInstanceOf(Array);
    await expect(typedWords(database.db, [typed])).resolves.toBeInstanceOf(Array);
  });

  test.each(['', ' ', '...', '!?', "'", '&', '😀', '-- -'])('%j finds nothing', async (text) => {
    expect(await found(text)).toEqual([]);
    expect(await titlesByName(database.db, { text, kind: null, audience: 'owner' })).toEqual([]);
  });

  test('every character of Unicode that is changed on the way', async () => {
    const { rows } = await client.query<{ character: string }>(
      `SELECT chr(n) AS character FROM generate_series(1, 200000) n
       WHERE n NOT BETWEEN 55296 AND 57343 AND fold(chr(n)) <> lower(chr(n))`,
    );
    expect(rows.length).toBeGreaterThan(2000);
    const words = rows.map(({ character }) => `a${character}b`);
    const { rows: queries } = await client.query<{ asked: string | null }>(
      'SELECT search_query(search_name(w))::text AS asked FROM unnest($1::text[]) w UNION ALL SELECT search_query(search_name(right(w, 2)))::text FROM unnest($1::text[]) w',
      [words],
    );
    expect(queries).toHaveLength(2 * words.length);
  });

  test('titles made of it', async () => {
    const odd = ["'", '\\', ':*', '!', '😀', '½', 'ŉ', '⑴', '<b>', '-', '…'];
    await addTitles(
      client,
      odd.map((title) => ({ title, kind: 'tv' })),
    );
    for (const text of odd) await expect(found(text, { kind: 'tv' })).resolves.toBeInstanceOf(Array);
    expect(await found('1', { kind: 'tv' })).toEqual(expect.arrayContaining(['⑴', '½']));
  });
});
