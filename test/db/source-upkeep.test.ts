import { expect, test } from 'vitest';
import { z } from 'zod';
import { createEnricher } from '../../src/features/metadata/index.ts';
import { sourceJobs } from '../../src/features/sources/jobs.ts';
import { matchItems } from '../../src/features/sources/match-items.ts';
import { makeSourceDue } from '../../src/features/sources/queries/scans.ts';
import { createScanner } from '../../src/features/sources/scanner.ts';
import { rows } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { createTokenBucket } from '../../src/platform/token-bucket.ts';
import { sourceRoom } from '../support/source-room.ts';
import { teller } from '../support/told-titles.ts';

const room = sourceRoom();
const signal = new AbortController().signal;
const log = createLog('silent');

function enricherOf(provider: ReturnType<typeof teller>) {
  return createEnricher({ db: room.db(), providers: [provider], log, isOn: () => true });
}

test('F9: logs of scans are kept 90 days', async () => {
  for (const [days, batch] of [
    [91, 1],
    [89, 2],
  ])
    await room.run(`INSERT INTO scan_log (source_id, batch_id, phase, status, started_at, ended_at)
      VALUES (${room.sourceId()}, '00000000-0000-4000-8000-00000000000${batch}', 'collector', 'completed', now() - interval '${days} days', now())`);
  const job = sourceJobs.find(({ name }) => name === 'sources.forget_scans');
  const scanner = createScanner({ ...room.deps(), onStaged: async () => {}, onScanned: async () => {} });
  const enricher = enricherOf(teller('tmdb', ['tmdb']));
  await job?.run({}, { db: room.db(), kinds: room.kinds(), enricher, scanner, log, signal, attempt: 1 });
  await scanner.close();
  expect((await room.logs()).map(({ batchId }) => batchId.at(-1))).toEqual(['2']);
});

test('what is due is scanned, what rests is not, and what is new is told', async () => {
  room.server().files.set('Film.2001.mkv', 5);
  await room.addSource('Resting', 'http://127.0.0.9:9/');
  await room.run(`UPDATE source SET next_scan_at = now() - interval '1 second' WHERE name = 'NAS'`);
  const staged = Promise.withResolvers<void>();
  const ends: unknown[] = [];
  const onScanned = async (...end: unknown[]) => void ends.push(end);
  const scanner = createScanner({ ...room.deps(), onStaged: async () => staged.resolve(), onScanned });
  await room.run(`UPDATE source_health SET disabled_at = now()`);
  await scanner.scanDue();
  expect(scanner.running()).toBe(0);
  await room.run(`UPDATE source_health SET disabled_at = NULL`);
  await scanner.scanDue();
  expect(scanner.running()).toBe(1);
  await staged.promise;
  await scanner.close();
  expect(await room.logs()).toMatchObject([{ status: 'completed', inserted: 1 }]);
  expect(ends).toEqual([[room.sourceId(), true]]);
  // Six hours later again.
  expect(
    await room.count(
      'source',
      `next_scan_at BETWEEN now() + interval '350 minutes' AND now() + interval '360 minutes'`,
    ),
  ).toBe(1);
});

test('what rests is scanned once where its owner says so', async () => {
  room.server().files.set('Film.2001.mkv', 5);
  await room.run(`UPDATE source_health SET disabled_at = now()`);
  const publicId = await room.db().oneFirst(rows('test.public_id', z.object({ id: z.uuid() }))`
    SELECT public_id AS id FROM source`);
  const staged = Promise.withResolvers<void>();
  const scanner = createScanner({
    ...room.deps(),
    onStaged: async () => staged.resolve(),
    onScanned: async () => {},
  });
  expect(await makeSourceDue(room.db(), publicId)).toBe(room.sourceId());
  await scanner.scanDue();
  expect(scanner.running()).toBe(1);
  await staged.promise;
  expect(await room.logs()).toMatchObject([{ status: 'completed', inserted: 1 }]);
  // By the clock it goes on to rest.
  await room.run(`UPDATE source SET next_scan_at = now() - interval '1 second'`);
  await scanner.scanDue();
  await scanner.close();
  expect(await room.logs()).toHaveLength(1);
});

