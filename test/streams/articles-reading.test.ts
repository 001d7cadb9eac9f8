import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { HoleInFile } from '../../src/streams/usenet/articles/hole-in-file.ts';
import { createPadding, PADDING_LIMITS } from '../../src/streams/usenet/articles/padding.ts';
import { ArticleMissing } from '../../src/streams/usenet/providers/articles-of.ts';
import {
  collect,
  MIB,
  openArticleRoom,
  plainLayout,
  randomBytes,
  seedOf,
  volumesLayout,
} from '../support/article-room.ts';
import { seededRandom } from '../support/random-requests.ts';
import { waitUntil } from '../support/wait-until.ts';

const SIZE = 3 * MIB;
const BYTES = randomBytes(SIZE, 2);
const VARIED = (part: number) => 30_000 + ((part * 7919) % 50_000);
const signal = new AbortController().signal;

describe('what is fetched', () => {
  test.each([
    ['at the beginning', 0],
    ['in the middle', 1_300_000],
    ['at the end', SIZE - 1_000_000],
  ])('of a range below 1 MiB %s: two articles', async (_, start) => {
    await using room = await openArticleRoom();
    const file = room.file(room.post({ name: 'a', bytes: BYTES, partBytes: 700_000 }).parts);
    await file.open(signal);
    const before = room.asked().length;
    const { bytes } = await collect(room.read([file], start, start + 600_000));
    expect(bytes.equals(BYTES.subarray(start, start + 600_000))).toBe(true);
    expect(room.asked().length - before).toBeLessThanOrEqual(2);
  });

  test('for who looks at the beginning of a whole file and leaves: two articles', async () => {
    await using room = await openArticleRoom();
    const file = room.file(room.post({ name: 'a', bytes: BYTES, partBytes: 100_000 }).parts);
    const reading = room.read([file], 0, SIZE);
    const { value } = await reading.next();
    value?.release();
    await sleep(50);
    await reading.return(undefined);
    expect(room.asked()).toHaveLength(2);
  });

  test('is nothing beyond the end of the range', async () => {
    await using room = await openArticleRoom();
    const { parts } = room.post({ name: 'a', bytes: BYTES, partBytes: 50_000 });
    const file = room.file(parts);
    await collect(room.read([file], 0, 1_000_001, { layout: plainLayout(SIZE) }));
    await sleep(50);
    expect(new Set(room.asked())).toEqual(new Set(parts.slice(0, 21).map(({ id }) => id)));
  });
});

describe('a file in volumes', () => {
  /** Its bytes in five posted files, each with a header before and a tail behind; the third one's size is learned by nobody. */
  async function posted(partBytes: number | ((part: number) => number)) {
    const room = await openArticleRoom();
    const each = SIZE / 6;
    const [head, tail] = [randomBytes(777, 5), randomBytes(20, 6)];
    const files = Array.from({ length: 6 }, (_, volume) => {
      const inner = BYTES.subarray(volume * each, (volume + 1) * each);
      const bytes = Buffer.concat([head, inner, tail]);
      return room.file(room.post({ name: `a.r0${volume}`, bytes, partBytes }).parts);
    });
    const layout = volumesLayout(files.map((_, volume) => ({ volume, offset: 777, length: each })));
    return { room, files, layout };
  }

  test.each([
    ['uniform', 40_000],
    ['of all sizes', (part: number) => 10_000 + ((part * 7919) % 40_000)],
    ['one each', 10_000_000],
  ])('is read as one: parts %s', async (_, partBytes) => {
    const { room, files, layout } = await posted(partBytes);
    await using __ = room;
    expect((await collect(room.read(files, 0, SIZE, { layout }))).bytes.equals(BYTES)).toBe(true);
    expect(new Set(room.asked()).size).toBe(room.asked().length);
    const random = seededRandom(seedOf('volumes'));
    for (let count = 0; count < 200; count += 1) {
      const start = Math.floor(random() * SIZE);
      const end = Math.min(SIZE, start + 1 + Math.floor(random() * 700_000));
      const { bytes, error } = await collect(room.read(files, start, end, { layout }));
      expect(error, `${start}-${end}`).toBeNull();
      expect(bytes.equals(BYTES.subarray(start, end)), `${start}-${end}`).toBe(true);
    }
  });

  test('is read ahead over the end of a volume', async () => {
    const { room, files, layout } = await posted(100_000);
    await using _ = room;
    const reading = room.read(files, 0, SIZE, { layout });
    for (let given = 0; given < 300_000; ) {
      const { value } = await reading.next();
      given += (value?.to ?? 0) - (value?.from ?? 0);
      value?.release();
    }
    // 4 x 300 KB ahead are two volumes and more.
    await sleep(100);
    expect(room.asked().length).toBeGreaterThanOrEqual(12);
    await reading.return(undefined);
  });

  test('goes on where the layout guessed wrong, though memory is short', async () => {
    const article = 32 * 1024;
    const late = new Set<string>();
    await using room = await openArticleRoom({
      limitBytes: 3 * article,
      trouble: (id) => (late.has(id) ? { kind: 'delay', ms: 300 } : null),
    });
    const bytes = BYTES.subarray(0, 40 * article);
    const posts = [0, 1, 2].map(() =>
      room.post({ name: 'a', bytes: bytes.subarray(0, article), partBytes: article }),
    );
    for (const { id } of posts[2]?.parts ?? []) late.add(id);
    const stretches = (volume: number) =>
      volumesLayout([0, volume].map((one) => ({ volume: one, offset: 0, length: article })));
    const layout = { ...stretches(2), guess: stretches(1).guess };
    const reading = collect(
      room.read(
        posts.map(({ parts }) => room.file(parts)),
        0,
        2 * article,
        { layout },
      ),
    );
    await waitUntil(() => room.asked().some((id) => late.has(id)), { what: 'it is there', timeoutMs: 5000 });
    const other = room.file(room.post({ name: 'b', bytes, partBytes: article }).parts);
    expect((await collect(room.read([other], 0, bytes.length))).error).toBeNull();
    expect((await reading).error).toBeNull();
  });

  test('of which the layout knows nothing ends in a hole', async () => {
    const { room, files, layout } = await posted(100_000);
    await using _ = room;
    const { error } = await collect(room.read(files, SIZE - 5, SIZE + 5, { layout }));
    expect(error).toMatchObject({ name: 'HoleInFile', offset: SIZE });
  });
});

