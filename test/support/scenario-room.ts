import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import nock from 'nock';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { z } from 'zod';
import { finderRoutes } from '../../src/features/finders/index.ts';
import { putSyncState, syncStates } from '../../src/features/imports/index.ts';
import { mediaRoutes } from '../../src/features/media/index.ts';
import {
  createEnricher,
  ENRICH_JOB,
  type Enricher,
  metadataJobs,
  ReviewPage,
  reviewRoutes,
} from '../../src/features/metadata/index.ts';
import { resultsRoutes, sourceRoutes } from '../../src/features/sources/index.ts';
import { matchItems } from '../../src/features/sources/match-items.ts';
import { streamRoutes } from '../../src/features/stream-index/index.ts';
import { openListers } from '../../src/listers.ts';
import { command, rows } from '../../src/platform/db.ts';
import { openJsonApi } from '../../src/platform/json-api.ts';
import { createLog } from '../../src/platform/log.ts';
import { tmdb } from '../../src/providers/tmdb/index.ts';
import { metasIn, streamsIn } from './addon-answers.ts';
import { type AddonServer, startAddonServer } from './addon-server.ts';
import { startApi, type TestApi } from './api.ts';
import { endOutside, outsideNet } from './outside-api.ts';
import { openTempDir } from './processes.ts';
import { type RangeServer, startRangeServer } from './range-server.ts';

const TMDB = 'https://api.themoviedb.org';
const log = createLog('silent');

