import { randomBytes, randomInt } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { ArchiveRefused } from '../../src/streams/usenet/archives/archive.ts';
import { HeaderBytes } from '../../src/streams/usenet/archives/header-bytes.ts';
import { decodeLzma } from '../../src/streams/usenet/archives/lzma.ts';
import { openArchive } from '../../src/streams/usenet/archives/open-archive.ts';
import { rar4Name } from '../../src/streams/usenet/archives/rar4-name.ts';
import { memoryVolumes, readInner } from '../support/memory-volumes.ts';
import { writeRar } from '../support/rar-writer.ts';
import { block } from '../support/rar4-format.ts';
import { header, vint } from '../support/rar5-format.ts';
import { writeSevenZip, writeZip } from '../support/zip-7z-writer.ts';

type Named = { name: string; bytes: Buffer };

const RAR5 = Buffer.from('526172211a070100', 'hex');
const RAR4 = Buffer.from('526172211a0700', 'hex');
const film = Buffer.concat([Buffer.from('1a45dfa3', 'hex'), randomBytes(3000)]);
const inputs = [
  { path: 'film.mkv', bytes: film },
  { path: 'film.nfo', bytes: randomBytes(300) },
];

/** Opens it and reads all of all files. Null: refused, as it may be; anything else thrown is a fault of ours. */
async function readAll(files: Named[], password: string | null = null): Promise<Map<string, Buffer> | null> {
  const memory = memoryVolumes(files);
  try {
    const archive = await openArchive(memory.volumes, { password, signal: AbortSignal.timeout(30_000) });
    const read = new Map<string, Buffer>();
    for (const [index, { path, sizeBytes }] of archive.map.files.entries())
      read.set(
        path,
        sizeBytes > 0 ? await readInner(archive, files, index, [0, sizeBytes]) : Buffer.alloc(0),
      );
    return read;
  } catch (error) {
    if (error instanceof ArchiveRefused) return null;
    throw error;
  } finally {
    expect(memory.reads.length).toBeLessThan(200);
  }
}

/** Turns a bit over, or cuts the end off. */
function broken(files: readonly Named[], within: (bytes: Buffer) => number): Named[] {
  const at = randomInt(files.length);
  return files.map(({ name, bytes }, index) => {
    if (index !== at) return { name, bytes };
    if (randomInt(4) === 0) return { name, bytes: bytes.subarray(0, randomInt(bytes.length)) };
    const copy = Buffer.from(bytes);
    const place = within(bytes);
    copy.writeUInt8(copy.readUInt8(place) ^ (1 << randomInt(8)), place);
    return { name, bytes: copy };
  });
}

/** A place in the headers at the start, or in what comes behind the data. */
function headerPlace(bytes: Buffer): number {
  return randomInt(2) === 0
    ? randomInt(Math.min(100, bytes.length))
    : bytes.length - 1 - randomInt(Math.min(150, bytes.length));
}

/** Only what the archive says of its bytes: what they are is kept by no header. */
function expectSizes(read: Map<string, Buffer> | null, most: number) {
  for (const bytes of read?.values() ?? []) expect(bytes.length).toBeLessThanOrEqual(most);
}

function expectRight(read: Map<string, Buffer> | null, right: typeof inputs, most: number) {
  for (const { path, bytes } of right) {
    const found = read?.get(path);
    if (!found) continue;
    expect(found.length).toBe(bytes.length);
    expect(found.filter((byte, at) => byte !== bytes[at]).length).toBeLessThanOrEqual(most);
  }
}

