import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { curatedPage } from '../../src/catalogs/queries.ts';
import { importTitles, STARTER_FILE, wasImported } from '../../src/features/imports/index.ts';
import { setCatalogItems } from '../../src/features/lists/index.ts';
import {
  episodesOf,
  mediaDetail,
  resolveMediaId,
  TitleInput,
  upsertTitle,
} from '../../src/features/media/index.ts';
import { offersFor } from '../../src/features/stream-index/index.ts';
import { AppError } from '../../src/kit/errors.ts';
import { command, rows } from '../../src/platform/db.ts';
import { createKinds, type Kinds } from '../../src/streams/registry.ts';
import { openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';

let ground: TestKindDeps;
let kinds: Kinds;
const db = () => ground.deps.db;
const importAs = (name: string, file: unknown, more: object = {}) =>
  importTitles({ db: db(), kinds }, file, { name, ...more });

beforeAll(async () => {
  ground = await openKindDeps();
  kinds = createKinds(ground.deps);
});
beforeEach(async () => {
  await db().query(
    command(
      'test.empty',
    )`TRUNCATE media, stream, tracker, language, person, genre, keyword, sync_state RESTART IDENTITY CASCADE`,
  );
});
afterAll(async () => {
  await kinds.close();
  await ground.close();
});

const HASH = 'c'.repeat(40);
const FILE = {
  version: 1,
  titles: [
    {
      kind: 'movie',
      ids: { imdb: 'tt1254207', tmdb: '10378' },
      title: 'Big Buck Bunny',
      releaseDate: '2008-04-10',
      genres: ['Animation', 'Comedy'],
      licence: {
        code: 'CC-BY-3.0',
        attribution: '© 2008 Blender Foundation',
        proofUrl: 'https://peach.example/licence',
      },
      images: [{ type: 'poster', url: 'asset:starter/bunny.jpg' }],
      streams: [
        {
          kind: 'http',
          url: 'https://files.example/bunny_1080p.mp4',
          name: 'bunny_1080p.mp4',
          sizeBytes: 7,
          languages: ['en'],
          subtitles: [{ language: 'en', url: 'asset:starter/bunny.vtt' }],
        },
        { kind: 'youtube', videoId: 'aqz-KE-bpKQ', name: 'Trailer', licence: { code: 'CC-BY-NC-3.0' } },
        { kind: 'external', url: 'https://watch.example/bunny', service: 'Watch' },
        { kind: 'local', file: 'starter/clip.mp4', name: 'clip.mp4' },
        { kind: 'telegram', chat: 'bunnies', messageId: 3 },
        { kind: 'usenet', guid: 'bunny-post', name: 'Bunny' },
      ],
    },
    {
      kind: 'series',
      ids: { tvdb: '270261' },
      title: 'Pioneer One',
      year: 2010,
      licence: { code: 'CC-BY-NC-SA-3.0' },
      seasons: [
        {
          number: 1,
          episodes: [1, 2].map((number) => ({
            number,
            title: `Episode ${number}`,
            streams: [
              {
                kind: 'torrent',
                infoHash: HASH,
                name: 'Pioneer.One.S01.720p',
                trackers: ['udp://tracker.example:80'],
                files: [{ index: number - 1, name: `Pioneer.One.S01E0${number}.mkv`, sizeBytes: number }],
                fileIndex: number - 1,
              },
            ],
          })),
        },
      ],
    },
  ],
};

async function failureOf(file: unknown): Promise<AppError> {
  const error = await importAs('bad', file).then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof AppError)) throw new Error('nothing was refused', { cause: error });
  return error;
}

const countOf = (table: 'media' | 'stream' | 'tracker') =>
  db().oneFirst(
    table === 'media'
      ? rows('test.media', z.object({ n: z.int() }))`SELECT count(*)::integer AS n FROM media`
      : table === 'stream'
        ? rows('test.streams', z.object({ n: z.int() }))`SELECT count(*)::integer AS n FROM stream`
        : rows('test.trackers', z.object({ n: z.int() }))`SELECT count(*)::integer AS n FROM tracker`,
  );

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
  });
});

