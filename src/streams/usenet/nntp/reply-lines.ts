const LF = 0x0a;
const CR = 0x0d;

/** RFC 3977 §3.1 allows 512 bytes; a longer line than this is no reply. */
const MAX_LINE_BYTES = 4096;

/** Replies' lines out of what is read, which another connection's read overwrites: the beginning of a line is kept. */
export type ReplyLines = {
  /** Reads on in `input` from `from`: answers where it stopped. `line` is then the whole line, or null where it goes on. Throws RangeError past the limit. */
  read(input: Buffer, from: number, to: number): number;
  readonly line: string | null;
};

export function createReplyLines(): ReplyLines {
  let kept: Buffer | null = null;
  let length = 0;
  let line: string | null = null;

  function keep(input: Buffer, from: number, to: number): void {
    if (length + to - from > MAX_LINE_BYTES) throw new RangeError('a reply has no end');
    if (from === to) return;
    kept ??= Buffer.allocUnsafeSlow(MAX_LINE_BYTES);
    input.copy(kept, length, from, to);
    length += to - from;
  }

  function taken(input: Buffer, from: number, end: number): string {
    if (length === 0 || kept === null) {
      if (end - from > MAX_LINE_BYTES) throw new RangeError('a reply has no end');
      return input.toString('latin1', from, end > from && input[end - 1] === CR ? end - 1 : end);
    }
    keep(input, from, end);
    const whole = kept.toString('latin1', 0, kept[length - 1] === CR ? length - 1 : length);
    length = 0;
    return whole;
  }

  return {
    get line() {
      return line;
    },
    read(input, from, to) {
      line = null;
      let at = from;
      while (at < to && input[at] !== LF) at += 1;
      if (at === to) keep(input, from, to);
      else line = taken(input, from, at);
      return Math.min(at + 1, to);
    },
  };
}
