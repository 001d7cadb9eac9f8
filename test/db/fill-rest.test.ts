import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { putSyncState, syncStates } from '../../src/features/imports/index.ts';
import { FILL_JOB, listJobs } from '../../src/features/lists/index.ts';
import { command, rows } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database?.close());

test('a fill that took long is followed by a rest', async () => {
  const { db } = database;
  const run = () =>
    listJobs
      .find(({ name }) => name === FILL_JOB)
      ?.run(
        {},
        {
          ...{
            db,
            log: createLog('silent'),
            signal: new AbortController().signal,
            attempt: 1,
            providers: [],
          },
          ...{ syncStates, putSyncState, enricher: { isOn: () => false } },
          settings: { get: () => ({ catalogLanguage: 'en', catalogRegion: '' }) },
        },
      );
  const shelves = () =>
    db.oneFirst(
      rows('test.shelves', z.object({ count: z.int() }))`SELECT count(*)::integer AS count FROM shelf`,
    );
  await db.query(command('test.film')`INSERT INTO media (kind, title, year) VALUES ('movie', 'Film', 1999)`);
  await putSyncState(db, `job.${FILL_JOB}`, { moved: 0, durationMs: 60_000 });
  await run();
  expect(await shelves()).toBe(0);
  await db.query(command('test.rested')`UPDATE sync_state SET last_sync_at = now() - interval '10 minutes'`);
  await run();
  expect(await shelves()).toBe(1);
});
