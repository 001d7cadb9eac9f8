import { randomBytes, randomInt } from 'node:crypto';
import { expect, test } from 'vitest';
import { Ledbat } from '../../src/streams/torrent/utp/ledbat.ts';
import { Outgoing } from '../../src/streams/torrent/utp/outgoing.ts';
import { ahead, KIND, makePacket, readPacket, stamp } from '../../src/streams/torrent/utp/packet.ts';
import { Reassembly } from '../../src/streams/torrent/utp/reassembly.ts';

test('a packet is read as it was made', () => {
  const [payload, selective] = [Buffer.from('hello'), Buffer.from([1, 2, 3, 4])];
  const packet = makePacket(KIND.data, 4711, 65_535, payload, selective);
  stamp(packet, { timestampDifference: 7, windowBytes: 1_048_576, ack: 9 });
  expect(packet.subarray(0, 4).toString('hex')).toBe('01011267');
  const read = readPacket(packet);
  expect(read).toMatchObject({
    kind: 0,
    connectionId: 4711,
    sequence: 65_535,
    ack: 9,
    windowBytes: 1_048_576,
  });
  expect([read?.payload, read?.selective].map((part) => part?.toString('hex'))).toEqual([
    payload.toString('hex'),
    selective.toString('hex'),
  ]);
});

test('extensions that nobody knows are passed over, and one that is cut is no packet', () => {
  const head = makePacket(KIND.state, 1, 1);
  head[1] = 2;
  const known = Buffer.concat([head, Buffer.from([3, 2, 9, 9, 0, 1, 7]), Buffer.from('bytes')]);
  expect(readPacket(known)?.payload.toString()).toBe('bytes');
  expect(readPacket(Buffer.concat([head, Buffer.from([0, 5, 1])]))).toBeNull();
  for (let count = 0; count < 50_000; count += 1) {
    const bytes = randomBytes(randomInt(0, 80));
    if (bytes.length > 0) bytes[0] = ((bytes[0] ?? 0) & 0x70) | 1;
    readPacket(bytes);
  }
});

test('numbers go on after 65535', () => {
  expect([ahead(2, 65_534), ahead(65_534, 2), ahead(5, 5)]).toEqual([4, -4, 0]);
});

test('what connections hold out of order is bounded together', () => {
  const shared = { bytes: 0 };
  const payload = Buffer.alloc(1400);
  const all = Array.from({ length: 100 }, () => new Reassembly(0, shared));
  for (const one of all)
    for (let sequence = 2; sequence < 700; sequence += 1)
      one.take({ sequence, payload, isEnd: false }, 1_048_576, () => {});
  expect(shared.bytes).toBeLessThanOrEqual(16 * 1024 * 1024);
  expect(shared.bytes).toBeGreaterThan(15 * 1024 * 1024);
  for (const one of all) one.close();
  expect(shared.bytes).toBe(0);
});

test('a wait without an answer doubles, and what was sent is held for lost', () => {
  const outgoing = new Outgoing(65_535);
  outgoing.add(Buffer.alloc(10), 10, 0);
  outgoing.add(Buffer.alloc(20), 20, 0);
  expect([outgoing.timeOut(999), outgoing.timeOut(1000), outgoing.timeOut(2999)]).toEqual([
    false,
    true,
    false,
  ]);
  expect([outgoing.inFlight, outgoing.firstLost()?.bytes]).toEqual([0, 10]);
  outgoing.firstLost()?.resent(1000);
  expect([outgoing.inFlight, outgoing.firstLost()?.bytes]).toEqual([10, 20]);
  expect(outgoing.acked(0, null, true, 1100)).toEqual({ bytes: 30, hasLost: false });
  expect([outgoing.isEmpty, outgoing.inFlight, outgoing.couldAck(1)]).toEqual([true, 0, false]);
});

test('a packet is held for lost when three behind it have come, not when two have', () => {
  const outgoing = new Outgoing(65_534);
  for (let count = 0; count < 6; count += 1) outgoing.add(Buffer.alloc(10), 10, 0);
  // 65534 has come; of 65535 to 3 those after the missing two.
  expect(outgoing.acked(65_534, Buffer.from([0b0110, 0, 0, 0]), true, 50)).toEqual({
    bytes: 30,
    hasLost: false,
  });
  expect(outgoing.acked(65_534, Buffer.from([0b1110, 0, 0, 0]), true, 60)).toEqual({
    bytes: 10,
    hasLost: true,
  });
  expect(outgoing.inFlight).toBe(0);
});

test('three acknowledgements of the same tell of a loss where nobody acknowledges selectively', () => {
  const outgoing = new Outgoing(10);
  for (let count = 0; count < 5; count += 1) outgoing.add(Buffer.alloc(10), 10, 0);
  outgoing.acked(10, null, true, 50);
  const told = [1, 2, 3].map(() => outgoing.acked(10, null, true, 60).hasLost);
  expect(told).toEqual([false, false, true]);
  expect(outgoing.firstLost()).not.toBeNull();
});

test('the window grows while nobody waits, and shrinks when a queue builds up or something is lost', () => {
  const ledbat = new Ledbat();
  const first = ledbat.windowBytes;
  // Two clocks: the difference is anything, and wraps around.
  const base = 0xffff_ff00;
  for (let now = 0; now < 500; now += 10) ledbat.acked(2000, base, true, now);
  const grown = ledbat.windowBytes;
  expect(grown).toBeGreaterThan(2 * first);
  for (let now = 500; now < 3000; now += 10) ledbat.acked(2000, (base + 180_000) >>> 0, true, now);
  expect(ledbat.windowBytes).toBeLessThan(grown);
  const before = ledbat.windowBytes;
  ledbat.lost(100, 4000);
  ledbat.lost(100, 4050);
  expect(ledbat.windowBytes).toBe(Math.max(2 * 1380, before / 2));
});
