import { afterAll, beforeAll, beforeEach } from 'vitest';
import { z } from 'zod';
import { importTitles } from '../../src/features/imports/index.ts';
import { AppError } from '../../src/kit/errors.ts';
import { command, rows } from '../../src/platform/db.ts';
import { createKinds, type Kinds } from '../../src/streams/registry.ts';
import { openKindDeps, type TestKindDeps } from './kind-deps.ts';

/** What an import needs, on a database that is emptied before each test. Registers the hooks. */
export function importRoom() {
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
  return {
    db,
    kinds: () => kinds,
    importAs,
    FILE,
    failureOf,
    countOf,
  };
}
