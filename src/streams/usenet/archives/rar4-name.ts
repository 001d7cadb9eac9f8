import { damaged } from './header-bytes.ts';

/**
 * A file name of RAR 3: bytes of the writer's code page; where it says so followed by a zero and the name in UTF-16 told as differences
 * from them, or, without a zero, in UTF-8.
 */
export function rar4Name(field: Buffer, isUnicode: boolean): string {
  const zero = field.indexOf(0);
  if (isUnicode && zero >= 0 && zero < field.length - 1)
    return decoded(field.subarray(0, zero), field.subarray(zero + 1));
  const bytes = zero >= 0 ? field.subarray(0, zero) : field;
  const text = bytes.toString('utf8');
  return isUnicode || !text.includes('\ufffd') ? text : bytes.toString('latin1');
}

/** Two bits tell how the next character is written: its low byte; that and the high byte all share; both bytes; a run of the plain name. */
function decoded(plain: Buffer, packed: Buffer): string {
  const codes: number[] = [];
  const high = (packed[0] ?? 0) << 8;
  let at = 1;
  const next = () => packed[at++] ?? 0;
  for (let flags = 0, bits = 0; at < packed.length; flags <<= 2, bits -= 2) {
    if (bits === 0) {
      flags = next();
      bits = 8;
    }
    // Each character takes a byte at least, a run gives 129 at most: what a name may have is reached soon.
    const kind = (flags >> 6) & 3;
    if (kind === 0) codes.push(next());
    else if (kind === 1) codes.push(next() | high);
    else if (kind === 2) codes.push(next() | (next() << 8));
    else run(codes, plain, next, high);
    if (codes.length > 4096) throw damaged('a file name in it is too long');
  }
  return String.fromCharCode(...codes);
}

function run(codes: number[], plain: Buffer, next: () => number, high: number): void {
  const length = next();
  const isShifted = (length & 0x80) !== 0;
  const shift = isShifted ? next() : 0;
  for (let left = (length & 0x7f) + 2; left > 0 && codes.length < plain.length; left -= 1) {
    const byte = plain[codes.length] ?? 0;
    codes.push(isShifted ? ((byte + shift) & 0xff) | high : byte);
  }
}
