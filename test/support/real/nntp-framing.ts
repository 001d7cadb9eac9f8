const [LF, DOT] = [0x0a, 0x2e];
const END = Buffer.from('\r\n.\r\n');
/** Replies with more lines (RFC 3977 §3.2, appendix C); 211 has them after LISTGROUP alone, which nobody here says. */
const MULTI_LINE = new Set(['100', '101', '215', '220', '221', '222', '224', '225', '230', '231']);

/** What a piece of a server's bytes is; of a body, from its first byte (the line after `222`) to the dot's line end. */
export type Piece = { bytes: Buffer; kind: 'line' | 'body'; isFirst: boolean; isLast: boolean };

/** Cuts what a news server sends into lines and bodies, as it comes; nothing is copied but a body's last four bytes. */
export class NntpFraming {
  #code = '';
  #isInBody = false;
  #isBodyNew = false;
  /** The end of the body so far, where the terminator may have begun. */
  #tail = Buffer.alloc(0);
  readonly #each: (piece: Piece) => void;

  constructor(each: (piece: Piece) => void) {
    this.#each = each;
  }

  take(chunk: Buffer): void {
    for (let rest = chunk; rest.length > 0; ) {
      const end = this.#isInBody ? this.#bodyEnd(rest) : this.#lineEnd(rest);
      rest = rest.subarray(end);
    }
  }

  #lineEnd(bytes: Buffer): number {
    if (this.#code.length < 3) this.#code += bytes.toString('latin1', 0, 3 - this.#code.length);
    const at = bytes.indexOf(LF);
    const end = at < 0 ? bytes.length : at + 1;
    this.#each({ bytes: bytes.subarray(0, end), kind: 'line', isFirst: false, isLast: at >= 0 });
    if (at < 0) return end;
    this.#isInBody = MULTI_LINE.has(this.#code);
    this.#isBodyNew = this.#isInBody;
    // A body of nothing is a dot at once.
    this.#tail = Buffer.from('\r\n');
    this.#code = '';
    return end;
  }

  #bodyEnd(bytes: Buffer): number {
    const seam = Buffer.concat([this.#tail, bytes.subarray(0, END.length - 1)]);
    const inSeam = seam.indexOf(END);
    const at = inSeam >= 0 ? inSeam - this.#tail.length : bytes.indexOf(END);
    const isLast = inSeam >= 0 || at >= 0;
    const end = isLast ? at + END.length : bytes.length;
    this.#each({ bytes: bytes.subarray(0, end), kind: 'body', isFirst: this.#isBodyNew, isLast });
    this.#isBodyNew = false;
    this.#isInBody = !isLast;
    const last = bytes.subarray(-(END.length - 1));
    this.#tail = Buffer.concat([this.#tail, last]).subarray(-(END.length - 1));
    return end;
  }
}

/** A byte of a line of yEnc that may be another one without being a line end or a dot at its beginning. */
export function flipByte(bytes: Buffer, from: number): boolean {
  for (let at = from; at < bytes.length - 1; at += 1) {
    const byte = bytes[at] ?? 0;
    // Neither made nor met: NUL, LF, CR, `=` and dots keep their meaning.
    if (byte < 0x40 || byte === 0x7d || byte === DOT) continue;
    bytes[at] = byte ^ 0x01;
    return true;
  }
  return false;
}
