import { stat, truncate } from 'node:fs/promises';
import { createServer } from 'node:http';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { findTitles } from '../../src/catalogs/search/index.ts';
import { upsertTitles } from '../../src/features/media/index.ts';
import { createEnricher } from '../../src/features/metadata/index.ts';
import { claimDue } from '../../src/features/metadata/queries/due.ts';
import { AppError } from '../../src/kit/errors.ts';
import { createLog } from '../../src/platform/log.ts';
import type { MetadataProvider } from '../../src/providers/provider.ts';
import { movieLine, seriesLine, tmdbRoom } from '../support/tmdb-room.ts';

const room = tmdbRoom();

describe('a list', () => {
  test('makes a title of each line, with its id and popularity, that waits for details and is found by its name', async () => {
    const movies = await room.listOf(
      movieLine(603, 'The Matrix', { popularity: 85.25 }),
      movieLine(550, 'Home'),
    );
    const series = await room.listOf(seriesLine(550, 'Home'));
    const result = await room.run({ movies, series });
    expect(result).toMatchObject({ lines: 3, newTitles: 3, brokenLines: 0, namesakes: 0 });
    expect(await room.titles()).toEqual([
      {
        ...{ kind: 'movie', title: 'The Matrix', canonicalId: 'tmdb:603', status: 'pending' },
        ...{ popularity: 85.25, isAdult: false, ids: ['tmdb:movie:603'] },
      },
      expect.objectContaining({ kind: 'movie', title: 'Home', ids: ['tmdb:movie:550'] }),
      expect.objectContaining({ kind: 'series', title: 'Home', ids: ['tmdb:tv:550'] }),
    ]);
    expect(await claimDue(room.db(), 10, 60)).toHaveLength(3);
    const found = await findTitles(room.db(), { text: 'the matrx', kind: 'movie', audience: 'all' });
    expect(found).toHaveLength(1);
  });

  test('read again changes nothing; read the next day it says the popularity anew', async () => {
    const first = await room.listOf(movieLine(1, 'One'), movieLine(2, 'Two'));
    await room.run({ movies: first });
    expect(await room.run({ movies: first })).toMatchObject({
      newTitles: 0,
      changedTitles: 0,
      sameTitles: 2,
    });
    const next = await room.listOf(
      movieLine(1, 'One'),
      movieLine(2, 'Two', { popularity: 9 }),
      movieLine(3, 'Three'),
    );
    expect(await room.run({ movies: next })).toMatchObject({ newTitles: 1, changedTitles: 1, sameTitles: 1 });
    expect((await room.titles()).map(({ popularity }) => popularity)).toEqual([2.5, 9, 2.5]);
  });

  test('leaves adult titles, what is no film, and the unpopular out unless asked', async () => {
    const movies = await room.listOf(
      movieLine(1, 'Film'),
      movieLine(2, 'Adult', { adult: true }),
      movieLine(3, 'Concert', { video: true }),
      movieLine(4, 'Unknown', { popularity: 0.6 }),
    );
    expect(await room.run({ movies }, { minPopularity: 1 })).toMatchObject({ newTitles: 1, unwanted: 3 });
    expect(await room.run({ movies }, { adult: true, video: true })).toMatchObject({
      newTitles: 3,
      unwanted: 0,
    });
    expect((await room.titles()).filter(({ isAdult }) => isAdult).map(({ title }) => title)).toEqual([
      'Adult',
    ]);
  });

  test('adds none that may be a title here without a TMDB id, by its name, its original name or one of its others', async () => {
    await upsertTitles(room.db(), [
      {
        kind: 'movie',
        title: 'Amélie',
        originalTitle: "Le fabuleux destin d'Amélie Poulain",
        year: 2001,
        ids: { imdb: 'tt0211915' },
      },
      {
        kind: 'movie',
        title: 'Spirited Away',
        aliases: ['千と千尋の神隠し'],
        year: 2001,
        ids: { imdb: 'tt0245429' },
      },
      { kind: 'series', title: 'Heat', year: 2020 },
    ]);
    const movies = await room.listOf(
      movieLine(194, "Le Fabuleux Destin d'Amélie Poulain"),
      movieLine(129, '千と千尋の神隠し'),
      movieLine(2, 'amelie'),
      movieLine(949, 'Heat'),
    );
    expect(await room.run({ movies })).toMatchObject({ newTitles: 1, namesakes: 3 });
    expect((await room.titles()).at(-1)).toMatchObject({ title: 'Heat', kind: 'movie' });
  });
});

