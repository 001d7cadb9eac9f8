import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createBudget } from '../../src/platform/budget.ts';
import { createNet, type Net } from '../../src/platform/net.ts';
import { createPieceReader } from '../../src/play/dash/pieces.ts';
import { createReadAhead } from '../../src/play/read-ahead.ts';
import { createSegments, type Segments } from '../../src/play/segments.ts';
import { asReadable, type ByteSource } from '../../src/streams/kind.ts';
import { type FileOrigin, startFileOrigin } from '../support/file-origin.ts';
import { waitUntil } from '../support/wait-until.ts';

const KIB = 1024;
const roomy = () => createBudget({ limitBytes: 2 ** 28 });
const never = new AbortController().signal;
let origin: FileOrigin;
let net: Net;
beforeAll(async () => {
  origin = await startFileOrigin();
  net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
  for (let at = 0; at < 20; at += 1) origin.files.set(`/${at}.ts`, Buffer.alloc(100 * KIB, `${at} `));
});
afterAll(async () => {
  await net?.close();
  await origin?.stop();
});
beforeEach(() => {
  origin.requests.length = 0;
});

const addressOf = (name: string | number) => ({ url: `${origin.base}/${name}.ts`, headers: {} });

async function bytesOf(source: ByteSource | null): Promise<Buffer> {
  if (source === null) throw new Error('not kept');
  const chunks: Buffer[] = [];
  const all = { start: 0, end: source.size ?? Number.POSITIVE_INFINITY };
  try {
    for await (const chunk of asReadable(source, all, never)) chunks.push(chunk);
  } finally {
    await source.close();
  }
  return Buffer.concat(chunks);
}

describe('segments in memory', () => {
  test('never stand on more than the budget; the one used longest ago goes first', async () => {
    const segments = createSegments(net, { budget: roomy(), maxBytes: 350 * KIB });
    for (const at of [0, 1, 2, 0, 3]) await bytesOf(await segments.open(addressOf(at), 60_000, never));
    expect(segments.heldBytes()).toBe(300 * KIB);
    expect([0, 1, 2, 3].map((at) => segments.kept(addressOf(at)) !== null)).toEqual([
      true,
      false,
      true,
      true,
    ]);
    segments.close();
  });

  test('that are being read are not dropped; who finds no room reads past the cache', async () => {
    const segments = createSegments(net, { budget: roomy(), maxBytes: 250 * KIB });
    const [first, second] = await Promise.all(
      [0, 1].map((at) => segments.open(addressOf(at), 60_000, never)),
    );
    expect(await segments.open(addressOf(2), 60_000, never)).toBeNull();
    await bytesOf(first ?? null);
    await bytesOf(second ?? null);
    expect((await bytesOf(await segments.open(addressOf(2), 60_000, never))).length).toBe(100 * KIB);
    expect(segments.heldBytes()).toBeLessThanOrEqual(250 * KIB);
    segments.close();
    expect(segments.heldBytes()).toBe(0);
  });

  test('of unknown length are kept up to the limit of one, and given up past it', async () => {
    origin.files.set('/small.ts', (_req, res) => {
      res.write(Buffer.alloc(150 * KIB, 'a'));
      res.end(Buffer.alloc(150 * KIB, 'b'));
    });
    origin.files.set('/long.ts', async (_req, res) => {
      for (let at = 0; at < 50 && !res.destroyed; at += 1) {
        res.write(Buffer.alloc(100 * KIB, 'c'));
        await sleep(2);
      }
      res.end();
    });
    const segments = createSegments(net, { budget: roomy(), maxBytes: 4096 * KIB, maxEachBytes: 1024 * KIB });
    expect((await bytesOf(await segments.open(addressOf('small'), 60_000, never))).length).toBe(300 * KIB);
    await expect(segments.open(addressOf('long'), 60_000, never).then(bytesOf)).rejects.toThrow('too large');
    expect(await segments.open(addressOf('long'), 60_000, never)).toBeNull();
    expect(segments.heldBytes()).toBe(512 * KIB);
    segments.close();
  });

  test('are fetched again once their life is over', async () => {
    const segments = createSegments(net, { budget: roomy() });
    await bytesOf(await segments.open(addressOf(0), 30, never));
    await sleep(50);
    expect(segments.kept(addressOf(0))).toBeNull();
    await bytesOf(await segments.open(addressOf(0), 30, never));
    expect(origin.count('/0.ts')).toBe(2);
    segments.close();
  });

  test('a thousand come and go without a byte left over', async () => {
    const segments = createSegments(net, { budget: roomy(), maxBytes: 500 * KIB });
    for (let round = 0; round < 50; round += 1)
      await Promise.all(
        Array.from({ length: 20 }, async (_, at) => {
          const leaving = new AbortController();
          const source = await segments.open(addressOf(at), 60_000, leaving.signal).catch(() => null);
          if (at % 3 === 0) leaving.abort();
          await source?.close();
        }),
      );
    segments.close();
    expect(segments.heldBytes()).toBe(0);
  });
});

