import { describe, expect, test } from 'vitest';
import { command } from '../../src/platform/db.ts';
import { streamsIn, subtitlesIn } from '../support/addon-answers.ts';
import type { StreamOf } from '../support/addon-server.ts';
import { addonStreamsRoom } from '../support/addon-streams-room.ts';
import { waitUntil } from '../support/wait-until.ts';

const room = addonStreamsRoom();
const { HTTPS, FILM, file, torrent, add, streamsOf, firstLines } = room;

describe('left out', () => {
  test('are streams that are expired, blocked, switched off, broken or private; then one entry says why', async () => {
    const set = (streamId: number, columns: object) =>
      room.server.db.query(command('test.set')`
        UPDATE stream s SET is_active = n.is_active, is_blocked = n.is_blocked, state = n.state, is_public = n.is_public
        FROM stream o, jsonb_populate_record(o, ${JSON.stringify(columns)}::jsonb) n WHERE s.id = ${streamId} AND o.id = s.id
      `);
    const ids = [];
    for (let n = 0; n < 5; n += 1) ids.push(await add(file(`${n}.mp4`)));
    expect(await streamsOf()).toHaveLength(5);
    const runOut = (inMs: number) =>
      room.server.db.query(
        command(
          'test.expire',
        )`UPDATE stream_http SET expires_at = now() + ${inMs}::integer * interval '1 millisecond'`,
      );
    await runOut(4000);
    const changes = [{ is_blocked: true }, { is_active: false }, { state: 'broken' }, { is_public: false }];
    for (const [n, columns] of changes.entries()) await set(ids[n] ?? 0, columns);
    await room.server.settled();
    expect(await firstLines()).toEqual(['4.mp4']);
    // Told by nobody: what ran out while its offer was kept, and the answer with it.
    await waitUntil(async () => (await firstLines())[0] !== '4.mp4', { what: 'it ran out', timeoutMs: 6000 });
    expect(await streamsOf()).toEqual([
      {
        name: 'Tributary',
        description:
          'ℹ️ Nothing to play right now: the links of this title have expired or cannot be reached.',
        externalUrl: `${room.server.baseUrl}/`,
      },
    ]);
  });

  test('is what comes after the tenth of one sharpness and the 25th in all, or what the settings say', async () => {
    const insert = (resolution: string, count: number) =>
      room.server.db.query(command('test.streams')`
        WITH s AS (INSERT INTO stream (kind, name, resolution) SELECT 'torrent', 'Film', ${resolution} FROM generate_series(1, ${count}) RETURNING id),
          t AS (INSERT INTO stream_torrent (stream_id, info_hash) SELECT id, lpad(to_hex(id), 40, '0') FROM s)
        INSERT INTO stream_media_link (stream_id, media_id) SELECT id, ${room.film} FROM s
      `);
    for (const resolution of ['2160p', '1080p', '720p', '480p']) await insert(resolution, 12);
    await room.server.settled();
    const counted = async () =>
      Object.fromEntries(
        [...Map.groupBy(await streamsOf(), (stream) => stream.name.split('\n')[1])].map(([name, all]) => [
          name,
          all.length,
        ]),
      );
    expect(await counted()).toEqual({ '2160p': 10, '1080p': 10, '720p': 5 });
    await room.server.set({ streamsPerTitle: 7, streamsPerResolution: 2 });
    expect(await counted()).toEqual({ '2160p': 2, '1080p': 2, '720p': 2, '480p': 1 });
    await room.server.set({ streamsPerTitle: null, streamsPerResolution: null });
  });

  test('is a torrent nobody seeds while five others are seeded, unless the settings say otherwise', async () => {
    const names = async () => (await streamsOf()).map((stream) => /👤 (\d+)/.exec(stream.description)?.[1]);
    for (const seeders of [0, 3, 40, 2, 7, 5])
      await add(torrent('Film.1080p.WEB-DL.x264', { seeders, leechers: 1 }));
    await add(torrent('Film.1080p.WEB-DL.x264'));
    await room.server.settled();
    expect(await names()).toEqual(['40', '7', '5', '3', '2', undefined]);
    await room.server.set({ weakTorrents: 'off' });
    expect(await names()).toEqual(['40', '7', '5', '3', '2', '0', undefined]);
    await room.server.set({ weakTorrents: null });
  });

  test('is HEVC where the owner hides it, by the file’s own name first; with nothing else the entry says so', async () => {
    await add(torrent('Film.2160p.x265-GRP'));
    await add(file('Film.1080p.HEVC.mkv'));
    await add(torrent('Film.1080p.x264-GRP'));
    await add(file('Film.720p.mkv', { codec: 'h265' }));
    const pack = torrent('Films.480p.x265', {
      files: [
        { index: 0, name: 'Films/Film.480p.x264.mkv' },
        { index: 1, name: 'Films/Other.480p.mkv' },
      ],
    });
    await room.server.addStream(pack, { mediaId: room.film, fileIndex: 0 });
    const other = await room.server.add({ kind: 'movie', title: 'Other', ids: { imdb: 'tt0000065' } });
    await room.server.addStream(pack, { mediaId: other, fileIndex: 1 });
    expect(await firstLines()).toHaveLength(5);
    await room.server.set({ hevc: 'hide' });
    expect(await firstLines()).toEqual(['Film.1080p.x264-GRP', 'Film.480p.x264.mkv']);
    const { body } = await room.server.ask('/stream/movie/tt0000065.json');
    expect(streamsIn(body)).toEqual([
      expect.objectContaining({ description: expect.stringContaining('HEVC, which this server hides') }),
    ]);
    await room.server.set({ hevc: null });
    expect(await firstLines()).toHaveLength(5);
  });
});

