import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  ensureEpisodes,
  type NamedTitle,
  titleForName,
  titlesForNames,
  upsertTitle,
} from '../../src/features/media/index.ts';
import { rows } from '../../src/platform/db.ts';
import { mediaRoom } from '../support/media-room.ts';

const { db, title } = mediaRoom();
const add = async (input: Parameters<typeof title>[0]) => (await upsertTitle(db(), title(input))).mediaId;
const find = (named: Partial<NamedTitle> & { title: string }) =>
  titleForName(db(), { kind: 'movie', ...named });
const WORDS = 'Meadow Lantern Orchard Station Garden Winter Mirror Compass Thunder Canyon'.split(' ');
const Review = z.object({ status: z.string(), confidence: z.number().nullable() });
const reviewOf = (mediaId: number) =>
  db().one(rows('test.review', Review)`
    SELECT enrichment_status AS status, round(match_confidence::numeric, 4)::float8 AS confidence FROM media WHERE id = ${mediaId}`);

describe('the title of a release name', () => {
  test('is one we have at 0.80 and more, by any of its names, misspelt too', async () => {
    const matrix = await add({ kind: 'movie', title: 'The Matrix', year: 1999 });
    const away = await add({
      ...{ kind: 'movie', title: 'Spirited Away', originalTitle: '千と千尋の神隠し', year: 2001 },
      aliases: ['Sen to Chihiro no Kamikakushi'],
      translations: [{ language: 'fr', title: 'Le Voyage de Chihiro' }],
    });
    expect(await find({ title: 'The Matrix', year: 1999 })).toEqual({
      ...{ mediaId: matrix, isNew: false, confidence: 1 },
    });
    expect(await find({ title: 'The Matrx', year: 1999 })).toEqual({
      ...{ mediaId: matrix, isNew: false, confidence: 0.9474 },
    });
    for (const name of ['Sen to Chihiro no Kamikakushi', 'le voyage de chihiro', '千と千尋の神隠し'])
      expect(await find({ title: name, year: 2001 })).toEqual({
        ...{ mediaId: away, isNew: false, confidence: 1 },
      });
  });

  test('below that it is a new one, flagged with how near it came (F3)', async () => {
    const water = await add({ kind: 'movie', title: 'Avatar: The Way of Water', year: 2022 });
    const avatar = await find({ title: 'Avatar', year: 2022 });
    expect(avatar).toMatchObject({ isNew: true, confidence: 1 });
    expect(avatar.mediaId).not.toBe(water);
    expect(await reviewOf(avatar.mediaId)).toEqual({ status: 'flagged', confidence: 0.4 });
    const unheard = await find({ title: 'Qwertz Uiopa', year: 2011 });
    expect(await reviewOf(unheard.mediaId)).toEqual({ status: 'flagged', confidence: 0 });
    expect(await find({ title: 'Qwertz Uiopa', year: 2011 })).toMatchObject({ isNew: false, confidence: 1 });
  });

  test('of names that are nearly one the year tells, and without it nothing is taken for another', async () => {
    const alien = await add({ kind: 'movie', title: 'Alien', year: 1979 });
    const unlike = await find({ title: 'Aliens' });
    expect(unlike.mediaId).not.toBe(alien);
    expect(await find({ title: 'Alien', year: 1979 })).toMatchObject({ mediaId: alien });
    const aliens = await add({ kind: 'movie', title: 'Aliens', year: 1986 });
    expect(await find({ title: 'Aliens', year: 1986 })).toMatchObject({ mediaId: aliens, confidence: 1 });
    expect(await find({ kind: 'series', title: 'Alien' })).toMatchObject({ isNew: true });
  });

  test('of one name without a year the most popular is taken, for as sure as they are many', async () => {
    const older = await add({ kind: 'movie', title: 'Dune', year: 1984, popularity: 5 });
    const newer = await add({ kind: 'movie', title: 'Dune', year: 2021, popularity: 90 });
    expect(await find({ title: 'Dune' })).toEqual({ mediaId: newer, isNew: false, confidence: 0.475 });
    expect(await find({ title: 'Dune', year: 1984 })).toMatchObject({ mediaId: older, confidence: 1 });
  });

  test('of two series of one name it is the one that has the episode', async () => {
    const series = (year: number, popularity: number) =>
      add({ kind: 'series', title: 'Battlestar', year, popularity });
    const [older, newer] = [await series(1978, 1), await series(2004, 9)];
    const episodes = (mediaId: number, count: number) =>
      ensureEpisodes(
        db(),
        Array.from({ length: count }, (_, index) => ({ mediaId, season: 1, episode: index + 1 })),
      );
    await episodes(older, 24);
    await episodes(newer, 13);
    const named = { kind: 'series' as const, title: 'Battlestar', season: 1 };
    expect(await find({ ...named, episode: 20 })).toEqual({ mediaId: older, isNew: false, confidence: 1 });
    expect(await find({ ...named, episode: 3 })).toMatchObject({ mediaId: newer, confidence: 0.5 });
  });

  test('two names of one batch that mean one new film make one title, as they would one after the other', async () => {
    const names: [string, number | undefined][] = [
      ['Face-Off', 1997],
      ['The Quiet Harbor', 1961],
      ['face off', 1997],
      ['The Quite Harbor', 1961],
      ['Face/Off', undefined],
      // Another film, and another year.
      ['Face Value', 1997],
      ['The Quiet Harbor', 2004],
    ];
    const matches = await titlesForNames(
      db(),
      names.map(([name, year]) => ({ kind: 'movie', title: name, year })),
    );
    const [face, harbor, , , , value, remade] = matches.map(({ mediaId }) => mediaId);
    expect(matches.map(({ mediaId }) => mediaId)).toEqual([face, harbor, face, harbor, face, value, remade]);
    expect(new Set([face, harbor, value, remade]).size).toBe(4);
    expect(matches.map(({ isNew }) => isNew)).toEqual([true, true, false, false, false, true, true]);
    expect(matches.map(({ confidence }) => confidence)).toEqual([1, 1, 1, 0.9375, 0.95, 1, 1]);
  });

  test('many names of one batch find what each of them is nearly called', async () => {
    const films = Array.from({ length: 60 }, (_, n) => ({
      ...{
        kind: 'movie' as const,
        title: `Harbour ${WORDS[n % 10]} of ${WORDS[(n * 7 + 3) % 10]}`,
        year: 1940 + n,
      },
    }));
    const ids = await Promise.all(films.map(add));
    const read = films.map(({ title: name, ...film }, n) => ({
      ...film,
      // A letter left out, one changed, the last word cut.
      title:
        [name.replace('rbour', 'rbur'), name.replace('Harbour', 'Harbout'), name.slice(0, -1)][n % 3] ?? name,
    }));
    expect((await titlesForNames(db(), read)).map(({ mediaId }) => mediaId)).toEqual(ids);
  });
});
