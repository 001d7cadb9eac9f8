import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { ArchiveRefused } from '../../src/streams/usenet/archives/archive.ts';
import { openArchive } from '../../src/streams/usenet/archives/open-archive.ts';
import { type MemoryVolumes, memoryVolumes, readInner, someRanges } from '../support/memory-volumes.ts';
import type { RarInput, RarOptions } from '../support/rar-format.ts';
import { writeRar } from '../support/rar-writer.ts';

const signal = AbortSignal.timeout(600_000);
const film = filmOf(300_001);
const three: RarInput[] = [
  { path: 'folder', bytes: Buffer.alloc(0), isFolder: true },
  { path: 'folder/film.mkv', bytes: film },
  { path: 'film.nfo', bytes: randomBytes(1234) },
  { path: 'ü 字.srt', bytes: randomBytes(50_000) },
];

function filmOf(length: number): Buffer {
  return Buffer.concat([Buffer.from('1a45dfa3', 'hex'), randomBytes(length - 4)]);
}

async function openRar(inputs: RarInput[], options: RarOptions, password = options.password ?? null) {
  const files = writeRar(inputs, options);
  const memory = memoryVolumes(files);
  return { files, memory, archive: await openArchive(memory.volumes, { password, signal }) };
}

async function expectSame(
  { files, archive }: Awaited<ReturnType<typeof openRar>>,
  inputs: readonly RarInput[],
) {
  const wanted = inputs.filter(({ isFolder }) => !isFolder);
  expect(archive.map.files.map(({ path, sizeBytes }) => [path, sizeBytes])).toEqual(
    wanted.map(({ path, bytes }) => [path, bytes.length]),
  );
  for (const [index, { bytes }] of wanted.entries()) {
    for (const range of someRanges(bytes.length, 20))
      expect((await readInner(archive, files, index, range)).equals(bytes.subarray(...range))).toBe(true);
  }
}

async function refusal(opening: Promise<unknown>): Promise<ArchiveRefused> {
  const error: unknown = await opening.then(
    () => null,
    (reason: unknown) => reason,
  );
  if (error instanceof ArchiveRefused) return error;
  throw new Error('it was not refused', { cause: error });
}

