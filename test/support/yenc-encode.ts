import { crc32 } from 'node:zlib';

/** Characters that yEnc escapes: NUL, LF, CR and `=`; a dot at the start of a line is left to the sender's dot-stuffing. */
const CRITICAL = Uint8Array.from({ length: 256 }, (_, code) =>
  [0x00, 0x0a, 0x0d, 0x3d].includes(code) ? 1 : 0,
);

export type EncodedPart = {
  name: string;
  part: number;
  total: number;
  begin: number;
  fileSize: number;
  bytes: Uint8Array;
};

/** One article's body (yEnc 1.3) with CRLF line ends, not dot-stuffed; `line` characters a line. */
export function yencBody(post: EncodedPart, line = 128): Buffer {
  const { name, part, total, begin, fileSize, bytes } = post;
  const crc = (crc32(bytes) >>> 0).toString(16).padStart(8, '0');
  const head = `=ybegin part=${part} total=${total} line=${line} size=${fileSize} name=${name}\r\n=ypart begin=${begin + 1} end=${begin + bytes.length}\r\n`;
  const tail = `=yend size=${bytes.length} part=${part} pcrc32=${crc}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), yencLines(bytes, line), Buffer.from(tail, 'latin1')]);
}

/** The encoded lines alone. */
export function yencLines(bytes: Uint8Array, line = 128): Buffer {
  const out = Buffer.allocUnsafe(bytes.length * 2 + Math.ceil(bytes.length / line) * 2 + 2);
  let [at, column] = [0, 0];
  for (const byte of bytes) {
    const code = (byte + 42) & 0xff;
    if (CRITICAL[code] === 1) {
      out[at++] = 0x3d;
      out[at++] = (code + 64) & 0xff;
      column += 2;
    } else {
      out[at++] = code;
      column += 1;
    }
    if (column < line) continue;
    out[at++] = 0x0d;
    out[at++] = 0x0a;
    column = 0;
  }
  if (column > 0) {
    out[at++] = 0x0d;
    out[at++] = 0x0a;
  }
  return out.subarray(0, at);
}

/** As it goes over the wire: each line that begins with a dot has another before it (RFC 3977 §3.1.1), a line with one dot at the end. */
export function dotStuffed(body: Uint8Array): Buffer {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = 0; at < text.length; ) {
    if (text[at] === 0x2e) {
      parts.push(text.subarray(from, at), Buffer.from('.'));
      from = at;
    }
    const end = text.indexOf('\r\n', at);
    at = end < 0 ? text.length : end + 2;
  }
  return Buffer.concat([...parts, text.subarray(from), Buffer.from('.\r\n')]);
}
