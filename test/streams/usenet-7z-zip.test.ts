import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { ArchiveRefused } from '../../src/streams/usenet/archives/archive.ts';
import { openArchive } from '../../src/streams/usenet/archives/open-archive.ts';
import { memoryVolumes, readInner, someRanges } from '../support/memory-volumes.ts';
import { writeRar } from '../support/rar-writer.ts';
import { type SevenZipOptions, writeSevenZip, writeZip, type ZipOptions } from '../support/zip-7z-writer.ts';

type Named = { name: string; bytes: Buffer };
type Inner = { path: string; bytes: Buffer };

const signal = AbortSignal.timeout(600_000);
const three: Inner[] = [
  { path: 'folder/film.mkv', bytes: Buffer.concat([Buffer.from('1a45dfa3', 'hex'), randomBytes(300_001)]) },
  { path: 'film.nfo', bytes: randomBytes(1234) },
  { path: 'ü 字.srt', bytes: randomBytes(50_001) },
];

function cut(name: string, bytes: Buffer, partBytes: number): Named[] {
  return Array.from({ length: Math.ceil(bytes.length / partBytes) }, (_, at) => ({
    name: `${name}.${String(at + 1).padStart(3, '0')}`,
    bytes: bytes.subarray(at * partBytes, (at + 1) * partBytes),
  }));
}

async function expectSame(files: Named[], wanted: readonly Inner[], password: string | null = null) {
  const memory = memoryVolumes(files);
  const archive = await openArchive(memory.volumes, { password, signal });
  const opening = memory.articles.size;
  expect(archive.map.files.map(({ path, sizeBytes }) => [path, sizeBytes])).toEqual(
    wanted.map(({ path, bytes }) => [path, bytes.length]),
  );
  for (const [index, { bytes }] of wanted.entries())
    for (const range of someRanges(bytes.length, 20))
      expect((await readInner(archive, files, index, range)).equals(bytes.subarray(...range))).toBe(true);
  return { archive, opening };
}

async function refusal(files: Named[], password: string | null = null): Promise<ArchiveRefused> {
  const error: unknown = await openArchive(memoryVolumes(files).volumes, { password, signal }).catch(
    (reason: unknown) => reason,
  );
  if (error instanceof ArchiveRefused) return error;
  throw new Error('it was not refused', { cause: error });
}

describe('7z', () => {
  test.each<SevenZipOptions>([
    {},
    { isSolid: true },
    { password: 'gehéim' },
    { password: 'gehéim', isSolid: true },
    { password: 'gehéim', encryptHeader: true },
  ])('reads any range of several files: %o', async (options) => {
    const bytes = writeSevenZip(three, options);
    const password = options.password ?? null;
    const { archive } = await expectSame([{ name: 'film.7z', bytes }], three, password);
    expect(archive.map).toMatchObject({ format: '7z', isPassworded: password !== null });
    await expectSame(cut('film.7z', bytes, 70_000), three, password);
  });

  test.each([
    ['packed-header.7z', null],
    ['packed-header-solid-locked.7z', 'password'],
  ])('reads %s, which 7-Zip wrote', async (name, password) => {
    const bytes = readFileSync(new URL(`../fixtures/usenet/${name}`, import.meta.url));
    const episodes = Array.from({ length: 12 }, (_, at) => at + 1).map((number) => ({
      path: `show/episode ${number}.mkv`,
      bytes: Buffer.concat([
        Buffer.from('1a45dfa3', 'hex'),
        Buffer.from(`this is episode ${number} `.repeat(number)),
      ]),
    }));
    const inOrder = episodes.toSorted((one, other) => (one.path < other.path ? -1 : 1));
    await expectSame([{ name, bytes }], inOrder, password);
    if (password) expect(await refusal([{ name, bytes }], 'wrong')).toMatchObject({ reason: 'password' });
  });

  test('opens 60 parts by the articles at its ends', async () => {
    const files = cut('film.7z', writeSevenZip(three), 6_000);
    const memory = memoryVolumes(files, { hidesSizes: true });
    const archive = await openArchive(memory.volumes, { password: null, signal });
    expect(new Set(memory.reads).size).toBeLessThanOrEqual(4);
    const film = three[0]?.bytes ?? Buffer.alloc(0);
    expect((await readInner(archive, files, 0, [0, film.length])).equals(film)).toBe(true);
  });

  test('says why it cannot be played', async () => {
    const of = (options: SevenZipOptions, password: string | null = null) =>
      refusal([{ name: 'film.7z', bytes: writeSevenZip(three, options) }], password);
    expect(await of({ method: '030101' })).toMatchObject({
      reason: 'compressed',
      message: expect.stringContaining('film.mkv'),
    });
    expect(await of({ method: '21', isSolid: true })).toMatchObject({ reason: 'solid' });
    expect(await of({ password: 'right' })).toMatchObject({ reason: 'password' });
    expect(await of({ password: 'right' }, 'wrong')).toMatchObject({ reason: 'password' });
    // Nothing is known of how it begins: the filling of its last block tells.
    const bytes = writeSevenZip([{ path: 'film', bytes: randomBytes(1001) }], { password: 'right' });
    expect(await refusal([{ name: 'film.7z', bytes }], 'wrong')).toMatchObject({ reason: 'password' });
    expect(await of({ password: 'right', encryptHeader: true }, 'wrong')).toMatchObject({
      reason: 'password',
    });
    const parts = cut('film.7z', writeSevenZip(three), 70_000);
    expect(await refusal(parts.toSpliced(2, 1))).toMatchObject({
      reason: 'incomplete',
      message: expect.stringContaining('Volume 3'),
    });
    expect(await refusal(parts.slice(0, -1))).toMatchObject({ reason: 'incomplete' });
  });
});