test('a segment that is here or coming counts as found, reading ahead does not count', async () => {
  const asked: boolean[] = [];
  const segments = createSegments(net, { budget: roomy(), onAsked: (isHit) => asked.push(isHit) });
  await segments.warm(addressOf(0), 60_000, never);
  expect([segments.isKept(addressOf(0)), segments.kept(addressOf(1))]).toEqual([true, null]);
  expect(asked).toEqual([]);
  await segments.kept(addressOf(0))?.close();
  const coming = [1, 1].map((at) => segments.open(addressOf(at), 60_000, never));
  for (const source of await Promise.all(coming)) await source?.close();
  expect(asked).toEqual([true, false, true]);
  segments.close();
});

describe('segments beside streams', () => {
  const isKept = (segments: Segments) => [0, 1, 2].map((at) => segments.isKept(addressOf(at)));

  test('stand on half of the memory at most', async () => {
    const budget = createBudget({ limitBytes: 500 * KIB });
    const segments = createSegments(net, { budget });
    for (const at of [0, 1, 2]) await bytesOf(await segments.open(addressOf(at), 60_000, never));
    expect([segments.heldBytes(), budget.cachedBytes()]).toEqual([200 * KIB, 200 * KIB]);
    expect(isKept(segments)).toEqual([false, true, true]);
    segments.close();
    expect(budget.cachedBytes()).toBe(0);
  });

  test('give way to them at once, the one used longest ago first, and not what is being read', async () => {
    const budget = createBudget({ limitBytes: 1000 * KIB });
    const segments = createSegments(net, { budget });
    for (const at of [0, 1, 2]) await bytesOf(await segments.open(addressOf(at), 60_000, never));
    const read = segments.kept(addressOf(0));
    await bytesOf(segments.kept(addressOf(1)));
    const stream = budget.open(1000 * KIB);
    expect(stream.windowBytes()).toBe(900 * KIB);
    stream.hold(701 * KIB);
    expect(isKept(segments)).toEqual([true, true, false]);
    stream.hold(199 * KIB);
    expect(isKept(segments)).toEqual([true, false, false]);
    stream.hold(100 * KIB);
    expect([segments.heldBytes(), budget.usedBytes()]).toEqual([100 * KIB, 1000 * KIB]);
    expect(await segments.open(addressOf(1), 60_000, never)).toBeNull();
    expect((await bytesOf(read)).length).toBe(100 * KIB);
    stream.close();
    expect((await bytesOf(await segments.open(addressOf(1), 60_000, never))).length).toBe(100 * KIB);
    segments.close();
    expect(budget.cachedBytes()).toBe(0);
  });

  test('that are being loaded for later give way as well; their origin is left', async () => {
    let hungUp = false;
    origin.files.set('/later.ts', (_req, res) => {
      res.writeHead(200, { 'Content-Length': 100 * KIB }).write('a little');
      res.once('close', () => {
        hungUp = true;
      });
    });
    const budget = createBudget({ limitBytes: 1000 * KIB });
    const segments = createSegments(net, { budget });
    const loading = segments.warm(addressOf('later'), 60_000, never).catch(() => false);
    await waitUntil(() => segments.heldBytes() > 0, { what: 'it is coming', timeoutMs: 2000 });
    budget.open(1000 * KIB).hold(901 * KIB);
    expect(segments.heldBytes()).toBe(0);
    expect(await loading).toBe(false);
    await waitUntil(() => hungUp, { what: 'the origin is left', timeoutMs: 2000 });
    expect(segments.heldBytes()).toBe(0);
    segments.close();
  });

  test('of unknown length that find no room while they come are refused, with nothing left over', async () => {
    origin.files.set('/grows.ts', async (_req, res) => {
      for (let at = 0; at < 10 && !res.destroyed; at += 1) {
        res.write(Buffer.alloc(100 * KIB, 'g'));
        await sleep(2);
      }
      res.end();
    });
    const budget = createBudget({ limitBytes: 1000 * KIB });
    const segments = createSegments(net, { budget });
    await expect(segments.open(addressOf('grows'), 60_000, never).then(bytesOf)).rejects.toThrow('too large');
    expect(budget.cachedBytes()).toBe(0);
    segments.close();
  });
});

