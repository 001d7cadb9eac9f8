import { describe, expect, test } from 'vitest';
import type { LearnedFile } from '../../src/streams/usenet/articles/part.ts';
import { SeekMap } from '../../src/streams/usenet/articles/seek-map.ts';
import type { YencHeader } from '../../src/streams/usenet/yenc/decoder.ts';
import {
  type ArticleRoom,
  collect,
  openArticleRoom,
  plainLayout,
  randomBytes,
  seedOf,
} from '../support/article-room.ts';
import { type PostedPart, postFile } from '../support/nzb-post.ts';
import { seededRandom } from '../support/random-requests.ts';
import { dotStuffed, yencLines } from '../support/yenc-encode.ts';

const SIZE = 1_500_000;
const BYTES = randomBytes(SIZE);
const signal = new AbortController().signal;

/** Lengths of parts that a part number always gives again. */
const lengths = (seed: number, least: number, most: number) => (part: number) =>
  Math.floor(least + seededRandom(seed * 1000 + part)() * (most - least));

type Shape = {
  partBytes: number | ((part: number) => number);
  change?: (parts: PostedPart[]) => PostedPart[];
};
const UNIFORM = ['uniform', 'segments named twice, in no order', 'parts numbered from 0 on', 'one part'];
const SHAPES: Record<string, Shape> = {
  uniform: { partBytes: 10_000 },
  'random part sizes': { partBytes: lengths(1, 3_000, 30_000) },
  'a short first part': { partBytes: (part) => (part === 1 ? 1_234 : 10_000) },
  'a short part in the middle': { partBytes: (part) => (part === 70 ? 999 : 10_000) },
  'bytes in the NZB that are nonsense': {
    partBytes: lengths(2, 3_000, 30_000),
    change: (parts) =>
      parts.map((part, at) => ({ ...part, bytes: (at * 7919) % 5 === 0 ? 0 : (at * 31) % 900_000 })),
  },
  // The number of parts is that of parts of the first one's length, and they are not.
  'a number of segments that fits by accident': {
    partBytes: (part) => (part === 1 ? 10_000 : part % 2 === 0 ? 11_000 : 9_000),
  },
  'segments named twice, in no order': {
    partBytes: 10_000,
    change: (parts) => [...parts, ...parts.slice(3, 9)].reverse(),
  },
  'parts numbered from 0 on': {
    partBytes: 10_000,
    change: (parts) => parts.map((part) => ({ ...part, number: part.number - 1 })),
  },
  'one part': { partBytes: SIZE },
};

describe.each(Object.entries(SHAPES))('%s', (name, { partBytes, change = (parts) => parts }) => {
  const post = (room: ArticleRoom) => change(room.post({ name: 'a.bin', bytes: BYTES, partBytes }).parts);

  test('2,000 ranges anywhere are the bytes that were posted', async () => {
    await using room = await openArticleRoom();
    const file = room.file(post(room));
    const random = seededRandom(seedOf(name));
    for (let count = 0; count < 2000; count += 1) {
      const start = Math.floor(random() * SIZE);
      const end = Math.min(SIZE, start + 1 + Math.floor(random() ** 3 * 60_000));
      const { bytes, error } = await collect(room.read([file], start, end, { layout: plainLayout(SIZE) }));
      expect(error, `${start}-${end}`).toBeNull();
      expect(bytes.equals(BYTES.subarray(start, end)), `${start}-${end}`).toBe(true);
    }
    expect(file.sizeBytes).toBe(SIZE);
    expect(file.learned()?.partBytes !== null).toBe(UNIFORM.includes(name));
    // Each came once, but for what was guessed ahead of a range, and called off at its end.
    expect(room.asked().length).toBeLessThanOrEqual(new Set(room.asked()).size + 5);
  });

  test('headers are read of two articles at most', async () => {
    await using room = await openArticleRoom({ store: { cacheBytes: 0 } });
    const file = room.file(post(room));
    expect(await file.open(signal)).toEqual({ name: 'a.bin', sizeBytes: SIZE });
    const random = seededRandom(seedOf(name));
    for (let count = 0; count < 20; count += 1) {
      const start = Math.floor(random() * SIZE);
      const chunk = await file.read(start, 2_000, signal);
      expect(chunk.equals(BYTES.subarray(start, start + chunk.length))).toBe(true);
      expect(chunk.length).toBeGreaterThanOrEqual(Math.min(900, SIZE - start));
    }
    expect(file.learned()?.partBytes !== null).toBe(UNIFORM.includes(name));
    expect(await file.read(SIZE - 10, 100, signal)).toEqual(BYTES.subarray(SIZE - 10));
    expect(await file.read(SIZE, 100, signal)).toHaveLength(0);
  });
});

