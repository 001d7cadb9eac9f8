import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { compactAddress, pexMessage, readPex } from '../../src/streams/torrent/swarm/extensions.ts';
import { RateLimit } from '../../src/streams/torrent/swarm/rate-limit.ts';
import { chooseUnchoked } from '../../src/streams/torrent/swarm/unchoke.ts';

// Who may ask, how fast, and how addresses are written: what needs no connection to be tried.

const contenders = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ at, givesUs: 0, takes: 0, optimisticAt: 0 }));

test('who gives most may ask, and one more in turn, each for half a minute', () => {
  const all = contenders(12);
  for (const one of all) one.givesUs = one.at;
  const lucky = (now: number) => {
    const chosen = chooseUnchoked(all, now);
    expect(chosen.size).toBe(8);
    for (const best of all.slice(5)) expect(chosen.has(best)).toBe(true);
    return [...chosen].find(({ at }) => at < 5)?.at;
  };
  const turns = [lucky(1000), lucky(11_000), lucky(30_900), lucky(31_100), lucky(62_000), lucky(93_000)];
  expect(turns[1]).toBe(turns[0]);
  expect(turns[2]).toBe(turns[0]);
  expect(new Set([turns[0], ...turns.slice(3)]).size).toBe(4);
});

test('where nobody gives, who takes fastest may ask', () => {
  const all = contenders(20);
  for (const one of all) one.takes = one.at;
  const chosen = chooseUnchoked(all, 1000);
  for (const best of all.slice(13)) expect(chosen.has(best)).toBe(true);
});

test('a limit holds over a second, is lifted at once, and lets those who wait go on in turn', async () => {
  const limit = new RateLimit();
  expect(limit.isOpen).toBe(true);
  limit.set(1_000_000);
  const begun = performance.now();
  const taken = [0, 0];
  const goOn = taken.map((_, who) => () => {
    while (limit.isOpen) {
      limit.take(16_384);
      taken[who] = (taken[who] ?? 0) + 16_384;
    }
    limit.wait(goOn[who] ?? (() => {}));
  });
  for (const go of goOn) go();
  await sleep(1500);
  const seconds = (performance.now() - begun) / 1000;
  const [one = 0, other = 0] = taken;
  expect((one + other) / seconds).toBeGreaterThan(800_000);
  expect((one + other) / seconds).toBeLessThan(1_200_000);
  expect(Math.min(one, other)).toBeGreaterThan((one + other) / 4);
  limit.close();
  limit.take(1_000_000_000);
  expect(limit.isOpen).toBe(false);
  limit.set(0);
  expect(limit.isOpen).toBe(true);
});

test.each([
  ['127.0.0.1:6881', '7f0000011ae1'],
  ['2001:db8::1:6881', '20010db80000000000000000000000011ae1'],
  ['::1:1', '000000000000000000000000000000010001'],
  ['2001:db8:1:2:3:4:5:6:80', '20010db80001000200030004000500060050'],
  ['a.peer.example:6881', null],
  ['127.0.0.256:1', null],
  ['127.0.0.1:0', null],
  ['https://host.example/file', null],
  ['1::2::3:80', null],
])('%s is written as %s', (address, hex) => {
  expect(compactAddress(address)?.toString('hex') ?? null).toBe(hex);
});

test('what we tell of peers is what a peer reads', () => {
  const peers = [
    { host: '127.0.0.1', port: 6881 },
    { host: '2001:db8:0:0:0:0:0:1', port: 80 },
  ];
  const told = pexMessage(
    peers.map(({ host, port }) => `${host}:${port}`),
    ['127.0.0.9:1'],
  );
  expect(readPex(told)).toEqual(peers);
});
