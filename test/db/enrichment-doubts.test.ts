import { describe, expect, test } from 'vitest';
import { titleForName, upsertTitle } from '../../src/features/media/index.ts';
import { CINE, enrichmentRoom, MATRIX } from '../support/enrichment-room.ts';

const NEVER = new AbortController().signal;
const { again, cinemeta, db, detail, doubts, due, enricher, expire, film, lay, standing, tmdb, waitFor } =
  enrichmentRoom();

describe('contradictory ids (C1)', () => {
  test('an answer that gives an id another value goes to a person, and nothing of it is written', async () => {
    lay(tmdb(), MATRIX, 'imdb tt0133093', 'tmdb 603');
    lay(
      cinemeta(),
      { ...CINE, ids: { imdb: 'tt0133093', tmdb: '604' }, tagline: 'Of another.' },
      'imdb tt0133093',
    );
    const mediaId = await film({ imdb: 'tt0133093', tmdb: '603' });
    expect((await due())[0]?.outcome).toBe('doubtful');
    expect(await doubts()).toEqual([
      { kind: 'ids', reason: 'It has tmdb 603 here, cinemeta says 604.', state: 'open' },
    ]);
    expect(await detail(mediaId)).toMatchObject({ tagline: null, overview: MATRIX.overview });
  });

  test('an id that another title here has is not taken from it', async () => {
    const other = await film({ tmdb: '603' });
    const { mediaId } = await upsertTitle(db(), {
      kind: 'movie',
      title: 'Matrix',
      ids: { imdb: 'tt0133093' },
    });
    lay(tmdb(), MATRIX, 'imdb tt0133093', 'tmdb 603');
    await due();
    expect((await detail(mediaId)).ids.map(({ id }) => id)).toEqual(['tt0133093']);
    expect((await detail(other)).ids.map(({ id }) => id)).toEqual(['603']);
    expect((await doubts()).map(({ reason }) => reason)).toContain('tmdb 603 belongs to another title here.');
  });

  test('one that agrees again is no doubt any more', async () => {
    lay(cinemeta(), { ...CINE, ids: { imdb: 'tt0133093', tmdb: '604' } }, 'imdb tt0133093');
    const mediaId = await film({ imdb: 'tt0133093', tmdb: '603' });
    await due();
    expect(await doubts()).toHaveLength(1);
    lay(cinemeta(), CINE, 'imdb tt0133093');
    await expire();
    await waitFor(mediaId);
    await again();
    await due();
    expect(await doubts()).toEqual([]);
  });
});

describe('a title made from a name', () => {
  const hit = (title: string, year: number) => ({
    kind: 'movie' as const,
    title,
    year,
    ids: { tmdb: '603' },
  });

  test('that is alike enough becomes what was found; what it was called stays as a name', async () => {
    tmdb().hits = [{ ...hit('Matrix', 2020), ids: { tmdb: '9' } }, hit('The Matrix', 1999)];
    lay(tmdb(), MATRIX, 'tmdb 603');
    const { mediaId } = await titleForName(db(), { kind: 'movie', title: 'The Matrx', year: 1999 });
    expect(await due()).toEqual([{ mediaId, outcome: 'enriched', failure: null }]);
    expect(await detail(mediaId)).toMatchObject({
      title: 'The Matrix',
      imdbId: 'tt0133093',
      aliases: ['Matrix 1', 'The Matrx'],
    });
    const { status, confidence } = await standing(mediaId);
    expect([status, Math.round((confidence ?? 0) * 10_000)]).toEqual(['completed', 9474]);
  });

  test('that is less alike stays as it is and goes to a person, with what was found', async () => {
    tmdb().hits = [hit('Avatar: The Way of Water', 2022)];
    const { mediaId } = await titleForName(db(), { kind: 'movie', title: 'Avatar', year: 2022 });
    expect((await due())[0]?.outcome).toBe('doubtful');
    const { status, confidence } = await standing(mediaId);
    expect([status, Math.round((confidence ?? 0) * 100)]).toEqual(['flagged', 40]);
    expect(await doubts()).toEqual([
      { kind: 'match', reason: 'Found by its name, which is 40 % alike.', state: 'open' },
    ]);
    expect(await detail(mediaId)).toMatchObject({ title: 'Avatar', ids: [] });
  });

  test('that is a title we have is not made a second one', async () => {
    const known = await film();
    tmdb().hits = [hit('The Matrix', 1999)];
    lay(tmdb(), MATRIX, 'tmdb 603');
    const { mediaId } = await upsertTitle(db(), { kind: 'movie', title: 'The Matrx', year: 1999 });
    await due();
    expect(await detail(mediaId)).toMatchObject({ title: 'The Matrx', ids: [], overview: null });
    expect((await standing(mediaId)).status).toBe('flagged');
    expect((await doubts())[0]?.reason).toMatch(
      /^By its name it is the title here that has (imdb tt0133093|tmdb 603)\.$/,
    );
    expect((await detail(known)).imdbId).toBe('tt0133093');
  });
});

