import { randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { BadMp4, mp4BoxesAt } from '../../src/kit/mp4-boxes.ts';
import { unlockInit } from '../../src/kit/mp4-protection.ts';
import { unlockFragments } from '../../src/kit/mp4-unlock.ts';
import { initOf, nal, segmentOf } from '../support/fragments.ts';
import { type Protection, protectInit, protectSegment, type Scheme } from '../support/protect.ts';

// That the encryption of `protect.ts` is the standard's is seen in test/real/clear-key.test.ts, by ffmpeg's and Chromium's.

const SIZES = [700, 5, 131, 4096, 100, 2000];
const data = Buffer.concat(SIZES.map(nal));
const INIT = initOf('avc1', 78);
const SOUND_INIT = initOf('mp4a', 28);
const SEGMENT = segmentOf(SIZES, data);

function protectionOf(scheme: Scheme): Protection {
  return { scheme, kid: randomBytes(16), key: randomBytes(16) };
}

function unlock(init: Buffer, locked: Buffer, { kid, key }: Protection): Buffer {
  const bytes = Buffer.from(locked);
  const { tracks } = unlockInit(init);
  const steps = unlockFragments(bytes, { tracks, keys: new Map([[kid.toString('hex'), key]]) });
  for (const _step of steps);
  return bytes;
}

describe.each(['cenc', 'cbcs'] as const)('%s', (scheme) => {
  const protection = protectionOf(scheme);
  const init = protectInit(INIT, protection);

  test.each([
    ['pictures', INIT, true],
    ['sound', SOUND_INIT, false],
  ])('comes out as the %s that went in, with no box of another size', (_what, clear, isVideo) => {
    const locked = protectSegment(SEGMENT, isVideo, protection);
    expect(dataOf(locked).equals(data)).toBe(false);
    const opened = unlock(protectInit(clear, protection), locked, protection);
    expect(dataOf(opened).equals(data)).toBe(true);
    expect(opened.length).toBe(locked.length);
    expect(opened.toString('latin1')).not.toMatch(/senc|saiz|saio/);
  });

  test('is told by saiz and saio as well, where there is no senc', () => {
    const locked = protectSegment(SEGMENT, true, protection);
    locked.write('skip', locked.indexOf('senc'));
    expect(dataOf(unlock(init, locked, protection)).equals(data)).toBe(true);
  });

  test('by another key is something else', () => {
    const locked = protectSegment(SEGMENT, true, protection);
    const opened = unlock(init, locked, { ...protection, key: randomBytes(16) });
    expect(dataOf(opened).equals(data)).toBe(false);
  });
});

test('an init section keeps its length and says nothing of an encryption', () => {
  const protection = protectionOf('cbcs');
  const init = protectInit(INIT, protection);
  const { bytes, tracks } = unlockInit(init);
  expect(bytes.length).toBe(init.length);
  expect(bytes.toString('latin1')).toContain('avc1');
  // The boxes themselves are padding now; what stands in padding nobody reads.
  expect(mp4BoxesAt(bytes, null, ['moov', 'pssh'])).toEqual([]);
  expect(bytes.toString('latin1')).not.toMatch(/encv|sinf|pssh/);
  expect(tracks.get(7)?.entries).toMatchObject([
    { scheme: 'cbcs', kid: protection.kid.toString('hex'), ivBytes: 0, pattern: { locked: 1, open: 9 } },
  ]);
});

test('a track that is not encrypted stays as it is', () => {
  expect(unlock(INIT, SEGMENT, protectionOf('cenc')).equals(SEGMENT)).toBe(true);
  expect(unlockInit(INIT).tracks.get(7)?.entries).toEqual([null]);
});

describe('refused is', () => {
  const protection = protectionOf('cenc');
  const init = protectInit(INIT, protection);
  const locked = protectSegment(SEGMENT, true, protection);

  test('a scheme that is not known, and a header that ends early', () => {
    const other = Buffer.from(init);
    other.write('cens', other.indexOf('cenc'));
    expect(() => unlockInit(other)).toThrow(BadMp4);
    for (let length = 1; length < init.length; length += 1)
      expect(() => unlockInit(init.subarray(0, length))).toThrow(BadMp4);
  });

  test('a segment that ends early, within its boxes or its data', () => {
    for (let length = 9; length < locked.length; length += 3)
      expect([length, failureOf(() => unlock(init, locked.subarray(0, length), protection))]).toEqual([
        length,
        BadMp4,
      ]);
  });

  test('a segment without its key, without IVs, or of keys that change within the track', () => {
    expect(() => unlock(init, locked, { ...protection, kid: randomBytes(16) })).toThrow('no key');
    const bare = Buffer.from(locked);
    for (const name of ['senc', 'saiz']) bare.write('skip', bare.indexOf(name));
    expect(() => unlock(init, bare, protection)).toThrow('without their IV');
    const rotating = Buffer.from(locked);
    rotating.write('sgpd', rotating.indexOf('saio'));
    rotating.write('seig', rotating.indexOf('sgpd') + 8);
    expect(() => unlock(init, rotating, protection)).toThrow('keys change');
  });

  test('a run of more samples than any film has, which have no bytes', () => {
    const many = Buffer.from(SEGMENT);
    const trun = many.indexOf('trun');
    many.writeUInt32BE(0x1, trun + 4);
    many.writeUInt32BE(0xffff_ffff, trun + 8);
    const begunAt = performance.now();
    expect(() => unlock(init, many, protection)).toThrow('too many samples');
    expect(performance.now() - begunAt).toBeLessThan(100);
  });

  test('or at least never worse than that: a segment with any byte changed', () => {
    const end = locked.indexOf('mdat');
    for (let at = 0; at < end; at += 1) {
      const broken = Buffer.from(locked);
      broken[at] = (broken[at] ?? 0) ^ 0xff;
      expect([undefined, BadMp4]).toContain(failureOf(() => unlock(init, broken, protection)));
    }
  });
});

function failureOf(run: () => unknown): unknown {
  try {
    run();
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.constructor : error;
  }
}

function dataOf(bytes: Buffer): Buffer {
  const [mdat] = mp4BoxesAt(bytes, null, ['mdat']);
  return bytes.subarray(mdat?.begin, mdat?.end);
}