describe('the order', () => {
  test('is what plays here, the sharper first, and of equally sharp ones the nearest', async () => {
    for (const stream of [
      { kind: 'youtube', videoId: 'aqz-KE-bpKQ', name: 'YouTube 2160p' },
      { kind: 'external', url: 'https://watch.example/4k', name: 'Elsewhere 2160p' },
      torrent('Swarm 1080p BluRay REMUX'),
      file('Web 720p.mp4'),
      file('Web 1080p.mp4'),
      file('Filmed 1080p CAM.mp4'),
      { kind: 'local', file: 'starter/a.mp4', name: 'Here 1080p.mp4' },
      torrent('Swarm 2160p'),
      torrent('Swarm of no known sharpness'),
    ] satisfies StreamOf[])
      await add(stream);
    expect(await firstLines()).toEqual([
      'Swarm 2160p',
      'Here 1080p.mp4',
      'Web 1080p.mp4',
      'Swarm 1080p BluRay REMUX',
      'Filmed 1080p CAM.mp4',
      'Web 720p.mp4',
      'Swarm of no known sharpness',
      'YouTube 2160p',
      'Elsewhere 2160p',
    ]);
  });

  test('promises no sharpness of YouTube, which decides that itself', async () => {
    await add({ kind: 'youtube', videoId: 'aqz-KE-bpKQ', name: 'Film in 2160p HDR' });
    expect((await streamsOf())[0]?.name).toBe('Tributary ▶️\nYouTube');
  });
});

describe('the words', () => {
  test('are two lines on the left and short ones on the right, with the author of an open film', async () => {
    await add(
      file('Film.2008.2160p.BluRay.REMUX.HEVC.DV.HDR10.TrueHD.Atmos.7.1-GRP.mkv', {
        sizeBytes: 61_234_567_890,
        languages: ['en', 'de', 'fr', 'es', 'it', 'ja'],
        subtitleLanguages: ['en', 'nl'],
        licence: { code: 'CC-BY-SA-4.0', attribution: `Its\nmakers ${'and others '.repeat(40)}` },
      }),
    );
    const [stream] = await streamsOf();
    const [title, about] = stream?.name.split('\n') ?? [];
    expect(title).toBe('Tributary 🌐');
    expect(about).toMatch(/^2160p (DV HDR10|HDR10 DV)$/);
    const lines = stream?.description.split('\n') ?? [];
    expect(lines).toEqual([
      'Film.2008.2160p.BluRay.REMUX.HEVC.DV.HDR10.TrueHD.Atmos.7.1-GRP.mkv',
      expect.stringMatching(/^🎞️ BluRay REMUX · HEVC {2}🔊 .*Atmos.* · 7\.1$/),
      '📦 61 GB',
      '🎙️ German · English · Spanish · +3  💬 English · Dutch',
      expect.stringMatching(/^📜 CC BY-SA 4\.0 — Its makers and others .*…$/),
    ]);
    expect(lines.every((line) => [...line].length <= 120)).toBe(true);
  });

  test('keep silent about the licence of what is not open', async () => {
    await add(file('a.mp4'));
    await add(file('b.mp4', { licence: { code: 'OWNED', attribution: 'The household' } }));
    for (const { description } of await streamsOf()) expect(description).not.toMatch(/📜|household|Owned/);
  });
});

