import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { AppError } from '../../src/kit/errors.ts';
import { u16, u32 } from '../support/little-endian.ts';
import { writeRar } from '../support/rar-writer.ts';
import { block, rar4Format } from '../support/rar4-format.ts';
import { header, rar5Format } from '../support/rar5-format.ts';
import { LATEST_MS, withEngine } from '../support/usenet-faults.ts';
import { filmOf, releaseOf } from '../support/usenet-releases.ts';

// Archives whose headers are right by their checksums and lie all the same: refused in words, or read as far as they are right.

const FILM = filmOf(300_000);
const film = { path: 'Film.mkv', bytes: FILM };
const MIB = 1024 * 1024;

/** What comes of reading it: how it ends, and that it takes neither long nor the memory it speaks of. */
async function read(files: readonly { name: string; bytes: Buffer }[]) {
  const release = await releaseOf(files, { inside: [film], partBytes: 20_000 });
  const before = process.memoryUsage().rss;
  let [error, bytes]: [unknown, Buffer] = [null, Buffer.alloc(0)];
  await withEngine([{}], release.articles, async (engine) => {
    const reading = await engine.read(release.spec);
    expect(reading.ms).toBeLessThan(LATEST_MS);
    expect(process.memoryUsage().rss - before).toBeLessThan(200 * MIB);
    ({ error, bytes } = reading);
  });
  return { error, bytes };
}

async function expectRefused(files: readonly { name: string; bytes: Buffer }[]): Promise<void> {
  const { error, bytes } = await read(files);
  expect(error).toBeInstanceOf(AppError);
  expect(bytes.equals(FILM.subarray(0, bytes.length))).toBe(true);
}

const vint = (value: bigint): Buffer => {
  const bytes: number[] = [];
  for (let left = value; left > 0n || bytes.length === 0; left >>= 7n)
    bytes.push(Number(left & 0x7fn) | 0x80);
  bytes.push(0x7f & (bytes.pop() ?? 0));
  return Buffer.from(bytes);
};

/** One file in RAR5 that says so of itself and holds the film. */
function rar5Saying(unpacked: bigint, packed: bigint): Buffer {
  const format = rar5Format({ version: 5 });
  const crc = u32(crc32(FILM));
  const name = Buffer.from(film.path);
  const sums = [
    vint(4n),
    vint(unpacked),
    vint(0x20n),
    crc,
    vint(0n),
    vint(1n),
    vint(BigInt(name.length)),
    name,
  ];
  const file = header(2, 2, [vint(packed), ...sums]);
  return Buffer.concat([format.begin(0, false), file, FILM, format.end(0, false, false)]);
}

/** The same in RAR4, whose sizes have two halves. */
function rar4Saying(unpacked: bigint, packed: bigint): Buffer {
  const format = rar4Format({ version: 4 });
  const low = (value: bigint) => u32(Number(value & 0xffff_ffffn));
  const high = (value: bigint) => u32(Number((value >> 32n) & 0xffff_ffffn));
  const file = block(0x74, 0x8100, [
    ...[
      low(packed),
      low(unpacked),
      Buffer.from([2]),
      u32(crc32(FILM)),
      u32(0x5a21_0000),
      Buffer.from([29, 0x30]),
    ],
    ...[u16(film.path.length), u32(0x20), high(packed), high(unpacked), Buffer.from(film.path)],
  ]);
  return Buffer.concat([format.begin(0, false), file, FILM, format.end(0, false, false)]);
}

describe.each([
  ['RAR5', rar5Saying],
  ['RAR4', rar4Saying],
] as const)('%s', (_, saying) => {
  const right = BigInt(FILM.length);
  const archive = (unpacked: bigint, packed: bigint) => [
    { name: 'Film.rar', bytes: saying(unpacked, packed) },
  ];

  test('is read where it says what is so', async () => {
    const { error, bytes } = await read(archive(right, right));
    expect([error, bytes.equals(FILM)]).toEqual([null, true]);
  });

  test.each([
    ['more unpacked than there is', right + 1000n, right],
    ['less unpacked than there is', right - 1000n, right],
    ['more than the archive holds', right + 1_000_000n, right + 1_000_000n],
    ['nothing packed', right, 0n],
    ['nothing unpacked', 0n, right],
    ['4 GiB', 2n ** 32n, 2n ** 32n],
    ['as much as can be counted', 2n ** 53n - 1n, 2n ** 53n - 1n],
    ['more than can be counted', 2n ** 62n, 2n ** 62n],
    ['what would be negative', 2n ** 63n + right, 2n ** 63n + right],
    ['what would be minus one', 2n ** 64n - 1n, 2n ** 64n - 1n],
  ])('that says %s is refused in words', async (_what, unpacked, packed) => {
    await expectRefused(archive(unpacked, packed));
  });
});

