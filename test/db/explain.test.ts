import { runMigrations } from 'graphile-worker';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { CatalogQuery } from '../../src/catalogs/catalog.ts';
import { curatedPage, popularPage, recentPage, shelfPage } from '../../src/catalogs/queries.ts';
import { findTitles } from '../../src/catalogs/search/index.ts';
import { mediaDetail, resolveMediaId } from '../../src/features/media/index.ts';
import { offersFor } from '../../src/features/stream-index/index.ts';
import { parseMediaId } from '../../src/kit/media-id.ts';
import { command, type Db, rows } from '../../src/platform/db.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { fillWithTitles } from '../support/many-titles.ts';
import { SMALL_TABLES } from '../support/small-tables.ts';
import { type PlanWatch, statementNames, watchPlans } from '../support/statement-plans.ts';
import { accountCalls } from '../support/statements/accounts.ts';
import { activityCalls } from '../support/statements/activity.ts';
import { catalogCalls } from '../support/statements/catalogs.ts';
import { communityCalls } from '../support/statements/community.ts';
import { deviceCalls } from '../support/statements/devices.ts';
import { familyCalls } from '../support/statements/family.ts';
import { mediaCalls } from '../support/statements/media.ts';
import { metadataCalls } from '../support/statements/metadata.ts';
import { otherCalls } from '../support/statements/others.ts';
import { FILM, readSample, type Sample, SERIES } from '../support/statements/sample.ts';
import { sourceHealthCalls } from '../support/statements/source-health.ts';
import { sourceCalls } from '../support/statements/sources.ts';
import { streamCalls } from '../support/statements/streams.ts';

/** Statements that read a large table whole on purpose, as `statement table`, and why that is right. */
const WHOLE_READS: Readonly<Record<string, string>> = {
  'catalogs.fill_shelves media': 'a job, every ten minutes: the best of all titles',
  'catalogs.fill_shelves shelf_item': 'as above',
  'catalogs.fill_shelves media_rating': 'as above',
  'catalogs.fill_shelves media_certification': 'as above',
  'catalogs.fill_shelves media_external_id': 'as above',
  'catalogs.fill_shelves play_day': 'as above',
  'catalogs.fill_shelves episode': 'as above',
  'ids.delete_others id_mapping': 'looks at every entry of a list, after an import of it',
  'media.mapped id_mapping': 'after an import of the lists: every title they know',
  'media.mapped media_external_id': 'as above',
  'platform.delete_ended_values shared_value': 'deletes ten thousand at a time of a table of some thousands',
  'platform.drop_shared_space shared_value': 'drops all of a space, and there is one',
  'play.forget_ended stream_lease': 'deletes up to ten thousand at a time of what died with its instance',
  'stats.stream_counts stream': 'counts all of them; the answer is kept for a minute',
  'stats.licence_counts stream': 'counts all of them; the answer is kept for a minute',
  'stats.episode_count episode': 'counts all of them; the answer is kept for a minute',
  'stats.newest_titles media generic':
    'sixty times the cost of the plan with values, so Postgres never takes it',
  'stats.newest_titles media_translation generic': 'as above',
  'streams.hide_unseen stream':
    'once an import of a whole list, by a command: where streams came from stands in no index',
  'streams.delete_orphans stream': 'once a day: what nothing links to stands in no index',
  'streams.delete_orphans stream_media_link': 'as above',
  'trackers.all tracker': 'shows all of them',
  'trackers.make_all_due tracker': 'changes all of them, when the owner says so',
  'trackers.checks tracker': 'names all of them',
  'trackers.plot_health tracker': 'counts all of them, once a minute',
  'ftp.stale_credentials stream_ftp':
    'once an hour, only while an older key is known: heads stand in no index',
  'http.stale_headers stream_http': 'once an hour, only while an older key is known: heads stand in no index',
  'usenet.stale stream_usenet': 'as above',
  'usenet.stale_uploads usenet_upload': 'as above',
  'torrent.stale stream_torrent': 'as above',
  'upkeep.delete_ended_limits rate_limit': 'deletes a thousand at a time of a table of some thousands',
};
/** Large tables read by triggers while a call runs, as `call table`. */
const HIDDEN_READS: Readonly<Record<string, string>> = {
  'lists catalog': 'adds the counts of all lists a statement touched; one read of some thousands of lists',
};

let database: TestDatabase;
let watch: PlanWatch;
let sample: Sample;

beforeAll(async () => {
  database = await freshDatabase();
  await fillWithTitles(database.url, 100_000);
  await runMigrations({ connectionString: database.url });
  watch = await watchPlans(database.url);
  sample = await readSample(watch.client);
}, 300_000);
afterAll(async () => {
  await watch[Symbol.asyncDispose]();
  await database.close();
});

describe.each([
  { room: 'catalogs', calls: catalogCalls },
  { room: 'media', calls: mediaCalls },
  { room: 'streams', calls: streamCalls },
  { room: 'metadata', calls: metadataCalls },
  { room: 'sources', calls: sourceCalls },
  { room: 'the health of sources', calls: sourceHealthCalls },
  { room: 'accounts', calls: accountCalls },
  { room: 'tags, reports and services', calls: communityCalls },
  { room: 'activity', calls: activityCalls },
  { room: 'devices', calls: deviceCalls },
  { room: 'families', calls: familyCalls },
  { room: 'the other rooms', calls: otherCalls },
])('among 100,000 titles no statement of $room reads a large table whole', ({ calls }) => {
  test.each(Object.entries(calls))(
    '%s',
    async (name, call) => {
      const { planned, hidden } = await watch.undone((tx) => call(tx, sample));
      const faults = planned
        .filter(({ isBatch }) => !isBatch)
        .map(({ statement, table, how }) => ({ read: `${statement} ${table}`, how }))
        .filter(({ read, how }) => !(read in WHOLE_READS) && !(`${read} ${how}` in WHOLE_READS));
      const byTriggers = hidden.map((table) => `${name} ${table}`).filter((read) => !(read in HIDDEN_READS));
      expect({ faults, byTriggers }).toEqual({ faults: [], byTriggers: [] });
    },
    60_000,
  );
});