describe('web players', () => {
  test('are told what they cannot play as it is: all but MP4 and WebM over https', async () => {
    for (const name of ['a.mp4', 'b.webm', 'c.mkv', 'd.mov', 'e.m3u8']) await add(file(name));
    await add(torrent('f.mkv'));
    await add({ kind: 'youtube', videoId: 'aqz-KE-bpKQ' });
    const notReady = async (headers: Record<string, string>) =>
      (await streamsOf(FILM, headers))
        .filter((stream) => stream.behaviorHints?.notWebReady === true)
        .map((stream) => stream.behaviorHints?.filename)
        .sort();
    expect(await notReady(HTTPS)).toEqual(['c.mkv', 'd.mov', 'e.m3u8']);
    expect(await notReady({})).toEqual(['a.mp4', 'b.webm', 'c.mkv', 'd.mov', 'e.m3u8']);
    expect((await streamsOf(FILM, HTTPS))[0]?.url).toMatch(/^https:\/\/films\.example\/play\//);
  });

  test('get a name with an ending that fits when it has none, in the link and beside it', async () => {
    await add({ kind: 'http', url: 'https://files.example/film.webm', name: 'Film, 720p WebM' });
    const [stream] = await streamsOf();
    expect(stream?.behaviorHints?.filename).toBe('Film, 720p WebM.webm');
    expect(stream?.url).toMatch(/\/Film%2C%20720p%20WebM\.webm$/);
  });
});

describe('subtitles', () => {
  const subtitlesOf = async (extra = '') =>
    subtitlesIn((await room.server.ask(`/subtitles/movie/${FILM}${extra}.json`)).body);
  /** Of our own links: which stored subtitle they lead to. */
  const storedIdOf = (url: string) => {
    const [, token = ''] = /\/play\/subtitles\/([\w-]+)\.vtt$/.exec(url) ?? [];
    return room.server.subtitleLinks.open(token)?.subtitleId;
  };

  test('come with their stream and by themselves, absolute, in the codes Stremio has', async () => {
    await add(
      file('a.mp4', {
        subtitles: [
          { url: 'asset:starter/clip.en.vtt', language: 'en' },
          { url: 'https://files.example/a pt.srt', language: 'pt-BR' },
          { url: 'https://files.example/unknown.srt' },
        ],
      }),
    );
    // As scans of sources find them beside a film.
    await room.server.db.query(command('test.beside')`
      INSERT INTO stream_subtitle (stream_id, path, language)
      SELECT stream_id, 'ftpes://nas.example/a.srt', 'de' FROM stream_subtitle LIMIT 1
    `);
    await room.server.settled();
    const ours = expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/play\/subtitles\/[\w-]{60,200}\.vtt$/);
    const expected = [
      { id: 'tributary-1', url: `${room.server.baseUrl}/assets/starter/clip.en.vtt`, lang: 'eng' },
      { id: 'tributary-2', url: ours, lang: 'pob' },
      { id: 'tributary-3', url: ours, lang: 'und' },
      { id: 'tributary-4', url: ours, lang: 'ger' },
    ];
    const subtitles = await subtitlesOf();
    expect(subtitles).toEqual(expected);
    expect((await streamsOf())[0]?.subtitles).toEqual(expected);
    expect(subtitles.map(({ url }) => storedIdOf(url))).toEqual([undefined, 2, 3, 4]);
    expect((await fetch(subtitles[0]?.url ?? '')).status).toBe(200);
  });

  test('of the file that plays come first, by its name or its size, and each file comes once', async () => {
    const shared = { url: 'https://files.example/shared.srt', language: 'en' };
    await add(
      file('big.mkv', {
        sizeBytes: 900,
        resolution: '1080p',
        subtitles: [{ url: 'https://files.example/big.srt' }, shared],
      }),
    );
    await add({
      kind: 'http',
      url: 'https://files.example/small.mp4',
      name: 'small',
      sizeBytes: 100,
      subtitles: [shared, { url: 'https://files.example/small.srt' }],
    });
    const urls = async (extra: string) =>
      (await subtitlesOf(extra)).map((subtitle: { url: string }) => storedIdOf(subtitle.url));
    // 1: big.srt, 2 and 3: shared.srt of either, 4: small.srt
    expect(await urls('')).toEqual([1, 2, 4]);
    for (const extra of [
      '/filename=small.mp4',
      '/videoSize=100',
      '/videoHash=0&videoSize=100&filename=x.mp4',
    ])
      expect(await urls(extra)).toEqual([3, 4, 1]);
  });

  test('that are stored badly are left out and counted, the stream stays', async () => {
    const streamId = await add(file('a.mp4', { subtitles: [{ url: 'https://files.example/a.srt' }] }));
    await room.server.db.query(command('test.bad_path')`
      INSERT INTO stream_subtitle (stream_id, path) VALUES (${streamId}, 'subs/relative.srt')
    `);
    await room.server.settled();
    expect((await streamsOf())[0]?.subtitles).toMatchObject([{ id: 'tributary-1' }]);
    expect(await subtitlesOf()).toHaveLength(1);
    expect(await room.server.dropped()).toEqual({ 'subtitles url': 2 });
  });
});
