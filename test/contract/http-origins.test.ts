import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import type { Pool } from '../../src/platform/db.ts';
import { rows } from '../../src/platform/db.ts';
import { httpKind } from '../../src/streams/http/index.ts';
import { asReadable, type ByteSource, type StreamKind } from '../../src/streams/kind.ts';
import { addStream, openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { waitUntil } from '../support/wait-until.ts';

/** Criteria 9 and 13–17: what real origins do wrong, and what is made of it. */
const MIB = 1024 * 1024;
const NEVER = new AbortController().signal;
const film = Buffer.from(Uint8Array.from({ length: 10 * MIB }, (_, at) => (at * 31 + (at >> 8)) & 255));

let held: TestKindDeps;
let origin: Origin;
let kind: StreamKind;
beforeAll(async () => {
  held = await openKindDeps();
});
beforeEach(async () => {
  origin = await startOrigin(film);
  kind = httpKind(held.deps);
});
afterEach(() => origin.stop());
afterAll(() => held.close());

async function open(input: object = {}): Promise<ByteSource> {
  if (kind.open === undefined) throw new Error('http cannot open');
  return await kind.open({ detail: kind.parse({ url: origin.url, ...input }), fileIndex: null }, NEVER);
}

async function read(source: ByteSource, start: number, end: number): Promise<Buffer> {
  return Buffer.concat(await asReadable(source, { start, end }, NEVER).toArray());
}

const methods = () => origin.requests.map(({ method }) => method).join(' ');

test('asks once by HEAD and remembers the answer for the next opening', async () => {
  await open();
  await open();
  await kind.describe(kind.parse({ url: origin.url }), NEVER);
  expect(methods()).toBe('HEAD');
});

test.each([403, 405, 501])('asks for one byte where HEAD is answered with %d', async (headStatus) => {
  origin.behaviour.headStatus = headStatus;
  const source = await open();
  expect(source.size).toBe(film.length);
  expect(methods()).toBe('HEAD GET');
  expect(origin.requests[1]?.headers.range).toBe('bytes=0-0');
});

test('sends the link’s headers and its userinfo, never asks for compression', async () => {
  const url = `http://us%C3%A9r:p%40ss@127.0.0.1:${origin.port}/film.mp4`;
  const source = await open({
    url,
    headers: { Referer: 'https://films.example.org/', 'User-Agent': 'Player/1' },
  });
  await read(source, 0, 10);
  for (const { headers } of origin.requests) {
    expect(headers).toMatchObject({
      authorization: `Basic ${Buffer.from('usér:p@ss').toString('base64')}`,
      referer: 'https://films.example.org/',
      'user-agent': 'Player/1',
      'accept-encoding': 'identity',
    });
  }
});

test('keeps a strong ETag, and derives one that changes with length and date where there is none', async () => {
  expect((await open()).etag).toBe('"v1"');
  const etags = [];
  for (const change of [
    { etag: 'W/"v1"' },
    { etag: null },
    { lastModified: 'Sun, 11 May 2008 10:00:00 GMT' },
    { bytes: film.subarray(1) },
  ]) {
    Object.assign(origin.behaviour, change);
    kind = httpKind(held.deps);
    etags.push((await open()).etag);
  }
  expect(etags[0]).toBe(etags[1]);
  expect(new Set(etags).size).toBe(3);
  for (const etag of etags) expect(etag).toMatch(/^"[\w-]{22}"$/);
});

test('reads past the beginning of an origin without ranges, but not further than 8 MiB', async () => {
  origin.behaviour.ranges = 'none';
  const source = await open();
  expect((await read(source, 8 * MIB, 8 * MIB + 1000)).equals(film.subarray(8 * MIB, 8 * MIB + 1000))).toBe(
    true,
  );
  await expect(read(source, 8 * MIB + 1, 9 * MIB)).rejects.toMatchObject({
    code: 'upstream.failed',
    status: 502,
  });
  expect((await read(source, 0, film.length)).equals(film)).toBe(true);
});

test('reads range after range over kept connections, and cuts a body that goes on past its range', async () => {
  const source = await open();
  for (let at = 0; at < 50; at += 1) await read(source, at * 1000, at * 1000 + 70_000);
  await read(source, 0, film.length);
  // The one of the HEAD, which undici closes, and two that take turns.
  expect(origin.connections()).toBeLessThanOrEqual(3);
  origin.behaviour.ranges = 'none';
  expect((await read(source, 10, 20)).equals(film.subarray(10, 20))).toBe(true);
  await waitUntil(() => origin.openBodies() === 0, {
    what: 'the rest is not fetched',
    timeoutMs: 2000,
    everyMs: 5,
  });
  expect(origin.requests.at(-1)?.sent).toBeLessThan(film.length);
});

test('refuses a body without a length that ends before the length told before', async () => {
  const source = await open();
  Object.assign(origin.behaviour, { isEndless: true, bytes: film.subarray(0, MIB) });
  await expect(read(source, 0, film.length)).rejects.toThrow(/broke off/);
});

test('refuses a 206 with other bytes than asked for', async () => {
  const source = await open();
  origin.behaviour.ranges = 'wrong';
  await expect(read(source, 100, 200)).rejects.toMatchObject({ code: 'upstream.failed' });
});

test.each([
  { etag: '"v2"' },
  { lastModified: 'Sun, 11 May 2008 10:00:00 GMT' },
  { bytes: film.subarray(0, 5 * MIB) },
])('refuses bytes of a file that has changed since it was looked at (%o)', async (change) => {
  const source = await open();
  Object.assign(origin.behaviour, change);
  await expect(read(source, 100, 200)).rejects.toThrow(/changed/);
  // The next opening looks anew and reads the new file.
  const again = await open();
  expect([again.size, again.etag]).toEqual([origin.behaviour.bytes.length, origin.behaviour.etag]);
  expect((await read(again, 100, 200)).equals(film.subarray(100, 200))).toBe(true);
});

test('remembers where a redirect led, and asks again when that place refuses', async () => {
  const [cdn, newCdn] = [
    await startOrigin(film, { host: '127.0.0.2' }),
    await startOrigin(film, { host: '127.0.0.3' }),
  ];
  origin.behaviour.redirects = { '/film.mp4': cdn.url };
  const source = await open({ headers: { authorization: 'Bearer secret', referer: 'x' } });
  await read(source, 0, 10);
  await read(source, 10, 20);
  expect(origin.requests.length).toBe(1);
  expect(cdn.requests.at(-1)?.headers).toMatchObject({ referer: 'x' });
  expect(cdn.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined, undefined]);

  cdn.behaviour.getStatus = 403;
  origin.behaviour.redirects = { '/film.mp4': newCdn.url };
  expect((await read(source, 20, 30)).equals(film.subarray(20, 30))).toBe(true);
  expect((await read(source, 30, 40)).equals(film.subarray(30, 40))).toBe(true);
  expect(origin.requests.length).toBe(2);

  newCdn.behaviour.getStatus = 403;
  await expect(read(source, 0, 10)).rejects.toMatchObject({ code: 'upstream.failed', status: 502 });
  await Promise.all([cdn.stop(), newCdn.stop()]);
});