describe('a header of RAR', () => {
  const sized = (size: bigint) => {
    const bytes = Buffer.concat([vint(size), Buffer.from([2, 2]), Buffer.alloc(40)]);
    return Buffer.concat([u32(crc32(bytes)), bytes]);
  };
  const blockSized = (size: number) => {
    const bytes = Buffer.concat([Buffer.from([0x74]), u16(0x8000), u16(size), Buffer.alloc(40)]);
    return Buffer.concat([u16(crc32(bytes) & 0xffff), bytes]);
  };

  test.each([
    ...[0n, 1n, 2n ** 31n, 2n ** 62n, 2n ** 64n - 1n].map((size) => {
      const bytes = Buffer.concat([rar5Format({ version: 5 }).begin(0, false), sized(size), FILM]);
      return [`RAR5: ${size}`, bytes] as const;
    }),
    ...[0, 1, 6, 7, 0xffff].map((size) => {
      const bytes = Buffer.concat([rar4Format({ version: 4 }).begin(0, false), blockSized(size), FILM]);
      return [`RAR4: ${size}`, bytes] as const;
    }),
  ])('of a size that cannot be is refused in words: %s', async (_, bytes) => {
    await expectRefused([{ name: 'Film.rar', bytes }]);
  });
});

/** Files of a zip that lie where the directory says, over each other or over the directory. */
function zipOf(entries: readonly { path: string; at: number; size: number }[], body: Buffer): Buffer {
  const directory = Buffer.concat(
    entries.map(({ path, at, size }) =>
      Buffer.concat([
        ...[
          u32(0x02014b50),
          u16(45),
          u16(20),
          u16(0x800),
          u16(0),
          u32(0x5a21_0000),
          u32(0),
          u32(size),
          u32(size),
        ],
        ...[u16(path.length), u16(0), u16(0), u16(0), u16(0), u32(0), u32(at), Buffer.from(path)],
      ]),
    ),
  );
  const counts = [u16(0), u16(0), u16(entries.length), u16(entries.length)];
  const end = [u32(0x06054b50), ...counts, u32(directory.length), u32(body.length), u16(0)];
  return Buffer.concat([body, directory, ...end]);
}

function localHeader(path: string, size: number): Buffer {
  const sizes = [u32(0), u32(size), u32(size), u16(path.length), u16(0)];
  return Buffer.concat([
    ...[u32(0x04034b50), u16(20), u16(0x800), u16(0), u32(0x5a21_0000), ...sizes, Buffer.from(path)],
  ]);
}

describe('an archive that contains itself', () => {
  const [a, b] = [localHeader('a.zip', 1000), localHeader('b.zip', 1000)];

  test.each([
    [
      'its directory and its end',
      () => zipOf([{ path: 'a.zip', at: 0, size: 73 }], localHeader('a.zip', 73)),
    ],
    [
      'all behind its own header',
      () => zipOf([{ path: 'a.zip', at: 0, size: 1051 }], Buffer.concat([a, Buffer.alloc(1000)])),
    ],
    [
      'one file under a thousand names',
      () =>
        zipOf(
          Array.from({ length: 1000 }, (_, at) => ({ path: `a${at}.zip`, at: 0, size: 1000 })),
          Buffer.concat([a, Buffer.alloc(1000)]),
        ),
    ],
    ['its own directory as a file', () => zipOf([{ path: 'Film.mkv', at: a.length, size: 51 }], a)],
  ])('as %s is refused in words', async (_, make) => {
    await expectRefused([{ name: 'Film.zip', bytes: make() }]);
  });

  test('as a file that lies in another is no archive: it is given as it lies there', async () => {
    const bytes = zipOf(
      [
        { path: 'a.zip', at: 0, size: 900 },
        { path: 'b.zip', at: a.length, size: 900 },
      ],
      Buffer.concat([a, b, Buffer.alloc(1000)]),
    );
    const given = await read([{ name: 'Film.zip', bytes }]);
    expect(given.error).toBeNull();
    expect(given.bytes.equals(bytes.subarray(a.length, a.length + 900))).toBe(true);
  });

  test('a set whose volumes are one and the same', async () => {
    const [first = { name: '', bytes: FILM }] = writeRar([film], { version: 5, volumeBytes: 60_000 });
    const names = Array.from({ length: 6 }, (_, at) => `Film.part${at + 1}.rar`);
    await expectRefused(names.map((name) => ({ name, bytes: first.bytes })));
  });

  test('parts of a split file that are archives of each other', async () => {
    const [whole = { name: '', bytes: FILM }] = writeRar([film], { version: 5 });
    const inner = writeRar([{ path: 'Film.rar.001', bytes: whole.bytes }], { version: 5 })[0]?.bytes ?? FILM;
    const { error, bytes } = await read([
      { name: 'Film.rar.001', bytes: inner.subarray(0, 100_000) },
      { name: 'Film.rar.002', bytes: inner.subarray(100_000) },
    ]);
    // That is one archive in another, and plays.
    if (error === null) expect(bytes.equals(FILM)).toBe(true);
    else expect(error).toBeInstanceOf(AppError);
  });
});