describe('providers that are not well', () => {
  test('one that is down costs its own fields; the title stays due, later each time', async () => {
    tmdb().isDown = true;
    lay(cinemeta(), CINE, 'imdb tt0133093');
    const mediaId = await film();
    const [first] = await due();
    expect([first?.outcome, first?.failure?.message]).toEqual(['enriched', 'tmdb answered 503.']);
    expect((await detail(mediaId)).overview).toBe('Of Cinemeta.');
    expect((await standing(mediaId)).status).toBe('pending');
    expect(await due()).toEqual([]);
    tmdb().isDown = false;
    lay(tmdb(), MATRIX, 'imdb tt0133093', 'tmdb 603');
    await again();
    await due();
    expect(await detail(mediaId)).toMatchObject({ overview: MATRIX.overview, runtimeMinutes: 136 });
    expect((await standing(mediaId)).status).toBe('completed');
  });

  test('all down: nothing is written, and what was kept is used when it has run out', async () => {
    lay(cinemeta(), CINE, 'imdb tt0133093');
    const mediaId = await film();
    for (const one of [tmdb(), cinemeta()]) one.isDown = true;
    expect((await due())[0]?.outcome).toBe('failed');
    expect((await standing(mediaId)).status).toBe('pending');
  });

  test('two that take at once take different titles, and a taker that died gives back', async () => {
    for (const n of [1, 2, 3, 4])
      await upsertTitle(db(), { kind: 'movie', title: `Film ${n}`, ids: { imdb: `tt000000${n}` } });
    cinemeta().thinksMs = 30;
    const both = await Promise.all([enricher().enrichDue(2, NEVER), enricher().enrichDue(4, NEVER)]);
    expect(both.flat()).toHaveLength(4);
    expect(new Set(cinemeta().asked).size).toBe(4);
    expect(cinemeta().asked).toHaveLength(4);
  });
});

describe('a title that is opened', () => {
  test('is asked about at once, waited for a moment only, and once for all who open it', async () => {
    lay(cinemeta(), CINE, 'imdb tt0133093');
    cinemeta().thinksMs = 400;
    const mediaId = await film();
    const began = performance.now();
    expect(await Promise.all([enricher().opened(mediaId, 50), enricher().opened(mediaId, 50)])).toEqual([
      false,
      false,
    ]);
    expect(performance.now() - began).toBeLessThan(350);
    expect(await enricher().opened(mediaId, 5000)).toBe(true);
    expect(cinemeta().asked).toEqual(['imdb tt0133093']);
    expect((await detail(mediaId)).overview).toBe('Of Cinemeta.');
    expect(await enricher().opened(mediaId, 5000)).toBe(false);
  });

  test('a stop gives up what is under way, and it is due again', async () => {
    cinemeta().thinksMs = 300;
    const mediaId = await film();
    const opened = enricher().opened(mediaId, 5000);
    await new Promise((resolve) => setTimeout(resolve, 100));
    await enricher().close();
    expect(await opened).toBe(false);
    expect((await standing(mediaId)).status).toBe('pending');
    expect(await enricher().opened(mediaId, 5000)).toBe(false);
  });
});
