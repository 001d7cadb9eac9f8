import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { z } from 'zod';
import { importTmdb, type TmdbOptions } from '../../src/features/imports/tmdb/index.ts';
import { command, rows } from '../../src/platform/db.ts';
import { createNet, type Net } from '../../src/platform/net.ts';
import { freshDatabase, type TestDatabase } from './database.ts';

const Title = z.object({
  ...{ kind: z.string(), title: z.string(), canonicalId: z.string(), status: z.string() },
  ...{ popularity: z.number(), isAdult: z.boolean(), ids: z.array(z.string()) },
});

export const movieLine = (id: number, title: string, more: object = {}) =>
  JSON.stringify({ adult: false, id, original_title: title, popularity: 2.5, video: false, ...more });
export const seriesLine = (id: number, name: string, more: object = {}) =>
  JSON.stringify({ id, original_name: name, popularity: 4.5, ...more });

/** The importer of TMDB's lists on a database that is emptied before each test. Registers the hooks. */
export function tmdbRoom() {
  let database: TestDatabase;
  let folder: string;
  let net: Net;
  let written = 0;

  beforeAll(async () => {
    database = await freshDatabase();
    folder = await mkdtemp(join(tmpdir(), 'tributary-tmdb-'));
    net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
  }, 60_000);
  beforeEach(async () => {
    await database.db.query(
      command('test.empty')`TRUNCATE media, sync_state, title_word RESTART IDENTITY CASCADE`,
    );
  });
  afterAll(async () => {
    await net.close();
    await database.close();
    await rm(folder, { recursive: true, force: true });
  });

  const silent = { begin: () => {}, add: () => {}, at: () => {}, end: () => {} };
  return {
    db: () => database.db,
    /** A gzipped list of these lines. */
    async listOf(...lines: (string | Buffer)[]): Promise<string> {
      written += 1;
      const path = join(folder, `movie_ids_${written}.json.gz`);
      await writeFile(
        path,
        gzipSync(Buffer.concat(lines.flatMap((line) => [Buffer.from(line), Buffer.from('\n')]))),
      );
      return path;
    },
    run: (lists: TmdbOptions['lists'], more: Partial<TmdbOptions> = {}) =>
      importTmdb(
        { db: database.db, url: database.url, net },
        {
          ...{ lists, minPopularity: 0, adult: false, video: false },
          ...{ signal: AbortSignal.timeout(60_000), progress: silent, ...more },
        },
      ),
    titles: () =>
      database.db.any(rows('test.tmdb_titles', Title)`
        SELECT m.kind, m.title, m.canonical_id AS "canonicalId", m.enrichment_status AS status, m.popularity, m.is_adult AS "isAdult",
          ARRAY(SELECT e.provider || ':' || e.ns || ':' || e.external_id FROM media_external_id e WHERE e.media_id = m.id ORDER BY 1) AS ids
        FROM media m ORDER BY m.id
      `),
  };
}
