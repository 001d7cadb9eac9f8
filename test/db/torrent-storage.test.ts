import { Client } from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  deleteStored,
  forgetStored,
  listTorrents,
  oneTorrent,
  pausedTorrents,
  pauseStored,
  resumeStored,
  saveStored,
  settleFound,
  storageUse,
} from '../../src/features/torrents/queries.ts';
import { command, rows } from '../../src/platform/db.ts';
import type { StoredTorrent } from '../../src/streams/storage.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { addStream } from '../support/kind-deps.ts';

let database: TestDatabase;
let client: Client;
beforeAll(async () => {
  database = await freshDatabase();
  client = new Client({ connectionString: database.url });
  await client.connect();
});
beforeEach(() => database.db.query(command('test.empty')`TRUNCATE torrent_storage, stream CASCADE`));
afterAll(async () => {
  await client.end();
  await database.close();
});

const hashOf = (index: number) => index.toString(16).padStart(40, '0');
const [HASH, OTHER] = [hashOf(1), hashOf(2)];
const ALL = { limit: 100, offset: 0 };
const NOTHING_KNOWN = () => false;

const report = (more: Partial<StoredTorrent> = {}): StoredTorrent => ({
  ...{ infoHash: HASH, name: 'Film.mkv', sizeBytes: 1000, pieceCount: 10, piecesHeld: 4, bytesOnDisk: 400 },
  ...{
    status: 'downloading',
    error: null,
    downloadedBytes: 300,
    uploadedBytes: 0,
    accessedAt: 1_700_000_000_000,
  },
  ...{ peers: 3, readers: 1, bytesPerSecond: 5000, ...more },
});
const save = (more: Partial<StoredTorrent> = {}, store = 'here') =>
  saveStored(database.db, store, [report(more)]);
const one = async (infoHash = HASH) => await oneTorrent(database.db, infoHash);

test('a row follows what is told: counts add up, the rest is as it was told last', async () => {
  await save();
  expect(await one()).toMatchObject({
    ...{ name: 'Film.mkv', progress: 0.4, status: 'downloading', downloadedBytes: 300, peers: 3, readers: 1 },
    ...{ accessedAt: '2023-11-14T22:13:20.000Z', bytesPerSecond: 5000, streamId: null, error: null },
  });
  // Not open any more: what it is called is known from before, and that all of it is here.
  const closed = {
    name: null,
    sizeBytes: null,
    pieceCount: null,
    status: 'idle',
    peers: 0,
    readers: 0,
  } as const;
  await save({ ...closed, piecesHeld: 10, bytesOnDisk: 1000, downloadedBytes: 700 });
  expect(await one()).toMatchObject({
    name: 'Film.mkv',
    progress: 1,
    status: 'completed',
    downloadedBytes: 1000,
    readers: 0,
  });
  await save({ ...closed, piecesHeld: 9, bytesOnDisk: 900, downloadedBytes: 0 });
  expect(await one()).toMatchObject({ progress: 0.9, status: 'idle' });
});

test('names of any make are taken: controls go, and what is too long is cut', async () => {
  await save({ name: `Fi\0lm${'x'.repeat(2000)}` });
  expect((await one())?.name).toMatch(/^Filmx{996}$/);
  await save({ name: '\0\n' });
  expect((await one())?.name).toMatch(/^Filmx+$/);
});

test.each([
  ['a progress of more than all', 'progress = 1.01'],
  ['a progress of less than nothing', 'progress = -0.01'],
  ['a status nobody knows', `status = 'stalled'`],
  ['an info hash that is none', `info_hash = 'ABC'`],
  ['an end before the beginning', `updated_at = created_at - interval '1 second'`],
])('the table refuses %s', async (_what, change) => {
  await save();
  const update = `UPDATE torrent_storage SET ${change}`;
  await expect(client.query(update)).rejects.toMatchObject({ code: '23514' });
  for (const status of ['downloading', 'completed', 'seeding', 'idle', 'paused', 'error'])
    await client.query(`UPDATE torrent_storage SET status = '${status}', progress = 1`);
});

