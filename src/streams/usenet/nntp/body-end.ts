const END = Buffer.from('\r\n.\r\n');
/** The last line's end, before which nothing of the body has come. */
const AFTER_LINE = 0x0d_0a;
const BEFORE_LAST = 0x0d_0a_2e_0d;
const LF = 0x0a;

/**
 * Finds where a body ends that nobody wants any more (a line with one dot, RFC 3977 §3.1.1). It may have been decoded so far: the last
 * four bytes are remembered of all that went by, as the end may lie across two reads.
 */
export type BodyEnd = {
  begin(): void;
  /** These bytes went by, and the end was not in them. */
  pass(input: Buffer, from: number, to: number): void;
  /** Where the body ends; -1: not in these. */
  find(input: Buffer, from: number, to: number): number;
};

export function createBodyEnd(): BodyEnd {
  let last = AFTER_LINE;

  function pass(input: Buffer, from: number, to: number): void {
    for (let at = Math.max(from, to - 4); at < to; at += 1) last = (last << 8) | (input[at] ?? 0);
  }

  /** An end that began in an earlier read. */
  function across(input: Buffer, from: number, to: number): number {
    let seen = last;
    for (let at = from; at < Math.min(to, from + 4); at += 1) {
      const byte = input[at] ?? 0;
      if (byte === LF && seen === BEFORE_LAST) return at + 1;
      seen = (seen << 8) | byte;
    }
    return -1;
  }

  return {
    begin() {
      last = AFTER_LINE;
    },
    pass,
    find(input, from, to) {
      const early = across(input, from, to);
      if (early >= 0) return early;
      const at = input.subarray(from, to).indexOf(END);
      if (at >= 0) return from + at + END.length;
      pass(input, from, to);
      return -1;
    },
  };
}
