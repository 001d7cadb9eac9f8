import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { httpKind } from '../../src/streams/http/index.ts';
import { asReadable, type ByteSink, type ByteSource } from '../../src/streams/kind.ts';
import { openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';
import { type Origin, startOrigin } from '../support/origin.ts';

/** Criterion 18: an origin that breaks off in the middle. */
const MIB = 1024 * 1024;
const NEVER = new AbortController().signal;
const film = Buffer.from(Uint8Array.from({ length: 48 * MIB }, (_, at) => (at * 31 + (at >> 8) * 7) & 255));
const sha256 = (bytes: Buffer) => createHash('sha256').update(bytes).digest('hex');

let held: TestKindDeps;
let origin: Origin;
beforeAll(async () => {
  held = await openKindDeps();
});
beforeEach(async () => {
  origin = await startOrigin(film);
});
afterEach(() => origin.stop());
afterAll(() => held.close());

async function open(): Promise<ByteSource> {
  const kind = httpKind(held.deps);
  if (kind.open === undefined) throw new Error('http cannot open');
  return await kind.open({ detail: kind.parse({ url: origin.url }), fileIndex: null }, NEVER);
}

const read = async (source: ByteSource, start: number, end: number) =>
  Buffer.concat(await asReadable(source, { start, end }, NEVER).toArray());

/** Each answer of the origin ends after another number of bytes, ten times; then it holds. */
function cutTenTimes(seed: number): void {
  let [left, state] = [10, seed];
  Object.defineProperty(origin.behaviour, 'cutAfter', {
    get() {
      state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
      left -= 1;
      return left < 0 ? Number.POSITIVE_INFINITY : MIB + (state % (4 * MIB));
    },
  });
}

test.each([1, 2, 3])('ten cuts at random bytes and every byte arrives once (seed %d)', async (seed) => {
  const source = await open();
  cutTenTimes(seed);
  const got = await read(source, 4711, film.length - 13);
  expect(sha256(got)).toBe(sha256(film.subarray(4711, film.length - 13)));
  const ranges = origin.requests.filter(({ method }) => method === 'GET').map(({ headers }) => headers);
  expect(ranges.length).toBe(11);
  // Up to the client's own end, and only of this very file.
  expect(ranges.every(({ range }) => range?.endsWith(`-${film.length - 14}`))).toBe(true);
  expect(ranges.slice(1).every((headers) => headers['if-range'] === '"v1"')).toBe(true);
});

test('tells the sink each time it goes on by itself', async () => {
  const source = await open();
  cutTenTimes(4);
  let resumes = 0;
  const sink: ByteSink = {
    write(_chunk, done) {
      done();
      return true;
    },
    onDrain() {},
    resumed: () => {
      resumes += 1;
    },
  };
  await source.send({ start: 0, end: film.length }, sink, NEVER);
  expect(resumes).toBe(10);
});

test.each([
  ['another file by its tag', { etag: '"v2"' }, /has changed/],
  ['another file by its length', { bytes: film.subarray(0, film.length - 1), etag: null }, /has changed/],
  ['a file without ranges', { ranges: 'none' as const }, /broke off/],
  ['other bytes than asked for', { ranges: 'wrong' as const }, /has changed/],
])('does not go on with %s', async (_what, change, message) => {
  if ('etag' in change && change.etag === null) origin.behaviour.etag = null;
  const source = await open();
  origin.behaviour.cutAfter = 3 * MIB;
  const pieces: Buffer[] = [];
  const sink: ByteSink = {
    write(chunk, done) {
      pieces.push(Buffer.from(chunk));
      Object.assign(origin.behaviour, change);
      done();
      return true;
    },
    onDrain() {},
  };
  await expect(source.send({ start: 0, end: film.length }, sink, NEVER)).rejects.toThrow(message);
  const got = Buffer.concat(pieces);
  expect(got.equals(film.subarray(0, got.length))).toBe(true);
});

test('waits for a busy origin once, when it says a time within five seconds', async () => {
  const source = await open();
  origin.behaviour.busyOnce = 1;
  const begunAt = performance.now();
  expect((await read(source, 0, 1000)).equals(film.subarray(0, 1000))).toBe(true);
  expect(performance.now() - begunAt).toBeGreaterThan(900);
});
