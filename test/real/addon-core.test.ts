import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { command, rows } from '../../src/platform/db.ts';
import { streamsIn } from '../support/addon-answers.ts';
import { type AddonServer, type StreamOf, startAddonServer } from '../support/addon-server.ts';
import { type StremioCore, withStremioCore } from '../support/real/stremio-core.ts';

// Everything the add-on can say, heard by the real stremio-core: it drops in silence what it does not accept, so what
// it shows is counted against what we sent.

const FILM = 'tt0000081';
const SHOW = 'tt0000082';
const HASH = 'dd8255ecdc7ca55fb0bbf81323d87062db1f6d1c';

let server: AddonServer;
beforeAll(async () => {
  server = await startAddonServer({ PUBLIC_CATALOG: 'all' });
  await server.set({ torrentPlayer: 'client' });
  const streams: StreamOf[] = [
    { kind: 'local', file: 'starter/clip.mp4', name: 'clip.mp4', sizeBytes: 5 },
    {
      kind: 'http',
      url: 'https://files.example/a.mkv',
      name: 'Ünï "quoted" & 映画 🎬\u202e.mkv',
      subtitles: [{ url: 'https://files.example/a b.srt', language: 'pt-BR' }],
    },
    { kind: 'torrent', infoHash: HASH, name: 'Swarm', trackers: ['udp://tracker.example:1337/announce'] },
    { kind: 'youtube', videoId: 'aqz-KE-bpKQ', name: 'Video' },
    { kind: 'external', url: 'netflix:/watch/1', name: 'App' },
    { kind: 'external', url: 'https://watch.example/a b?c=[d]', name: 'Page' },
    { kind: 'telegram', chat: 'films', messageId: 5, name: 'Message' },
    { kind: 'usenet', guid: 'a-post', name: 'Post' },
  ];
  await server.add(
    {
      kind: 'movie',
      ids: { imdb: FILM },
      title: 'Lock & Weir',
      rating: 8,
      genres: ['Sci-Fi & Fantasy'],
      images: [{ type: 'poster', url: 'asset:starter/clip-poster.jpg' }],
      trailer: { youtube: 'aqz-KE-bpKQ' },
      cast: [{ name: 'Ann "A" O’Tor & Co' }],
    },
    streams,
  );
  await server.add({ kind: 'movie', ids: { imdb: 'tt0000083' }, title: 'Lock without streams' });
  const show = await server.add({
    kind: 'series',
    ids: { imdb: SHOW },
    title: 'Locks',
    seasons: [
      { number: 0, episodes: [{ number: 0, title: 'Before' }] },
      { number: 1, episodes: [{ number: 1, airDate: '2013-02-10' }, { number: 2 }] },
    ],
  });
  await server.addStream(
    { kind: 'http', url: 'https://files.example/s1e2.mp4' },
    { mediaId: show, episodeId: await episodeId() },
  );
  await server.db.query(command('test.lists')`
    WITH c AS (INSERT INTO catalog (slug, name, in_manifest) VALUES ('ours', 'Ours', true) RETURNING id)
    INSERT INTO catalog_item (catalog_id, media_id) SELECT c.id, m.id FROM c, media m
  `);
  await server.settled();
});
afterAll(() => server?.close());

async function episodeId(): Promise<number> {
  return await server.db.oneFirst(
    rows('test.episode', z.object({ id: z.int() }))`SELECT id FROM episode WHERE number = 2`,
  );
}

function withAddon<T>(use: (core: StremioCore) => Promise<T>): Promise<T> {
  return withStremioCore(async (core) => {
    await core.installAddon(`${server.baseUrl}/manifest.json`);
    return await use(core);
  });
}

describe('stremio-core', () => {
  test('shows every title of the board, of a genre and of a search, and no row for the search', async () => {
    await withAddon(async (core) => {
      const board = await core.board();
      const shown = board
        .filter((row) => row.items.length > 0)
        .map((row) => `${row.name} ${row.type} ${row.items.length}`);
      expect(shown.sort()).toEqual(
        [
          'New movie 2',
          'New series 1',
          'Ours movie 2',
          'Ours series 1',
          'Popular movie 2',
          'Popular series 1',
        ].sort(),
      );
      expect(board.map((row) => row.id)).not.toContain('search');
      const page = await core.discover('movie', 'popular', { genre: 'Sci-Fi & Fantasy' });
      expect(page.items.map((item) => item.name)).toEqual(['Lock & Weir']);
      const found = await core.search('lock & w');
      expect(found.flatMap((row) => row.items.map((item) => item.name))).toContain('Lock & Weir');
    });
  });

  test('finds a misspelt title', async () => {
    await withAddon(async (core) => {
      const named = async (text: string) =>
        (await core.search(text)).flatMap((row) => row.items.map((item) => item.name));
      // A letter left out, two swapped, one too many; what is no title's name finds none.
      for (const text of ['lok & weir', 'lock & wier', 'lockk weirr'])
        expect(await named(text), text).toEqual(['Lock & Weir']);
      expect(await named('qqxzzt')).toEqual([]);
    });
  });

  test('takes every stream of a film, in our order, each as what it is', async () => {
    const sent = streamsIn((await server.ask(`/stream/movie/${FILM}.json`)).body);
    expect(sent).toHaveLength(8);
    await withAddon(async (core) => {
      const { meta, streams } = await core.metaDetails('movie', FILM);
      expect(meta.poster).toBe(`${server.baseUrl}/assets/starter/clip-poster.jpg`);
      expect(streams.map((stream) => stream.name)).toEqual(sent.map((stream) => stream.name));
      expect(streams.map((stream) => stream.description)).toEqual(sent.map((stream) => stream.description));
      expect(streams[2]).toMatchObject({ infoHash: HASH });
      expect(streams[3]).toMatchObject({ ytId: 'aqz-KE-bpKQ' });
      const [, second] = streams;
      if (second === undefined) throw new Error('no second stream');
      const subtitles = await core.playerSubtitles({ type: 'movie', id: FILM, stream: second });
      expect(subtitles.map(({ lang }) => lang)).toContain('pob');
    });
    expect(await server.dropped()).toEqual({});
  });

  test('takes every episode, dated or not, and the one explanation where there is nothing to play', async () => {
    await withAddon(async (core) => {
      const { meta, streams } = await core.metaDetails('series', SHOW, `${SHOW}:1:2`);
      expect(meta.videos.map((video) => video.id).sort()).toEqual([
        `${SHOW}:0:0`,
        `${SHOW}:1:1`,
        `${SHOW}:1:2`,
      ]);
      expect(streams).toHaveLength(1);
      const first = await core.metaDetails('series', SHOW, `${SHOW}:1:1`);
      expect(first.streams).toMatchObject([
        { externalUrl: `${server.baseUrl}/`, description: expect.stringMatching(/^ℹ️ /) },
      ]);
    });
  });
});