test('a scan whose instance died is taken up by another', async () => {
  room.server().files.set('Film.2001.mkv', 5);
  await room.run(`INSERT INTO scan_log (source_id, batch_id, phase, holder, held_until)
    VALUES (${room.sourceId()}, gen_random_uuid(), 'collector', gen_random_uuid(), now() - interval '1 second')`);
  await room.run(`INSERT INTO scan_folder (source_id, path) VALUES (${room.sourceId()}, '')`);
  const staged = Promise.withResolvers<void>();
  const scanner = createScanner({
    ...room.deps(),
    onStaged: async () => staged.resolve(),
    onScanned: async () => {},
  });
  await scanner.scanDue();
  await staged.promise;
  await scanner.close();
  expect(await room.logs()).toMatchObject([{ status: 'completed', inserted: 1 }]);
});

test('the newest are asked about first, at the pace of the provider', async () => {
  const names = ['Alpha', 'Bravo', 'Charlie', 'Delta', 'Echo', 'Foxtrot', 'Golf'];
  for (const [age, name] of names.entries())
    await room.run(`INSERT INTO scan_item (source_id, batch_id, file_path, name, newest_at)
      VALUES (${room.sourceId()}, '00000000-0000-4000-8000-000000000001', '${name}.2001.mkv', '${name}.2001.mkv', now() - interval '${age} hours')`);
  const bucket = createTokenBucket(3, 1, 60_000);
  const slow = teller('tmdb', ['tmdb']);
  const asked: { title: string; at: number }[] = [];
  let first = Number.POSITIVE_INFINITY;
  slow.search = async ({ title }, until) => {
    first = Math.min(first, performance.now());
    await bucket.take(until);
    asked.push({ title, at: performance.now() });
    return [];
  };
  const deps = { db: room.db(), kinds: room.kinds(), enricher: enricherOf(slow), log };
  expect(await matchItems(deps, 3, signal)).toBe(3);
  expect(asked.map(({ title }) => title).toSorted()).toEqual(['Alpha', 'Bravo', 'Charlie']);
  expect(await matchItems(deps, 200, signal)).toBe(4);
  // Never sooner than three a second allow; timers may be late.
  for (const [n, { at }] of asked.entries()) expect(at - first).toBeGreaterThanOrEqual((n * 1000) / 3 - 20);
  expect(await room.count('scan_item', `state = 'unmatched'`)).toBe(7);
});

test('a provider that is away leaves files for a later try, and they are shown then', async () => {
  room.server().files.set('The.Matrix.1999.mkv', 5);
  await room.scan();
  const away = teller('tmdb', ['tmdb']);
  away.isDown = true;
  const deps = { db: room.db(), kinds: room.kinds(), enricher: enricherOf(away), log };
  await matchItems(deps, 200, signal);
  expect((await room.items()).map(({ state }) => state)).toEqual(['failed']);
  expect(await matchItems(deps, 200, signal)).toBe(0);
  await room.run(`UPDATE scan_item SET next_at = now()`);
  await room.run(`UPDATE title_enrichment SET next_at = now()`);
  away.isDown = false;
  away.hits = [{ kind: 'movie', title: 'The Matrix', year: 1999, ids: { tmdb: '603' } }];
  away.titles.set('tmdb 603', { kind: 'movie', title: 'The Matrix', year: 1999, ids: { tmdb: '603' } });
  await matchItems(deps, 200, signal);
  expect(await room.items()).toEqual([]);
  expect(await room.count('media', 'is_published')).toBe(1);
});

test('a file that cannot be stored takes no other with it', async () => {
  for (const name of ['Alpha', 'Bravo', 'Charlie']) room.server().files.set(`${name}.2001.mkv`, 5);
  await room.scan();
  await room.run(`ALTER TABLE stream_http ADD CONSTRAINT test_only CHECK (file_path NOT LIKE 'Bravo%')`);
  try {
    const tmdb = teller('tmdb', ['tmdb']);
    tmdb.search = async ({ title }) => [{ kind: 'movie', title, year: 2001, ids: { tmdb: title } }];
    tmdb.byId = async ({ value }) => ({ kind: 'movie', title: value, year: 2001, ids: { tmdb: value } });
    const deps = { db: room.db(), kinds: room.kinds(), enricher: enricherOf(tmdb), log };
    expect(await matchItems(deps, 200, signal)).toBe(3);
  } finally {
    await room.run('ALTER TABLE stream_http DROP CONSTRAINT test_only');
  }
  expect(await room.items()).toEqual([{ path: 'Bravo.2001.mkv', state: 'failed' }]);
  expect(await room.count('scan_item', `failure LIKE 'It could not be stored%' AND next_at > now()`)).toBe(1);
  expect(await room.count('stream_http')).toBe(2);
  expect(await room.count('scan_log', `phase = 'enricher' AND matched = 2 AND failed = 1`)).toBe(1);
});