describe('pieces of files', () => {
  test('count in the budget, are asked for once, and give way to streams', async () => {
    const budget = createBudget({ limitBytes: 1024 * KIB });
    const read = createPieceReader(net, budget);
    const span = { start: 10, end: 10 + 50 * KIB };
    const film = Buffer.from(Uint8Array.from({ length: 100 * KIB }, (_, at) => at % 251));
    // Without ranges: all of it comes, and only the piece is kept.
    origin.files.set('/film.ts', (_req, res) => void res.end(film));
    const piece = () => read(addressOf('film'), span, never);
    const wanted = film.subarray(span.start, span.end);
    expect((await piece()).equals(wanted)).toBe(true);
    await piece();
    expect(origin.count('/film.ts')).toBe(1);
    expect(budget.cachedBytes()).toBe(50 * KIB);
    budget.open(1024 * KIB).hold(1024 * KIB);
    expect(budget.cachedBytes()).toBe(0);
    expect((await piece()).equals(wanted)).toBe(true);
    expect(origin.count('/film.ts')).toBe(2);
  });
});

describe('reading ahead', () => {
  test('keeps what it knows of a playlist in the budget, whatever the length of its addresses', () => {
    const budget = createBudget({ limitBytes: 1024 * KIB });
    const segments = createSegments(net, { budget });
    const ahead = createReadAhead(segments, { budget });
    const long = (at: number) => ({ url: `${origin.base}/${'x'.repeat(1000)}${at}.ts`, headers: {} });
    ahead.note(
      'p',
      Array.from({ length: 100 }, (_, at) => long(at)),
      60_000,
    );
    expect(budget.cachedBytes()).toBeGreaterThan(100 * 1000);
    expect(ahead.lifeMs('p')).toBe(60_000);
    budget.open(1024 * KIB).hold(1024 * KIB);
    expect([budget.cachedBytes(), ahead.lifeMs('p')]).toEqual([0, undefined]);
    ahead.close();
    segments.close();
  });

  test('ends some time after the last request, and leaves the origin', async () => {
    let hungUp = false;
    origin.files.set('/slow.ts', (_req, res) => {
      res.write('a little');
      res.once('close', () => {
        hungUp = true;
      });
    });
    const segments = createSegments(net, { budget: roomy() });
    const ahead = createReadAhead(segments, { budget: roomy(), restAfterMs: 100 });
    ahead.note('p', [addressOf(0), addressOf('slow'), addressOf(1)], 60_000);
    ahead.requested('p', addressOf(0).url);
    await waitUntil(() => origin.count('/slow.ts') === 1, { what: 'the next one', timeoutMs: 2000 });
    await waitUntil(() => hungUp, { what: 'the origin is left', timeoutMs: 2000 });
    expect(origin.count('/1.ts')).toBe(0);
    expect(segments.heldBytes()).toBe(0);
    ahead.close();
    segments.close();
  });

  test('goes on with what a live playlist gets, while it is watched', async () => {
    const segments = createSegments(net, { budget: roomy() });
    const ahead = createReadAhead(segments, { budget: roomy(), restAfterMs: 150 });
    ahead.note('live', [addressOf(0), addressOf(1)], 60_000);
    ahead.requested('live', addressOf(0).url);
    await waitUntil(() => segments.kept(addressOf(1)) !== null, { what: 'the second', timeoutMs: 2000 });
    ahead.note('live', [addressOf(1), addressOf(2)], 60_000);
    ahead.requested('live', addressOf(1).url);
    ahead.note('live', [addressOf(2), addressOf(3)], 60_000);
    await waitUntil(() => segments.kept(addressOf(2)) !== null, { what: 'the third', timeoutMs: 2000 });
    await sleep(250);
    ahead.note('live', [addressOf(4), addressOf(5)], 60_000);
    await sleep(50);
    expect(origin.count('/5.ts')).toBe(0);
    ahead.close();
    segments.close();
  });

  test('asks for a segment that cannot be had once', async () => {
    const segments = createSegments(net, { budget: roomy() });
    const ahead = createReadAhead(segments, { budget: roomy() });
    ahead.note('p', [addressOf(0), addressOf('gone'), null, addressOf(1)], 60_000);
    ahead.requested('p', addressOf(0).url);
    await waitUntil(() => origin.count('/1.ts') === 1, { what: 'the one after', timeoutMs: 2000 });
    ahead.requested('p', addressOf(0).url);
    await sleep(50);
    expect(origin.count('/gone.ts')).toBe(1);
    ahead.close();
    segments.close();
  });
});
