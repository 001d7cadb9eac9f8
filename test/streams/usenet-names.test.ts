import { randomBytes, randomInt, randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bestName } from '../../src/streams/usenet/names/best-name.ts';
import { magicOf } from '../../src/streams/usenet/names/magic.ts';
import { isObfuscated } from '../../src/streams/usenet/names/obfuscation.ts';
import { md5Of16k, readPar2 } from '../../src/streams/usenet/names/par2.ts';
import { readSubject } from '../../src/streams/usenet/names/subject.ts';
import { par2Packet, writePar2 } from '../support/par2-writer.ts';
import { writeRar } from '../support/rar-writer.ts';

describe('a subject', () => {
  test.each([
    ['[01/35] - "My.Film.2020.part01.rar" yEnc (1/100) 12345678', 'My.Film.2020.part01.rar', [1, 100, 1, 35]],
    ['"My Film" [2/9] "my film (2020).mkv" yEnc (12/345)', 'my film (2020).mkv', [12, 345, 2, 9]],
    ['(1/5) &quot;x y.nfo&quot; yEnc (1/1)', 'x y.nfo', [1, 1, null, null]],
    ['My Film 2020 1080p.mkv (3/14)', 'My Film 2020 1080p.mkv', [3, 14, null, null]],
    ['[01/02] - My.Film.2020.x264 - film.r00 - 4,2 GB yEnc (1/9)', 'film.r00', [1, 9, 1, 2]],
    ['"../../etc/film.mkv" yEnc (1/2)', 'film.mkv', [1, 2, null, null]],
    [
      `"${Buffer.from('Amélie – ça.mkv').toString('latin1')}" yEnc (1/2)`,
      'Amélie – ça.mkv',
      [1, 2, null, null],
    ],
    ['"Amélie.mkv" yEnc (1/2)', 'Amélie.mkv', [1, 2, null, null]],
    ['"字幕.srt" yEnc (1/2)', '字幕.srt', [1, 2, null, null]],
    ['"9f86d081884c7d659a2feaa0c55ad015" yEnc (1/2)', null, [1, 2, null, null]],
    ['', null, [null, null, null, null]],
  ])('%s', (subject, name, [part, total, file, files]) => {
    expect(readSubject(subject)).toEqual({ name, part, total, file, files });
  });

  test('of any bytes and any length is read at once', () => {
    const started = performance.now();
    for (let turn = 0; turn < 500; turn += 1) readSubject(randomBytes(randomInt(4000)).toString('latin1'));
    for (const piece of ['"', '(1/', '[', 'a.', ' - ', 'a ', '1.', '1 G']) readSubject(piece.repeat(100_000));
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe('par2', () => {
  const files = [
    { name: 'My.Film.2020.mkv', bytes: randomBytes(40_000) },
    { name: 'Amélie.srt', bytes: randomBytes(300) },
    { name: Buffer.from('Amélie.nfo', 'latin1'), bytes: randomBytes(301) },
    { name: '../../out.mkv', bytes: randomBytes(302) },
  ];

  test('tells names and sizes by the first 16 KiB', () => {
    const names = ['My.Film.2020.mkv', 'Amélie.srt', 'Amélie.nfo', 'out.mkv'];
    expect(readPar2(writePar2(files))).toEqual(
      files.map(({ bytes }, at) => ({ name: names[at], sizeBytes: bytes.length, md5Of16k: md5Of16k(bytes) })),
    );
  });

  test('is read past what is broken, and never wrongly', () => {
    const whole = writePar2(files);
    const right = readPar2(whole).map((file) => JSON.stringify(file));
    for (let turn = 0; turn < 2000; turn += 1) {
      const bytes = Buffer.from(whole.subarray(0, randomInt(4) ? whole.length : randomInt(whole.length)));
      if (bytes.length > 0) bytes.writeUInt8(randomInt(256), randomInt(bytes.length));
      for (const file of readPar2(Buffer.concat([randomBytes(randomInt(9)), bytes])))
        expect(right).toContain(JSON.stringify(file));
    }
    const broken = Buffer.from(whole);
    broken.writeUInt8(broken.readUInt8(200) ^ 1, 200);
    expect(readPar2(broken).length).toBe(3);
  });

  test('that lies about its lengths costs little', () => {
    const started = performance.now();
    const lying = Buffer.alloc(8 * 1024 * 1024, 'PAR2\0PKT');
    expect(readPar2(lying)).toEqual([]);
    const long = par2Packet('PAR 2.0\0FileDesc', Buffer.alloc(100_000));
    expect(readPar2(long)).toEqual([]);
    expect(performance.now() - started).toBeLessThan(5_000);
  });
});

describe('first bytes', () => {
  const at = (offset: number, text: string) =>
    Buffer.concat([Buffer.alloc(offset), Buffer.from(text, 'latin1')]);
  const packets = (offset: number, step: number) => {
    const bytes = Buffer.alloc(600);
    for (const packet of [0, 1, 2]) bytes.writeUInt8(0x47, offset + packet * step);
    return bytes;
  };
  test.each<[string, string, Buffer]>([
    ['rar5', 'rar', writeRar([], { version: 5 })[0]?.bytes ?? at(0, '')],
    ['rar4', 'rar', writeRar([], { version: 4 })[0]?.bytes ?? at(0, '')],
    ['7z', '7z', at(0, '7z\xbc\xaf\x27\x1c\0\x04')],
    ['zip', 'zip', at(0, 'PK\x03\x04')],
    ['par2', 'par2', writePar2([])],
    ['mkv', 'mkv', at(0, '\x1a\x45\xdf\xa3\x01\x42\x82\x88matroska')],
    ['mkv', 'webm', at(0, '\x1a\x45\xdf\xa3\x01\x42\x82\x84webm')],
    ['mp4', 'mp4', at(4, 'ftypisom')],
    ['mp4', 'mov', at(4, 'ftypqt  ')],
    ['avi', 'avi', at(0, 'RIFF\0\0\0\0AVI LIST')],
    ['ts', 'ts', packets(0, 188)],
    ['m2ts', 'm2ts', packets(4, 192)],
    ['iso', 'iso', at(0x8001, 'CD001')],
    ['wmv', 'wmv', at(0, '\x30\x26\xb2\x75\x8e\x66\xcf\x11')],
    ['flv', 'flv', at(0, 'FLV\x01')],
    ['mpg', 'mpg', at(0, '\0\0\x01\xba')],
    ['srt', 'srt', Buffer.from('\ufeff1\r\n00:00:01,000 --> 00:00:02,000\r\nHi')],
  ])('of %s (.%s)', (kind, extension, bytes) => {
    expect(magicOf(bytes)).toEqual({ kind, extension });
  });

  test('that say nothing', () => {
    for (const bytes of [Buffer.alloc(0), Buffer.alloc(3), Buffer.from('GGGG'), Buffer.alloc(40_000)])
      expect(magicOf(bytes)).toBeNull();
  });
});

describe('names that say nothing', () => {
  test.each([
    ...[
      '9f86d081884c7d659a2feaa0c55ad015.mkv',
      '9f86d081884c7d659a2feaa0c55ad015.part01.rar',
      'b082fa0beaa644d3aa01045d5b8d0b36.r01',
    ],
    ...[
      'a8Kq2LmZ9xQw4Rt7.mkv',
      'abc.xyz.a4c567edbcbf27.BLA',
      'xkqzwvtrplmnbhgfdsqw.rar',
      `${randomUUID()}.mkv`,
    ],
    ...['AbCd3fGh1jKlMn0pQr.7z.001', '0123456789abcdef'],
  ])('%s', (name) => expect(isObfuscated(name)).toBe(true));

  test.each([
    ...[
      'My.Film.2020.1080p.mkv',
      'film.part01.rar',
      'TheBigShow2020.mkv',
      'Interstellar.mkv',
      'sample.mkv',
      '2001 A Space Odyssey.mkv',
    ],
    ...[
      'thelordoftheringsthereturnoftheking.mkv',
      'S01E01.mkv',
      'group-film-cd1.avi',
      '300.mkv',
      'tt0111161.mkv',
    ],
  ])('but not %s', (name) => expect(isObfuscated(name)).toBe(false));

  test('but no release name of the fixtures', () => {
    const lines = readFileSync(new URL('../fixtures/release-names.jsonl', import.meta.url), 'utf8')
      .trim()
      .split('\n');
    const names = lines
      .map((line) => /"(?:name|title|release)":"((?:[^"\\]|\\.)*)"/.exec(line)?.[1] ?? '')
      .filter(Boolean);
    expect(names.length).toBeGreaterThan(20);
    expect(names.filter((name) => isObfuscated(`${name}.mkv`))).toEqual([]);
  });
});

describe('the best name', () => {
  const head = Buffer.concat([Buffer.from('1a45dfa3', 'hex'), randomBytes(16_380)]);
  const hash = '9f86d081884c7d659a2feaa0c55ad015';
  const par2 = [{ name: 'My.Film.2020.mkv', sizeBytes: 50_000, md5Of16k: md5Of16k(head) }];
  const nothing = { subject: '', yencName: null, head: null, sizeBytes: null, par2: [] };

  test('is the one of par2 where the first 16 KiB are the same', () => {
    const sources = { ...nothing, subject: `"${hash}.mkv" yEnc (1/2)`, yencName: hash, head, par2 };
    expect(bestName({ ...sources, sizeBytes: 50_000 })).toMatchObject({
      name: 'My.Film.2020.mkv',
      from: 'par2',
    });
    expect(bestName({ ...sources, sizeBytes: 50_001 })).toMatchObject({
      name: `${hash}.mkv`,
      from: 'subject',
    });
    expect(bestName({ ...sources, head: Buffer.from('other') })).toMatchObject({ from: 'subject' });
  });

  test('is a real one before one that was made up', () => {
    expect(
      bestName({ ...nothing, subject: `"${hash}.mkv" yEnc (1/2)`, yencName: 'My.Film.mkv' }),
    ).toMatchObject({ name: 'My.Film.mkv', from: 'yenc' });
    expect(bestName({ ...nothing, subject: '"My.Film.mkv" yEnc (1/2)', yencName: hash })).toMatchObject({
      name: 'My.Film.mkv',
      from: 'subject',
    });
    const hidden = [{ name: `${hash}.bin`, sizeBytes: 50_000, md5Of16k: md5Of16k(head) }];
    expect(bestName({ ...nothing, subject: '"My.Film.mkv" (1/2)', head, par2: hidden })).toMatchObject({
      from: 'subject',
    });
  });

  test('gets the ending that its first bytes say', () => {
    expect(bestName({ ...nothing, yencName: hash, head })).toMatchObject({
      name: `${hash}.mkv`,
      from: 'magic',
      magic: { kind: 'mkv' },
    });
    expect(bestName({ ...nothing, subject: '"My.Film.exe" (1/2)', head })).toMatchObject({
      name: 'My.Film.exe.mkv',
      from: 'magic',
    });
    expect(bestName({ ...nothing, subject: '"My.Film.mkv.001" (1/2)', head })).toMatchObject({
      name: 'My.Film.mkv.001',
    });
    expect(bestName({ ...nothing, head })).toMatchObject({ name: 'unnamed.mkv', from: 'magic' });
    expect(bestName(nothing)).toMatchObject({ name: 'unnamed.bin', magic: null });
  });

  test('has no folders', () => {
    expect(bestName({ ...nothing, yencName: '..\\..\\My.Film.mkv' }).name).toBe('My.Film.mkv');
  });
});
