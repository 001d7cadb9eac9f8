import { describe, expect, test } from 'vitest';
import { decodeText } from '../../src/kit/text-encoding.ts';
import { toWebVtt } from '../../src/kit/web-vtt.ts';

const utf8 = (text: string) => Buffer.from(text, 'utf8');
const cue = (words: string, times = '00:00:01.500 --> 00:00:03.000') => `WEBVTT\n\n${times}\n${words}\n\n`;
const srt = (words: string) => `1\r\n00:00:01,500 --> 00:00:03,000\r\n${words}\r\n\r\n`;

describe('formats', () => {
  test('SRT becomes WebVTT without numbers and tags, line breaks kept', () => {
    const text = srt('<i>Hello</i> <font color="#fff">there</font>\r\n{\\an8}& you < 3');
    expect(toWebVtt(utf8(text))).toBe(cue('Hello there\n&amp; you &lt; 3'));
  });

  test('SRT without empty lines between its cues is read all the same', () => {
    const text = '1\n00:00:01,5 --> 00:00:03,0\nOne\n2\n00:00:04,0 --> 00:00:05,0\nTwo';
    expect(toWebVtt(utf8(text))).toBe(`${cue('One')}00:00:04.000 --> 00:00:05.000\nTwo\n\n`);
  });

  test('ASS gives the words of its dialogue in order of time, without styles, drawings and comments', () => {
    const text = [
      '[Script Info]',
      '[V4+ Styles]',
      'Format: Name, Fontname',
      '[Events]',
      'Format: Layer, Start, End, Style, Name, MarginL, MarginR, MarginV, Effect, Text',
      'Dialogue: 0,0:00:04.00,0:00:05.00,Default,,0,0,0,,Later',
      'Comment: 0,0:00:01.00,0:00:02.00,Default,,0,0,0,,No',
      'Dialogue: 0,0:00:02.00,0:00:03.00,Default,,0,0,0,,{\\p1}m 0 0 l 9 9{\\p0}',
      'Dialogue: 0,0:00:01.50,0:00:03.00,Default,,0,0,0,,{\\b1}Hello{\\b0}, you\\Nthere',
    ].join('\n');
    expect(toWebVtt(utf8(text))).toBe(`${cue('Hello, you\nthere')}00:00:04.000 --> 00:00:05.000\nLater\n\n`);
  });

  test('WebVTT keeps where its cues stand and loses notes, styles and classes', () => {
    const text =
      'WEBVTT - title\n\nSTYLE\n::cue { background: url(http://x.example/) }\n\nNOTE no\n\nid\n00:01.500 --> 00:03.000 line:10% evil:1\n<v Ann><c.red>Hello &amp; you</c></v>\n';
    expect(toWebVtt(utf8(text))).toBe(cue('Hello &amp; you', '00:00:01.500 --> 00:00:03.000 line:10%'));
  });
});

describe('encodings', () => {
  const utf16 = (text: string, isBig: boolean) => {
    const bytes = Buffer.from(text, 'utf16le');
    return isBig ? bytes.swap16() : bytes;
  };
  const words = 'তুমি কেমন আছ? お元気ですか';

  test.each([
    ['UTF-8', utf8(srt(words))],
    ['UTF-8 with a mark', utf8(`\ufeff${srt(words)}`)],
    ['UTF-16LE with a mark', utf16(`\ufeff${srt(words)}`, false)],
    ['UTF-16BE with a mark', utf16(`\ufeff${srt(words)}`, true)],
    ['UTF-16LE without', utf16(srt('plain words of a longer line'), false)],
    ['UTF-16BE without', utf16(srt('plain words of a longer line'), true)],
  ])('%s is told by itself', (_name, bytes) => {
    expect(toWebVtt(bytes)).toMatch(/^WEBVTT\n\n00:00:01\.500 --> 00:00:03\.000\n(তুমি|plain)/);
  });

  test.each([
    ['Windows-1252', undefined, [0x43, 0x61, 0x66, 0xe9, 0x20, 0x93, 0x6e, 0x6f, 0x6e, 0x94], 'Café “non”'],
    ['Windows-1251 by its look', undefined, [0xcf, 0xf0, 0xe8, 0xe2, 0xe5, 0xf2], 'Привет'],
    ['Windows-1250 by its language', 'pl', [0x9c, 0x77, 0x69, 0x61, 0x74, 0xb3, 0x6f], 'światło'],
    ['Windows-1253 by its language', 'el', [0xcd, 0xe1, 0xe9], 'Ναι'],
    ['Shift_JIS by its language', 'ja', [0x82, 0xa0, 0x82, 0xa2], 'あい'],
  ])('%s', (_name, language, bytes, expected) => {
    expect(decodeText(Uint8Array.from(bytes), { language })).toBe(expected);
  });

  test('an encoding nobody knows is passed over', () => {
    expect(decodeText(Uint8Array.from([0x41, 0xe9]), { encoding: 'klingon' })).toBe('Aé');
  });
});

describe('hostile input', () => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['noise', Buffer.from(Array.from({ length: 100_000 }, (_, index) => (index * 7919) % 256))],
    ['only zeros', Buffer.alloc(100_000)],
    ['a million open tags', utf8(srt('<'.repeat(1_000_000)))],
    ['a million braces', utf8(`[Events]\nDialogue: 0,0:00:01.00,0:00:02.00,,,,,,,${'{\\p'.repeat(300_000)}`)],
    ['a million arrows', utf8('00:00:01,000 --> '.repeat(60_000))],
    ['a million empty lines', utf8('\n'.repeat(1_000_000))],
    ['more than 10 MiB', utf8(srt('word').repeat(400_000))],
  ])('%s is answered in under 2 s', (_name, bytes) => {
    const startedAt = performance.now();
    expect(toWebVtt(bytes)).toMatch(/^WEBVTT\n\n/);
    expect(performance.now() - startedAt).toBeLessThan(2000);
  });

  test('an arrow among the words cannot become a cue of its own', () => {
    expect(toWebVtt(utf8(srt('a --> b <script>x</script>')))).toBe(cue('a --&gt; b x'));
  });
});