describe('a bad list', () => {
  test('broken lines are counted, listed and left out', async () => {
    const movies = await room.listOf(
      movieLine(1, 'Good'),
      '{"id":2,"original_title":"half',
      movieLine(0, 'No id'),
      movieLine(3, ''),
      movieLine(4, 'x'.repeat(501)),
      movieLine(5, 'a\0b'),
      Buffer.from(movieLine(6, 'ÿ'), 'latin1'),
      movieLine(7, 'x', { popularity: 'much' }),
      'x'.repeat(100_000),
      movieLine(1, 'Good again'),
      '',
      movieLine(8, 'Good too'),
    );
    const result = await room.run({ movies });
    expect(result).toMatchObject({ newTitles: 2, brokenLines: 9 });
    expect(result.listedBrokenLines.map((line) => line.replace(/^\S+ line (\d+: [^:]*).*/, '$1'))).toEqual([
      ...[
        '2: no JSON object',
        '3: a bad id',
        '4: no title',
        '5: an over-long title',
        '6: a title that is no text',
      ],
      ...['7: not UTF-8', '8: a bad popularity', '9: an over-long line', '10: an id for the second time'],
    ]);
  });

  test('half a gzip is an error that says so, and what was whole is kept', async () => {
    const noise = () => Math.random().toString(36);
    const movies = await room.listOf(
      ...Array.from({ length: 5000 }, (_, i) => movieLine(i + 1, `Film ${noise()}`)),
    );
    await truncate(movies, Math.floor((await stat(movies)).size / 2));
    const error = await failure(room.run({ movies }));
    expect(error).toMatchObject({ code: 'imports.cut' });
    expect(error.message).toMatch(/ends in the middle.*What came before is imported \(\d+ new titles/);
    expect((await room.titles()).length).toBeGreaterThan(1000);
    expect((await room.titles()).length).toBeLessThan(5000);
  });

  test('another file, the other list and no list are refused', async () => {
    const page = await room.listOf('<!doctype html>', '<p>Not found</p>');
    expect(await failure(room.run({ movies: page }))).toMatchObject({ code: 'imports.not_tmdb' });
    const series = await room.listOf(seriesLine(1, 'A series'));
    expect(await failure(room.run({ movies: series }))).toMatchObject({ code: 'imports.not_tmdb' });
    expect(await failure(room.run({}))).toMatchObject({ code: 'imports.no_list' });
    expect(await room.titles()).toEqual([]);
  });
});

test('stopped in the middle it goes on from there: nothing lost, nothing twice, the counts of both together', async () => {
  const movies = await room.listOf(...Array.from({ length: 9000 }, (_, i) => movieLine(i + 1, `Film ${i}`)));
  const stop = new AbortController();
  let seen = 0;
  const progress = {
    ...{ begin: () => {}, at: () => {}, end: () => {} },
    add(lines: number) {
      seen += lines;
      if (seen >= 4000) stop.abort(new Error('stopped'));
    },
  };
  await expect(room.run({ movies }, { signal: stop.signal, progress })).rejects.toThrow('stopped');
  const before = (await room.titles()).length;
  expect(before).toBeGreaterThanOrEqual(4000);
  expect(before).toBeLessThan(9000);
  let read = 0;
  const result = await room.run(
    { movies },
    {
      progress: {
        ...progress,
        add: (lines) => {
          read += lines;
        },
      },
    },
  );
  expect(read).toBe(9000 - before);
  expect(result).toMatchObject({ lines: 9000, newTitles: 9000, sameTitles: 0 });
  expect(await room.titles()).toHaveLength(9000);
});

test('a list by its URL', async () => {
  const body = gzipSync(`${movieLine(603, 'The Matrix')}\n`);
  const server = createServer((request, response) => {
    if (request.url !== '/movie_ids_05_15_2026.json.gz') response.writeHead(404).end();
    else
      response
        .writeHead(200, { 'content-length': body.length })
        .end(request.method === 'HEAD' ? undefined : body);
  }).listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const address = server.address();
  const port = typeof address === 'object' ? address?.port : 0;
  try {
    const at = (name: string) => `http://127.0.0.1:${port}/${name}`;
    expect(await room.run({ movies: at('movie_ids_05_15_2026.json.gz') })).toMatchObject({ newTitles: 1 });
    expect(await failure(room.run({ movies: at('none.json.gz') }))).toMatchObject({
      message: expect.stringContaining('404'),
    });
  } finally {
    server.close();
  }
});

async function failure(work: Promise<unknown>): Promise<AppError> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AppError)) throw new Error('nothing was refused', { cause: error });
  return error;
}

test('its titles wait while nobody can be asked, and no person is bothered with those nobody knows', async () => {
  await room.run({ movies: await room.listOf(movieLine(603, 'The Matrix')) });
  const signal = AbortSignal.timeout(10_000);
  const knowsNothing: MetadataProvider = {
    ...{ name: 'tmdb', idProviders: ['tmdb'], keepDays: 1 },
    byId: async () => null,
  };
  const enricher = (providers: readonly MetadataProvider[]) =>
    createEnricher({ db: room.db(), providers, log: createLog('silent'), isOn: () => true });
  expect(await enricher([]).enrichDue(5, signal)).toEqual([]);
  expect(await enricher([knowsNothing]).enrichDue(5, signal)).toMatchObject([{ outcome: 'unknown' }]);
  expect(await room.titles()).toMatchObject([{ status: 'pending' }]);
});
