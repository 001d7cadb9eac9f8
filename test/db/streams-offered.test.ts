import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { ensureEpisodes } from '../../src/features/media/index.ts';
import { explainStream } from '../../src/features/stream-index/explain.ts';
import {
  countPlay,
  dropOrphanStreams,
  expireStreams,
  forgetOldPlays,
  isPlayable,
  type LinkTarget,
  prepareStream,
  StreamInput,
  saveStreams,
} from '../../src/features/stream-index/index.ts';
import { command, rows } from '../../src/platform/db.ts';
import { storedStreamsRoom } from '../support/stored-streams-room.ts';

const room = storedStreamsRoom();
const { db, deps, hash, uniqueUrl, save, offers, set } = room;

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
      SELECT open_streams AS open, total_streams AS total FROM media WHERE id = ${room.film}
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
        links: [{ mediaId: room.film }],
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
      { mediaId: room.series, season: 1, episode: 1 },
      { mediaId: room.series, season: 1, episode: 2 },
    ]);
    const pack = { kind: 'torrent' as const, infoHash: hash(), name: 'Show.S01' };
    await save(pack, { mediaId: room.series, episodeId: first?.episodeId, fileIndex: 4 });
    await save(pack, { mediaId: room.series, episodeId: second?.episodeId, fileIndex: 5 });
    await save(pack, { mediaId: room.series, episodeId: second?.episodeId });
    const of = (episodeId: number | undefined) => offers({ mediaId: room.series, episodeId: episodeId ?? 0 });
    expect((await of(first?.episodeId)).map((offer) => offer.fileIndex)).toEqual([4]);
    expect((await of(second?.episodeId)).map((offer) => offer.fileIndex)).toEqual([5]);
  });
});

describe('the same release in several places', () => {
  const NAME = 'Film.2008.1080p.BluRay.x264-GRP';

  test('is offered once, from the best place, with how many more there are; by name and size, never by a guess', async () => {
    const torrent = await save({ kind: 'torrent', infoHash: hash(), name: NAME, sizeBytes: 8_000_000_000 });
    const post = await save({ kind: 'usenet', guid: 'post', name: NAME, sizeBytes: 8_300_000_000 });
    const file = await save({
      ...{ kind: 'http', url: uniqueUrl(), sizeBytes: 8_000_000_000 },
      name: 'Film 2008 [1080p] BluRay x264 GRP.mkv',
    });
    const smaller = await save({ kind: 'http', url: uniqueUrl(), name: NAME, sizeBytes: 2_000_000_000 });
    const unknown = await save({ kind: 'http', url: uniqueUrl(), name: NAME });
    const found = await offers();
    expect(found.map(({ streamId, alternatives }) => [streamId, alternatives])).toEqual([
      [post.streamId, 2],
      [smaller.streamId, 0],
      [unknown.streamId, 0],
    ]);
    // A post nobody can read stands for nothing.
    const read = (await offers({ listedOnly: ['usenet'] })).map(({ streamId }) => streamId);
    expect(read).toEqual([post.streamId, file.streamId, smaller.streamId, unknown.streamId]);
    const explained = await explainStream(db(), torrent.streamId, { only: 'all' });
    expect(explained?.links).toMatchObject([
      {
        ...{ isOffered: false, position: null },
        reason: 'The same release, by name and size, is offered from a better place.',
        rules: expect.arrayContaining([expect.objectContaining({ filter: 'sameRelease', passes: false })]),
      },
    ]);
    await set(post.streamId, { is_blocked: true });
    expect((await offers()).map(({ streamId, alternatives }) => [streamId, alternatives])).toEqual([
      [file.streamId, 1],
      [smaller.streamId, 0],
      [unknown.streamId, 0],
    ]);
  });

  test('among equals the better picture and sound come first, and 3D after all that is flat', async () => {
    const add = async (tags: string) =>
      (await save({ kind: 'http', url: uniqueUrl(), name: `Film.1080p.BluRay.${tags}` })).streamId;
    const stereo = await add('AAC.2.0');
    const threeD = await add('3D.H-SBS.TrueHD.7.1');
    const vision = await add('DV.AAC.2.0');
    const atmos = await add('TrueHD.Atmos.7.1');
    const surround = await add('AAC.5.1');
    const found = await offers();
    expect(found.map(({ streamId }) => streamId)).toEqual([vision, atmos, surround, stereo, threeD]);
    expect(found.at(-1)?.visualTags).toEqual(['3D', 'H-SBS']);
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
          sortKeys: expect.arrayContaining([
            { key: 'rank', direction: 'descending', value: 48 },
            { key: 'threeD', direction: 'ascending', value: 0 },
            { key: 'size', direction: 'descending', value: 7 },
          ]),
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
    await db().query(command('test.hide')`UPDATE media SET is_published = false WHERE id = ${room.film}`);
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
      SELECT (SELECT watch_count FROM media WHERE id = ${room.film}) AS watched, (SELECT playback_count FROM stream WHERE id = ${streamId}) AS played
    `);

  test('a play counts once for a subject and a title in 4 hours', async () => {
    const { streamId } = await save({ kind: 'http', url: uniqueUrl() });
    const play = { subjectHash: randomBytes(32), mediaId: room.film, streamId };
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
    const play = { subjectHash: randomBytes(32), mediaId: room.film, streamId };
    const counted = await Promise.all(Array.from({ length: 10 }, () => countPlay(db(), play)));
    expect(counted.filter((isCounted) => isCounted)).toHaveLength(1);
    expect(await counters(streamId)).toEqual({ watched: 1, played: 1 });
  });

  test('plays that no longer keep another from counting are forgotten', async () => {
    const { streamId } = await save({ kind: 'http', url: uniqueUrl() });
    for (let n = 0; n < 3; n += 1) {
      await countPlay(db(), { subjectHash: randomBytes(32), mediaId: room.film, streamId });
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
