import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { bencode } from '../support/bencode.ts';
import { makeTorrent } from '../support/seed-peer.ts';
import { waitUntil } from '../support/wait-until.ts';
import { MIB, webSeedRoom } from '../support/web-seed-room.ts';

// Web seeds (BEP 19): servers that have a torrent’s files, alone and beside peers.

const { film, net, webSeed, filmSeed, peer, play, readAll, isFilm, sentBy, stateOf, lengthOf } =
  webSeedRoom();

test('a film comes bit for bit from a web server alone, by few requests of many blocks', async () => {
  const seed = await webSeed();
  const engine = await play([`${seed.base}/Film.mkv`], { isHasty: true });
  expect(isFilm(await readAll(engine))).toBe(true);
  expect(stateOf(engine)).toMatchObject({ peers: 1, unchoked: 1 });
  expect(seed.requests.length).toBeLessThan(40);
  expect(seed.mostAtOnce()).toBeLessThanOrEqual(4);
  expect(sentBy(seed)).toBeLessThanOrEqual(film.bytes.length * 1.05);
});

test('a server far away is asked for a heap at a time, not for each block that came', async () => {
  const seed = await filmSeed({ bytesPerSecond: 2 * MIB, delayMs: 50 });
  const engine = await play([`${seed.base}/Film.mkv`]);
  const range = { start: 0, end: 8 * MIB };
  expect(isFilm(await readAll(engine, range))).toBe(true);
  // All but what is left at the end.
  const sizes = seed.requests.slice(0, -2).map(({ sent }) => sent);
  expect(Math.min(...sizes)).toBeGreaterThan(3 * 16_384);
});

test('an address that ends in a slash is the folder of the file', async () => {
  const seed = await webSeed({ '/films/Film.mkv': film.bytes });
  const engine = await play([`${seed.base}/films/`]);
  expect(isFilm(await readAll(engine, { start: 5 * MIB, end: 6 * MIB }), 5 * MIB)).toBe(true);
});

/** A folder of names no URL likes, of sizes no piece fits, with padding and a file of nothing. */
function folderTorrent() {
  const sizes = [700_001, 3, 0, 1_000_000, 48_576, 90_000];
  const paths = [
    ['disc 1', 'a b & c.mkv'],
    ['100% #1?.srt'],
    ['empty'],
    ['Ünïcode', '日本語+;.mkv'],
    ['.pad', '48576'],
    ['last.nfo'],
  ];
  const parts = sizes.map((size, index) => (index === 4 ? Buffer.alloc(size) : randomBytes(size)));
  const name = 'My films (50% off) [é]';
  const listed = paths.map((path, index) => ({
    ...{ length: sizes[index] ?? 0, path },
    ...(index === 4 ? { attr: 'p' } : {}),
  }));
  const torrent = makeTorrent(Buffer.concat(parts), 64 * 1024, listed, { name });
  const files = Object.fromEntries(
    paths.flatMap((path, index) =>
      index === 4 ? [] : [[`/pub/${name}/${path.join('/')}`, parts[index] ?? Buffer.alloc(0)]],
    ),
  );
  return { torrent, files, parts };
}

test.each(['/pub', '/pub/'])(
  'a folder comes from %s: names are escaped, pieces span files, padding is not asked for',
  async (place) => {
    const { torrent, files, parts } = folderTorrent();
    const seed = await webSeed(files);
    const engine = await play([seed.base + place], {}, { torrent });
    for (const [file, bytes] of parts.entries()) {
      const range = { start: 0, end: bytes.length };
      expect((await readAll(engine, range, { torrent, file })).equals(bytes), `file ${file}`).toBe(true);
    }
    expect(seed.requests.filter(({ path }) => path.includes('pad') || path.includes('empty'))).toEqual([]);
  },
);

test('a file that the server lacks comes from nobody, and the others come all the same', async () => {
  const { torrent, files, parts } = folderTorrent();
  const lost = Object.keys(files)[3] ?? '';
  const { [lost]: _lost, ...rest } = files;
  const seed = await webSeed(rest);
  const engine = await play([`${seed.base}/pub`], {}, { torrent });
  const whole = { start: 0, end: parts[3]?.length ?? 0 };
  await expect(lengthOf(readAll(engine, whole, { torrent, file: 3 }))).rejects.toMatchObject({ status: 504 });
  const first = { start: 0, end: 600_000 };
  expect(
    (await readAll(engine, first, { torrent })).equals((parts[0] ?? Buffer.alloc(0)).subarray(0, 600_000)),
  ).toBe(true);
  expect(seed.requests.filter(({ path }) => decodeURIComponent(path) === lost).length).toBeLessThanOrEqual(4);
});

test('a peer and a web seed both give, and little is sent twice', async () => {
  // Either would take three seconds for the film, however fast the machine: neither gives it all before the other has begun.
  const seed = await filmSeed({ delayMs: 20, bytesPerSecond: 2 * MIB });
  const other = await peer({ delayMs: 50, bytesPerSecond: 8 * MIB });
  const engine = await play([`${seed.base}/Film.mkv`], { peers: [other] });
  expect(isFilm(await readAll(engine))).toBe(true);
  expect(sentBy(seed)).toBeGreaterThan(MIB);
  expect(other.counts.sent).toBeGreaterThan(MIB);
  expect(sentBy(seed) + other.counts.sent).toBeLessThan(film.bytes.length * 1.4);
});

