import { expect, test } from 'vitest';
import { videoHash, videoHashRanges } from '../../src/kit/video-hash.ts';

const part = (write: (view: DataView) => void) => {
  const bytes = new Uint8Array(65_536);
  write(new DataView(bytes.buffer));
  return bytes;
};

test('the hash is the size plus every little-endian 64-bit number of both ends', () => {
  // 0x1_0000 in the head's first number, 0x02 in the tail's last: 200,000 (0x30d40) + 0x10000 + 0x2 = 0x40d42.
  const head = part((view) => view.setUint8(2, 1));
  const tail = part((view) => view.setUint8(65_528, 2));
  expect(videoHash(200_000, head, tail)).toBe('0000000000040d42');
});

test('the sum begins anew at 2^64', () => {
  // Twice 2^64 - 1 is -2 modulo 2^64; with the size of 65,536 that is 65,534.
  const ones = part((view) => view.setBigUint64(0, 2n ** 64n - 1n, true));
  expect(videoHash(65_536, ones, ones)).toBe('000000000000fffe');
});

test('a part that does not begin at the start of its memory is read right', () => {
  const whole = new Uint8Array(65_536 + 3);
  whole[3] = 5;
  expect(
    videoHash(
      65_536,
      whole.subarray(3),
      part(() => {}),
    ),
  ).toBe('0000000000010005');
});

test('the ends of a file between 64 and 128 KiB overlap, and a shorter one has no hash', () => {
  expect(videoHashRanges(65_535)).toBeNull();
  expect(videoHashRanges(65_536)).toEqual([
    { start: 0, end: 65_536 },
    { start: 0, end: 65_536 },
  ]);
  expect(videoHashRanges(100_000)).toEqual([
    { start: 0, end: 65_536 },
    { start: 34_464, end: 100_000 },
  ]);
  expect(() => videoHash(1, new Uint8Array(1), new Uint8Array(1))).toThrow(RangeError);
});
