import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ensureEpisodes, TitleInput, upsertTitle } from '../../src/features/media/index.ts';
import { explainStream } from '../../src/features/stream-index/explain.ts';
import {
  countPlay,
  dropOrphanStreams,
  expireStreams,
  forgetOldPlays,
  isPlayable,
  type LinkTarget,
  offersFor,
  prepareStream,
  StreamInput,
  saveStream,
  saveStreams,
} from '../../src/features/stream-index/index.ts';
import { AppError } from '../../src/kit/errors.ts';
import { command, rows } from '../../src/platform/db.ts';
import { createKinds, type Kinds } from '../../src/streams/registry.ts';
import { openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';

let ground: TestKindDeps;
let kinds: Kinds;
let film: number;
let series: number;
const db = () => ground.deps.db;
const deps = () => ({ db: db(), kinds });

beforeAll(async () => {
  ground = await openKindDeps();
  kinds = createKinds(ground.deps);
});
beforeEach(async () => {
  await db().query(command('test.empty')`TRUNCATE media, stream, tracker, language RESTART IDENTITY CASCADE`);
  film = (await upsertTitle(db(), TitleInput.parse({ kind: 'movie', title: 'Film', year: 2008 }))).mediaId;
  series = (await upsertTitle(db(), TitleInput.parse({ kind: 'series', title: 'Show' }))).mediaId;
});
afterAll(async () => {
  await kinds.close();
  await ground.close();
});

const hash = () => randomBytes(20).toString('hex');
const uniqueUrl = () => `https://files.example/${randomBytes(8).toString('hex')}/film.mkv`;

function save(input: z.input<typeof StreamInput>, link: Partial<LinkTarget> = {}, isSeen = true) {
  return saveStream(deps(), StreamInput.parse(input), { mediaId: film, ...link }, { isSeen });
}
const offers = (more: Partial<Parameters<typeof offersFor>[1]> = {}) =>
  offersFor(db(), { mediaId: film, episodeId: null, only: 'all', ...more });
const set = (streamId: number, columns: object) =>
  db().query(command('test.set')`
    UPDATE stream s SET is_active = n.is_active, is_blocked = n.is_blocked, state = n.state, is_public = n.is_public, score = n.score
    FROM stream o, jsonb_populate_record(o, ${JSON.stringify(columns)}::jsonb) n WHERE s.id = ${streamId} AND o.id = s.id
  `);
const numberOf = (work: Promise<unknown>) => work.then(Number);
async function codeOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  return error instanceof AppError ? error.code : String(error);
}

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
    const places = [film, second.mediaId, third.mediaId];
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
      [1, 2, 3].map((episode) => ({ mediaId: series, season: 1, episode })),
    );
    const prepared = episodes.map(({ episodeId }, fileIndex) => ({
      ...prepareStream(deps(), StreamInput.parse({ kind: 'torrent', infoHash, name: 'Show.S01.1080p' })),
      described: null,
      links: [{ mediaId: series, episodeId, fileIndex }],
    }));
    const saved = await saveStreams(deps(), prepared, { isSeen: false });
    expect(new Set(saved.map((stream) => stream.streamId)).size).toBe(1);
    for (const [fileIndex, { episodeId }] of episodes.entries()) {
      expect(await offers({ mediaId: series, episodeId })).toMatchObject([{ fileIndex }]);
    }
    expect(await offers({ mediaId: series })).toEqual([]);
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
    expect(await codeOf(save({ kind: 'ftp', url: 'ftp://files.example/f.mkv' }))).toBe(
      'streams.unknown_kind',
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

describe('offers', () => {
  test('are ordered by resolution and source, then verified links, score and size', async () => {
    const add = async (name: string, more: object = {}, link: Partial<LinkTarget> = {}) =>
      (await save({ kind: 'http', url: uniqueUrl(), name, ...more }, link)).streamId;
    const small = await add('a 1080p WEB-DL', { sizeBytes: 10 });
    const hd = await add('b 720p BluRay');
    const uhd = await add('c 2160p WEBRip');
    const large = await add('d 1080p WEB-DL', { sizeBytes: 20 });
    const verified = await add('e 1080p WEB-DL', { sizeBytes: 1 }, { isVerified: true });
    const bluray = await add('f 1080p BluRay');
    const scored = await add('g 1080p WEB-DL');
    await set(scored, { score: 9.3 });
    const found = await offers();
    expect(found.map((offer) => offer.streamId)).toEqual([uhd, bluray, verified, scored, large, small, hd]);
    expect(found.map((offer) => offer.rank)).toEqual([55, 48, 46, 46, 46, 46, 38]);
  });

  test.each([
    ['switched off', { is_active: false }],
    ['blocked', { is_blocked: true }],
    ['broken', { state: 'broken' }],
    ['private', { is_public: false }],
  ])('leave out a stream that is %s', async (_name, columns) => {
    const { streamId } = await save({ kind: 'http', url: uniqueUrl() });
    expect(await offers()).toHaveLength(1);
    await set(streamId, columns);
    expect(await offers()).toEqual([]);
  });

  test('leave out what has expired, also before the hourly job has seen it', async () => {
    await save({ kind: 'http', url: uniqueUrl(), expiresAt: new Date(Date.now() + 60_000).toISOString() });
    const { streamId } = await save({ kind: 'http', url: uniqueUrl(), expiresAt: '2020-01-01T00:00:00Z' });
    expect(await offers()).toHaveLength(1);
    expect(await isPlayable(db(), streamId)).toBe(true);
    expect(await expireStreams(db())).toBe(1);
    expect(await isPlayable(db(), streamId)).toBe(false);
    expect(await expireStreams(db())).toBe(0);
  });

  test('to everyone hold only openly licensed streams that cost the owner nothing', async () => {
    const open = { code: 'CC-BY-3.0', attribution: 'Someone' };
    const wanted = await save({ kind: 'http', url: uniqueUrl(), licence: open });
    await save({ kind: 'http', url: uniqueUrl(), licence: { code: 'CC-BY-NC-4.0' } });
    await save({ kind: 'http', url: uniqueUrl() });
    await save({ kind: 'usenet', guid: 'post', licence: open });
    await save({ kind: 'local', folder: 'films', path: 'f.mkv', licence: open });
    await save({ kind: 'torrent', infoHash: hash(), isPrivate: true, licence: open });
    expect(await offers({ only: 'licensed' })).toMatchObject([
      { streamId: wanted.streamId, licenceCode: 'CC-BY-3.0', isOpen: true, attribution: 'Someone' },
    ]);
    expect(await offers()).toHaveLength(6);
    const [title] = await db().any(rows('test.open', z.object({ open: z.int(), total: z.int() }))`
      SELECT open_streams AS open, total_streams AS total FROM media WHERE id = ${film}
    `);
    expect(title).toEqual({ open: 1, total: 6 });
  });

  test('are at most 25, and 10 of one resolution, counted after the filters (X4)', async () => {
    const prepared = ['2160p', '1080p', '720p', '480p'].flatMap((resolution) =>
      Array.from({ length: 12 }, () => ({
        ...prepareStream(
          deps(),
          StreamInput.parse({ kind: 'http', url: uniqueUrl(), name: 'Film', resolution }),
        ),
        described: null,
        links: [{ mediaId: film }],
      })),
    );
    const saved = await saveStreams(deps(), prepared, { isSeen: true });
    for (const { streamId } of saved.slice(0, 3)) await set(streamId, { is_blocked: true });
    const counts = Object.groupBy(await offers(), (offer) => offer.resolution ?? '');
    expect(Object.entries(counts).map(([resolution, list]) => [resolution, list?.length])).toEqual([
      ['2160p', 9],
      ['1080p', 10],
      ['720p', 6],
    ]);
    expect(await offers({ maxTotal: 5, maxPerResolution: 2 })).toHaveLength(5);
  });

  test('of an episode are its own files; a link to the whole stream gives way to a link to a file', async () => {
    const [first, second] = await ensureEpisodes(db(), [
      { mediaId: series, season: 1, episode: 1 },
      { mediaId: series, season: 1, episode: 2 },
    ]);
    const pack = { kind: 'torrent' as const, infoHash: hash(), name: 'Show.S01' };
    await save(pack, { mediaId: series, episodeId: first?.episodeId, fileIndex: 4 });
    await save(pack, { mediaId: series, episodeId: second?.episodeId, fileIndex: 5 });
    await save(pack, { mediaId: series, episodeId: second?.episodeId });
    const of = (episodeId: number | undefined) => offers({ mediaId: series, episodeId: episodeId ?? 0 });
    expect((await of(first?.episodeId)).map((offer) => offer.fileIndex)).toEqual([4]);
    expect((await of(second?.episodeId)).map((offer) => offer.fileIndex)).toEqual([5]);
  });
});

describe('explain', () => {
  test('says of each link whether it is offered, where, and by what', async () => {
    const best = await save({
      kind: 'http',
      url: uniqueUrl(),
      name: 'Film.2008.1080p.BluRay.x264-GRP.mkv',
      sizeBytes: 7,
    });
    const next = await save({ kind: 'http', url: uniqueUrl(), name: 'Film.2008.720p.mkv' });
    const explained = await explainStream(db(), best.streamId, { only: 'all' });
    expect(explained).toMatchObject({
      parsed: { title: 'Film', year: 2008, resolution: '1080p', group: 'GRP' },
      filters: expect.arrayContaining([{ filter: 'blocked', passes: true, reason: 'Nobody blocked it.' }]),
      links: [
        {
          title: 'Film',
          isOffered: true,
          position: 1,
          reason: 'Offered as number 1 of 2.',
          sortKey: { rank: 48, isVerified: false, score: 0, sizeBytes: 7 },
        },
      ],
    });
    expect((await explainStream(db(), next.streamId, { only: 'all' }))?.links[0]?.position).toBe(2);
  });

  test('says what keeps a stream out: a filter, the licence, the limits, a hidden title', async () => {
    const blocked = await save({ kind: 'http', url: uniqueUrl() });
    await set(blocked.streamId, { is_blocked: true });
    const reasonOf = async (streamId: number, query: Parameters<typeof explainStream>[2]) =>
      (await explainStream(db(), streamId, query))?.links[0]?.reason;
    expect(await reasonOf(blocked.streamId, { only: 'all' })).toBe('It was blocked.');
    const plain = await save({ kind: 'http', url: uniqueUrl() });
    expect(await reasonOf(plain.streamId, { only: 'licensed' })).toMatch(/^No licence is stored/);
    await save({ kind: 'http', url: uniqueUrl(), resolution: '1080p' });
    expect(await reasonOf(plain.streamId, { only: 'all', maxTotal: 1 })).toMatch(/limits/);
    await db().query(command('test.hide')`UPDATE media SET is_published = false WHERE id = ${film}`);
    expect(await reasonOf(plain.streamId, { only: 'all' })).toBe('Its title is hidden.');
    expect(await explainStream(db(), 4711, { only: 'all' })).toBeNull();
  });
});

describe('plays and upkeep', () => {
  /** As if the plays so far had been `hours` ago; an update of a play counts as one, hence without triggers. */
  async function agePlays(hours: number) {
    await db().transaction(async (tx) => {
      await tx.query(command('test.off')`ALTER TABLE play_count DISABLE TRIGGER USER`);
      await tx.query(
        command(
          'test.age',
        )`UPDATE play_count SET counted_at = counted_at - make_interval(mins => ${Math.round(hours * 60)})`,
      );
      await tx.query(command('test.on')`ALTER TABLE play_count ENABLE TRIGGER USER`);
    });
  }
  const counters = (streamId: number) =>
    db().one(rows('test.counters', z.object({ watched: z.int(), played: z.int() }))`
      SELECT (SELECT watch_count FROM media WHERE id = ${film}) AS watched, (SELECT playback_count FROM stream WHERE id = ${streamId}) AS played
    `);

  test('a play counts once for a subject and a title in 4 hours', async () => {
    const { streamId } = await save({ kind: 'http', url: uniqueUrl() });
    const play = { subjectHash: randomBytes(32), mediaId: film, streamId };
    expect(await countPlay(db(), play)).toBe(true);
    expect(await countPlay(db(), play)).toBe(false);
    expect(await countPlay(db(), { ...play, subjectHash: randomBytes(32) })).toBe(true);
    expect(await counters(streamId)).toEqual({ watched: 2, played: 2 });
    await agePlays(3.9);
    expect(await countPlay(db(), play)).toBe(false);
    await agePlays(0.2);
    expect(await countPlay(db(), play)).toBe(true);
    expect(await countPlay(db(), play)).toBe(false);
    expect(await counters(streamId)).toEqual({ watched: 3, played: 3 });
  });

  test('ten players that begin at once count once', async () => {
    const { streamId } = await save({ kind: 'http', url: uniqueUrl() });
    const play = { subjectHash: randomBytes(32), mediaId: film, streamId };
    const counted = await Promise.all(Array.from({ length: 10 }, () => countPlay(db(), play)));
    expect(counted.filter((isCounted) => isCounted)).toHaveLength(1);
    expect(await counters(streamId)).toEqual({ watched: 1, played: 1 });
  });

  test('plays that no longer keep another from counting are forgotten', async () => {
    const { streamId } = await save({ kind: 'http', url: uniqueUrl() });
    for (let n = 0; n < 3; n += 1) {
      await countPlay(db(), { subjectHash: randomBytes(32), mediaId: film, streamId });
    }
    expect(await forgetOldPlays(db())).toBe(0);
    await agePlays(4.1);
    expect(await forgetOldPlays(db())).toBe(3);
    expect(await counters(streamId)).toEqual({ watched: 3, played: 3 });
  });

  test('streams that nothing links to go after an hour', async () => {
    await save({ kind: 'http', url: uniqueUrl() });
    await db().query(
      command(
        'test.orphans',
      )`INSERT INTO stream (kind, name, created_at) VALUES ('http', 'old', now() - interval '2 hours'), ('http', 'new', now())`,
    );
    expect(await dropOrphanStreams(db())).toBe(1);
    expect(await dropOrphanStreams(db())).toBe(0);
    expect(await offers()).toHaveLength(1);
  });
});