test('a post of one part without =ypart is the whole file', async () => {
  await using room = await openArticleRoom();
  const bytes = BYTES.subarray(0, 5000);
  const head = Buffer.from(`=ybegin line=128 size=${bytes.length} name=one.bin\r\n`);
  const tail = Buffer.from(`=yend size=${bytes.length}\r\n`);
  room.posted.set('one@post.invalid', Buffer.concat([head, yencLines(bytes), tail]));
  const file = room.file([{ id: 'one@post.invalid', number: 1, bytes: 5200 }]);
  expect(await file.open(signal)).toEqual({ name: 'one.bin', sizeBytes: 5000 });
  expect((await collect(room.read([file], 17, 4999))).bytes).toEqual(bytes.subarray(17, 4999));
});

describe('what was learned', () => {
  test.each(['uniform', 'random part sizes'])('spares the next viewer every probe: %s', async (name) => {
    await using room = await openArticleRoom();
    const { partBytes } = SHAPES[name] ?? { partBytes: 0 };
    const { parts } = room.post({ name: 'a.bin', bytes: BYTES, partBytes });
    let news = 0;
    const first = room.file(parts, { onLearned: () => (news += 1) });
    await collect(room.read([first], 0, SIZE));
    const learned: LearnedFile = JSON.parse(JSON.stringify(first.learned()));
    expect(news).toBeGreaterThan(0);
    expect(learned.sizeBytes).toBe(SIZE);
    expect(learned.partBytes).toBe(name === 'uniform' ? 10_000 : null);

    const { store } = room.open();
    const second = room.file(parts, { store, learned });
    expect(await second.open(signal)).toEqual({ name: 'a.bin', sizeBytes: SIZE });
    for (const offset of [SIZE - 1, 0, 777_777, 123_456]) {
      const before = room.asked().length;
      const { bytes } = await collect(
        room.read([second], offset, offset + 1, { store, layout: plainLayout(SIZE) }),
      );
      expect(bytes).toEqual(BYTES.subarray(offset, offset + 1));
      expect(room.asked().length - before).toBe(1);
    }
    await store.close();
  });

  test('a seek that was made once is known, and what is damaged in the books is not believed', () => {
    const bytes = Array.from({ length: 50 }, () => 1000);
    const map = new SeekMap(bytes, null);
    map.learn(20, headerOf(20, 15_000, 16_200, 50_000));
    const again = new SeekMap(bytes, map.learned());
    expect(again.guess(15_000)).toBe(20);
    expect(again.guess(16_199)).toBe(20);
    const wrong = {
      sizeBytes: 50_000,
      partBytes: null,
      anchors: [
        [3, 9],
        [2, 8],
        [70, 99],
        [9, 90_000],
      ] as const,
    };
    expect(new SeekMap(bytes, wrong).learned()?.anchors).toEqual([[3, 9]]);
    expect(new SeekMap(bytes, { ...wrong, sizeBytes: Number.NaN }).sizeBytes).toBeNull();
  });
});

const headerOf = (index: number, begin: number, end: number, fileSize: number): YencHeader => ({
  ...{ name: 'a', part: index + 1, total: null, begin, end, fileSize },
});

/** Articles a cold seek takes beyond the opening one. */
function probesOf(ends: readonly number[], encoded: readonly number[], offset: number): number {
  const map = new SeekMap(encoded, null);
  const size = ends.at(-1) ?? 0;
  const header = (index: number) => headerOf(index, ends[index - 1] ?? 0, ends[index] ?? 0, size);
  map.learn(0, header(0));
  for (let probes = 1; ; probes += 1) {
    const index = map.guess(offset, probes - 1);
    const found = header(index);
    expect(map.fault(index, found)).toBeNull();
    if (found.begin <= offset && offset < found.end) return probes;
    map.learn(index, found);
  }
}

/** A large file of parts as they are posted, with an NZB that is off by so much either way (yEnc's own escapes: 0.02 %). */
function largePost(count: number, random: () => number, lengthOf: (index: number) => number, off = 0.005) {
  const [ends, encoded]: [number[], number[]] = [[], []];
  for (let index = 0; index < count; index += 1) {
    const length = lengthOf(index);
    ends.push((ends.at(-1) ?? 0) + length);
    encoded.push(Math.round(length * (1.032 + (random() - 0.5) * 2 * off)));
  }
  return { ends, encoded };
}