describe('the guard itself', () => {
  test('catches a statement that no index serves, planned with its values and without', async () => {
    const { planned } = await watch.undone((tx) =>
      tx.any(rows('planted.by_overview', z.object({ id: z.int() }))`
        SELECT id FROM media WHERE lower(overview) = ${'a title'}
      `),
    );
    const read = { statement: 'planted.by_overview', table: 'media', isBatch: false };
    expect(planned).toEqual([
      { ...read, how: 'with values' },
      { ...read, how: 'generic' },
    ]);
  });

  test('catches what only a trigger reads', async () => {
    const { planned, hidden } = await watch.undone(async (tx) => {
      await tx.query(command('test.planted_function')`
        CREATE FUNCTION planted() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM 1 FROM media WHERE lower(overview) = 'a title'; RETURN NULL; END $$
      `);
      await tx.query(command('test.planted_trigger')`
        CREATE TRIGGER planted AFTER UPDATE ON sync_state FOR EACH STATEMENT EXECUTE FUNCTION planted()
      `);
      await tx.query(command('test.planted_touch')`UPDATE sync_state SET last_sync_at = now()`);
    });
    expect({ planned, hidden }).toEqual({ planned: [], hidden: ['media'] });
  });

  test('has seen every statement of the sources', async () => {
    const names = await statementNames();
    // Among them one whose name stands on a line of its own.
    expect([...names]).toContain('streams.licence_codes');
    expect(names.size).toBeGreaterThan(100);
    expect([...names].filter((name) => !watch.seen.has(name))).toEqual([]);
  });

  test('excuses no statement that is gone', async () => {
    const names = await statementNames();
    const calls = {
      ...catalogCalls,
      ...mediaCalls,
      ...streamCalls,
      ...metadataCalls,
      ...sourceCalls,
      ...sourceHealthCalls,
      ...accountCalls,
      ...communityCalls,
      ...activityCalls,
      ...deviceCalls,
      ...otherCalls,
    };
    const first = (text: string) => text.split(' ', 1)[0] ?? '';
    expect(Object.keys(WHOLE_READS).filter((read) => !names.has(first(read)))).toEqual([]);
    expect(Object.keys(HIDDEN_READS).filter((read) => !(first(read) in calls))).toEqual([]);
  });

  test('has more than 1,000 rows in every table that may have them one day', async () => {
    const { rows: tables } = await watch.client.query<{ name: string }>(`
      SELECT relname AS name FROM pg_class
      WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND reltuples <= 1000 ORDER BY 1`);
    expect(tables.map(({ name }) => name).filter((name) => !SMALL_TABLES.has(name))).toEqual([]);
  });
});

const query = (more: Partial<CatalogQuery>): CatalogQuery => ({
  ...{ kind: 'movie', visibility: 'all', language: 'de', skip: 0 },
  ...more,
});

const searchFor = (text: string) => (db: Db) => findTitles(db, { text, kind: 'movie', audience: 'all' });

describe('blocks of 8 KiB one statement looks at among 100,000 titles', () => {
  // About twice what they are. A page costs the same however many titles there are, a search what its words find.
  test.each<[what: string, most: number, ask: (db: Db) => Promise<unknown>]>([
    ['popular', 1300, (db) => popularPage(db, query({}))],
    ['popular, 1,000 titles on', 1300, (db) => popularPage(db, query({ skip: 1000 }))],
    ['a genre of every second title', 1300, (db) => popularPage(db, query({ genre: 'Drama' }))],
    ['a genre of every 15th title', 1300, (db) => popularPage(db, query({ genre: 'Genre 5' }))],
    ['a genre of every 100th title', 3000, (db) => popularPage(db, query({ genre: 'Western' }))],
    ['a genre of every 2,000th title', 1300, (db) => popularPage(db, query({ genre: 'Silent' }))],
    [
      'the same among open licences',
      3000,
      (db) => popularPage(db, query({ genre: 'Western', visibility: 'licensed' })),
    ],
    ['new', 1300, (db) => recentPage(db, query({}))],
    ['new of a genre', 1300, (db) => recentPage(db, query({ genre: 'Genre 5' }))],
    ['a list of 1,000 titles', 1600, (db) => curatedPage(db, query({}), 'open-films')],
    ['a year', 1700, (db) => shelfPage(db, 'year', query({ choice: '1999' }))],
    ['search for t', 8000, searchFor('t')],
    ['search for the', 10_000, searchFor('the')],
    ['search for riv', 8000, searchFor('riv')],
    ['search for z', 16_000, searchFor('z')],
    ['search for the night', 4000, searchFor('the night')],
    ['nothing found, then alike', 2000, searchFor('the nihgt of lovve')],
    ['a title', 100, (db) => mediaDetail(db, SERIES, 'de')],
    ['its offers', 500, (db) => offersFor(db, { mediaId: FILM, episodeId: null, only: 'licensed' })],
    ['its number', 30, (db) => resolveMediaId(db, parseMediaId('tt90000050:1:2') ?? fail())],
  ])('%s: at most %i', async (_what, most, ask) => {
    expect(await watch.blocks(ask)).toBeLessThanOrEqual(most);
  });
});

function fail(): never {
  throw new Error('no id');
}
