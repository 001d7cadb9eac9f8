import { expect, test } from 'vitest';
import { z } from 'zod';
import { titlesForNames, upsertTitles } from '../../src/features/media/index.ts';
import { createEnricher } from '../../src/features/metadata/index.ts';
import { claimTitles } from '../../src/features/metadata/queries/due.ts';
import { rows } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import type { ProvidedTitle } from '../../src/providers/provider.ts';
import { enrichmentRoom } from '../support/enrichment-room.ts';
import { type Teller, teller } from '../support/told-titles.ts';

// Many titles asked about side by side and written together.

const room = enrichmentRoom();
const { db } = room;
const NEVER = new AbortController().signal;

const filmOf = (n: number): ProvidedTitle => ({
  ...{ kind: 'movie', title: `Quiet Harbor ${n}`, year: 1950 + n, overview: `Of ${n}.` },
  ids: { tmdb: String(1000 + n), imdb: `tt${9_000_000 + n}` },
  ...{ cast: [{ name: `Actor ${n % 3}` }], genres: [n % 2 === 0 ? 'Drama' : 'Crime'], keywords: ['sea'] },
  images: [{ type: 'poster', url: `https://img.example/${n}.jpg` }],
});

/** A provider that knows these films by their names. */
function knowing(films: readonly ProvidedTitle[]): Teller {
  const provider = teller('tmdb', ['tmdb', 'imdb']);
  provider.search = async ({ title }) => {
    provider.asked.push(title);
    return films
      .filter((film) => film.title === title)
      .map(({ kind, ids, year = 0 }) => ({ kind, ids: { tmdb: ids.tmdb ?? '' }, title, year }));
  };
  provider.byId = async ({ value }) => films.find(({ ids }) => ids.tmdb === value) ?? null;
  return provider;
}

const enricherOf = (provider: Teller, isOn = () => true) =>
  createEnricher({ db: db(), providers: [provider], log: createLog('silent'), isOn });

async function named(films: readonly ProvidedTitle[]): Promise<number[]> {
  const names = films.map(({ title, year }) => ({ kind: 'movie' as const, title, year: year ?? 0 }));
  return (await titlesForNames(db(), names)).map(({ mediaId }) => mediaId);
}

const Shown = z.object({ title: z.string(), overview: z.string().nullable(), imdb: z.string().nullable() });
const shown = () =>
  db().any(rows('test.shown', Shown)`
    SELECT title, overview, imdb_id AS imdb FROM media WHERE is_published ORDER BY year`);

test('all of a batch are written with what was told of each', async () => {
  const films = Array.from({ length: 120 }, (_, n) => filmOf(n));
  const ids = await named(films);
  expect(await enricherOf(knowing(films)).enrich(ids, NEVER)).toEqual(new Set());
  expect(await shown()).toEqual(
    films.map(({ title, overview, ids: { imdb } }) => ({ title, overview, imdb })),
  );
  for (const n of [0, 60, 119])
    expect(await room.detail(ids[n] ?? 0)).toMatchObject({
      genres: filmOf(n).genres,
      cast: [{ name: `Actor ${n % 3}` }],
      posterUrl: `https://img.example/${n}.jpg`,
    });
});

test('one that cannot be stored is at fault alone', async () => {
  const films = Array.from({ length: 12 }, (_, n) => filmOf(n));
  // PostgreSQL's JSON holds no NUL.
  films[5] = { ...filmOf(5), network: 'a\u0000b' };
  await enricherOf(knowing(films)).enrich(await named(films), NEVER);
  expect((await shown()).map(({ title }) => title)).toEqual(
    films.filter((_, n) => n !== 5).map(({ title }) => title),
  );
  const failed = await db().any(rows('test.failed', z.object({ title: z.string() }))`
    SELECT m.title FROM title_enrichment e JOIN media m ON m.id = e.media_id WHERE e.failure IS NOT NULL`);
  expect(failed).toEqual([{ title: 'Quiet Harbor 5' }]);
});

test('two of a batch that turn out to be one film become one', async () => {
  const film = filmOf(1);
  const aka = { ...film, title: 'Der stille Hafen' };
  await enricherOf(knowing([film, aka])).enrich(await named([film, aka]), NEVER);
  expect((await shown()).map(({ imdb }) => imdb)).toEqual(['tt9000001']);
});

test('an id that is told of two titles of a batch is one of them, and the other goes to a person', async () => {
  const films = [1, 2].map((n) => ({ ...filmOf(n), ids: { tmdb: String(1000 + n), imdb: 'tt9000001' } }));
  const outcomes = await upsertTitles(
    db(),
    films.map(({ title, year = 0, ids: { tmdb } }) => ({ kind: 'movie', title, year, ids: { tmdb } })),
  );
  await enricherOf(knowing(films)).enrich(
    outcomes.map(({ mediaId }) => mediaId),
    NEVER,
  );
  expect((await shown()).map(({ imdb }) => imdb).toSorted()).toEqual([null, 'tt9000001']);
  expect(await room.doubts()).toMatchObject([
    { kind: 'ids', reason: 'imdb tt9000001 belongs to another title here.' },
  ]);
});

test('two instances at once ask about each once, and make one title of one film', async () => {
  const films = Array.from({ length: 40 }, (_, n) => filmOf(n));
  const provider = knowing(films);
  const run = async () => await enricherOf(provider).enrich(await named(films), NEVER);
  await Promise.all([run(), run()]);
  expect(provider.asked.toSorted()).toEqual(films.map(({ title }) => title).toSorted());
  expect(await shown()).toHaveLength(40);
  expect(
    await db().oneFirst(rows('test.all', z.object({ n: z.int() }))`SELECT count(*) AS n FROM media`),
  ).toBe(40);
});

test('those left when it is paused, or when a provider is down, are free for another', async () => {
  const films = Array.from({ length: 40 }, (_, n) => filmOf(n));
  const ids = await named(films);
  const provider = knowing(films);
  const paused = await enricherOf(provider, () => provider.asked.length < 10).enrich(ids, NEVER);
  expect(provider.asked.length).toBeLessThan(20);
  expect(paused.size).toBe(40 - provider.asked.length);
  expect(await claimTitles(db(), [...paused], 0)).toEqual(paused);
  const away = teller('tmdb', ['tmdb']);
  away.isDown = true;
  const left = await enricherOf(away).enrich([...paused], NEVER);
  // Five in a row, and those that were under way.
  expect(away.asked.length).toBeLessThanOrEqual(13);
  expect(left.size).toBe(paused.size - away.asked.length);
});
