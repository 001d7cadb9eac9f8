import { join } from 'node:path';
import { expect, test } from 'vitest';
import { writeImdbData } from '../support/imdb-data.ts';
import { seedImdb } from '../support/imdb-kills.ts';
import { derivedFaults, imdbRoom } from '../support/imdb-room.ts';

const room = imdbRoom();

/** A million titles with all that hangs on them: 12.8 million rows. */
test('a million titles, killed twice: the counts and what triggers keep are right, in 300 MB', async () => {
  const folder = join(room.folder(), 'million');
  await writeImdbData({ folder, titles: 1_000_000 });
  expect(await seedImdb(room.url(), ['--folder', folder], 20_000)).toBeNull();
  expect(await seedImdb(room.url(), ['--folder', folder], 90_000)).toBeNull();
  const summary = await seedImdb(room.url(), ['--folder', folder]);
  console.log(summary);
  expect(summary?.newTitles).toBe(await room.count('media'));
  expect(summary?.newEpisodes).toBe(await room.count('episode'));
  expect(summary?.newCredits).toBe(await room.count('credit'));
  expect(summary?.maxRssMb).toBeLessThan(300);
  await using patient = await room.patient();
  expect(await derivedFaults(patient.db)).toEqual([]);
});
