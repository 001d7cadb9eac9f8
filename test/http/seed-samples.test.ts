import { expect, test } from 'vitest';
import { z } from 'zod';
import { readSamples } from '../../src/features/imports/index.ts';
import { rows } from '../../src/platform/db.ts';
import { seedRoom } from '../support/seed-room.ts';

const { db, seed } = seedRoom();

test('the families of genres have as many sub-genres as they must, and each has a title', async () => {
  const { tree, file } = await readSamples();
  const counts = Object.fromEntries(tree.families.map(({ name, genres }) => [name, genres.length]));
  expect(counts).toMatchObject({
    ...{ 'Film Noir': 6, 'Science Fiction': 9, Documentary: 6, Comedy: 8, Anime: 13, Action: 8 },
    ...{ 'Iranian Cinema': 4, Hybrid: 6 },
  });
  const shown = new Set(file.titles.flatMap(({ genres }) => genres));
  const all = tree.families.flatMap(({ name, genres }) => [name, ...genres]);
  expect(all.filter((genre) => !shown.has(genre))).toEqual([]);
  expect(new Set(all).size).toBe(all.length);
  expect(file.titles.length).toBeGreaterThanOrEqual(50);
  expect(file.titles.length).toBeLessThanOrEqual(100);
});

test('npm run seed -- samples writes them with parents and weights, once', async () => {
  expect(await seed('samples')).toMatchObject({ newTitles: 65, newStreams: 0, conflicts: [] });
  const Row = z.object({ genre: z.string(), parent: z.string().nullable(), weight: z.number() });
  const matrix = await db().any(rows('test.genres', Row)`
    SELECT g.name AS genre, p.name AS parent, mg.weight FROM media_external_id e
    JOIN media_genre mg ON mg.media_id = e.media_id JOIN genre g ON g.id = mg.genre_id LEFT JOIN genre p ON p.id = g.parent_id
    WHERE e.external_id = 'tt0133093' ORDER BY mg.weight DESC, g.name`);
  expect(matrix).toEqual([
    { genre: 'Artificial Intelligence', parent: 'Science Fiction', weight: 1 },
    { genre: 'Cyberpunk', parent: 'Science Fiction', weight: 1 },
    { genre: 'Martial Arts', parent: 'Action', weight: 1 },
    { genre: 'Action', parent: null, weight: 0.5 },
    { genre: 'Science Fiction', parent: null, weight: 0.5 },
  ]);
  expect(await seed('samples')).toMatchObject({ newTitles: 0, changedTitles: 0 });
});
