import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { oneTorrent, saveStored } from '../../src/features/torrents/queries.ts';
import { createNet } from '../../src/platform/net.ts';
import { countsOf } from '../../src/streams/torrent/queries.ts';
import type { SwarmEngine } from '../../src/streams/torrent/swarm/engine.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { givingRoom, MIB, NEVER, readAll, stateOf } from '../support/giving-room.ts';
import { BLOCK, type LeechPeer } from '../support/leech-peer.ts';
import { openTempDir } from '../support/processes.ts';
import { makeTorrent } from '../support/seed-peer.ts';
import { waitUntil } from '../support/wait-until.ts';

// What went and came of a torrent, in its row: each byte once, and counted on by whoever opens it next.

const PIECE_BYTES = 256 * 1024;
const FILM = makeTorrent(randomBytes(6 * MIB + 4711), PIECE_BYTES);
const PIECES = Math.ceil(FILM.bytes.length / PIECE_BYTES);
const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
const room = givingRoom(net, FILM);

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(async () => {
  await net.close();
  await database.close();
});

/** As the thread tells it each second and the main thread writes it. */
async function rowOf(engine: SwarmEngine) {
  await saveStored(database.db, 'here', engine.stored());
  const row = await oneTorrent(database.db, FILM.infoHash);
  if (row === null) throw new Error('it has no row');
  return row;
}

const becomes = (engine: SwarmEngine, status: string, timeoutMs = 10_000) =>
  waitUntil(async () => (await rowOf(engine)).status === status, { what: `it is ${status}`, timeoutMs });

/** Takes piece after piece, the last one in part, until it is choked. Answers how many bytes came. */
async function takeAll(peer: LeechPeer): Promise<number> {
  await waitUntil(() => peer.has.size === PIECES, { what: 'it is told what is here', timeoutMs: 10_000 });
  await peer.becomeUnchoked();
  for (let at = 0; at < FILM.bytes.length && peer.isUnchoked; at += PIECE_BYTES) {
    const end = Math.min(PIECE_BYTES, FILM.bytes.length - at);
    const due = peer.bytes + end;
    for (let begin = 0; begin < end; begin += BLOCK)
      peer.ask(at / PIECE_BYTES, begin, Math.min(BLOCK, end - begin));
    await waitUntil(() => peer.bytes === due || !peer.isUnchoked, { what: 'it came', timeoutMs: 10_000 });
  }
  await waitUntil(() => !peer.isUnchoked, { what: 'it is choked', timeoutMs: 10_000 });
  return peer.bytes;
}

test('its row is seeding while it uploads, then complete; the next engine goes on with the ratio, and no byte counts twice', async () => {
  const dir = await openTempDir();
  room.onEnd(() => dir.remove());
  const cache = { folder: dir.path, maxBytes: 1024 * MIB };
  const first = await room.started({ upload: 'ratio', uploadRatio: 1 }, { cache });
  await becomes(first.engine, 'completed');
  const { downloadedBytes } = stateOf(first.engine, FILM);
  expect(await rowOf(first.engine)).toMatchObject({ uploadedBytes: 0, downloadedBytes });

  const whole = await takeAll(await first.leech());
  await becomes(first.engine, 'seeding');
  // Blocks begun before the ratio was reached are sent to their end.
  expect(whole).toBeGreaterThanOrEqual(downloadedBytes - BLOCK);
  await becomes(first.engine, 'completed', 20_000);
  first.engine.close();
  // What came since the last look is told by the engine that closes.
  expect(await rowOf(first.engine)).toMatchObject({ uploadedBytes: whole, downloadedBytes });

  const second = await room.start({ upload: 'ratio', uploadRatio: 1.5 }, { cache });
  const earlier = await countsOf(database.db, FILM.infoHash, 'here');
  expect(earlier).toEqual({ uploadedBytes: whole, downloadedBytes });
  await second.engine.open(room.specOf(second.seed, { peers: [], earlier }), NEVER);
  expect((await readAll(second.engine, FILM)).equals(FILM.bytes)).toBe(true);
  const half = await takeAll(await second.leech());
  expect(half).toBeGreaterThan(0);
  expect(whole + half).toBeGreaterThanOrEqual(1.5 * downloadedBytes);
  expect(whole + half).toBeLessThan(1.5 * downloadedBytes + 2 * PIECE_BYTES);
  await becomes(second.engine, 'seeding');
  expect(await rowOf(second.engine)).toMatchObject({ uploadedBytes: whole + half, downloadedBytes });
}, 90_000);

test('what moved between the last look and a close is told, and who opens it again counts from there', async () => {
  const { engine, seed } = await room.start({ upload: 'ratio' });
  await engine.open(room.specOf(seed), NEVER);
  const before = await countsOf(database.db, FILM.infoHash, 'there');
  expect(before).toEqual({ uploadedBytes: 0, downloadedBytes: 0 });
  await readAll(engine, FILM, { start: 0, end: MIB });
  const { downloadedBytes } = stateOf(engine, FILM);
  engine.close();
  await saveStored(database.db, 'there', engine.stored());
  expect(await countsOf(database.db, FILM.infoHash, 'there')).toEqual({ uploadedBytes: 0, downloadedBytes });
  await saveStored(database.db, 'there', engine.stored());
  expect(await countsOf(database.db, FILM.infoHash, 'there')).toEqual({ uploadedBytes: 0, downloadedBytes });
});
