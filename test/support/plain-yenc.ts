import { crc32 } from 'node:zlib';
import type { ArticleDecoder, Yenc, YencHeader } from '../../src/streams/usenet/yenc/decoder.ts';

const [CR, LF, DOT, EQUALS, Y] = [0x0d, 0x0a, 0x2e, 0x3d, 0x79];

/** A plain decoder, byte by byte: for tests of what lies around it. */
export function createPlainYenc(inputBytes = 128 * 1024): Yenc {
  const input = Buffer.alloc(inputBytes);
  return { input, decoder: (place) => plainDecoder(input, place) };
}

function plainDecoder(input: Buffer, place: (header: YencHeader) => Uint8Array | null): ArticleDecoder {
  let header: YencHeader | null = null;
  let out: Uint8Array | null = null;
  let [written, decoded] = [0, 0];
  let isEnded = false;
  let fault: string | null = null;
  /** What the line began with, until it is clear what it is: null in the middle of data. */
  let begun: string | null = '';
  let isEscaped = false;
  let begin = new Map<string, string>();
  let end: Map<string, string> | null = null;

  function put(code: number): void {
    if (header === null || end !== null) return;
    const byte = (isEscaped ? code - 64 - 42 : code - 42) & 0xff;
    isEscaped = false;
    decoded += 1;
    if (out === null || written >= out.length) return;
    out[written] = byte;
    written += 1;
  }

  function data(code: number): void {
    if (code === CR) return;
    if (code === LF) {
      begun = '';
      isEscaped = false;
    } else if (code === EQUALS && !isEscaped) isEscaped = true;
    else put(code);
  }

  function startOf(code: number): void {
    const before = begun ?? '';
    begun = before + String.fromCharCode(code);
    if (before.startsWith('=y')) inControl(before, code);
    else if (before === '=' && code !== Y) {
      isEscaped = true;
      asData(code);
    } else if (before.startsWith('.')) afterDot(before, code);
    else if (before === '' && code !== DOT && code !== EQUALS) asData(code);
  }

  function inControl(before: string, code: number): void {
    if (code === LF) control(before.replace(/\r$/, ''));
  }

  function asData(code: number): void {
    begun = null;
    data(code);
  }

  function afterDot(before: string, code: number): void {
    if (before === '.\r' && code === LF) finish();
    else if (code !== CR) asData(code);
  }

  function control(line: string): void {
    begun = '';
    const fields = new Map(
      [...line.matchAll(/(\w+)=(\S+)/g)].map(([, key = '', value = '']) => [key, value]),
    );
    if (line.startsWith('=ybegin')) begin = fields;
    if (line.startsWith('=yend')) end = fields;
    if (!line.startsWith('=ypart')) return;
    header = {
      name: begin.get('name') ?? '',
      fileSize: Number(begin.get('size')),
      part: Number(begin.get('part')),
      total: Number(begin.get('total')),
      begin: Number(fields.get('begin')) - 1,
      end: Number(fields.get('end')),
    };
    out = place(header);
  }

  function finish(): void {
    isEnded = true;
    if (header === null) fault = 'no yEnc';
    else if (end === null) fault = 'no end';
    else if (out === null) fault = null;
    else if (decoded !== header.end - header.begin || decoded !== Number(end.get('size')))
      fault = 'wrong size';
    else if (crc32(out.subarray(0, written)) >>> 0 !== Number.parseInt(end.get('pcrc32') ?? '', 16))
      fault = 'wrong checksum';
  }

  return {
    get header() {
      return header;
    },
    get out() {
      return out;
    },
    get written() {
      return written;
    },
    get isEnded() {
      return isEnded;
    },
    get fault() {
      return fault;
    },
    feed(from, to) {
      let at = from;
      while (at < to && !isEnded) {
        const code = input[at] ?? 0;
        at += 1;
        if (begun === null) data(code);
        else startOf(code);
      }
      return at;
    },
  };
}
