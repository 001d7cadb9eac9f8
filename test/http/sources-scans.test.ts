import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { scanRoutes, sourceNamed, sourceProgress } from '../../src/features/sources/index.ts';
import { command } from '../../src/platform/db.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';
import { problemIn } from '../support/problem-answer.ts';

let ground: TestKindDeps;
let api: TestApi;
let isOn = true;
const [NAS, OTHER] = [randomUUID(), randomUUID()];

beforeAll(async () => {
  ground = await openKindDeps();
  api = await startApi((place) => [
    scanRoutes({ ...place, db: ground.deps.db, enricher: { isOn: () => isOn } }),
  ]);
});
beforeEach(async () => {
  isOn = true;
  const { db } = ground.deps;
  await db.query(command('test.empty')`TRUNCATE source RESTART IDENTITY CASCADE`);
  await db.query(command('test.fill')`
    INSERT INTO source (public_id, name, base_url) VALUES
      (${NAS}::uuid, 'My NAS', 'http://nas.example/'), (${OTHER}::uuid, 'Other', 'http://other.example/')`);
});
afterAll(async () => {
  await api.close();
  await ground.close();
});

const run = (statement: ReturnType<ReturnType<typeof command>>) => ground.deps.db.query(statement);

test('what runs and what waits is told, without what has ended', async () => {
  const nothing = { waiting: 0, matched: 0, flagged: 0, unmatched: 0, failed: 0 };
  const before = await api.ask('GET', '/api/sources/progress');
  expect(before.body).toEqual({ isMatching: true, matching: nothing, scans: [] });
  await run(command('test.log')`
    INSERT INTO scan_log (source_id, batch_id, phase, status, origin, folders, files, current_folder, matched, flagged, started_at, ended_at)
    VALUES (1, gen_random_uuid(), 'collector', 'started', 'scan', 3, 40, 'Films/New', 0, 0, now(), NULL),
      (2, gen_random_uuid(), 'collector', 'completed', 'scan', 9, 90, NULL, 0, 0, now(), now()),
      (1, gen_random_uuid(), 'enricher', 'started', 'scan', 0, 0, NULL, 5, 1, now() - interval '3 days', NULL),
      (2, gen_random_uuid(), 'enricher', 'completed', 'scan', 0, 0, NULL, 7, 0, now(), now()),
      (2, gen_random_uuid(), 'enricher', 'completed', 'scan', 0, 0, NULL, 99, 0, now() - interval '3 days', now() - interval '3 days')`);
  await run(command('test.folders')`
    INSERT INTO scan_folder (source_id, path, state) VALUES (1, 'a', 'waiting'), (1, 'b', 'waiting'), (1, 'c', 'read'), (2, 'd', 'waiting')`);
  await run(command('test.items')`
    INSERT INTO scan_item (source_id, batch_id, file_path, name, state)
    SELECT 1 + n % 2, gen_random_uuid(), n::text, 'x', s FROM unnest('{pending,processing,unmatched,extra,held}'::text[]) WITH ORDINALITY u(s, n)`);
  isOn = false;
  const { body } = await api.ask('GET', '/api/sources/progress');
  expect(body).toMatchObject({
    isMatching: false,
    matching: { ...nothing, waiting: 2, matched: 12, flagged: 1 },
    scans: [{ sourceId: NAS, folders: 3, files: 40, foldersWaiting: 2, currentFolder: 'Films/New' }],
  });
  // Of one source, for the terminal.
  const { id } = await sourceNamed(ground.deps.db, 'Other');
  expect(await sourceProgress(ground.deps.db, id)).toMatchObject({
    scan: { status: 'completed', files: 90, foldersWaiting: 1 },
    matching: { waiting: 1, matched: 7, flagged: 0 },
  });
});

test('the scans of one source are told, newest first', async () => {
  await run(command('test.log')`
    INSERT INTO scan_log (source_id, batch_id, phase, status, inserted, failure, ended_at)
    VALUES (1, gen_random_uuid(), 'collector', 'failed', 0, 'It does not answer.', now()),
      (1, gen_random_uuid(), 'collector', 'completed', 5, NULL, now()), (2, gen_random_uuid(), 'collector', 'completed', 9, NULL, now())`);
  const { body } = await api.ask('GET', `/api/sources/${NAS}/scans`);
  expect(body).toMatchObject({
    scans: [{ inserted: 5 }, { status: 'failed', failure: 'It does not answer.' }],
  });
  const unknown = await api.ask('GET', `/api/sources/${randomUUID()}/scans`);
  expect(unknown.status).toBe(404);
  expect(problemIn(unknown.body).code).toBe('sources.not_found');
  expect(await api.ask('GET', '/api/sources/1/scans')).toMatchObject({ status: 400 });
});

test('a source is found by its name as people write it, and by its id', async () => {
  const { db } = ground.deps;
  for (const written of ['My NAS', 'my nas', NAS, NAS.toUpperCase()])
    expect(await sourceNamed(db, written)).toMatchObject({ name: 'My NAS' });
  await expect(sourceNamed(db, 'NAS')).rejects.toThrow('There are: "My NAS", "Other".');
});