describe.each([4, 5] as const)('RAR%i', (version) => {
  test.each<Omit<RarOptions, 'version'>>([
    {},
    { comment: 'hello', recoveryBytes: 500 },
    { volumeBytes: 60_000 },
    { volumeBytes: 60_000, comment: 'hello', recoveryBytes: 500 },
    { volumeBytes: 20_000, naming: 'old' },
    { volumeBytes: 20_000, naming: 'short' },
    { volumeBytes: 60_000, password: 'gehéim' },
    { volumeBytes: 60_000, password: 'gehéim', encryptHeaders: true },
    { volumeBytes: 60_000, naming: 'random' },
    { isLarge: true, volumeBytes: 50_000 },
  ])('reads any range of several files: %o', async (options) => {
    const opened = await openRar(three, { ...options, version });
    expect(opened.archive.map).toMatchObject({
      format: `rar${version}`,
      isPassworded: options.password !== undefined,
    });
    await expectSame(opened, three);
  });

  test('takes volumes in any order', async () => {
    for (const naming of ['new', 'old', 'short', 'random'] as const) {
      const files = writeRar(three, { version, volumeBytes: 30_000, naming }).reverse();
      const archive = await openArchive(memoryVolumes(files).volumes, { password: null, signal });
      await expectSame({ files, archive, memory: memoryVolumes(files) }, three);
    }
  });

  test('reads each of 11 volumes once', async () => {
    const inputs = [{ path: 'film.mkv', bytes: filmOf(1_050_000) }];
    const opened = await openRar(inputs, { version, volumeBytes: 100_000 });
    expect(opened.files).toHaveLength(11);
    expect(opened.memory.reads.toSorted((one, other) => one - other)).toEqual([
      0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10,
    ]);
    await expectSame(opened, inputs);
  });

  test('reads no tail where a header says that the file goes on', async () => {
    const inputs = [{ path: 'film.mkv', bytes: filmOf(1_000_000) }];
    const opened = await openRar(inputs, { version, volumeBytes: 100_000, recoveryBytes: 5_000 });
    // Only behind the end of the film something might follow: there it is a recovery record.
    expect(opened.memory.reads).toHaveLength(opened.files.length + 1);
  });

  test('refuses a header with a wrong CRC', async () => {
    const [file] = writeRar([{ path: 'film.mkv', bytes: film }], { version });
    const bytes = Buffer.from(file?.bytes ?? film);
    const at = bytes.indexOf('film.mkv');
    bytes.write('f', at + 5);
    const { volumes } = memoryVolumes([{ name: 'film.rar', bytes }]);
    const why = await refusal(openArchive(volumes, { password: null, signal }));
    expect(why).toMatchObject({ reason: 'damaged', message: expect.stringContaining('CRC') });
  });

  test('opens 150 volumes by three of them, and checks others when they are touched', async () => {
    const bytes = filmOf(150 * 9_900);
    const files = writeRar([{ path: 'film.mkv', bytes }], { version, volumeBytes: 10_000 });
    expect(files.length).toBeGreaterThan(148);
    const memory = memoryVolumes(files, { hidesSizes: true });
    const archive = await openArchive(memory.volumes, { password: null, signal });
    const opening = new Set(memory.reads);
    expect(opening).toEqual(new Set([0, 1, files.length - 1]));
    expect(memory.articles.size).toBe(3);
    memory.reads.length = 0;
    const at = Math.floor(bytes.length / 2);
    expect((await readInner(archive, files, 0, [at, at + 10])).equals(bytes.subarray(at, at + 10))).toBe(
      true,
    );
    expect(memory.reads).toHaveLength(1);
    await readInner(archive, files, 0, [at + 3, at + 9]);
    expect(memory.reads).toHaveLength(1);
    await expectSame({ files, archive, memory }, [{ path: 'film.mkv', bytes }]);
    expect(archive.map.files[0]?.extents.some(({ isGuessed }) => isGuessed)).toBe(false);
  });

  test.each([{ password: 'p' }, { password: 'p', encryptHeaders: true }])(
    'opens 150 volumes by three also with %o',
    async (more) => {
      const inputs = [{ path: 'film.mkv', bytes: filmOf(150 * 9_700) }];
      const opened = await openRar(inputs, { version, volumeBytes: 10_000, ...more });
      // The number of a volume takes two bytes from 128 on.
      expect(opened.files.length).toBeGreaterThan(130);
      expect(new Set(opened.memory.reads).size).toBe(3);
      await expectSame(opened, inputs);
    },
  );

  test('opens 150 volumes with names that say nothing by their headers', async () => {
    const inputs = [{ path: 'film.mkv', bytes: filmOf(150 * 9_700) }];
    const files = writeRar(inputs, { version, volumeBytes: 10_000, naming: 'random' });
    // RAR5 tells by three headers that they were given in order; else all must be read.
    for (const [given, reads] of [
      [files, version === 5 ? 3 : files.length],
      [files.toReversed(), files.length],
    ] as const) {
      const memory = memoryVolumes(given);
      const archive = await openArchive(memory.volumes, { password: null, signal });
      expect(new Set(memory.reads).size).toBe(reads);
      await expectSame({ files: [...given], archive, memory }, inputs);
    }
  });

  test('opens many volumes of several long files', async () => {
    const inputs = [1, 2, 3].map((number) => ({ path: `episode ${number}.mkv`, bytes: filmOf(150_000) }));
    await expectSame(await openRar(inputs, { version, volumeBytes: 10_000 }), inputs);
    const small = { path: 'film.nfo', bytes: randomBytes(50) };
    const mixed = [
      small,
      { path: 'film.mkv', bytes: filmOf(400_000) },
      { path: 'z.nfo', bytes: randomBytes(60) },
    ];
    const opened = await openRar(mixed, { version, volumeBytes: 10_000 });
    expect(new Set(opened.memory.reads).size).toBe(3);
    await expectSame(opened, mixed);
  });

  test('reads all volumes where a guess was wrong', async () => {
    const bytes = filmOf(40 * 9_900);
    const files = writeRar([{ path: 'film.mkv', bytes }], { version, volumeBytes: 10_000 });
    // Two neighbours whose lengths differ from the others and from each other: the sum is right, the places are not.
    const uneven = writeRar([{ path: 'film.mkv', bytes }], { version, volumeBytes: 10_000, unevenAt: 20 });
    expect(uneven.map((each) => each.bytes.length)).not.toEqual(files.map((each) => each.bytes.length));
    const memory = memoryVolumes(uneven);
    const archive = await openArchive(memory.volumes, { password: null, signal });
    expect(new Set(memory.reads).size).toBe(3);
    await expectSame({ files: uneven, archive, memory }, [{ path: 'film.mkv', bytes }]);
  });

  test('opens by what was learned without a read', async () => {
    const bytes = filmOf(60 * 9_900);
    const files = writeRar([{ path: 'film.mkv', bytes }], { version, volumeBytes: 10_000 });
    const first = await openArchive(memoryVolumes(files).volumes, { password: null, signal });
    await readInner(first, files, 0, [0, 100_000]);
    const known = first.map.files.map(({ path, sizeBytes, extents, cipher }) => ({
      ...{ path, sizeBytes, isEncrypted: cipher !== null },
      extents: extents.map(
        ({ volume, offset, length, isGuessed }) => [volume, offset, length, isGuessed ? 1 : 0] as const,
      ),
    }));
    const memory = memoryVolumes(files, { hidesSizes: true });
    const archive = await openArchive(memory.volumes, { password: null, signal, known });
    await readInner(archive, files, 0, [0, 100_000]);
    expect(memory.reads).toEqual([]);
    await expectSame({ files, archive, memory }, [{ path: 'film.mkv', bytes }]);
    expect(archive.map.files[0]?.extents.some(({ isGuessed }) => isGuessed)).toBe(false);
  });

  test('says which volume is lacking', async () => {
    const lack = (naming: 'new' | 'old' | 'random', at: number) => {
      const { volumes } = memoryVolumes(
        writeRar(three, { version, volumeBytes: 40_000, naming }).toSpliced(at, 1),
      );
      return refusal(openArchive(volumes, { password: null, signal }));
    };
    for (const naming of ['new', 'old', 'random'] as const) {
      expect(await lack(naming, 2)).toMatchObject({
        reason: 'incomplete',
        message: expect.stringContaining('Volume 3'),
      });
      expect(await lack(naming, 0)).toMatchObject({
        reason: 'incomplete',
        message: expect.stringContaining('Volume 1'),
      });
    }
    expect(await lack('new', -1)).toMatchObject({ reason: 'incomplete' });
  });

  test('refuses compressed, solid and locked archives in words', async () => {
    const open = (options: Partial<RarOptions>, method: number, password: string | null) =>
      refusal(openRar([{ path: 'film.mkv', bytes: film, method }], { version, ...options }, password));
    expect(await open({}, 3, null)).toMatchObject({
      reason: 'compressed',
      message: expect.stringContaining('film.mkv'),
    });
    expect(await open({ isSolid: true }, 3, null)).toMatchObject({ reason: 'solid' });
    expect(await open({ password: 'right' }, 0, null)).toMatchObject({ reason: 'password' });
    expect(await open({ password: 'right' }, 0, 'wrong')).toMatchObject({ reason: 'password' });
    expect(await open({ password: 'right', encryptHeaders: true }, 0, 'wrong')).toMatchObject({
      reason: 'password',
    });
  });

  test('leaves out what is compressed beside a stored film', async () => {
    const nfo = { path: 'film.nfo', bytes: randomBytes(100), method: 3 };
    const { archive } = await openRar([{ path: 'film.mkv', bytes: film }, nfo], { version });
    expect(archive.map.files.map(({ path }) => path)).toEqual(['film.mkv']);
  });

  test('never answers a path that leaves', async () => {
    const bytes = film;
    const paths = ['../../etc/passwd', '/etc/shadow', 'C:\\Windows\\x.mkv', '..\\..\\x', 'a/./b/../c'];
    const { archive } = await openRar(
      paths.map((path) => ({ path, bytes })),
      { version },
    );
    expect(archive.map.files.map(({ path }) => path)).toEqual([
      'etc/passwd',
      'etc/shadow',
      'Windows/x.mkv',
      'x',
      'a/b/c',
    ]);
  });

  test('opens an archive in an archive, and no more than two deep', async () => {
    const nested = (depth: number, bytes: RarInput[]): RarInput[] =>
      depth === 0
        ? bytes
        : nested(
            depth - 1,
            writeRar(bytes, { version, volumeBytes: 40_000, base: `x${depth}` }).map(
              ({ name, bytes: inner }) => ({ path: name, bytes: inner }),
            ),
          );
    for (const depth of [1, 2]) {
      const opened = await openRar(nested(depth, [{ path: 'film.mkv', bytes: film }]), {
        version,
        volumeBytes: 70_000,
      });
      await expectSame(opened, [{ path: 'film.mkv', bytes: film }]);
    }
    expect(await refusal(openRar(nested(3, [{ path: 'film.mkv', bytes: film }]), { version }))).toMatchObject(
      {
        reason: 'unsupported',
      },
    );
  });

  test('opens one archive within an encrypted one', async () => {
    const [inner] = writeRar([{ path: 'film.mkv', bytes: film }], { version });
    const inputs = [{ path: 'x.rar', bytes: inner?.bytes ?? film }];
    await expectSame(await openRar(inputs, { version, volumeBytes: 70_000, password: 'p' }), [
      { path: 'film.mkv', bytes: film },
    ]);
  });
});

test('reading is given up with its signal', async () => {
  const { volumes } = memoryVolumes(
    writeRar(three, { version: 5, volumeBytes: 40_000 }),
  ) satisfies MemoryVolumes;
  const gone = AbortSignal.abort(new Error('gone'));
  await expect(openArchive(volumes, { password: null, signal: gone })).rejects.toThrow('gone');
});