test('a seek hangs up at once, and what is needed then is asked for', async () => {
  // The next bytes come after a second.
  const seed = await filmSeed({ bytesPerSecond: 8192 });
  const engine = await play([`${seed.base}/Film.mkv`]);
  const leave = new AbortController();
  const reading = readAll(engine, undefined, { signal: leave.signal });
  const failed = expect(lengthOf(reading)).rejects.toThrow('seek');
  await waitUntil(() => sentBy(seed) > 0, { what: 'it gives', timeoutMs: 5000, everyMs: 5 });
  leave.abort(new Error('seek'));
  const soughtAt = performance.now();
  await failed;
  await waitUntil(() => seed.requests.every(({ hungUpAt }) => hungUpAt !== null), {
    ...{ what: 'it hung up', timeoutMs: 2000, everyMs: 5 },
  });
  const hungUpAt = Math.max(...seed.requests.map((request) => request.hungUpAt ?? 0));
  expect(hungUpAt - soughtAt).toBeLessThan(300);
  seed.manners.bytesPerSecond = 0;
  const range = { start: 16 * MIB, end: 17 * MIB };
  expect(isFilm(await readAll(engine, range), range.start)).toBe(true);
});

test('a redirect is followed once and remembered, and forgotten when it leads nowhere any more', async () => {
  const node = await filmSeed({}, '127.0.0.2');
  const seed = await webSeed({}, { redirect: () => `${node.base}/Film.mkv` });
  const engine = await play([`${seed.base}/download/Film.mkv`]);
  expect(isFilm(await readAll(engine, { start: 0, end: 12 * MIB }))).toBe(true);
  // As many as there were at once before the first answer.
  expect(seed.requests.length).toBeLessThanOrEqual(4);
  const other = await filmSeed({}, '127.0.0.1');
  seed.manners.redirect = () => `${other.base}/Film.mkv`;
  await node.stop();
  expect(isFilm(await readAll(engine, { start: 14 * MIB, end: 20 * MIB }), 14 * MIB)).toBe(true);
  expect(sentBy(other)).toBeGreaterThan(0);
});

test('ten viewers of one web seed cost its bytes once', async () => {
  const seed = await webSeed();
  const engine = await play([`${seed.base}/Film.mkv`]);
  const all = await Promise.all(Array.from({ length: 10 }, () => readAll(engine)));
  expect(all.every((bytes) => isFilm(bytes))).toBe(true);
  expect(sentBy(seed)).toBeLessThanOrEqual(film.bytes.length * 1.1);
});

test('a hundred viewers who come and go leave no request behind', async () => {
  const seed = await webSeed();
  const engine = await play([`${seed.base}/Film.mkv`]);
  for (let round = 0; round < 100; round += 1) {
    const leave = new AbortController();
    const start = Math.floor(Math.random() * (film.bytes.length - MIB));
    const range = { start, end: film.bytes.length };
    const reading = readAll(engine, range, { signal: leave.signal }).catch(() => {});
    await sleep(Math.random() * 5);
    leave.abort(new Error('gone'));
    await reading;
  }
  await waitUntil(() => net.http1.counts().busy === 0, { what: 'no request is open', timeoutMs: 2000 });
  expect(net.http1.buffers.heldBytes()).toBe(0);
  expect(isFilm(await readAll(engine))).toBe(true);
});

test('of many web seeds ten are asked, and none of a scheme or a host that is not for them', async () => {
  const seed = await webSeed(
    Object.fromEntries([...Array(60)].map((_, number) => [`/${number}/Film.mkv`, film.bytes])),
    { bytesPerSecond: 500_000 },
  );
  const engine = await play([
    ...['ftp://127.0.0.1/Film.mkv', 'file:///etc/passwd', 'http://'],
    ...[...Array(60)].map((_, number) => `${seed.base}/${number}/`),
  ]);
  expect(isFilm(await readAll(engine, { start: 0, end: 4 * MIB }))).toBe(true);
  expect(new Set(seed.requests.map(({ path }) => path)).size).toBeLessThanOrEqual(10);
});

test('a magnet’s exact source tells its files, and who else has them; a wrong one is not believed', async () => {
  const seed = await webSeed();
  const trackerless = Buffer.concat([
    Buffer.from('d4:info'),
    film.info,
    Buffer.from('8:url-list'),
    bencode(`${seed.base}/Film.mkv`),
    Buffer.from('e'),
  ]);
  const other = makeTorrent(randomBytes(1000), 16_384);
  const sources = await webSeed({ '/film.torrent': trackerless, '/other.torrent': other.torrent });
  const exactSources = [
    `${sources.base}/other.torrent`,
    `${sources.base}/none`,
    `${sources.base}/film.torrent`,
  ];
  const engine = await play([], { info: null, exactSources, isHasty: true });
  expect(isFilm(await readAll(engine, { start: 0, end: 2 * MIB }))).toBe(true);
  await expect(
    play([], { info: null, exactSources: exactSources.slice(0, 2), isHasty: true }),
  ).rejects.toMatchObject({ status: 504 });
});
