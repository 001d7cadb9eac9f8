import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { httpKind } from '../../src/streams/http/index.ts';
import { asReadable, type ByteSource, type StreamKind } from '../../src/streams/kind.ts';
import { openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';
import { type Origin, startOrigin } from '../support/origin.ts';

/** Criterion 15: what is remembered of hosts that answer a range with the whole file. */
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
  origin = await startOrigin(film, { ranges: 'none' });
  kind = httpKind(held.deps);
});
afterEach(() => origin.stop());
afterAll(() => held.close());

async function open(path = '/film.mp4', base = origin.base): Promise<ByteSource> {
  if (kind.open === undefined) throw new Error('http cannot open');
  return await kind.open({ detail: kind.parse({ url: base + path }), fileIndex: null }, NEVER);
}

async function read(source: ByteSource, start: number, end: number): Promise<Buffer> {
  return Buffer.concat(await asReadable(source, { start, end }, NEVER).toArray());
}

const isForwardOnly = (source: ByteSource) => source.isForwardOnly?.() === true;
const seek = (source: ByteSource) => read(source, 9 * MIB, 9 * MIB + 10);
const cannotSeek = { code: 'upstream.failed', status: 502, message: expect.stringContaining('cannot seek') };

test('a host that sent the whole file for a range is not asked for a later one again, of any file, nor looked at anew', async () => {
  const source = await open();
  expect(isForwardOnly(source)).toBe(false);
  await expect(seek(source)).rejects.toMatchObject(cannotSeek);
  expect(isForwardOnly(source)).toBe(true);
  const other = await open('/other.mp4');
  const before = origin.requests.length;
  for (const one of [source, other, await open()]) {
    expect(isForwardOnly(one)).toBe(true);
    await expect(seek(one)).rejects.toMatchObject(cannotSeek);
  }
  expect(origin.requests).toHaveLength(before);
});

test('its beginning is still read, by skipping', async () => {
  const source = await open();
  await expect(seek(source)).rejects.toMatchObject(cannotSeek);
  expect((await read(source, 8 * MIB, 8 * MIB + 10)).equals(film.subarray(8 * MIB, 8 * MIB + 10))).toBe(true);
  expect((await read(source, 0, film.length)).equals(film)).toBe(true);
});

test('a part that it answers with takes the mark away', async () => {
  const source = await open();
  const other = await open('/other.mp4');
  await read(source, 10, 20);
  expect([source, other].map(isForwardOnly)).toEqual([true, true]);
  origin.behaviour.ranges = 'good';
  await read(source, 10, 20);
  expect([source, other].map(isForwardOnly)).toEqual([false, false]);
  expect((await seek(other)).equals(film.subarray(9 * MIB, 9 * MIB + 10))).toBe(true);
});

test('the whole of a file asks for no range, so that what it gets says nothing', async () => {
  const source = await open();
  await read(source, 0, film.length);
  expect(isForwardOnly(source)).toBe(false);
});

test('a host is a scheme, a name and a port', async () => {
  await using neighbour = await startOrigin(film);
  await read(await open(), 10, 20);
  const source = await open('/film.mp4', neighbour.base);
  expect(isForwardOnly(source)).toBe(false);
  await seek(source);
});

test('a file no longer than what is skipped can be read anywhere', async () => {
  origin.behaviour.bytes = film.subarray(0, 8 * MIB);
  const source = await open();
  expect((await read(source, 8 * MIB - 5, 8 * MIB)).equals(film.subarray(8 * MIB - 5, 8 * MIB))).toBe(true);
  expect(isForwardOnly(source)).toBe(false);
});

test('a file that says it has ranges is believed over its neighbour, until that is seen to be untrue', async () => {
  await read(await open('/made-as-it-goes-out.mp4'), 10, 20);
  origin.behaviour.acceptRanges = 'bytes';
  const source = await open();
  expect(isForwardOnly(source)).toBe(false);
  await expect(seek(source)).rejects.toMatchObject(cannotSeek);
  expect([source, await open('/third.mp4')].map(isForwardOnly)).toEqual([true, true]);
});

test('a file that says it has none is not asked for a later part, and its neighbours are', async () => {
  Object.assign(origin.behaviour, { ranges: 'good', acceptRanges: 'none' });
  const source = await open();
  expect(isForwardOnly(source)).toBe(true);
  await expect(seek(source)).rejects.toMatchObject(cannotSeek);
  expect(origin.requests.map(({ method }) => method)).toEqual(['HEAD']);
  origin.behaviour.acceptRanges = null;
  expect(isForwardOnly(await open('/other.mp4'))).toBe(false);
  // It has them after all, and the next opening knows.
  await read(source, 10, 20);
  expect([source, await open()].map(isForwardOnly)).toEqual([false, false]);
});

test('one byte that was asked for in place of a HEAD tells as well', async () => {
  origin.behaviour.headStatus = 405;
  const source = await open();
  expect(isForwardOnly(source)).toBe(true);
  origin.behaviour.ranges = 'good';
  await open('/other.mp4');
  const before = origin.requests.length;
  expect(isForwardOnly(await open('/other.mp4'))).toBe(false);
  await expect(seek(source)).rejects.toMatchObject(cannotSeek);
  expect(origin.requests).toHaveLength(before);
});
