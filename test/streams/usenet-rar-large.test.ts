import { expect, test } from 'vitest';
import type { Volume } from '../../src/streams/usenet/archives/archive.ts';
import { openArchive } from '../../src/streams/usenet/archives/open-archive.ts';
import { block } from '../support/rar4-format.ts';

test('RAR4 tells files above 4 GiB in two halves', async () => {
  const signal = AbortSignal.timeout(10_000);
  const high = 2;
  const sizes = [0x1000, 0x1000].flatMap((low) => [...u32(low)]);
  const middle = [2, ...u32(0), ...u32(0), 29, 0x30, 8, 0, ...u32(0x20), ...u32(high), ...u32(high)];
  const file = block(0x74, 0x8100, [Buffer.from([...sizes, ...middle]), Buffer.from('film.mkv')]);
  const head = Buffer.concat([Buffer.from('526172211a0700', 'hex'), block(0x73, 0, [Buffer.alloc(6)]), file]);
  const sizeBytes = high * 2 ** 32 + 0x1000;
  const volume: Volume = {
    name: 'film.rar',
    sizeBytes: head.length + sizeBytes,
    read: async (offset, length) =>
      Buffer.concat([head, Buffer.alloc(20_000)]).subarray(offset, offset + length),
  };
  const archive = await openArchive([volume], { password: null, signal });
  expect(archive.map.files[0]?.sizeBytes).toBe(sizeBytes);
  const at = 2 ** 33 + 5;
  expect(archive.layoutOf(0).guess(at)).toEqual({ volume: 0, offset: head.length + at, length: 0x1000 - 5 });
  await expect(
    openArchive([{ ...volume, sizeBytes: sizeBytes }], { password: null, signal }),
  ).rejects.toThrow('longer');
});

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(value);
  return bytes;
}