describe('broken headers are refused or do no harm', { timeout: 240_000 }, () => {
  const nested = writeRar(
    writeRar(inputs, { version: 4, volumeBytes: 900 }).map(({ name, bytes }) => ({ path: name, bytes })),
    { version: 5 },
  );
  const many = writeRar([{ path: 'film.mkv', bytes: film }], { version: 5, volumeBytes: 200 });
  test.each<[string, Named[], number, string | null]>([
    ['RAR4', writeRar(inputs, { version: 4, comment: 'c' }), 500, null],
    ['RAR4 in volumes', writeRar(inputs, { version: 4, volumeBytes: 700 }), 500, null],
    ['RAR5', writeRar(inputs, { version: 5, comment: 'c', recoveryBytes: 30 }), 500, null],
    ['RAR5 in volumes', writeRar(inputs, { version: 5, volumeBytes: 700, naming: 'random' }), 500, null],
    ['RAR5 in many volumes', many, 500, null],
    [
      'RAR5, encrypted',
      writeRar(inputs, { version: 5, volumeBytes: 900, password: 'p', encryptHeaders: true }),
      300,
      'p',
    ],
    ['RAR4, encrypted', writeRar(inputs, { version: 4, password: 'p', encryptHeaders: true }), 20, 'p'],
    ['RAR in RAR', nested, 300, null],
    ['7z', [{ name: 'a.7z', bytes: writeSevenZip(inputs) }], 500, null],
    [
      '7z, encrypted',
      [{ name: 'a.7z', bytes: writeSevenZip(inputs, { password: 'p', encryptHeader: true }) }],
      300,
      'p',
    ],
    ['zip', [{ name: 'a.zip', bytes: writeZip(inputs) }], 1000, null],
    ['zip64', [{ name: 'a.zip', bytes: writeZip(inputs, { is64: true, comment: 'c' }) }], 500, null],
  ])('%s', async (kind, files, times, password) => {
    const whole = await readAll(files, password);
    const right = inputs.filter(({ path }) => whole?.has(path));
    expect(right).not.toEqual([]);
    for (let turn = 0; turn < times; turn += 1) {
      const read = await readAll(broken(files, headerPlace), password);
      expectSizes(read, film.length);
      // A zip keeps no CRC over its headers. Else all is right but the byte (or the blocks) that was broken.
      if (!kind.includes('zip')) expectRight(read, right, password ? 32 : 1);
    }
  });
});

describe('hostile headers with right CRCs are refused or do no harm', { timeout: 120_000 }, () => {
  const noise = (most: number) => randomBytes(randomInt(most));
  const hostile = () =>
    [vint(0), vint(2 ** 40), Buffer.alloc(9, 0xff), vint(Number.MAX_SAFE_INTEGER), noise(5)][randomInt(5)] ??
    noise(5);

  test('RAR5', async () => {
    for (let turn = 0; turn < 1500; turn += 1) {
      const fields = Array.from({ length: 1 + randomInt(12) }, hostile);
      const extra = randomInt(2) ? Buffer.concat([vint(randomInt(80)), noise(60)]) : null;
      const main = header(1, 0, [vint(randomInt(8)), vint(randomInt(3))]);
      const flags = randomInt(64) & ~3;
      const file = header(randomInt(6), flags | (extra ? 1 : 0) | 2, fields, { extra, data: noise(40) });
      const bytes = Buffer.concat([RAR5, main, file, noise(200)]);
      expectSizes(await readAll([{ name: 'a.rar', bytes }], randomInt(2) ? 'p' : null), bytes.length);
    }
  });

  test('RAR4', async () => {
    for (let turn = 0; turn < 1500; turn += 1) {
      const main = block(0x73, randomInt(2), [Buffer.alloc(6)]);
      const bodies = [
        noise(80),
        Buffer.alloc(60, 0xff),
        Buffer.concat([Buffer.alloc(18), Buffer.from([0x30]), noise(40)]),
      ];
      const file = block(0x72 + randomInt(10), randomInt(0x10000), [bodies[randomInt(3)] ?? noise(3)]);
      const bytes = Buffer.concat([RAR4, main, file, noise(200)]);
      expectSizes(await readAll([{ name: 'a.rar', bytes }]), bytes.length);
    }
  });

  test('7z', async () => {
    for (let turn = 0; turn < 1500; turn += 1) {
      const bytes = Buffer.from(writeSevenZip(inputs, { isSolid: turn % 2 === 0 }));
      const offset = 32 + Number(bytes.readBigUInt64LE(12));
      for (let count = 1 + randomInt(3); count > 0; count -= 1)
        bytes.writeUInt8(randomInt(3) ? randomInt(256) : 0xff, offset + randomInt(bytes.length - offset));
      bytes.writeUInt32LE(crc32(bytes.subarray(offset)), 28);
      bytes.writeUInt32LE(crc32(bytes.subarray(12, 32)), 8);
      expectSizes(await readAll([{ name: 'a.7z', bytes }], 'p'), bytes.length);
    }
  });

  test('packed headers of 7z', async () => {
    const sample = readFileSync(new URL('../fixtures/usenet/packed-header.7z', import.meta.url));
    for (let turn = 0; turn < 300; turn += 1) {
      const files = broken([{ name: 'a.7z', bytes: sample }], (bytes) => bytes.length - 1 - randomInt(400));
      expectSizes(await readAll(files), sample.length);
    }
  });

  test('LZMA of noise', () => {
    for (let turn = 0; turn < 500; turn += 1) {
      const properties = Buffer.from([randomInt(256), 0, 0, 16, 0]);
      const packed = Buffer.concat([Buffer.from([0]), noise(3000)]);
      try {
        expect(decodeLzma(properties, packed, 20_000)).toHaveLength(20_000);
      } catch (error) {
        expect(error).toBeInstanceOf(ArchiveRefused);
      }
    }
  });
});