describe('an article that nobody has', () => {
  type Lacks = {
    gone: readonly number[];
    isInNzb?: boolean;
    partBytes?: number | ((part: number) => number);
  };

  async function lacking({ gone, isInNzb = true, partBytes = 50_000 }: Lacks) {
    const ids = new Set<string>();
    const room = await openArticleRoom({ trouble: (id) => (ids.has(id) ? { kind: 'missing' } : null) });
    const { parts } = room.post({ name: 'a', bytes: BYTES, partBytes });
    for (const index of gone) ids.add(parts[index]?.id ?? '');
    const segments = parts.filter(({ id }) => isInNzb || !ids.has(id));
    const file = room.file(segments, { missing: isInNzb ? [] : gone.map((index) => index + 1) });
    const ends: number[] = [];
    for (let part = 1; (ends.at(-1) ?? 0) < SIZE; part += 1)
      ends.push(
        Math.min(SIZE, (ends.at(-1) ?? 0) + (typeof partBytes === 'number' ? partBytes : partBytes(part))),
      );
    return { room, file, beginOf: (index: number) => ends[index - 1] ?? 0, ends, ids, parts };
  }

  test.each([
    ['alike', true, 50_000],
    ['of all sizes', true, VARIED],
    ['alike, and the NZB lacks it', false, 50_000],
    ['of all sizes, and the NZB lacks it', false, VARIED],
  ])(
    'ends the reading where it begins, after every byte before it: parts %s',
    async (_, isInNzb, partBytes) => {
      const { room, file, beginOf } = await lacking({ gone: [20], isInNzb, partBytes });
      await using __ = room;
      const { bytes, error } = await collect(room.read([file], 1_000, SIZE));
      expect(error).toBeInstanceOf(HoleInFile);
      expect(error).toMatchObject({ offset: beginOf(20) });
      expect(bytes.equals(BYTES.subarray(1_000, beginOf(20)))).toBe(true);
      // Into it, and behind it.
      const into = await collect(room.read([file], beginOf(20) + 100, SIZE));
      expect(into).toMatchObject({ bytes: Buffer.alloc(0), error: { offset: beginOf(20) + 100 } });
      const behind = await collect(room.read([file], beginOf(21), SIZE));
      expect(behind.error).toBeNull();
      expect(behind.bytes.equals(BYTES.subarray(beginOf(21)))).toBe(true);
    },
  );

  test('is told with why, before the first byte', async () => {
    const { room, file } = await lacking({ gone: [0] });
    await using _ = room;
    const { error } = await collect(room.read([file], 0, SIZE));
    expect(error).toMatchObject({ offset: 0, cause: expect.any(ArticleMissing) });
    await expect(file.read(10, 10, signal)).rejects.toThrow(HoleInFile);
    // Its size stands in every other article.
    expect(await file.open(signal)).toEqual({ name: 'a', sizeBytes: SIZE });
  });

  test('and all others neither: few are asked for', async () => {
    const { room, file } = await lacking({ gone: Array.from({ length: 60 }, (_, index) => index) });
    await using _ = room;
    await expect(file.open(signal)).rejects.toThrow(HoleInFile);
    const { error } = await collect(room.read([file], 1_500_000, SIZE));
    expect(error).toMatchObject({ offset: 1_500_000 });
    expect(room.asked().length).toBeLessThanOrEqual(10);
    // What was put aside for them is free again.
    expect(room.store.state()).toMatchObject({ jobs: 0, usedBytes: 0, reservedBytes: 0 });
  });

  test('at the end, that the NZB does not even name', async () => {
    const { room, file, parts } = await lacking({ gone: [] });
    await using _ = room;
    const short = room.file(parts.slice(0, 40));
    const { bytes, error } = await collect(room.read([short], 0, SIZE));
    expect(error).toMatchObject({ offset: 2_000_000 });
    expect(bytes.equals(BYTES.subarray(0, 2_000_000))).toBe(true);
    expect((await collect(room.read([short], 2_100_000, SIZE))).error).toMatchObject({ offset: 2_100_000 });
    expect(await file.open(signal)).toMatchObject({ sizeBytes: SIZE });
  });

  describe('made of nothing', () => {
    /** As it should be: zeros where an article lacks. */
    function expected(gone: readonly number[], beginOf: (index: number) => number): Buffer {
      const bytes = Buffer.from(BYTES);
      for (const index of gone) bytes.fill(0, beginOf(index), Math.min(SIZE, beginOf(index + 1)));
      return bytes;
    }
    const limits = { ...PADDING_LIMITS, maxShare: 1 };

    test.each([
      ['alike', true, 50_000],
      ['of all sizes', true, VARIED],
      ['of all sizes, and the NZB lacks it', false, VARIED],
    ])('has its length: parts %s', async (_, isInNzb, partBytes) => {
      const gone = [7, 8, 9, 30];
      const { room, file, beginOf } = await lacking({ gone, isInNzb, partBytes });
      await using __ = room;
      const padding = createPadding(SIZE, limits);
      const right = expected(gone, beginOf);
      const whole = await collect(room.read([file], 0, SIZE, { padding }));
      expect(whole.error).toBeNull();
      expect(whole.bytes.equals(right)).toBe(true);
      const bytes = gone.reduce((sum, index) => sum + beginOf(index + 1) - beginOf(index), 0);
      expect(padding.padded()).toEqual({ parts: 4, bytes });
      // Again, from inside of it: counted once.
      const [start, end] = [beginOf(8) + 5, beginOf(10) + 5];
      const inner = await collect(room.read([file], start, end, { padding }));
      expect(inner.bytes.equals(right.subarray(start, end))).toBe(true);
      expect(padding.padded()).toEqual({ parts: 4, bytes });
      expect(room.memory.usedBytes()).toBeLessThanOrEqual(64 * MIB);
    });

    test.each([
      ['too many in a row', [3, 4, 5, 6, 7], limits, 7],
      ['too many in all', [3, 5, 7, 9], { ...limits, maxTotal: 3 }, 9],
      ['too large a share', [3, 5, 7], { ...limits, maxShare: 0.04 }, 7],
    ])('has a limit: %s', async (_, gone, some, at) => {
      const { room, file, beginOf } = await lacking({ gone });
      await using __ = room;
      const padding = createPadding(SIZE, some);
      const { error } = await collect(room.read([file], 0, SIZE, { padding }));
      expect(error).toMatchObject({ offset: beginOf(at) });
    });

    test('of which nobody knows how far it goes is not', async () => {
      const { room, file, beginOf } = await lacking({ gone: [3, 4, 5, 6, 7], partBytes: VARIED });
      await using _ = room;
      const { bytes, error } = await collect(
        room.read([file], 0, SIZE, { padding: createPadding(SIZE, limits) }),
      );
      expect(error).toMatchObject({ offset: beginOf(3) });
      expect(bytes.equals(BYTES.subarray(0, beginOf(3)))).toBe(true);
    });
  });
});
