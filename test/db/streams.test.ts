import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ensureEpisodes, TitleInput, upsertTitle } from '../../src/features/media/index.ts';
import { prepareStream, StreamInput, saveStreams } from '../../src/features/stream-index/index.ts';
import { command, rows } from '../../src/platform/db.ts';
import { storedStreamsRoom } from '../support/stored-streams-room.ts';

const room = storedStreamsRoom();
const { db, deps, hash, uniqueUrl, save, offers, numberOf, codeOf } = room;

describe('saving', () => {
  test('what nobody said is read from the name, what was said wins', async () => {
    const name = 'Film.2008.2160p.WEB-DL.DDP5.1.DV.HDR10.HEVC.German.English-GRP.mkv';
    await save({ kind: 'http', url: uniqueUrl(), name });
    await save({
      kind: 'http',
      url: uniqueUrl(),
      name,
      resolution: '4K',
      codec: 'x264',
      languages: ['en'],
      hdr: true,
    });
    const [said, read] = await offers().then((found) => found.sort((a, b) => b.streamId - a.streamId));
    expect(read).toMatchObject({
      resolution: '2160p',
      quality: 'WEB-DL',
      codec: 'HEVC',
      channels: ['5.1'],
      hdrFormats: expect.arrayContaining(['DV', 'HDR10']),
      releaseGroup: 'GRP',
      languages: ['de', 'en'],
    });
    expect(said).toMatchObject({ resolution: '2160p', codec: 'AVC', languages: ['en'], hdrFormats: ['HDR'] });
  });

  test('the same bytes again are the same stream, told anew and seen anew', async () => {
    const input = { kind: 'torrent' as const, infoHash: hash(), name: 'Film.2008.1080p.mkv' };
    const first = await save(input);
    expect(first).toMatchObject({ isNew: true });
    await db().query(command('test.age')`UPDATE stream SET last_seen_at = '2020-01-01'`);
    expect(await save({ ...input, infoHash: input.infoHash.toUpperCase(), codec: 'HEVC' })).toEqual({
      ...first,
      isNew: false,
    });
    const [row] = await db().any(rows(
      'test.seen',
      z.object({ codec: z.string(), resolution: z.string(), isRecent: z.boolean() }),
    )`
      SELECT codec, resolution, last_seen_at > now() - interval '1 minute' AS "isRecent" FROM stream
    `);
    expect(row).toEqual({ codec: 'HEVC', resolution: '1080p', isRecent: true });
  });

  test('one torrent holds three films, each offered with its own file, 0 among them (X2)', async () => {
    const second = await upsertTitle(db(), TitleInput.parse({ kind: 'movie', title: 'Film 2' }));
    const third = await upsertTitle(db(), TitleInput.parse({ kind: 'movie', title: 'Film 3' }));
    const pack = {
      kind: 'torrent' as const,
      infoHash: hash(),
      name: 'Trilogy',
      files: [0, 1, 2].map((index) => ({ index, name: `Film ${index + 1}.mkv`, sizeBytes: 100 + index })),
    };
    const places = [room.film, second.mediaId, third.mediaId];
    for (const [fileIndex, mediaId] of places.entries()) await save(pack, { mediaId, fileIndex });
    for (const [fileIndex, mediaId] of places.entries()) {
      expect(await offers({ mediaId })).toMatchObject([
        { fileIndex, fileName: `Film ${fileIndex + 1}.mkv`, sizeBytes: 100 + fileIndex },
      ]);
    }
    expect(
      await numberOf(
        db().oneFirst(
          rows('test.count', z.object({ n: z.int() }))`SELECT count(*)::integer AS n FROM stream`,
        ),
      ),
    ).toBe(1);
  });

  test('streams of one batch with the same bytes are one stream with many links', async () => {
    const infoHash = hash();
    const episodes = await ensureEpisodes(
      db(),
      [1, 2, 3].map((episode) => ({ mediaId: room.series, season: 1, episode })),
    );
    const prepared = episodes.map(({ episodeId }, fileIndex) => ({
      ...prepareStream(deps(), StreamInput.parse({ kind: 'torrent', infoHash, name: 'Show.S01.1080p' })),
      described: null,
      links: [{ mediaId: room.series, episodeId, fileIndex }],
    }));
    const saved = await saveStreams(deps(), prepared, { isSeen: false });
    expect(new Set(saved.map((stream) => stream.streamId)).size).toBe(1);
    for (const [fileIndex, { episodeId }] of episodes.entries()) {
      expect(await offers({ mediaId: room.series, episodeId })).toMatchObject([{ fileIndex }]);
    }
    expect(await offers({ mediaId: room.series })).toEqual([]);
  });

  test('the same languages spoken and written, and subtitles, are kept with the stream (C22)', async () => {
    await save({
      kind: 'http',
      url: uniqueUrl(),
      languages: ['en-US', 'pt-BR'],
      subtitleLanguages: ['en'],
      subtitles: [
        { url: 'asset:starter/clip.en.vtt', language: 'en' },
        { url: 'https://files.example/es.srt', language: 'es' },
      ],
    });
    expect(await offers()).toMatchObject([
      {
        languages: ['en', 'pt-BR'],
        subtitleLanguages: ['en', 'es'],
        subtitles: [
          { path: 'asset:starter/clip.en.vtt', language: 'en' },
          { path: 'https://files.example/es.srt', language: 'es' },
        ],
      },
    ]);
  });

  test('spoken languages that are said again replace the stored ones, those of a name do not', async () => {
    const url = uniqueUrl();
    await save({ kind: 'http', url, name: 'Film.2008.German.1080p.mkv' });
    await save({ kind: 'http', url, name: 'Film.2008.French.1080p.mkv' });
    expect(await offers()).toMatchObject([{ languages: ['de'] }]);
    await save({ kind: 'http', url, languages: ['it', 'es'] });
    expect(await offers()).toMatchObject([{ languages: ['es', 'it'] }]);
  });

  test('trackers of a torrent have a row at once, in one spelling, without a passkey in it', async () => {
    const magnet = new URLSearchParams([
      ['tr', 'UDP://Tracker.Example:1337'],
      ['tr', 'udp://tracker.example:1337/announce'],
      ['tr', 'https://private.example/0123456789abcdef0123456789abcdef/announce'],
      ['tr', 'not a url'],
    ]);
    const { streamId } = await save({ kind: 'torrent', url: `magnet:?xt=urn:btih:${hash()}&${magnet}` });
    const found = await db().any(rows(
      'test.trackers',
      z.object({ url: z.string(), status: z.string(), streamId: z.int() }),
    )`
      SELECT t.url, t.status, tt.stream_id AS "streamId" FROM tracker t JOIN torrent_tracker tt ON tt.tracker_id = t.id
    `);
    expect(found).toEqual([{ url: 'udp://tracker.example:1337/announce', status: 'unknown', streamId }]);
  });

  test('an unknown licence is refused in words and nothing is written', async () => {
    const attempt = save({ kind: 'http', url: uniqueUrl(), licence: { code: 'WTFPL' } });
    await expect(attempt).rejects.toThrow(/licence WTFPL is not known here. Known are: .*CC-BY-3.0/);
    expect(await offers()).toEqual([]);
  });

  test('a kind that is not supported, and input that is not of its kind, are refused', async () => {
    expect(StreamInput.safeParse({ kind: 'gopher', url: 'gopher://files.example/f.mkv' }).success).toBe(
      false,
    );
    expect(await codeOf(save({ kind: 'http', url: 'nonsense' }))).toBe('request.invalid');
  });

  test('two savers of the same new torrent at once make one stream', async () => {
    const input = { kind: 'torrent' as const, infoHash: hash(), name: 'Film' };
    const saved = await Promise.all([save(input), save(input), save(input)]);
    expect(new Set(saved.map((stream) => stream.streamId)).size).toBe(1);
    expect(saved.filter((stream) => stream.isNew)).toHaveLength(1);
  });
});