describe('bounds', () => {
  test('of numbers', () => {
    expect(new HeaderBytes(vint(2 ** 53 - 1)).vint()).toBe(2 ** 53 - 1);
    for (const bytes of [vint(2 ** 53), Buffer.alloc(11, 0xff), Buffer.from([0x80])])
      expect(() => new HeaderBytes(bytes).vint()).toThrow(ArchiveRefused);
    expect(() => new HeaderBytes(Buffer.alloc(9, 0xff)).number7z()).toThrow(ArchiveRefused);
    expect(new HeaderBytes(vint(5, 3)).vint()).toBe(5);
  });

  test('of headers, files, volumes and rounds', async () => {
    const refused = async (bytes: Buffer, password: string | null = null) => {
      const { volumes } = memoryVolumes([{ name: 'a.rar', bytes }]);
      const signal = AbortSignal.timeout(30_000);
      await expect(openArchive(volumes, { password, signal })).rejects.toBeInstanceOf(ArchiveRefused);
    };
    const main = header(1, 0, [vint(0)]);
    const lock = (lg2: number) => header(4, 0, [vint(0), vint(0), Buffer.from([lg2]), Buffer.alloc(16)]);
    const started = performance.now();
    await refused(Buffer.concat([RAR5, lock(25), Buffer.alloc(100)]), 'p');
    await refused(Buffer.concat([RAR5, lock(255), Buffer.alloc(100)]), 'p');
    const empty = header(3, 0, [vint(0)]);
    await refused(Buffer.concat([RAR5, main, ...new Array<Buffer>(20_001).fill(empty), Buffer.alloc(50)]));
    const file = header(2, 2, [vint(0), vint(0), vint(0), vint(0), vint(0), vint(1), Buffer.from('a')], {
      data: Buffer.alloc(0),
    });
    await refused(Buffer.concat([RAR5, main, ...new Array<Buffer>(10_001).fill(file), Buffer.alloc(50)]));
    await refused(Buffer.concat([RAR5, main, header(3, 0, [Buffer.alloc(70_000)])]));
    expect(performance.now() - started).toBeLessThan(8_000);
    const { volumes } = memoryVolumes(
      Array.from({ length: 10_001 }, (_, at) => ({ name: `a.r${at}`, bytes: film })),
    );
    await expect(openArchive(volumes, { password: null, signal: AbortSignal.timeout(1000) })).rejects.toThrow(
      '10000',
    );
  });

  test('of names in RAR4', () => {
    expect(rar4Name(Buffer.from('plain.mkv'), false)).toBe('plain.mkv');
    expect(rar4Name(Buffer.from('ü.mkv'), true)).toBe('ü.mkv');
    expect(rar4Name(Buffer.from([0xfc, 0x2e]), false)).toBe('ü.');
    // Two characters with their high byte, then four of the plain name as they are.
    const packed = Buffer.from([0x04, 0b01_01_11_00, 0x14, 0x15, 0x02]);
    expect(rar4Name(Buffer.concat([Buffer.from('xx.mkv\0'), packed]), true)).toBe(
      'Дѕ.mkv'.replace('Дѕ', '\u0414\u0415'),
    );
    for (let turn = 0; turn < 2000; turn += 1)
      expect(rar4Name(randomBytes(randomInt(300)), true).length).toBeLessThanOrEqual(4096);
  });
});
