import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { replaceList } from '../../src/features/ids/index.ts';
import { ensureEpisodes } from '../../src/features/media/index.ts';
import { metaIn } from '../support/addon-answers.ts';
import { type AddonServer, startAddonServer } from '../support/addon-server.ts';
import { ANIME_LIST, FRIBB, MANAMI } from '../support/anime-lists.ts';

// Every prefix the manifest declares resolves, episodes of anime to the episode of the series.

const STREAM = { kind: 'youtube' as const, licence: { code: 'CC-BY-3.0', attribution: 'Its makers' } };
const numbered = (count: number) => Array.from({ length: count }, (_, n) => ({ number: n + 1 }));

let server: AddonServer;
/** Each stream is called by its title's letter, season and episode: `A-2-5`. */
async function series(letter: string, ids: Record<string, string>, seasons: Record<number, number>) {
  const mediaId = await server.add({
    kind: 'series',
    title: `Series ${letter}`,
    ids,
    seasons: Object.entries(seasons).map(([number, count]) => ({
      number: Number(number),
      episodes: numbered(count),
    })),
  });
  for (const [season, count] of Object.entries(seasons)) {
    const wanted = numbered(count).map(({ number }) => ({
      mediaId,
      season: Number(season),
      episode: number,
    }));
    for (const { episodeId, episode } of await ensureEpisodes(server.db, wanted))
      await server.addStream(
        { ...STREAM, videoId: `${letter}-${season}-${episode}`.padEnd(11, '_') },
        { mediaId, episodeId },
      );
  }
}
async function film(letter: string, ids: Record<string, string>) {
  await server.add({ kind: 'movie', title: `Film ${letter}`, ids }, [
    { ...STREAM, videoId: letter.padEnd(11, '_') },
  ]);
}

beforeAll(async () => {
  server = await startAddonServer();
  // Whole series, before the lists: its ids stay what they are.
  await series('A', { imdb: 'tt7000001', tvdb: '601' }, { 0: 2, 1: 4, 2: 4 });
  await series('C', { tvdb: '606' }, { 1: 2, 2: 3 });
  // Known by its TMDB id alone.
  await film('F', { tmdb: '505' });
  // Known by its mal id alone.
  await series('M', { mal: '411' }, { 1: 2 });
  await film('X', { tmdb: '603' });
  await series('B', { tvdb: '81189' }, { 1: 2 });
  for (const text of [FRIBB, ANIME_LIST, MANAMI]) {
    async function* chunks() {
      yield Buffer.from(text);
    }
    await replaceList(server.db, chunks(), { signal: AbortSignal.timeout(60_000) });
  }
}, 120_000);
afterAll(() => server?.close());

const Streams = z.object({ streams: z.array(z.looseObject({ ytId: z.string().optional() })) });
async function played(type: string, id: string): Promise<string[]> {
  const { body } = await server.ask(`/stream/${type}/${encodeURIComponent(id)}.json`);
  return Streams.parse(body).streams.flatMap(({ ytId }) =>
    ytId === undefined ? [] : [ytId.replace(/_+$/, '')],
  );
}

describe('an episode', () => {
  test.each([
    ['kitsu:301:1', 'A-1-1'],
    ['kitsu:301:3', 'A-0-2'],
    ['mal:402:2', 'A-2-2'],
    ['kitsu:303:1', 'A-2-3'],
    ['anilist:203:2', 'A-2-4'],
    ['kitsu:304:1', 'A-0-1'],
    ['kitsu:301:2:1', 'A-2-1'],
    ['kitsu:306:1', 'C-1-1'],
    ['kitsu:306:3', 'C-2-1'],
    ['kitsu:306:4', 'C-2-2'],
    ['mal:411:2', 'M-1-2'],
    ['kitsu:311:2', 'M-1-2'],
    ['tt7000001:2:3', 'A-2-3'],
    ['tmdb:501:1:5', 'A-2-1'],
    ['tmdb:501:1:2', 'A-1-2'],
    ['tvdb:601:2:3', 'A-2-3'],
    ['tvdb:81189:1:2', 'B-1-2'],
  ])('%s is %s', async (id, name) => {
    expect(await played('series', id)).toEqual([name]);
  });

  test.each(['kitsu:301:4', 'kitsu:303:9', 'kitsu:999:1', 'mal:411:3', 'tvdb:601:7:1', 'tmdb:603:1:1'])(
    '%s is nobody’s',
    async (id) => {
      expect(await played('series', id)).toEqual([]);
    },
  );
});

test.each(['tmdb:603', 'tmdb:movie:603'])('a film is found by %s', async (id) => {
  expect(await played('movie', id)).toEqual(['X']);
});

test.each(['kitsu:305', 'mal:405', 'tt7000005', 'tmdb:505'])('an anime film is found by %s', async (id) => {
  expect(await played('movie', id)).toEqual(['F']);
});

test.each(['kitsu:301', 'mal:403', 'tt7000001', 'tvdb:601', 'tmdb:501'])(
  'the page of a series is found by %s',
  async (id) => {
    const meta = metaIn((await server.ask(`/meta/series/${encodeURIComponent(id)}.json`)).body);
    expect(meta).toMatchObject({ id, name: 'Series A' });
    const first = meta.videos?.find((video) => video.season === 2 && video.episode === 1);
    expect(await played('series', first?.id ?? '')).toEqual(['A-2-1']);
  },
);