/** The add-on, the API and the enricher with the real TMDB plug on one database; nock answers as TMDB, two origins hold files. Registers the hooks. */
export function scenarioRoom() {
  const net = outsideNet();
  let addon: AddonServer;
  let api: TestApi;
  let enricher: Enricher;
  let dir: Awaited<ReturnType<typeof openTempDir>>;
  let origins: { a: RangeServer; b: RangeServer };
  let isOn = true;

  beforeAll(async () => {
    // Only while the enricher runs: the guarded dialer refuses sockets that nock has a hand in.
    nock.restore();
    nock.enableNetConnect(/^(127\.0\.0\.1|localhost|\[?::1\]?)(:\d+)?$/);
    addon = await startAddonServer({ PUBLIC_CATALOG: 'all' });
    dir = await openTempDir();
    const file = join(dir.path, 'film.mkv');
    await writeFile(file, Buffer.alloc(4000, 3));
    const names = [
      'The.Matrix.1999.1080p.BluRay.x264.mkv',
      'The.Matrix.1999.720p.WEB-DL.mkv',
      'Show.Name.S01E02.720p.WEB-DL.mkv',
      'Show.Name.S01E02.1080p.WEB-DL.mkv',
      'Avatar.2022.720p.mkv',
    ];
    const files = Object.fromEntries(names.map((name) => [`/${name}`, file]));
    origins = { a: await startRangeServer({ files }), b: await startRangeServer({ files }) };
    api = await startApi((place) => [
      mediaRoutes({ db: addon.db, language: 'en', ...place, settled: addon.settled }),
      streamRoutes({ ...addon, ...place, settled: addon.settled }),
      reviewRoutes({ db: addon.db, ...place, settled: addon.settled, enrichLater: async () => {} }),
      finderRoutes({ ...addon, ...place }),
      sourceRoutes({
        ...{
          ...addon,
          ...place,
          settled: addon.settled,
          openLister: openListers(new Map()),
          localFolders: new Map(),
        },
        ...{ scanLater: async () => {}, matchLater: async () => {}, dropLater: async () => {} },
      }),
      resultsRoutes({
        ...{ db: addon.db, requireAdmin: place.requireAdmin, isAdmin: async () => true, isOpen: () => false },
        ...{ limitResults: (_req, _res, next) => next(), matchLater: async () => {} },
      }),
    ]);
  });
  beforeEach(async () => {
    await addon.db.query(
      command('test.empty')`TRUNCATE media, stream, finder, source, catalog_item RESTART IDENTITY CASCADE`,
    );
    await addon.settled();
    isOn = true;
    const outside = openJsonApi(net, { name: 'tmdb', perSecond: 1000, timeoutMs: 1500 });
    const providers = [tmdb.open({ api: outside, apiKey: '0123456789abcdef0123456789abcdef' })];
    enricher = createEnricher({ db: addon.db, log, providers, isOn: () => isOn });
  });
  afterEach(async () => {
    await enricher.close();
    expect(nock.pendingMocks()).toEqual([]);
    nock.cleanAll();
  });
  afterAll(async () => {
    await api.close();
    await origins.a.stop();
    await origins.b.stop();
    await addon.close();
    endOutside();
    await net.close();
    await dir.remove();
  });

  const Added = z.object({ links: z.array(z.object({ mediaId: z.uuid(), confidence: z.number() })) });
  /** By its name alone, as a script that scans a server adds it; our uuid of its title. */
  async function scanned(origin: 'a' | 'b', name: string): Promise<string> {
    const answer = await api.ask('POST', '/api/streams', { url: `${origins[origin].url}/${name}`, name });
    expect(answer.status).toBe(201);
    const [link] = Added.parse(answer.body).links;
    return link?.mediaId ?? '';
  }
  /** One run of the job, as the queue does it. */
  async function enrich(): Promise<void> {
    const job = metadataJobs.find(({ name }) => name === ENRICH_JOB);
    const signal = new AbortController().signal;
    nock.activate();
    try {
      const states = { providers: [], syncStates, putSyncState };
      await job?.run({}, { db: addon.db, enricher, ...states, log, signal, attempt: 1 });
    } finally {
      nock.restore();
    }
    await addon.settled();
  }
  /** One batch of staged files, as the queue does it. */
  async function match(): Promise<number> {
    nock.activate();
    try {
      return await matchItems({ ...addon, enricher, log }, 200, new AbortController().signal);
    } finally {
      nock.restore();
      await addon.settled();
    }
  }
  const names = async (path: string) =>
    metasIn((await addon.ask(`/catalog/${path}.json`)).body).map(({ name }) => name);

  return {
    ...{ scanned, enrich, match, names },
    addon: () => addon,
    ask: (method: string, path: string, body?: unknown) => api.ask(method, path, body),
    pause(value: boolean) {
      isOn = !value;
    },
    /** What TMDB answers to a search, once. */
    laySearch: (kind: 'movie' | 'tv', query: string, results: readonly object[]) =>
      nock(TMDB)
        .get(`/3/search/${kind}`)
        .query((asked) => asked.query === query)
        .reply(200, { results }),
    /** What TMDB answers to a title, once. */
    layTitle: (path: string, body: object) => nock(TMDB).get(`/3/${path}`).query(true).reply(200, body),
    /** Everything of a kind that a viewer can find without an id. */
    shown: async (kind: 'movie' | 'series', text: string) => ({
      popular: await names(`${kind}/popular`),
      recent: await names(`${kind}/new`),
      search: await names(`${kind}/search/search=${encodeURIComponent(text)}`),
    }),
    streams: async (path: string) => streamsIn((await addon.ask(`/stream/${path}.json`)).body),
    meta: async (path: string) => (await addon.ask(`/meta/${path}.json`)).status,
    review: async () => ReviewPage.parse((await api.ask('GET', '/api/review')).body).titles,
    count: async (table: 'media' | 'stream_media_link' | 'episode') => {
      const One = z.object({ media: z.int(), stream_media_link: z.int(), episode: z.int() });
      const counts = await addon.db.one(rows('test.counts', One)`
        SELECT (SELECT count(*)::int FROM media) AS media, (SELECT count(*)::int FROM stream_media_link) AS stream_media_link,
          (SELECT count(*)::int FROM episode) AS episode`);
      return counts[table];
    },
  };
}
