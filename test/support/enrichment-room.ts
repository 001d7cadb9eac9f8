import { afterAll, beforeAll, beforeEach } from 'vitest';
import { z } from 'zod';
import { mediaDetail, upsertTitle } from '../../src/features/media/index.ts';
import { createEnricher, type Enricher } from '../../src/features/metadata/index.ts';
import { command, rows } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import type { ProvidedTitle } from '../../src/providers/provider.ts';
import { freshDatabase, type TestDatabase } from './database.ts';
import { type Teller, teller } from './told-titles.ts';

export const MATRIX: ProvidedTitle = {
  kind: 'movie',
  title: 'The Matrix',
  ids: { tmdb: '603', imdb: 'tt0133093' },
  year: 1999,
  releaseDate: '1999-03-31',
  overview: 'A hacker learns what is real.',
  genres: ['Action', 'Science Fiction'],
  aliases: ['Matrix 1'],
  ratings: [{ provider: 'tmdb', rating: 8.2, votes: 24_000 }],
  certifications: [{ country: 'DE', code: '16' }],
  images: [{ type: 'poster', url: 'https://img.example/tmdb.jpg' }],
  translations: [{ language: 'es-ES', title: 'Matrix', overview: 'Un pirata.' }],
  watch: [
    { country: 'DE', service: 'Netflix', offer: 'subscription', url: 'https://watch.example/603' },
    { country: 'Germany', service: 'x', offer: 'rent' },
  ],
};
export const CINE: ProvidedTitle = {
  kind: 'movie',
  title: 'Matrix, The',
  ids: { imdb: 'tt0133093' },
  overview: 'Of Cinemeta.',
  runtimeMinutes: 136,
  ratings: [{ provider: 'imdb', rating: 8.7 }],
  certifications: [
    { country: 'DE', code: '18' },
    { country: 'US', code: 'R' },
  ],
  images: [{ type: 'poster', url: 'https://img.example/cine.jpg' }],
};

/** A database, two providers that tell what a test lays (TMDB's word counts before Cinemeta's), and an enricher. Registers the hooks. */
export function enrichmentRoom() {
  let database: TestDatabase;
  let [tmdb, cinemeta]: Teller[] = [];
  let enricher: Enricher;
  const NEVER = new AbortController().signal;
  const db = () => database.db;

  beforeAll(async () => {
    database = await freshDatabase();
  });
  beforeEach(async () => {
    await db().query(
      command('test.empty')`TRUNCATE media, person, genre, keyword, company RESTART IDENTITY CASCADE`,
    );
    tmdb = teller('tmdb', ['tmdb', 'imdb']);
    cinemeta = teller('cinemeta', ['imdb']);
    enricher = createEnricher({
      db: db(),
      providers: [told(cinemeta), told(tmdb)],
      log: createLog('silent'),
      isOn: () => true,
    });
  });
  afterAll(() => database.close());

  function told(given: Teller | undefined): Teller {
    if (given === undefined) throw new Error('made before each test');
    return given;
  }

  function lay(provider: Teller | undefined, title: ProvidedTitle, ...ids: string[]): void {
    for (const id of ids) told(provider).titles.set(id, title);
  }
  const film = async (ids: Record<string, string> = { imdb: 'tt0133093' }) =>
    (await upsertTitle(db(), { kind: 'movie', title: 'The Matrix', year: 1999, ids })).mediaId;
  const due = () => enricher.enrichDue(10, NEVER);
  async function detail(mediaId: number) {
    const found = await mediaDetail(db(), mediaId, 'en');
    if (found === null) throw new Error('it is gone');
    return found;
  }
  const Standing = z.object({ status: z.string(), confidence: z.number().nullable(), isAdult: z.boolean() });
  const standing = (mediaId: number) =>
    db().one(rows('test.standing', Standing)`
      SELECT enrichment_status AS status, match_confidence AS confidence, is_adult AS "isAdult" FROM media WHERE id = ${mediaId}`);
  const Doubt = z.object({ kind: z.string(), reason: z.string(), state: z.string() });
  const doubts = () =>
    db().any(rows('test.doubts', Doubt)`SELECT kind, reason, state FROM metadata_doubt ORDER BY id`);
  async function origins(mediaId: number): Promise<Record<string, string>> {
    const found = await db().any(rows('test.origins', z.object({ field: z.string(), name: z.string() }))`
      SELECT o.field, p.name FROM media_field_origin o JOIN metadata_provider p ON p.id = o.provider_id WHERE o.media_id = ${mediaId}`);
    return Object.fromEntries(found.map(({ field, name }) => [field, name]));
  }
  const expire = () =>
    db().query(
      command(
        'test.expire',
      )`UPDATE provider_metadata SET fetched_at = now() - interval '9 days', expires_at = now() - interval '1 day'`,
    );
  const again = () => db().query(command('test.again')`UPDATE title_enrichment SET next_at = now()`);
  const waitFor = (mediaId: number) =>
    db().query(command('test.pending')`UPDATE media SET enrichment_status = 'pending' WHERE id = ${mediaId}`);

  return {
    ...{ db, lay, film, due, detail, standing, doubts, origins, expire, again, waitFor },
    tmdb: () => told(tmdb),
    cinemeta: () => told(cinemeta),
    enricher: () => enricher,
  };
}
