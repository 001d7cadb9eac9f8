import { describe, expect, it } from 'vitest';
import { contentDisposition, safeFilename } from '../../src/kit/content-disposition.ts';

describe('contentDisposition', () => {
  it('writes an ASCII name and the whole name', () => {
    expect(contentDisposition('inline', 'Film 1.mkv')).toBe(
      `inline; filename="Film 1.mkv"; filename*=UTF-8''Film%201.mkv`,
    );
    expect(contentDisposition('attachment', 'Amélie 映画.mkv')).toBe(
      `attachment; filename="Amelie __.mkv"; filename*=UTF-8''Am%C3%A9lie%20%E6%98%A0%E7%94%BB.mkv`,
    );
  });

  it('takes quotes, backslashes, line breaks and controls out', () => {
    const value = contentDisposition('inline', 'a"b\r\nSet-Cookie: x=1\u0000\u202egpj.mkv');
    expect(value).toBe(
      `inline; filename="abSet-Cookie: x=1gpj.mkv"; filename*=UTF-8''a%22bSet-Cookie%3A%20x%3D1gpj.mkv`,
    );
  });

  it("escapes what RFC 8187 does not allow bare: ' ( ) *", () => {
    expect(contentDisposition('inline', "it's (1)*.mkv")).toContain(
      `filename*=UTF-8''it%27s%20%281%29%2A.mkv`,
    );
  });

  it('keeps the last segment of a path, and survives names without any', () => {
    expect(contentDisposition('inline', '../../etc/passwd')).toContain('filename="passwd"');
    expect(contentDisposition('inline', 'C:\\films\\a.mkv')).toContain('filename="a.mkv"');
    expect(contentDisposition('inline', '')).toBe('inline');
    expect(contentDisposition('inline', '映画')).toBe(
      `inline; filename="__"; filename*=UTF-8''%E6%98%A0%E7%94%BB`,
    );
  });

  it('survives lone surrogates', () => {
    expect(contentDisposition('inline', 'a\ud800b.mkv')).toBe(
      `inline; filename="ab.mkv"; filename*=UTF-8''ab.mkv`,
    );
  });

  it('cuts at 255 bytes between characters and keeps the extension', () => {
    const value = contentDisposition('inline', `${'映'.repeat(300)}.mkv`);
    const name = decodeURIComponent(value.split(`UTF-8''`)[1] ?? '');
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
    expect(name).toMatch(/^映+\.mkv$/);
  });

  it('always gives a value that Node accepts as a header', () => {
    let seed = 99;
    for (let round = 0; round < 2000; round += 1) {
      const name = String.fromCharCode(
        ...Array.from({ length: 12 }, () => {
          seed = (seed * 1_103_515_245 + 12_345) % 2 ** 31;
          return seed % (round % 2 === 0 ? 65_536 : 256);
        }),
      );
      expect(contentDisposition('inline', name)).toMatch(/^[\x20-\x7e]+$/);
      expect(() => encodeURIComponent(safeFilename(name))).not.toThrow();
    }
  });
});

describe('safeFilename', () => {
  it.each([
    ['Film 1.mkv', 'Film 1.mkv'],
    ['a/b/c.mkv', 'c.mkv'],
    ['a?b#c%d.mkv', 'a b c d.mkv'],
    ['..', 'file'],
    ['', 'file'],
    ['///', 'file'],
    ['   ', 'file'],
    ['Amélie.mkv', 'Amélie.mkv'],
  ])('%j → %j', (name, expected) => expect(safeFilename(name)).toBe(expected));
});
