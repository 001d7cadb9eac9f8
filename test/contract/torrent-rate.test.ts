import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, expect, test } from 'vitest';
import { createNet } from '../../src/platform/net.ts';
import { givingRoom, MIB, NEVER, readAll, stateOf } from '../support/giving-room.ts';
import { makeTorrent } from '../support/seed-peer.ts';

const FILM = makeTorrent(randomBytes(6 * MIB), 256 * 1024);
const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
const room = givingRoom(net, FILM);
afterAll(() => net.close());

test('the rate of a torrent is that at which it comes, however many others are opened meanwhile', async () => {
  const { engine, seed } = await room.start({});
  seed.manners.bytesPerSecond = 2 * MIB;
  await engine.open(room.specOf(seed), NEVER);
  const reading = readAll(engine, FILM);
  const rates: number[] = [];
  for (let count = 0; count < 100; count += 1) {
    const { infoHash, info } = makeTorrent(randomBytes(1000), 16_384);
    await engine.open({ infoHash, info, trackers: [], peers: [], isPrivate: false }, NEVER);
    await sleep(17);
    rates.push(stateOf(engine, FILM).bytesPerSecond);
  }
  expect(Math.max(...rates)).toBeGreaterThan(0);
  expect(Math.max(...rates)).toBeLessThan(10 * MIB);
  expect((await reading).equals(FILM.bytes)).toBe(true);
});
