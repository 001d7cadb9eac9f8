import { crc32 } from 'node:zlib';
import { expect, test } from 'vitest';
import { dotStuffed, yencBody } from '../support/yenc-encode.ts';
import {
  BEGIN,
  BYTES,
  bytesOf,
  DECODERS,
  decoded,
  END,
  LINES,
  PART,
  wireOf,
} from '../support/yenc-fixture.ts';

// What posters and servers send: as yEnc 1.3 has it, and a little beside it.

const raw = (text: string) => Buffer.from(text, 'latin1');

/** Of another kind than the one in test/support: a table by shifts, escapes that other posters use, no dot-stuffing needed. */
function otherArticle(bytes: Uint8Array): Buffer {
  const table = Array.from({ length: 256 }, (_, byte) =>
    Array.from({ length: 8 }).reduce<number>((crc) => (crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1), byte),
  );
  let [crc, text, line] = [0xffffffff, '', ''];
  for (const byte of bytes) {
    crc = (table[(crc ^ byte) & 0xff] ?? 0) ^ (crc >>> 8);
    const code = (byte + 42) % 256;
    const isEdge = line === '' || line.length >= 127;
    const isEscaped = [0, 10, 13, 61].includes(code) || (isEdge && [9, 32, 46].includes(code));
    line += isEscaped ? `=${String.fromCharCode((code + 64) % 256)}` : String.fromCharCode(code);
    if (line.length < 128) continue;
    text += `${line}\r\n`;
    line = '';
  }
  const hex = (~crc >>> 0).toString(16).toUpperCase();
  return raw(
    `=ybegin line=128 size=${bytes.length} name=other.bin\r\n${text}${line}\r\n=yend size=${bytes.length} crc32=${hex}\r\n.\r\n`,
  );
}

test.each(DECODERS)('$name: an article by another encoder, with its own CRC', ({ yenc }) => {
  const bytes = bytesOf(300_000, 'other');
  const article = otherArticle(bytes);
  const { bytes: got, fault, header } = decoded(yenc, article, () => 16_384);
  expect({ fault, header, isRight: got.equals(bytes) }).toEqual({
    fault: null,
    header: { name: 'other.bin', fileSize: 300_000, part: 1, total: null, begin: 0, end: 300_000 },
    isRight: true,
  });
  for (const at of [200, 150_000, article.length - 200]) {
    const damaged = Buffer.from(article);
    damaged[at] = damaged[at] === 0x41 ? 0x42 : 0x41;
    expect(decoded(yenc, damaged).fault).not.toBe(null);
  }
});

const SINGLE = '=ybegin line=128 size=1000 name=x\r\n';
const SEMI = '=ybegin part=1 line=128 size=1000 name=x\r\n';
const STUFFED_LINES = wireOf(LINES).toString('latin1').slice(0, -3);
const CRC = crc32(BYTES).toString(16).padStart(8, '0');
const TOLERATED: [string, Buffer][] = [
  ['as it should be', wireOf(BEGIN, PART, LINES, END)],
  ['one part, no =ypart', wireOf(SINGLE, LINES, '=yend size=1000\r\n')],
  ['=ypart where =ybegin has no part', wireOf(SINGLE, PART, LINES, END)],
  ['=ybegin without total', wireOf(SEMI, PART, LINES, END)],
  ['headers that end in LF', wireOf(BEGIN.replace('\r', ''), PART.replace('\r', ''), LINES, END)],
  [
    'LF everywhere',
    Buffer.concat([raw(`${BEGIN}${PART}${LINES}${END}`.replaceAll('\r', '')), raw('\r\n.\r\n')]),
  ],
  ['text before it', wireOf('\r\n\r\nHello =ybegin there\r\n.hidden\r\n\n', BEGIN, PART, LINES, END)],
  ['blank lines in it', wireOf(BEGIN, '\r\n', PART, '\r\n', LINES, '\r\n', END)],
  ['text behind it', wireOf(BEGIN, PART, LINES, END, '-- \r\nposter =yend size=1\r\n\r\n')],
  ['a dot before its first byte', Buffer.concat([raw('.'), wireOf(BEGIN, PART, LINES, END)])],
  ['dots before all lines', raw(`.${BEGIN}.${PART}${STUFFED_LINES}.${END}.\r\n`)],
  ['lines of yEnc to come', wireOf(BEGIN, '=yfoo bar\r\n', PART, LINES, '=ycomment\r\n', END)],
  [
    'more spaces, other case',
    wireOf('=ybegin  PART=1  Size=2000 line=128 name= x \r\n', '=ypart  begin=1   end=1000 \r\n', LINES, END),
  ],
  ['=yend without size', wireOf(BEGIN, PART, LINES, '=yend\r\n')],
  ['crc32 of the whole file', wireOf(BEGIN, PART, LINES, '=yend size=1000 part=1 crc32=deadbeef\r\n')],
  ['a CRC of sixteen digits', wireOf(BEGIN, PART, LINES, `=yend size=1000 pcrc32=FFFFFFFF${CRC}\r\n`)],
  ['a CRC beside an empty one', wireOf(BEGIN, PART, LINES, `=yend size=1000 crc32= pcrc32=${CRC}\r\n`)],
  ['a last line without CRLF', wireOf(BEGIN, PART, LINES.slice(0, -2), `\r\n${END}`)],
];

test.each(TOLERATED)('taken: %s', (_, wire) => {
  for (const { yenc } of DECODERS) {
    for (const chunk of [wire.length, 1]) {
      const { bytes, fault, isEnded, taken } = decoded(yenc, wire, () => chunk);
      expect({ fault, isEnded, taken, isRight: bytes.equals(BYTES) }).toEqual({
        ...{ fault: null, isEnded: true },
        ...{ taken: wire.length, isRight: true },
      });
    }
  }
});

test.each([
  ['film 1 (2024).mkv', 'film 1 (2024).mkv'],
  [' "in quotes.rar" ', 'in quotes.rar'],
  ['a size=5 part=7 name=b', 'a size=5 part=7 name=b'],
  ['\xc3\xbc\xe2\x82\xac.mkv', 'ü€.mkv'],
  ['\xfcber.mkv', 'über.mkv'],
  ['a\0b\tc', 'abc'],
  ['', ''],
  ['n'.repeat(7000), 'n'.repeat(7000)],
])('a name is UTF-8 where it can be, else latin1: %j', (written, name) => {
  const wire = wireOf(`=ybegin part=1 size=2000 name=${written}\r\n`, PART, LINES, END);
  for (const { yenc } of DECODERS) {
    expect(decoded(yenc, wire, () => 1000)).toMatchObject({ fault: null, header: { name, fileSize: 2000 } });
  }
});

test('what the encoder of the tests says of its own CRC is taken', () => {
  const body = yencBody({ name: 'x', part: 1, total: 1, begin: 0, fileSize: BYTES.length, bytes: BYTES });
  for (const { yenc } of DECODERS) expect(decoded(yenc, dotStuffed(body)).fault).toBe(null);
});