describe('of several stores', () => {
  test('the one that has most counts, what lies there adds up, and neither overwrites the other', async () => {
    await save(
      { piecesHeld: 10, bytesOnDisk: 1000, status: 'completed', readers: 0, peers: 0, bytesPerSecond: 0 },
      'one',
    );
    await save({ piecesHeld: 2, bytesOnDisk: 200 }, 'two');
    expect(await one()).toMatchObject({ progress: 1, bytesOnDisk: 1200, status: 'downloading', readers: 1 });
    expect(await listTorrents(database.db, ALL)).toHaveLength(1);
    expect(await storageUse(database.db, 'one')).toEqual({ total: 1, usedBytes: 1000, elsewhereBytes: 200 });
    await settleFound(database.db, 'two', [], NOTHING_KNOWN);
    expect(await one()).toMatchObject({ progress: 1, bytesOnDisk: 1000, status: 'completed' });
  });

  test('a pause is of all of them, of one that comes later too, and reports do not end it', async () => {
    await save({}, 'one');
    expect(await pauseStored(database.db, HASH)).toBe(true);
    expect(await pauseStored(database.db, OTHER)).toBe(false);
    await save({}, 'one');
    await save({}, 'two');
    expect(await one()).toMatchObject({ status: 'paused' });
    expect(await pausedTorrents(database.db)).toEqual([HASH]);
    await deleteStored(database.db, [HASH], 'one');
    expect(await pausedTorrents(database.db)).toEqual([HASH]);
    expect(await resumeStored(database.db, HASH)).toBe(true);
    expect([await one(), await pausedTorrents(database.db)]).toMatchObject([{ status: 'idle' }, []]);
    await save({}, 'two');
    expect(await one()).toMatchObject({ status: 'downloading' });
  });

  test('figures of an instance that died are not those of now', async () => {
    await save();
    await client.query(
      `UPDATE torrent_storage SET created_at = now() - interval '1 h', updated_at = now() - interval '1 min'`,
    );
    expect(await one()).toMatchObject({
      status: 'idle',
      readers: 0,
      peers: 0,
      bytesPerSecond: 0,
      progress: 0.4,
    });
  });
});

describe('what is found on disk', () => {
  const found = (infoHash: string, piecesHeld: number) => ({
    ...{ infoHash, piecesHeld, bytesOnDisk: piecesHeld * 100, accessedAt: 1_700_000_000_000 },
  });

  test('corrects the rows, and those whose pieces are gone go, but for a pause', async () => {
    for (const index of [1, 2, 3]) await save({ infoHash: hashOf(index) });
    await pauseStored(database.db, hashOf(3));
    await settleFound(database.db, 'here', [found(HASH, 7), found(hashOf(9), 2)], NOTHING_KNOWN);
    const listed = await listTorrents(database.db, ALL);
    expect(listed.map(({ infoHash, progress, status }) => [infoHash, progress, status]).sort()).toEqual([
      [HASH, 0.7, 'idle'],
      [hashOf(3), 0, 'paused'],
      // Of how many is told when it is opened.
      [hashOf(9), 0, 'idle'],
    ]);
  });

  test('is no news of what the engine has told since', async () => {
    await save();
    await settleFound(database.db, 'here', [found(HASH, 1)], (infoHash) => infoHash === HASH);
    await settleFound(database.db, 'here', [], (infoHash) => infoHash === HASH);
    expect(await one()).toMatchObject({ progress: 0.4, status: 'downloading' });
  });
});

test('it is known which stream a torrent was saved as, and the row outlives it', async () => {
  const streamId = await addStream(database.db, 'torrent', 'The film');
  await client.query(`INSERT INTO stream_torrent (stream_id, info_hash) VALUES (${streamId}, '${HASH}')`);
  await save();
  expect(await one()).toMatchObject({ streamId: expect.stringMatching(/^[0-9a-f-]{36}$/), name: 'The film' });
  await client.query(`DELETE FROM stream WHERE id = ${streamId}`);
  expect(await one()).toMatchObject({ streamId: null, name: 'Film.mkv' });
});

test('what was evicted a day ago is forgotten, and a store that never came back', async () => {
  await save({ piecesHeld: 0 }, 'one');
  await save({ infoHash: OTHER }, 'two');
  expect(await forgetStored(database.db)).toBe(0);
  await client.query(
    `UPDATE torrent_storage SET created_at = now() - interval '1 year', updated_at = now() - interval '25 h'`,
  );
  expect(await forgetStored(database.db)).toBe(1);
  await client.query(`UPDATE torrent_storage SET updated_at = now() - interval '91 d'`);
  expect(await forgetStored(database.db)).toBe(1);
});

test('pages go on where the last one ended, what is watched first', async () => {
  const reports = Array.from({ length: 5 }, (_, index) =>
    report({
      infoHash: hashOf(index),
      readers: index === 2 ? 1 : 0,
      accessedAt: 1_700_000_000_000 + index * 1000,
    }),
  );
  await saveStored(database.db, 'here', reports);
  const pages = [0, 2, 4].map((offset) => listTorrents(database.db, { limit: 2, offset }));
  const listed = (await Promise.all(pages)).flat().map(({ infoHash }) => Number.parseInt(infoHash, 16));
  expect(listed).toEqual([2, 4, 3, 1, 0]);
  const count = await database.db.oneFirst(
    rows('test.count', z.object({ n: z.int() }))`SELECT count(*) AS n FROM torrent_storage`,
  );
  expect(count).toBe(5);
});
