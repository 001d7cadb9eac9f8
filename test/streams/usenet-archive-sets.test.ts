import { createCipheriv, randomBytes, randomInt } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createDecryptor } from '../../src/streams/usenet/archives/decrypting.ts';
import { groupVolumes } from '../../src/streams/usenet/archives/sets.ts';

const named = (...names: string[]) => names.map((name) => ({ name }));

describe('posted files are sorted into archives', () => {
  test('by new and old names', () => {
    const files = named(
      'b.part2.rar',
      'a.r00',
      'a.rar',
      'film.nfo',
      'b.part10.rar',
      'b.part1.rar',
      'a.s00',
      'a.r01',
      'A.vol0+1.par2',
    );
    expect(groupVolumes(files)).toEqual([
      { kind: 'rar', name: 'b', members: [5, 0, 4], missing: [3, 4, 5, 6, 7, 8, 9] },
      { kind: 'rar', name: 'a', members: [2, 1, 7, 6], missing: expect.arrayContaining([4, 101]) },
    ]);
  });

  test('by the endings of 7z, zip and cut files, but not by a year', () => {
    const files = named(
      'x.7z.002',
      'x.7z.001',
      'y.zip',
      'z.mkv.001',
      'z.mkv.002',
      'Film.2019',
      'q.mkv.000',
      'q.mkv.001',
      'w.rar.001',
    );
    expect(
      groupVolumes(files).map(({ kind, name, members, missing }) => [kind, name, members, missing]),
    ).toEqual([
      ['7z', 'x.7z', [1, 0], []],
      ['zip', 'y', [2], []],
      ['split', 'z.mkv', [3, 4], []],
      ['split', 'q.mkv', [6, 7], []],
      ['split', 'w.rar', [8], []],
    ]);
  });

  test('each volume once', () => {
    expect(groupVolumes(named('a.part01.rar', 'A.part01.rar', 'a.part2.rar'))[0]?.members).toEqual([0, 2]);
  });

  test('by their first bytes where names say nothing', () => {
    const files = ['f3a9', '77bc.rar', '01de.rar', 'aa00.rar', 'x.nfo'].map((name) => ({
      name,
      isRar: name !== 'x.nfo',
    }));
    expect(groupVolumes(files).map(({ members }) => members)).toEqual([[0, 1, 2, 3]]);
    const two = [
      { name: 'film.rar', isRar: true },
      { name: 'subs.rar', isRar: true },
    ];
    expect(groupVolumes(two)).toHaveLength(2);
  });

  test('also where there are very many', () => {
    const started = performance.now();
    expect(
      groupVolumes(Array.from({ length: 10_000 }, (_, at) => ({ name: `a.part${at + 1}.rar` })))[0]?.members,
    ).toHaveLength(10_000);
    expect(groupVolumes(named('a.part99999.rar'))[0]?.missing.length).toBeLessThanOrEqual(10_000);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe('decryption at any offset', () => {
  test.each([0, 16, 37])('with %i bytes before the file', (skipBytes) => {
    const [key, iv] = [randomBytes(32), randomBytes(16)];
    const plain = randomBytes(16 * 200);
    const stored = createCipheriv('aes-256-cbc', key, iv).setAutoPadding(false).update(plain);
    const decryptor = createDecryptor({ algorithm: 'aes-256-cbc', key, iv, skipBytes });
    const file = plain.subarray(skipBytes);
    for (let turn = 0; turn < 2000; turn += 1) {
      const from = turn < 40 ? turn : randomInt(file.length);
      const to = from + 1 + randomInt(file.length - from);
      const { start, end } = decryptor.needs(from, to);
      expect(start % 16).toBe(0);
      expect(end - start).toBeLessThanOrEqual(to - from + 48);
      // In shared memory, in place.
      const shared = new Uint8Array(new SharedArrayBuffer(end - start));
      shared.set(stored.subarray(start, end));
      decryptor.decrypt(from, to, shared, shared);
      expect(file.subarray(from, to).equals(shared.subarray(0, to - from))).toBe(true);
    }
  });

  test('reads on in pieces of any length', () => {
    const [key, iv] = [randomBytes(16), randomBytes(16)];
    const plain = randomBytes(16 * 200);
    const stored = createCipheriv('aes-128-cbc', key, iv).setAutoPadding(false).update(plain);
    const decryptor = createDecryptor({ algorithm: 'aes-128-cbc', key, iv, skipBytes: 0 });
    for (const from of [0, 1, 15, 16, 17, 32, 1000]) {
      const feed = decryptor.stream(from);
      const parts: Buffer[] = [];
      for (let at = decryptor.needs(from, from + 1).start; at < stored.length; ) {
        const length = 1 + randomInt(100);
        parts.push(feed(stored.subarray(at, at + length)));
        at += length;
      }
      expect(Buffer.concat(parts).equals(plain.subarray(from))).toBe(true);
    }
  });
});
