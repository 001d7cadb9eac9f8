import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { mediaRoutes, TitleInput, upsertTitle } from '../../src/features/media/index.ts';
import { type OfferLimits, StreamAnswer, streamRoutes } from '../../src/features/stream-index/index.ts';
import { trackerRoutes } from '../../src/features/trackers/index.ts';
import { command } from '../../src/platform/db.ts';
import { createKinds, type Kinds } from '../../src/streams/registry.ts';
import { startApi, type TestApi } from './api.ts';
import { bencode } from './bencode.ts';
import { openKindDeps, type TestKindDeps } from './kind-deps.ts';
import { openTempDir } from './processes.ts';
import { type RangeServer, startRangeServer } from './range-server.ts';
import { trackerDeps } from './trackers.ts';

/** The routes of streams, titles and trackers on a database that is emptied before each test, and an origin. Registers the hooks. */
export function streamsRoom() {
  let ground: TestKindDeps;
  let kinds: Kinds;
  let api: TestApi;
  let origin: RangeServer;
  let dir: Awaited<ReturnType<typeof openTempDir>>;
  let offerLimits: OfferLimits = {};
  const db = () => ground.deps.db;

  const torrentOf = (
    name: string,
    files: readonly { path: string; length: number }[],
    announce = 'udp://tracker.example:80',
  ) =>
    bencode({
      announce,
      info: {
        files: files.map(({ path, length }) => ({ length, path: path.split('/') })),
        name,
        'piece length': 16_384,
        pieces: Buffer.alloc(20, 1),
      },
    });
  const SEASON = torrentOf('Show.S01.1080p.WEB-DL.x264-GRP', [
    { path: 'Show.S01E01.1080p.mkv', length: 1001 },
    { path: 'Show.S01E02.1080p.mkv', length: 1002 },
    { path: 'Sample/sample.mkv', length: 5 },
    { path: 'info.nfo', length: 3 },
    { path: 'Show.S01E03E04.1080p.mkv', length: 1003 },
  ]);

  beforeAll(async () => {
    ground = await openKindDeps();
    kinds = createKinds(ground.deps);
    dir = await openTempDir();
    const film = join(dir.path, 'film.mkv');
    const torrent = join(dir.path, 'season.torrent');
    await writeFile(film, Buffer.alloc(5000, 7));
    await writeFile(torrent, SEASON);
    origin = await startRangeServer({
      files: {
        '/Film.2010.1080p.BluRay.x264-GRP.mkv': film,
        '/other.mkv': film,
        '/season.torrent': torrent,
      },
    });
    api = await startApi((place) => [
      mediaRoutes({ db: db(), language: 'en', ...place }),
      streamRoutes({
        ...{ db: db(), net: ground.deps.net, kinds, ...place },
        offerLimits: () => offerLimits,
      }),
      trackerRoutes({ ...trackerDeps, db: db(), net: ground.deps.net, ...place }),
    ]);
  });
  beforeEach(async () => {
    await db().query(command('test.empty')`TRUNCATE media, stream, tracker RESTART IDENTITY CASCADE`);
    await upsertTitle(
      db(),
      TitleInput.parse({ kind: 'movie', title: 'Film', ids: { imdb: 'tt0000101', tmdb: '101' } }),
    );
    await upsertTitle(db(), TitleInput.parse({ kind: 'series', title: 'Show', ids: { imdb: 'tt0000202' } }));
  });
  afterAll(async () => {
    await api.close();
    await origin.stop();
    await kinds.close();
    await ground.close();
    await dir.remove();
  });

  const post = (body: unknown) => api.ask('POST', '/api/streams', body);
  const FILM = { mediaId: 'tt0000101' };
  const SHOW = { mediaId: 'tt0000202' };
  const MAGNET = `magnet:?xt=urn:btih:${'a'.repeat(40)}&dn=Film.2010.720p.mkv&tr=udp%3A%2F%2Fone.example%3A80`;
  const linksOf = (body: unknown) =>
    StreamAnswer.parse(body).links.map(({ season, episode, fileIndex }) => [season, episode, fileIndex]);
  return {
    get api() {
      return api;
    },
    get origin() {
      return origin;
    },
    db,
    setOfferLimits(limits: OfferLimits) {
      offerLimits = limits;
    },
    torrentOf,
    SEASON,
    post,
    FILM,
    SHOW,
    MAGNET,
    linksOf,
  };
}