test.each([
  [0.0025, 1.1],
  [0.005, 1.15],
])(
  'a cold seek in an NZB that is off by %d takes %d articles beyond the opening one, never more than 2',
  (off, most) => {
    const seed = seedOf('cold seeks');
    const random = seededRandom(seed);
    const posts: Record<string, [number, (index: number) => number]> = {
      uniform: [10_000, () => 716_800],
      random: [10_103, () => Math.floor(400_000 + random() * 600_000)],
      'short first': [6_977, (index) => (index === 0 ? 50_000 : 716_800)],
    };
    for (const [name, [count, lengthOf]] of Object.entries(posts)) {
      // How far an NZB is off on the whole differs from post to post.
      const probes = Array.from({ length: 12 }, () => largePost(count, random, lengthOf, off)).flatMap(
        ({ ends, encoded }) =>
          Array.from({ length: 100 }, () =>
            probesOf(ends, encoded, Math.floor(random() * (ends.at(-1) ?? 0))),
          ),
      );
      const average = probes.reduce((sum, one) => sum + one, 0) / probes.length;
      console.info(`cold seeks, ${name}: ${average.toFixed(3)} on average, at most ${Math.max(...probes)}`);
      expect(average).toBeLessThanOrEqual(most);
      expect(Math.max(...probes)).toBeLessThanOrEqual(2);
    }
  },
);

test('an NZB that tells nothing but lies is halved', () => {
  const random = seededRandom(seedOf('lies'));
  const { ends } = largePost(5_000, random, () => Math.floor(1 + random() ** 6 * 2_000_000));
  // Each a tenth more than the one before: by proportion everything lies at the end.
  const lies = ends.map((_, index) => 1.1 ** index);
  const size = ends.at(-1) ?? 0;
  for (let count = 0; count < 300; count += 1)
    expect(probesOf(ends, lies, Math.floor(random() * size))).toBeLessThanOrEqual(
      4 + Math.ceil(Math.log2(5_000)) + 1,
    );
});

describe('an article that cannot be this part', () => {
  test('of another file in the middle counts as damaged, and the second provider is asked', async () => {
    const others = new Map<string, Buffer>();
    await using room = await openArticleRoom({
      trouble: (id) => {
        const wire = others.get(id);
        return wire === undefined ? null : { kind: 'body', wire };
      },
      second: () => null,
    });
    const { parts } = room.post({ name: 'a.bin', bytes: BYTES, partBytes: 10_000 });
    const strange = new Map<string, Buffer>();
    const { parts: theirs } = postFile(strange, {
      name: 'b.bin',
      bytes: BYTES.subarray(7),
      partBytes: 10_000,
    });
    others.set(parts[50]?.id ?? '', dotStuffed(strange.get(theirs[50]?.id ?? '') ?? Buffer.alloc(0)));
    const file = room.file(parts);
    const { bytes, error } = await collect(room.read([file], 0, SIZE));
    expect(error).toBeNull();
    expect(bytes.equals(BYTES)).toBe(true);
    expect(room.servers[1]?.bodies).toEqual([parts[50]?.id]);
  });

  test.each([
    ['another size', 5, headerOf(5, 5_000, 6_000, 99_999)],
    ['a place before its neighbour', 5, headerOf(5, 3_500, 6_000, 50_000)],
    ['a place behind its neighbour', 5, headerOf(5, 5_000, 9_500, 50_000)],
    ['no bytes', 5, headerOf(5, 5_000, 5_000, 50_000)],
    ['a beginning that is not where the one before ends', 4, headerOf(4, 4_001, 5_000, 50_000)],
    ['a first part that is not at the beginning', 0, headerOf(0, 1, 1_000, 50_000)],
    ['an end beyond the file', 40, headerOf(40, 45_000, 50_001, 50_000)],
  ])('%s', (_, index, header) => {
    const map = new SeekMap(
      Array.from({ length: 50 }, () => 1000),
      null,
    );
    map.learn(3, headerOf(3, 3_100, 4_000, 50_000));
    map.learn(8, headerOf(8, 9_000, 9_900, 50_000));
    expect(map.fault(index, header)).not.toBeNull();
    expect(map.fault(5, headerOf(5, 5_000, 6_000, 50_000))).toBeNull();
  });

  test('what a damaged one said of itself is forgotten', () => {
    const map = new SeekMap(
      Array.from({ length: 50 }, () => 1000),
      null,
    );
    map.learn(5, headerOf(5, 5_000, 6_000, 50_000));
    map.forget(5);
    expect(map.learned()).toBeNull();
    expect(map.fault(5, headerOf(5, 7_000, 8_000, 77_000))).toBeNull();
  });
});
