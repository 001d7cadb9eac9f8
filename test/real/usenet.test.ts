import { hash, randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort, openTempDir } from '../support/processes.ts';
import { type Inn, startInn } from '../support/real/inn.ts';
import { pullRaw, startNntpRelay } from '../support/real/nntp.ts';
import { NntpFraming } from '../support/real/nntp-framing.ts';
import { type Posted, postFiles } from '../support/real/nntp-post.ts';
import { postByNyuu } from '../support/real/nyuu.ts';
import { downloadByNzbget } from '../support/real/nzbget.ts';

// The ground the tests of Usenet stand on: what is posted to a real server is what a real downloader gets, without any of our engine.

const FILM = randomBytes(30_000_001);
const SHA256 = hash('sha256', FILM);
const ARTICLE_BYTES = 500_000;

let dir: Awaited<ReturnType<typeof openTempDir>>;
let inn: Inn;
let own: Posted;

beforeAll(async () => {
  dir = await openTempDir();
  await writeFile(join(dir.path, 'film.mkv'), FILM);
  inn = await startInn();
  const [posted] = await postFiles([{ name: 'film.mkv', bytes: FILM, partBytes: ARTICLE_BYTES }], inn.plain);
  if (posted === undefined) throw new Error('nothing was posted');
  own = posted;
});
afterAll(async () => {
  await inn?.stop();
  await dir?.remove();
});

const login = () => ({ user: inn.user, password: inn.password });
const post = (options: Parameters<typeof postByNyuu>[2] = {}, at = inn.plain) =>
  postByNyuu([join(dir.path, 'film.mkv')], at, { articleBytes: ARTICLE_BYTES, ...options });
const idsOf = (nzb: string) => [...nzb.matchAll(/<segment [^>]*>([^<]+)</g)].map(([, id = '']) => id);

test('nyuu posts, and nzbget gets the same bytes under the same name', async () => {
  expect(await downloadByNzbget(await post(), [inn.plain])).toEqual(new Map([['film.mkv', SHA256]]));
});

test('names that say nothing, a login and TLS, both ways', async () => {
  const [film, other] = [join(dir.path, 'film.mkv'), join(dir.path, 'film.nfo')];
  await writeFile(other, 'A film.');
  const options = { isObfuscated: true, isTls: true, login: login(), articleBytes: ARTICLE_BYTES };
  const nzb = await postByNyuu([film, other], inn.tls, options);
  expect(nzb).not.toContain('film');
  const got = await downloadByNzbget(nzb, [{ ...inn.tls, login: login(), isTls: true }]);
  expect([...got.values()].sort()).toEqual([SHA256, hash('sha256', 'A film.')].sort());
  expect([...got.keys()].join()).not.toContain('film');
});

test('a login is asked for, and a wrong one is refused', async () => {
  const ids = own.ids.flat();
  const job = { ...inn.auth, connections: 1, depth: 2, ids: ids.slice(0, 2) };
  await expect(pullRaw(job)).rejects.toThrow('480');
  await expect(pullRaw({ ...job, login: { ...login(), password: 'wrong' } })).rejects.toThrow('481');
  expect((await pullRaw({ ...job, login: login() })).wireBytes).toBeGreaterThan(2 * ARTICLE_BYTES);
});

test('our own poster posts the same', async () => {
  expect(await downloadByNzbget(own.nzb, [inn.plain])).toEqual(new Map([['film.mkv', SHA256]]));
});

test('a second server has what the first has lost', async () => {
  await using second = await startInn({ copyOf: inn });
  const nzb = await post();
  await using third = await startInn({ copyOf: inn });
  const ids = idsOf(nzb);
  const lost = [ids[0] ?? '', ids[7] ?? '', ids.at(-1) ?? ''];
  await inn.remove(lost);
  const pull = (server: Inn) => pullRaw({ ...server.plain, connections: 1, depth: 2, ids: lost });
  await expect(pull(inn)).rejects.toThrow('430');
  // It was copied before.
  await expect(pull(second)).rejects.toThrow('430');
  expect((await pull(third)).wireBytes).toBeGreaterThan(ARTICLE_BYTES);
  expect([...(await downloadByNzbget(nzb, [inn.plain, third.plain])).values()]).toEqual([SHA256]);
});

