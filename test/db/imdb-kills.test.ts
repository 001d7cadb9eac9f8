import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeImdbData } from '../support/imdb-data.ts';
import { seedImdb } from '../support/imdb-kills.ts';
import { derivedFaults, imdbRoom } from '../support/imdb-room.ts';

const room = imdbRoom();

test('killed again and again, it goes on where it was: nothing lost, nothing twice', async () => {
  const folder = join(room.folder(), 'killed');
  const written = await writeImdbData({ folder, titles: 6000 });
  let kills = 0;
  let summary = null;
  for (let afterMs = 2000; summary === null; afterMs *= 1.5) {
    summary = await seedImdb(room.url(), ['--folder', folder], afterMs);
    if (summary === null) kills += 1;
    // Killed with its work done, before it could say so.
    summary ??= await room.recorded();
  }
  expect(kills).toBeGreaterThan(0);
  // Of this run and of those before it.
  expect(summary).toMatchObject({ brokenRows: 0, newEpisodes: await room.count('episode') });
  expect(summary.newTitles).toBe(await room.count('media'));
  expect(summary.newCredits).toBe(await room.count('credit'));
  expect(written['title.basics'].rows).toBeGreaterThan(summary.newTitles);
  expect(await derivedFaults(room.db())).toEqual([]);
  const again = await seedImdb(room.url(), ['--folder', folder]);
  expect(again).toMatchObject({ newTitles: 0, changedTitles: 0, newEpisodes: 0, newCredits: 0 });
  expect(again?.sameTitles).toBe(summary.newTitles);
}, 180_000);
