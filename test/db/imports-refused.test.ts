import { readFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { curatedPage } from '../../src/catalogs/queries.ts';
import { STARTER_FILE, wasImported } from '../../src/features/imports/index.ts';
import { setCatalogItems } from '../../src/features/lists/index.ts';
import { TitleInput, upsertTitle } from '../../src/features/media/index.ts';
import { importRoom } from '../support/import-room.ts';

const { db, importAs, FILE, failureOf, countOf } = importRoom();

describe('a file that is not right is refused whole, in words', () => {
  const [bunny] = FILE.titles;
  const second = (change: object) => ({
    version: 1,
    titles: [bunny, { kind: 'movie', title: 'Sintel', ...change }],
  });

  test.each([
    ['no import file', { hello: 1 }, /The file: Unrecognized key: "hello"|titles: /],
    ['a newer version', { version: 2, titles: [] }, /version: /],
    ['an unknown field', second({ yeer: 2010 }), /Title 2 "Sintel": Unrecognized key: "yeer"/],
    [
      'a bad date',
      second({ releaseDate: '2010-02-30' }),
      /Title 2 "Sintel", releaseDate: must be a date such as/,
    ],
    [
      'a bad id',
      second({ ids: { imdb: '1727587' } }),
      /Title 2 "Sintel", ids\.imdb: must look like tt0063350/,
    ],
    [
      'an unknown licence',
      second({ licence: { code: 'WTFPL' } }),
      /Title 2 "Sintel", licence\.code: The licence WTFPL is not known here/,
    ],
    [
      'an unknown licence of a stream',
      second({ streams: [{ kind: 'youtube', videoId: 'abcdefghijk', licence: { code: 'MIT' } }] }),
      /Title 2 "Sintel", streams\.0\.licence\.code: The licence MIT/,
    ],
    [
      'a stream that is none of its kind',
      second({ streams: [{ kind: 'torrent', infoHash: 'short' }] }),
      /Title 2 "Sintel", streams\.0/,
    ],
    [
      'a kind nobody knows',
      second({ streams: [{ kind: 'gopher', url: 'gopher://x' }] }),
      /Title 2 "Sintel", streams\.0\.kind/,
    ],
    [
      'a shipped file outside its folder',
      second({ images: [{ type: 'poster', url: 'asset:../../etc/passwd' }] }),
      /Title 2 "Sintel", images\.0\.url: must be an http/,
    ],
  ])('%s', async (_name, file, message) => {
    const error = await failureOf(file);
    expect(error.code).toBe('imports.invalid');
    expect(error.message).toMatch(/nothing was imported/);
    expect(error.message).toMatch(message);
    expect(await countOf('media')).toBe(0);
    expect(await countOf('stream')).toBe(0);
  });

  test('many mistakes are told at once, 20 of them', async () => {
    const titles = Array.from({ length: 30 }, (_, n) => ({ kind: 'movie', title: `Film ${n}`, year: 1 }));
    const { issues, message } = await failureOf({ version: 1, titles });
    expect(issues).toHaveLength(20);
    expect(message).toMatch(/Title 20 "Film 19", year: .*\nand 10 more$/);
  });
});

describe('the starter catalogue', () => {
  test('is a valid file whose titles stand in the catalogue of open films, in its order, each with something to play', async () => {
    const file: unknown = JSON.parse(await readFile(STARTER_FILE, 'utf8'));
    const { titles } = z
      .object({ titles: z.array(z.object({ title: z.string(), kind: z.string() })) })
      .parse(file);
    expect(await wasImported(db(), 'starter')).toBe(false);
    expect(await importAs('starter', file)).toMatchObject({
      titles: titles.length,
      newTitles: titles.length,
      conflicts: [],
    });
    expect(await wasImported(db(), 'starter')).toBe(true);
    const query = { kind: 'movie' as const, visibility: 'licensed' as const, language: 'en', skip: 0 };
    const cards = await curatedPage(db(), query, 'open-films');
    const films = titles.filter((title) => title.kind === 'movie').map((title) => title.title);
    expect(cards.map((card) => card.title)).toEqual(films);
    expect(await importAs('starter', file)).toMatchObject({
      newTitles: 0,
      changedTitles: 0,
      newStreams: 0,
      changedStreams: 0,
    });
  });
});

describe('system catalogues', () => {
  test('become exactly the given titles in the given order', async () => {
    const ids: number[] = [];
    for (const title of ['A', 'B', 'C']) {
      ids.push((await upsertTitle(db(), TitleInput.parse({ kind: 'movie', title }))).mediaId);
    }
    const [a = 0, b = 0, c = 0] = ids;
    const titles = async () => {
      const query = { kind: 'movie' as const, visibility: 'all' as const, language: 'en', skip: 0 };
      return (await curatedPage(db(), query, 'open-films')).map((card) => card.title);
    };
    expect(await setCatalogItems(db(), 'open-films', [a, b])).toBe(2);
    expect(await titles()).toEqual(['A', 'B']);
    expect(await setCatalogItems(db(), 'open-films', [c, b, b, a])).toBe(2);
    expect(await titles()).toEqual(['C', 'B', 'A']);
    expect(await setCatalogItems(db(), 'open-films', [c, b, a])).toBe(0);
    expect(await setCatalogItems(db(), 'open-films', [])).toBe(3);
    await expect(setCatalogItems(db(), 'no-such', [a])).rejects.toThrow('no system catalogue');
  });
});
