import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { wasImported } from '../../src/features/imports/index.ts';
import {
  episodesOf,
  mediaDetail,
  resolveMediaId,
  TitleInput,
  upsertTitle,
} from '../../src/features/media/index.ts';
import { ReviewQuery, reject, reviewPage } from '../../src/features/metadata/review.ts';
import { offersFor } from '../../src/features/stream-index/index.ts';
import { rows } from '../../src/platform/db.ts';
import { importRoom } from '../support/import-room.ts';

const { db, importAs, FILE, countOf } = importRoom();

describe('an import file', () => {
  test('brings titles, episodes, streams of every kind, licences, subtitles and trackers', async () => {
    expect(await importAs('file', FILE)).toEqual({
      titles: 2,
      newTitles: 2,
      changedTitles: 0,
      streams: 7,
      newStreams: 7,
      changedStreams: 0,
      conflicts: [],
    });
    const bunny = await resolveMediaId(db(), { provider: 'imdb', value: 'tt1254207' });
    const all = await offersFor(db(), { mediaId: bunny?.mediaId ?? 0, episodeId: null, only: 'all' });
    expect(all.map((offer) => offer.kind).sort()).toEqual([
      'external',
      'http',
      'local',
      'telegram',
      'usenet',
      'youtube',
    ]);
    expect(all[0]).toMatchObject({
      kind: 'http',
      resolution: '1080p',
      sizeBytes: 7,
      languages: ['en'],
      licenceCode: 'CC-BY-3.0',
      attribution: '© 2008 Blender Foundation',
      isVerified: true,
      subtitles: [{ path: 'asset:starter/bunny.vtt', language: 'en' }],
    });
    expect(all.find((offer) => offer.kind === 'youtube')?.licenceCode).toBe('CC-BY-NC-3.0');
    expect((await mediaDetail(db(), bunny?.mediaId ?? 0, 'en'))?.posterUrl).toBe('asset:starter/bunny.jpg');
    expect(await countOf('tracker')).toBe(1);
  });

  test('links the files of a pack that stands at its series to the episodes they tell, once', async () => {
    const pack = {
      ...{ kind: 'torrent', infoHash: 'd'.repeat(40), name: 'The.Show.S01.720p' },
      files: ['The.Show.S01E02.mkv', 'The.Show.S01E01.mkv', 'Sample/sample.mkv'].map((name, index) => ({
        ...{ name, index, sizeBytes: 100_000_000 },
      })),
    };
    const whole = { kind: 'torrent', infoHash: 'e'.repeat(40), name: 'The Show, everything' };
    const file = {
      version: 1,
      titles: [{ kind: 'series', ids: { imdb: 'tt0000303' }, title: 'The Show', streams: [pack, whole] }],
    };
    expect(await importAs('packs', file)).toMatchObject({ streams: 2, newStreams: 2 });
    const mediaId = (await resolveMediaId(db(), { provider: 'imdb', value: 'tt0000303' }))?.mediaId ?? 0;
    const [second] = await episodesOf(db(), [{ mediaId, season: 1, episode: 2 }]);
    const offered = await offersFor(db(), { mediaId, episodeId: second?.episodeId ?? 0, only: 'all' });
    expect(offered).toMatchObject([{ fileIndex: 0, fileName: 'The.Show.S01E02.mkv', isVerified: false }]);
    const links = () =>
      db().oneFirst(rows('test.links', z.object({ count: z.int() }))`
        SELECT count(*)::int AS count FROM stream_media_link`);
    expect(await links()).toBe(3);
    expect(await importAs('packs', file)).toMatchObject({ newStreams: 0, changedStreams: 0 });
    expect(await links()).toBe(3);
  });

  test('gives each episode its own file of a pack', async () => {
    await importAs('file', FILE);
    const show = await resolveMediaId(db(), { provider: 'tvdb', value: '270261', namespace: 'tv' });
    const mediaId = show?.mediaId ?? 0;
    const episodes = await episodesOf(
      db(),
      [1, 2].map((episode) => ({ mediaId, season: 1, episode })),
    );
    for (const { episode, episodeId } of episodes) {
      expect(await offersFor(db(), { mediaId, episodeId, only: 'all' })).toMatchObject([
        {
          fileIndex: episode - 1,
          fileName: `Pioneer.One.S01E0${episode}.mkv`,
          sizeBytes: episode,
          resolution: '720p',
        },
      ]);
    }
  });

  test('a second run adds nothing and changes no row, a changed one changes what changed', async () => {
    await importAs('file', FILE);
    const versions = () =>
      db().any(rows('test.versions', z.object({ row: z.string() }))`
        SELECT 'media ' || xmin || ' ' || id AS row FROM media UNION ALL SELECT 'stream ' || xmin || ' ' || id FROM stream
        UNION ALL SELECT 'link ' || xmin || ' ' || id FROM stream_media_link UNION ALL SELECT 'file ' || xmin || ' ' || file_index FROM stream_file
        UNION ALL SELECT 'language ' || xmin || ' ' || stream_id FROM stream_language UNION ALL SELECT 'subtitle ' || xmin || ' ' || id FROM stream_subtitle
        UNION ALL SELECT 'tracker ' || xmin || ' ' || id FROM tracker UNION ALL SELECT 'season ' || xmin || ' ' || id FROM season
        UNION ALL SELECT 'episode ' || xmin || ' ' || id FROM episode UNION ALL SELECT 'image ' || xmin || ' ' || id FROM media_image
        ORDER BY row`);
    const before = await versions();
    expect(before.length).toBeGreaterThan(20);
    expect(await importAs('file', FILE)).toMatchObject({
      titles: 2,
      newTitles: 0,
      changedTitles: 0,
      streams: 7,
      newStreams: 0,
      changedStreams: 0,
    });
    expect(await versions()).toEqual(before);
    const [bunny, show] = FILE.titles;
    const changed = {
      version: 1,
      titles: [
        { ...bunny, overview: 'A giant rabbit.', streams: [{ ...bunny?.streams?.[0], sizeBytes: 8 }] },
        show,
      ],
    };
    expect(await importAs('file', changed)).toMatchObject({
      newTitles: 0,
      changedTitles: 1,
      newStreams: 0,
      changedStreams: 1,
      streams: 2,
    });
  });

  test('is read in batches, tells how far it is, and stops between two when asked to', async () => {
    const titles = Array.from({ length: 5 }, (_, n) => ({ kind: 'movie', title: `Film ${n}`, year: 2000 }));
    const seen: number[] = [];
    const stop = new AbortController();
    const onProgress = ({ done, total }: { done: number; total: number }) => {
      seen.push(done);
      expect(total).toBe(5);
      if (done === 4) stop.abort(new Error('stopped by hand'));
    };
    await expect(
      importAs('file', { version: 1, titles }, { batchSize: 2, onProgress, signal: stop.signal }),
    ).rejects.toThrow('stopped by hand');
    expect(seen).toEqual([2, 4]);
    expect(await countOf('media')).toBe(4);
    expect(await wasImported(db(), 'file')).toBe(false);
    expect(await importAs('file', { version: 1, titles }, { batchSize: 2 })).toMatchObject({
      titles: 5,
      newTitles: 1,
    });
    expect(await wasImported(db(), 'file')).toBe(true);
  });

  test('leaves a title with contradictory ids out, says why, and brings the others', async () => {
    await upsertTitle(
      db(),
      TitleInput.parse({ kind: 'movie', title: 'Another', ids: { imdb: 'tt1254207', tmdb: '1' } }),
    );
    expect(await importAs('file', FILE)).toMatchObject({
      titles: 1,
      streams: 1,
      conflicts: [
        { title: 'Big Buck Bunny', reason: 'The title with these ids has tmdb 1 here, not 10378.' },
      ],
    });
    const waiting = async () => (await reviewPage(db(), ReviewQuery.parse({}))).titles;
    const [another, ...more] = await waiting();
    expect(more).toEqual([]);
    expect(another).toMatchObject({
      title: 'Another',
      ids: [{ id: 'tt1254207' }, { id: '1' }],
      doubts: [{ provider: 'import', kind: 'ids', title: 'Big Buck Bunny', ids: { tmdb: '10378' } }],
    });
    // What a person has kept as it is does not come again with the next run.
    await reject(db(), 1);
    await importAs('file', FILE);
    expect(await waiting()).toEqual([]);
  });
});
