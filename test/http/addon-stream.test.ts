import { describe, expect, test } from 'vitest';
import { type AddonStream, streamsIn } from '../support/addon-answers.ts';
import type { StreamOf } from '../support/addon-server.ts';
import { addonStreamsRoom } from '../support/addon-streams-room.ts';

const room = addonStreamsRoom();
const { FILM, SHOW, hash, file, torrent, add, streamsOf } = room;

describe('each kind', () => {
  test('is reached by the one field a player knows it by (X4)', async () => {
    const infoHash = hash();
    for (const stream of [
      { kind: 'external', url: 'https://watch.example/film', name: 'Elsewhere' },
      { kind: 'telegram', chat: 'films', messageId: 5, name: 'Message' },
      { kind: 'usenet', guid: 'a-post', name: 'Post' },
      { kind: 'youtube', videoId: 'aqz-KE-bpKQ', name: 'Video 2160p' },
      { kind: 'torrent', infoHash, name: 'Swarm.mkv', trackers: ['udp://tracker.example:1337/announce'] },
      { kind: 'http', url: 'https://files.example/film.mkv', name: 'File.mkv' },
      { kind: 'local', file: 'starter/film.mp4', name: 'Here.mp4' },
    ] satisfies StreamOf[])
      await add(stream);
    const streams = await streamsOf();
    expect(
      streams.map(({ url, infoHash: swarm, ytId, externalUrl }) => [
        url?.replace(/\/play\/.*\//, '/play/…/'),
        swarm,
        ytId,
        externalUrl,
      ]),
    ).toEqual([
      [`${room.server.baseUrl}/play/…/Here.mp4`, undefined, undefined, undefined],
      [`${room.server.baseUrl}/play/…/File.mkv`, undefined, undefined, undefined],
      [undefined, infoHash, undefined, undefined],
      [undefined, undefined, 'aqz-KE-bpKQ', undefined],
      [undefined, undefined, undefined, 'https://watch.example/film'],
      [undefined, undefined, undefined, 'https://t.me/films/5'],
      [undefined, undefined, undefined, `${room.server.baseUrl}/`],
    ]);
    expect(streams[2]).toMatchObject({
      sources: ['tracker:udp://tracker.example:1337/announce', `dht:${infoHash}`],
    });
    expect(streams[2]).not.toHaveProperty('fileIdx');
    expect(streams.map((stream) => stream.name)).toEqual([
      'Tributary 📁',
      'Tributary 🌐',
      'Tributary 🧲',
      'Tributary ▶️\nYouTube',
      'Tributary 🔗',
      'Tributary 📱',
      'Tributary 📰',
    ]);
    expect(streams[4]?.description).toBe('Elsewhere\n↗️ Opens outside the player');
    expect(streams[6]?.description).toBe('Post\nℹ️ No Usenet provider is configured (USENET_PROVIDERS).');
    expect(await room.server.dropped()).toEqual({});
  });

  test('opens by a link that says what it is of, and for whom', async () => {
    const streamId = await add(file('File.mkv'));
    const [, resource = '', token = ''] =
      /\/play\/([^/]+)\/([^/]+)\//.exec((await streamsOf())[0]?.url ?? '') ?? [];
    const link = room.server.links.open(token, resource);
    expect(link).toMatchObject({
      streamId,
      mediaId: room.film,
      kind: 'http',
      fileIndex: null,
      filename: 'File.mkv',
      subject: 'public',
    });
    const hours = ((link?.expiresAt ?? 0) - Date.now() / 1000) / 3600;
    expect(hours).toBeGreaterThan(23.9);
    expect(hours).toBeLessThanOrEqual(24);
  });

  test('a private torrent is not announced to the DHT', async () => {
    await add(
      torrent('Private', {
        isPrivate: true,
        trackers: ['https://tracker.example/0123456789abcdef/announce'],
      }),
    );
    const [stream] = await streamsOf();
    expect(stream?.sources?.filter((source) => source.startsWith('dht:'))).toEqual([]);
  });
});

describe('one torrent', () => {
  test('with three films offers each film its own file, the first among them (X2)', async () => {
    const pack = torrent('Trilogy', {
      files: [0, 1, 2].map((index) => ({
        index,
        name: `Trilogy/Film ${index + 1}.mkv`,
        sizeBytes: 100 + index,
      })),
    });
    const ids = [FILM, 'tt0000063', 'tt0000064'];
    for (const [fileIndex, imdb] of ids.entries()) {
      const mediaId =
        imdb === FILM ? room.film : await room.server.add({ kind: 'movie', title: imdb, ids: { imdb } });
      await room.server.addStream(pack, { mediaId, fileIndex });
    }
    for (const [fileIdx, id] of ids.entries()) {
      const { body } = await room.server.ask(`/stream/movie/${id}.json`);
      expect(streamsIn(body)).toMatchObject([
        {
          infoHash: pack.infoHash,
          fileIdx,
          description: `Film ${fileIdx + 1}.mkv\n📦 ${100 + fileIdx} B`,
          behaviorHints: { filename: `Film ${fileIdx + 1}.mkv`, videoSize: 100 + fileIdx },
        },
      ]);
    }
  });

  test('of a season offers each episode its own file, and nothing to an episode it has not', async () => {
    const pack = torrent('Show.S01.1080p.BluRay.x265-GRP', {
      files: [0, 1].map((index) => ({ index, name: `Show.S01/Show.S01E0${index + 1}.mkv` })),
    });
    for (const fileIndex of [0, 1])
      await room.server.addStream(pack, {
        mediaId: room.show,
        episodeId: room.episodes[fileIndex],
        fileIndex,
      });
    expect(await streamsOf(`${SHOW}:1:1`)).toMatchObject([
      { fileIdx: 0, behaviorHints: { filename: 'Show.S01E01.mkv' } },
    ]);
    expect(await streamsOf(`${SHOW}:1:2`)).toMatchObject([
      { fileIdx: 1, behaviorHints: { filename: 'Show.S01E02.mkv' } },
    ]);
    expect(await streamsOf(`${SHOW}:1:3`)).toEqual([
      expect.objectContaining({ description: expect.stringContaining('no link of this episode is known') }),
    ]);
    expect(await streamsOf(`${SHOW}:1:4`)).toEqual([]);
    expect(await streamsOf(`${SHOW}:2:1`)).toEqual([]);
  });
});

describe('an episode', () => {
  test('offers its own streams only, each with the group its next episode has too', async () => {
    for (const [n, episodeId] of room.episodes.entries())
      for (const name of [
        `Show.S01E0${n + 1}.1080p.WEB-DL.H.264-GRP.mkv`,
        `Show.S01E0${n + 1}.720p.WEB-DL.H.264-GRP.mkv`,
      ])
        await room.server.addStream(torrent(name), { mediaId: room.show, episodeId });
    const [first, second] = [await streamsOf(`${SHOW}:1:1`), await streamsOf(`${SHOW}:1:2`)];
    expect(second.map((stream) => stream.behaviorHints?.filename)).toEqual([
      'Show.S01E02.1080p.WEB-DL.H.264-GRP.mkv',
      'Show.S01E02.720p.WEB-DL.H.264-GRP.mkv',
    ]);
    const groups = (streams: AddonStream[]) => streams.map((stream) => stream.behaviorHints?.bingeGroup);
    expect(groups(first)).toEqual(groups(second));
    expect(new Set(groups(first)).size).toBe(2);
  });

  test('has a link that counts for it', async () => {
    await room.server.addStream(file('Show.S01E02.mkv'), { mediaId: room.show, episodeId: room.episodes[1] });
    const [stream] = await streamsOf(`${SHOW}:1:2`);
    const token = stream?.url?.split('/').at(-2) ?? '';
    expect(room.server.links.open(token)).toMatchObject({ mediaId: room.show, episodeId: room.episodes[1] });
  });

  test('that this server reads is a play link to the very file, and says nothing of the swarm', async () => {
    await room.server.set({ torrentPlayer: 'server' });
    const pack = torrent('Show.S01.1080p.BluRay.x265-GRP', {
      files: [0, 1].map((index) => ({
        index,
        name: `Show.S01/Show.S01E0${index + 1}.mkv`,
        sizeBytes: 100 + index,
      })),
    });
    await room.server.addStream(pack, { mediaId: room.show, episodeId: room.episodes[1], fileIndex: 1 });
    const found = await streamsOf(`${SHOW}:1:2`);
    await room.server.set({ torrentPlayer: 'client' });
    expect(found).toEqual([
      expect.objectContaining({
        url: expect.stringMatching(/\/play\/[\w-]{22}\/[\w-]+\/Show\.S01E02\.mkv$/),
        behaviorHints: expect.objectContaining({
          ...{ filename: 'Show.S01E02.mkv', videoSize: 101, notWebReady: true },
        }),
      }),
    ]);
    expect(JSON.stringify(found)).not.toContain(pack.infoHash);
    const token = found[0]?.url?.split('/').at(-2) ?? '';
    expect(room.server.links.open(token)).toMatchObject({ kind: 'torrent', fileIndex: 1 });
  });
});