test.each([1, 2, 3, 4, 5, 7, 1000])('lines and bodies are told apart, %d bytes at a time', (size) => {
  const bodies = ['..a\r\n.\r\n', '.\r\n', '\r\n.\r\n', 'a.\r\n..\r\n\r\r\n.\r\n'];
  const sent = Buffer.from(`200 hi\r\n${bodies.map((body) => `222 0 <a>\r\n${body}430 no\r\n`).join('')}`);
  const seen: string[] = [];
  const all: Buffer[] = [];
  let body = '';
  const framing = new NntpFraming(({ bytes, kind, isFirst, isLast }) => {
    all.push(bytes);
    if (kind === 'line') return;
    body = `${isFirst ? '' : body}${bytes}`;
    if (isLast) seen.push(body);
  });
  for (let at = 0; at < sent.length; at += size) framing.take(sent.subarray(at, at + size));
  expect(seen).toEqual(bodies);
  expect(Buffer.concat(all).equals(sent)).toBe(true);
});

test('the relay changes nothing unless it is told to, and knows what was asked for', async () => {
  const [ids, listen] = [own.ids.flat(), { host: '127.0.0.1', port: await freePort() }];
  await using relay = await startNntpRelay([{ listen, to: inn.plain }]);
  const job = { ...listen, connections: 4, depth: 2, ids };
  const direct = await pullRaw({ ...job, ...inn.plain });
  expect((await pullRaw(job)).wireBytes).toBe(direct.wireBytes);
  const { bodies } = await relay.tell(0, { isCleared: true });
  expect(bodies.map(([id]) => id).sort()).toEqual([...ids].sort());
  expect(await downloadByNzbget(own.nzb, [listen])).toEqual(new Map([['film.mkv', SHA256]]));
});

test('the relay damages, breaks off and holds back, is gone and comes back', async () => {
  const [ids, listen] = [own.ids.flat(), { host: '127.0.0.1', port: await freePort() }];
  await using relay = await startNntpRelay([{ listen, to: inn.plain }]);
  const job = { ...listen, connections: 4, depth: 2, ids };
  const direct = await pullRaw({ ...job, ...inn.plain });
  await relay.tell(0, { faults: { flip: { every: 10 } } });
  expect((await pullRaw(job)).wireBytes).toBe(direct.wireBytes);
  // nzbget looks at the CRC and asks the other server.
  expect([...(await downloadByNzbget(own.nzb, [listen])).values()]).not.toContain(SHA256);
  expect([...(await downloadByNzbget(own.nzb, [listen, inn.plain])).values()]).toEqual([SHA256]);
  await relay.tell(0, { faults: { stall: { every: 20, seconds: 1 } } });
  expect((await pullRaw(job)).seconds).toBeGreaterThan(1);
  for (const how of ['reset', 'end'] as const) {
    await relay.tell(0, { faults: { cut: { every: 10, how } } });
    await expect(pullRaw(job), how).rejects.toThrow(how === 'reset' ? 'ECONNRESET' : 'hung up');
  }
  await relay.tell(0, { faults: {}, state: 'kill' });
  await expect(pullRaw(job)).rejects.toThrow('ECONNREFUSED');
  await relay.tell(0, { state: 'open' });
  expect((await pullRaw(job)).wireBytes).toBe(direct.wireBytes);
});

test('at 50 ms and 5 MB/s a connection, two BODYs on their way keep it full and one does not', async () => {
  const listen = { host: '127.0.0.1', port: await freePort() };
  await using _relay = await startNntpRelay([{ listen, to: inn.plain, delayMs: 25, bytesPerSecond: 5e6 }]);
  const rate = async (depth: number) => {
    const { wireBytes, seconds } = await pullRaw({ ...listen, connections: 2, depth, ids: own.ids.flat() });
    return wireBytes / seconds / 1e6;
  };
  const [one, two] = [await rate(1), await rate(2)];
  expect(two).toBeGreaterThan(7);
  expect(two).toBeLessThan(10.2);
  expect(two / one).toBeGreaterThan(1.1);
});
