/**
 * Where a body stands between two bytes. Lines and dots are the transport's (RFC 3977 §3.1.1) and go by CRLF; `=` is yEnc's, and
 * escapes whatever follows but a line's end. decode.wat knows the same numbers.
 */
export const STATE = {
  inLine: 0,
  escape: 1,
  cr: 2,
  /** Behind CRLF: a dot here was put there by the sender, or is the end. */
  lineStart: 3,
  /** Behind an LF alone, which no server sends and some posts hold: a keyword may stand here, a dot is a byte. */
  looseStart: 4,
  dot: 5,
  dotCr: 6,
  /** Behind the `=` that a line begins with. */
  equals: 7,
  /** Behind `=y` at the start of a line: yEnc's own lines. Decoding stops here. */
  keyword: 8,
  /** Behind the line with the dot. Decoding stops here. */
  end: 9,
} as const;

/** Sockets read at most this much at once. */
export const INPUT_BYTES = 256 * 1024;

/** Turns a body into bytes, a piece at a time; keeps nothing between two calls. */
export type BodyDecoder = {
  readonly input: Buffer;
  /**
   * Decodes `input` from `from` to `to`; answers where it stopped. What comes of it is in `out` from `at` on where that is memory it can
   * write into and longer by as many bytes as are decoded and 32; what lies behind them there is overwritten.
   */
  decode(from: number, to: number, state: number, out: Uint8Array | null, at: number): number;
  /** The state after the last call. */
  state(): number;
  /** How many bytes the last call made. */
  length(): number;
  /** The first `length` of them go to `out` at `at`, where they do not lie there already. */
  copyTo(out: Uint8Array, at: number, length: number): void;
  /** The CRC-32 of everything up to the first `length` of those bytes, `before` being that of all before them. */
  crc(length: number, before: number): number;
};