test.each([
  [404, 404],
  [410, 410],
  [401, 502],
  [403, 502],
  [429, 429],
  [503, 503],
  [500, 502],
  [418, 502],
])('turns the origin’s %d into %d', async (status, ours) => {
  Object.assign(origin.behaviour, { headStatus: status, getStatus: status });
  await expect(open()).rejects.toMatchObject({ code: 'upstream.failed', status: ours });
});

test('tries again after a lost connection and after 503, not after 404', async () => {
  Object.assign(origin.behaviour, { headStatus: 503, getStatus: 503 });
  setTimeout(() => Object.assign(origin.behaviour, { headStatus: 200, getStatus: 200 }), 100);
  const source = await open();
  origin.behaviour.drops = 1;
  expect((await read(source, 0, 10)).equals(film.subarray(0, 10))).toBe(true);
  const count = origin.requests.length;
  Object.assign(origin.behaviour, { headStatus: 404, getStatus: 404 });
  await expect(open({ url: `${origin.base}/other.mp4` })).rejects.toMatchObject({ status: 404 });
  expect(origin.requests.length).toBe(count + 1);
});

test('reads a body of unknown length to its end', async () => {
  origin.behaviour.isEndless = true;
  const source = await open();
  expect([source.size, source.etag]).toEqual([null, '"v1"']);
  expect((await read(source, 0, Number.POSITIVE_INFINITY)).equals(film)).toBe(true);
});

test('takes the type from the name where the origin says nothing useful', async () => {
  origin.behaviour.contentType = 'application/octet-stream';
  expect((await open()).contentType).toBe('video/mp4');
  origin.behaviour.contentType = 'text/html';
  expect((await open({ url: `${origin.base}/Film.mkv` })).contentType).toBe('video/x-matroska');
  origin.behaviour.contentType = 'video/webm';
  expect((await open({ url: `${origin.base}/get?id=5` })).contentType).toBe('video/webm');
});

const Dump = z.object({ text: z.string() });

async function dumpOf(db: Pool): Promise<string> {
  return await db.oneFirst(rows('test.dump', Dump)`
    SELECT coalesce(string_agg(row_to_json(h)::text || encode(coalesce(headers_sealed, ''), 'escape'), ''), '') AS text FROM stream_http h
  `);
}

test('stores headers so that a dump does not show them, and opens the stored stream with them', async () => {
  const { db } = held.deps;
  const detail = kind.parse({
    url: `http://me:hunter2@127.0.0.1:${origin.port}/film.mp4`,
    headers: { 'x-key': 'opensesame' },
  });
  const streamId = await addStream(db, 'http');
  await kind.save(db, streamId, detail);
  expect(await dumpOf(db)).not.toMatch(/hunter2|opensesame|bWU6aHVudGVyMg/);
  const source = await kind.open?.({ streamId, fileIndex: null }, NEVER);
  expect(source?.size).toBe(film.length);
  expect(origin.requests[0]?.headers).toMatchObject({
    'x-key': 'opensesame',
    authorization: 'Basic bWU6aHVudGVyMg==',
  });
});

test('offers no expired link and opens none', async () => {
  const { db } = held.deps;
  const streamId = await addStream(db, 'http');
  const ref = { streamId, fileIndex: null };
  const save = (expiresAt: string) => kind.save(db, streamId, kind.parse({ url: origin.url, expiresAt }));
  await save(new Date(Date.now() + 60_000).toISOString());
  expect((await kind.targets(db, [ref])).size).toBe(1);
  await save(new Date(Date.now() - 1000).toISOString());
  expect((await kind.targets(db, [ref])).size).toBe(0);
  await expect(kind.open?.(ref, NEVER)).rejects.toMatchObject({ code: 'stream.expired', status: 410 });
});

test('tells reachable from unreachable with a reason and no address', async () => {
  const detail = kind.parse({ url: origin.url });
  expect(await kind.check?.({ detail, fileIndex: null }, NEVER)).toMatchObject({
    isReachable: true,
    reason: null,
  });
  Object.assign(origin.behaviour, { headStatus: 404, getStatus: 404 });
  const health = await kind.check?.({ detail, fileIndex: null }, NEVER);
  expect(health).toMatchObject({ isReachable: false });
  expect(health?.reason).toMatch(/does not have this file/);
  expect(health?.reason).not.toContain('127.0.0.1');
});
