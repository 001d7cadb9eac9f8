import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { makeTorrent } from '../support/seed-peer.ts';
import { waitUntil } from '../support/wait-until.ts';
import { MIB, webSeedRoom } from '../support/web-seed-room.ts';
import type { WebSeedManners } from '../support/web-seed-server.ts';

// Web seeds (BEP 19) that are slow, wrong, away or hostile.

const { film, webSeed, filmSeed, peer, play, readAll, isFilm, stateOf, sentBy, lengthOf } = webSeedRoom();

test('a redirect to an address that may not be reached is refused, and the seed is not asked again', async () => {
  const forbidden = await filmSeed({}, '127.0.0.3');
  const seed = await webSeed({}, { redirect: () => `${forbidden.base}/Film.mkv` });
  const engine = await play([`${seed.base}/Film.mkv`, `${forbidden.base}/Film.mkv`]);
  await expect(lengthOf(readAll(engine))).rejects.toMatchObject({ status: 504 });
  expect(forbidden.requests).toEqual([]);
  expect(seed.requests.length).toBeLessThanOrEqual(4);
});

test('redirects in a circle end', async () => {
  const seed = await webSeed({}, { redirect: (path) => `${path}x` });
  const engine = await play([`${seed.base}/Film.mkv`]);
  await expect(lengthOf(readAll(engine))).rejects.toMatchObject({ status: 504 });
  // Six each time, and once more after a second.
  expect(seed.requests.length).toBeLessThanOrEqual(12);
});

test.each<[string, Partial<WebSeedManners>]>([
  ['has no such file', { failures: [...Array(99)].map(() => ({ status: 404 })) }],
  ['is broken', { failures: [...Array(99)].map(() => ({ status: 500 })) }],
  ['has a file of another length', { lengthLie: 5 }],
  ['knows no ranges', { hasNoRanges: true }],
  ['lies', { isLiar: true }],
  ['says nothing', { isSilent: true }],
  ['cuts each answer at its beginning', { cutAfter: 0 }],
])('a web seed that %s harms nobody: the film plays from a peer', async (_what, manners) => {
  const seed = await filmSeed(manners);
  const engine = await play([`${seed.base}/Film.mkv`], { peers: [await peer()] });
  const range = { start: 4 * MIB, end: 12 * MIB };
  expect(isFilm(await readAll(engine, range), range.start)).toBe(true);
});

test('a web seed that lies is banned after three pieces', async () => {
  const seed = await filmSeed({ isLiar: true });
  const engine = await play([`${seed.base}/Film.mkv`]);
  await expect(lengthOf(readAll(engine))).rejects.toMatchObject({ status: 504 });
  expect(stateOf(engine)).toMatchObject({ bannedPeers: 1, peers: 0 });
  const { length } = seed.requests;
  await sleep(1500);
  expect(seed.requests.length).toBe(length);
});

test('without ranges a small file comes whole, and a large one is not fetched again and again', async () => {
  const small = makeTorrent(film.bytes.subarray(0, 700_000), 64 * 1024);
  const seed = await webSeed({ '/s': small.bytes, '/Film.mkv': film.bytes }, { hasNoRanges: true });
  const engine = await play([`${seed.base}/s`], {}, { torrent: small });
  const range = { start: 300_000, end: 700_000 };
  expect((await readAll(engine, range, { torrent: small })).equals(small.bytes.subarray(300_000))).toBe(true);
  const large = await play([`${seed.base}/Film.mkv`]);
  const { length } = seed.requests;
  await expect(lengthOf(readAll(large, { start: 20 * MIB, end: 24 * MIB }))).rejects.toMatchObject({
    status: 504,
  });
  expect(seed.requests.length - length).toBe(1);
});

test('a file of another length is not the film, and is not asked for again', async () => {
  const seed = await filmSeed({ lengthLie: 5 });
  const engine = await play([`${seed.base}/Film.mkv`]);
  await expect(lengthOf(readAll(engine))).rejects.toMatchObject({ status: 504 });
  expect(seed.requests).toHaveLength(1);
});

test('a busy web seed is left alone for as long as it says, then asked again', async () => {
  const seed = await filmSeed({ failures: [{ status: 503, retryAfter: '2' }] });
  const engine = await play([`${seed.base}/Film.mkv`], {}, { deadMs: 30_000 });
  expect(isFilm(await readAll(engine, { start: 0, end: MIB }))).toBe(true);
  const [first, second] = seed.requests;
  expect((second?.at ?? 0) - (first?.at ?? 0)).toBeGreaterThan(1900);
});

test('a web seed that is away for a moment is tried again', async () => {
  const seed = await filmSeed({ failures: [{ status: 500 }, { status: 502 }] });
  const engine = await play([`${seed.base}/Film.mkv`], {}, { deadMs: 30_000 });
  expect(isFilm(await readAll(engine, { start: 0, end: MIB }))).toBe(true);
});

test.each<[string, Partial<WebSeedManners>]>([
  ['is cut in the middle', { cutAfter: 300_000 }],
  ['holds less than was asked for', { maxPart: 100_000 }],
])('an answer that %s goes on at the next byte', async (_what, manners) => {
  const seed = await filmSeed(manners);
  const engine = await play([`${seed.base}/Film.mkv`]);
  const startedAt = performance.now();
  expect(isFilm(await readAll(engine, { start: 0, end: 8 * MIB }))).toBe(true);
  // Without a pause each time.
  expect(performance.now() - startedAt).toBeLessThan(6000);
});

test('a slow web seed does not hold up who reads from a fast peer', async () => {
  const seed = await filmSeed({ bytesPerSecond: 60_000 });
  const fast = await peer();
  const engine = await play([`${seed.base}/Film.mkv`], { peers: [fast] });
  const startedAt = performance.now();
  expect(isFilm(await readAll(engine))).toBe(true);
  // The megabyte that it is asked for first would take it 17 s.
  expect(performance.now() - startedAt).toBeLessThan(8000);
  expect(fast.counts.sent).toBeGreaterThan(20 * MIB);
});

test('a web seed that falls silent in the middle is asked again until it speaks', async () => {
  const seed = await filmSeed({ bytesPerSecond: 8 * MIB });
  const engine = await play([`${seed.base}/Film.mkv`], {}, { deadMs: 60_000 });
  const reading = readAll(engine);
  await waitUntil(() => sentBy(seed) > 2 * MIB, { what: 'it gives', timeoutMs: 10_000, everyMs: 5 });
  seed.manners.isSilent = true;
  // Until it is asked one block at a time, and left alone for a second after 15.
  await waitUntil(() => stateOf(engine).peers === 0, { what: 'it is left alone', timeoutMs: 40_000 });
  seed.manners.isSilent = false;
  expect(isFilm(await reading)).toBe(true);
});