describe('zip', () => {
  test.each<ZipOptions>([
    {},
    { is64: true },
    { hasDescriptors: true },
    { comment: 'c'.repeat(30_000) },
    { localExtra: 40 },
  ])('reads any range of several files: %o', async (options) => {
    const bytes = writeZip(three, options);
    await expectSame([{ name: 'film.zip', bytes }], three);
    await expectSame(cut('film.zip', bytes, 70_000), three);
  });

  test('looks for a file where its own header says, once it is touched', async () => {
    const many = Array.from({ length: 50 }, (_, at) => ({
      path: `${at}.mkv`,
      bytes: randomBytes(1000 + at),
    }));
    const { archive, opening } = await expectSame(
      [{ name: 'show.zip', bytes: writeZip(many, { localExtra: 40 }) }],
      many,
    );
    expect(opening).toBe(1);
    expect(archive.map.files.flatMap(({ extents }) => extents).some(({ isGuessed }) => isGuessed)).toBe(
      false,
    );
  });

  test('says why it cannot be played', async () => {
    const packed = writeZip(three.map((file) => ({ ...file, method: 8 })));
    expect(await refusal([{ name: 'film.zip', bytes: packed }])).toMatchObject({ reason: 'compressed' });
    const bytes = writeZip(three);
    expect(await refusal([{ name: 'film.zip', bytes: bytes.subarray(0, -200) }])).toMatchObject({
      reason: 'incomplete',
    });
    const disks = Buffer.from(bytes);
    disks.writeUInt16LE(3, disks.length - 18);
    expect(await refusal([{ name: 'film.zip', bytes: disks }])).toMatchObject({ reason: 'unsupported' });
  });
});

describe('a file cut into parts', () => {
  const film = three[0]?.bytes ?? Buffer.alloc(0);

  test('is whole again', async () => {
    const parts = cut('film.mkv', film, 50_000);
    const { archive } = await expectSame(parts.toReversed(), [{ path: 'film.mkv', bytes: film }]);
    expect(archive.map.format).toBe('split');
    expect(await refusal(parts.toSpliced(1, 1))).toMatchObject({
      reason: 'incomplete',
      message: expect.stringContaining('Volume 2'),
    });
  });

  test('is opened by three parts of many, and refused where one has another size', async () => {
    const parts = cut('film.mkv', film, 5_000);
    const memory = memoryVolumes(parts, { hidesSizes: true });
    const archive = await openArchive(memory.volumes, { password: null, signal });
    expect(memory.reads.length).toBeLessThanOrEqual(3);
    expect(
      (await readInner(archive, parts, 0, [100_000, 200_000])).equals(film.subarray(100_000, 200_000)),
    ).toBe(true);
    const uneven = parts.with(30, { name: 'film.mkv.031', bytes: randomBytes(4_999) });
    const wrong = await openArchive(memoryVolumes(uneven, { hidesSizes: true }).volumes, {
      password: null,
      signal,
    });
    await expect(readInner(wrong, uneven, 0, [150_000, 160_000])).rejects.toBeInstanceOf(ArchiveRefused);
  });

  test('may be a RAR, in one or with volumes of such names', async () => {
    const [whole] = writeRar(three, { version: 5 });
    await expectSame(cut('film', whole?.bytes ?? film, 70_000), three);
    const volumes = writeRar(three, { version: 4, volumeBytes: 70_000 });
    await expectSame(
      volumes.map(({ bytes }, at) => ({ name: `film.${String(at + 1).padStart(3, '0')}`, bytes })),
      three,
    );
  });

  test('that is none is refused', async () => {
    expect(await refusal([{ name: 'film.rar', bytes: randomBytes(5000) }])).toMatchObject({
      reason: 'unsupported',
    });
    expect(await refusal([])).toMatchObject({ reason: 'incomplete' });
  });
});
