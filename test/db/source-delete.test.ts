import { expect, test } from 'vitest';
import { z } from 'zod';
import { createEnricher } from '../../src/features/metadata/index.ts';
import { deleteSource, dropDeleted } from '../../src/features/sources/delete-sources.ts';
import { sourceJobs } from '../../src/features/sources/jobs.ts';
import { sourceAnswers } from '../../src/features/sources/queries/sources.ts';
import { createScanner } from '../../src/features/sources/scanner.ts';
import { rows } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { sourceRoom } from '../support/source-room.ts';
import { waitUntil } from '../support/wait-until.ts';

// A large source does not go in one statement: what was broken off is gone on with, and nothing else goes.

const room = sourceRoom();
const log = createLog('silent');
const FILES = 2500;
const NEVER = new AbortController().signal;

/** Films of a source, each of a title of its own, and what scans noted beside them. */
async function fill(sourceId: number): Promise<string> {
  await room.run(`
    WITH made AS (
      INSERT INTO media (kind, title) SELECT 'movie', 'Film ' || n FROM generate_series(1, ${FILES}) n RETURNING id
    ), stored AS (
      INSERT INTO stream (kind, name) SELECT 'http', 'Film ${sourceId} ' || n FROM generate_series(1, ${FILES}) n RETURNING id
    ), pairs AS (
      SELECT s.id AS stream_id, m.id AS media_id FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM stored) s
        JOIN (SELECT id, row_number() OVER (ORDER BY id) AS n FROM made) m USING (n)
    ), placed AS (
      INSERT INTO stream_http (stream_id, source_id, file_path, url, url_hash)
      SELECT id, ${sourceId}, id || '.mkv', 'http://a.example/' || id, sha256(id::text::bytea) FROM stored
    )
    INSERT INTO stream_media_link (stream_id, media_id) SELECT stream_id, media_id FROM pairs`);
  await room.run(`INSERT INTO scan_item (source_id, batch_id, file_path, name)
    SELECT ${sourceId}, gen_random_uuid(), n || '.mkv', n || '.mkv' FROM generate_series(1, 30) n`);
  await room.run(`INSERT INTO scan_folder (source_id, path) VALUES (${sourceId}, 'Films')`);
  return await room.db().oneFirst(rows('test.public_id', z.object({ id: z.uuid() }))`
    SELECT public_id AS id FROM source WHERE id = ${sourceId}`);
}

async function runJob() {
  const job = sourceJobs.find(({ name }) => name === 'sources.drop');
  const scanner = createScanner({ ...room.deps(), onStaged: async () => {}, onScanned: async () => {} });
  const enricher = createEnricher({ db: room.db(), providers: [], log, isOn: () => true });
  await job?.run(
    {},
    { ...{ db: room.db(), kinds: room.kinds(), enricher, scanner, log }, signal: NEVER, attempt: 1 },
  );
  await scanner.close();
}

test('a source of three batches goes wholly, although whoever took it away died in between', async () => {
  const publicId = await fill(room.sourceId());
  const kept = await room.addSource('Kept', 'http://kept.example/');
  await fill(kept);
  await deleteSource(room.db(), publicId);
  expect(await sourceAnswers(room.db(), null, { limit: 9, mostCounted: 9 })).toMatchObject([
    { name: 'Kept' },
  ]);
  await expect(deleteSource(room.db(), publicId)).rejects.toMatchObject({ code: 'sources.not_found' });

  // Somebody holds the last 400 of its files, which is where the connection dies.
  await using held = await room.connect();
  await held.query(
    `BEGIN; SELECT 1 FROM stream_http WHERE source_id = ${room.sourceId()} ORDER BY file_path DESC LIMIT 400 FOR UPDATE`,
  );
  const dropping = dropDeleted(room.db(), NEVER);
  const ended = expect(dropping).rejects.toThrow();
  const LOCKED = `datname = current_database() AND wait_event_type = 'Lock'`;
  await waitUntil(async () => (await room.count('pg_stat_activity', LOCKED)) > 0, {
    what: 'it waits for the rest',
    timeoutMs: 30_000,
  });
  await room.run(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${LOCKED}`);
  await ended;
  await held.query('COMMIT');
  const left = () => room.count('stream_http', `source_id = ${room.sourceId()}`);
  expect([await left(), await room.count('source')]).toEqual([400, 2]);

  await runJob();
  expect([await left(), await room.count('source')]).toEqual([0, 1]);
  expect(await room.count('stream')).toBe(FILES);
  expect(await room.count('stream_media_link')).toBe(FILES);
  expect(await room.count('media', 'total_streams = 1')).toBe(FILES);
  for (const table of ['scan_item', 'scan_folder'])
    expect(await room.count(table, `source_id <> ${kept}`)).toBe(0);
  expect(await room.count('scan_item')).toBe(30);
});

test('two that take it away at once take it once', async () => {
  const publicId = await fill(room.sourceId());
  await deleteSource(room.db(), publicId);
  await Promise.all([1, 2, 3].map(() => dropDeleted(room.db(), NEVER)));
  expect([await room.count('source'), await room.count('stream')]).toEqual([0, 0]);
});