describe('a file that is not right is refused whole, in words', () => {
  const [bunny] = FILE.titles;
  const second = (change: object) => ({
    version: 1,
    titles: [bunny, { kind: 'movie', title: 'Sintel', ...change }],
  });

  test.each([
    ['no import file', { hello: 1 }, /The file: Unrecognized key: "hello"|titles: /],
    ['a newer version', { version: 2, titles: [] }, /version: /],
    ['an unknown field', second({ yeer: 2010 }), /Title 2 "Sintel": Unrecognized key: "yeer"/],
    [
      'a bad date',
      second({ releaseDate: '2010-02-30' }),
      /Title 2 "Sintel", releaseDate: must be a date such as/,
    ],
    [
      'a bad id',
      second({ ids: { imdb: '1727587' } }),
      /Title 2 "Sintel", ids\.imdb: must look like tt0063350/,
    ],
    [
      'an unknown licence',
      second({ licence: { code: 'WTFPL' } }),
      /Title 2 "Sintel", licence\.code: The licence WTFPL is not known here/,
    ],
    [
      'an unknown licence of a stream',
      second({ streams: [{ kind: 'youtube', videoId: 'abcdefghijk', licence: { code: 'MIT' } }] }),
      /Title 2 "Sintel", streams\.0\.licence\.code: The licence MIT/,
    ],
    [
      'a stream that is none of its kind',
      second({ streams: [{ kind: 'torrent', infoHash: 'short' }] }),
      /Title 2 "Sintel", streams\.0/,
    ],
    [
      'a kind nobody knows',
      second({ streams: [{ kind: 'gopher', url: 'gopher://x' }] }),
      /Title 2 "Sintel", streams\.0\.kind/,
    ],
    [
      'a shipped file outside its folder',
      second({ images: [{ type: 'poster', url: 'asset:../../etc/passwd' }] }),
      /Title 2 "Sintel", images\.0\.url: must be an http/,
    ],
  ])('%s', async (_name, file, message) => {
    const error = await failureOf(file);
    expect(error.code).toBe('imports.invalid');
    expect(error.message).toMatch(/nothing was imported/);
    expect(error.message).toMatch(message);
    expect(await countOf('media')).toBe(0);
    expect(await countOf('stream')).toBe(0);
  });

  test('many mistakes are told at once, 20 of them', async () => {
    const titles = Array.from({ length: 30 }, (_, n) => ({ kind: 'movie', title: `Film ${n}`, year: 1 }));
    const { issues, message } = await failureOf({ version: 1, titles });
    expect(issues).toHaveLength(20);
    expect(message).toMatch(/Title 20 "Film 19", year: .*\nand 10 more$/);
  });
});

describe('the starter catalogue', () => {
  test('is a valid file whose titles stand in the catalogue of open films, in its order, each with something to play', async () => {
    const file: unknown = JSON.parse(await readFile(STARTER_FILE, 'utf8'));
    const { titles } = z
      .object({ titles: z.array(z.object({ title: z.string(), kind: z.string() })) })
      .parse(file);
    expect(await wasImported(db(), 'starter')).toBe(false);
    expect(await importAs('starter', file)).toMatchObject({
      titles: titles.length,
      newTitles: titles.length,
      conflicts: [],
    });
    expect(await wasImported(db(), 'starter')).toBe(true);
    const query = { kind: 'movie' as const, visibility: 'licensed' as const, language: 'en', skip: 0 };
    const cards = await curatedPage(db(), query, 'open-films');
    const films = titles.filter((title) => title.kind === 'movie').map((title) => title.title);
    expect(cards.map((card) => card.title)).toEqual(films);
    expect(await importAs('starter', file)).toMatchObject({
      newTitles: 0,
      changedTitles: 0,
      newStreams: 0,
      changedStreams: 0,
    });
  });
});

describe('system catalogues', () => {
  test('become exactly the given titles in the given order', async () => {
    const ids: number[] = [];
    for (const title of ['A', 'B', 'C']) {
      ids.push((await upsertTitle(db(), TitleInput.parse({ kind: 'movie', title }))).mediaId);
    }
    const [a = 0, b = 0, c = 0] = ids;
    const titles = async () => {
      const query = { kind: 'movie' as const, visibility: 'all' as const, language: 'en', skip: 0 };
      return (await curatedPage(db(), query, 'open-films')).map((card) => card.title);
    };
    expect(await setCatalogItems(db(), 'open-films', [a, b])).toBe(2);
    expect(await titles()).toEqual(['A', 'B']);
    expect(await setCatalogItems(db(), 'open-films', [c, b, b, a])).toBe(2);
    expect(await titles()).toEqual(['C', 'B', 'A']);
    expect(await setCatalogItems(db(), 'open-films', [c, b, a])).toBe(0);
    expect(await setCatalogItems(db(), 'open-films', [])).toBe(3);
    await expect(setCatalogItems(db(), 'no-such', [a])).rejects.toThrow('no system catalogue');
  });
});
