import { type BodyDecoder, STATE } from './body.ts';
import type { ArticleDecoder, YencHeader } from './decoder.ts';
import { type BeginLine, beginLine, endLine, yencHeader } from './header.ts';

const [CR, LF] = [0x0d, 0x0a];
/** Of yEnc's own lines: a name of 255 characters makes 400. */
const MAX_LINE_BYTES = 8 * 1024;
/** An article has three. A body of nothing else would cost 300 times as much as one of bytes. */
const MAX_LINES = 64;
const NOTHING = Buffer.alloc(0);

/**
 * One article. The body decoder stops at each `=y` that begins a line; that line is read here, what lies between them is bytes or,
 * before the header, after `=yend` and behind a fault, nothing to anybody.
 */
export function articleDecoder(
  body: BodyDecoder,
  place: (header: YencHeader) => Uint8Array | null,
): ArticleDecoder {
  let state: number = STATE.lineStart;
  let begun: BeginLine | null = null;
  let header: YencHeader | null = null;
  let out: Uint8Array | null = null;
  /** All that may be written to there. */
  let room: Uint8Array | null = null;
  let [written, crc] = [0, 0];
  let fault: string | null = null;
  let hasEndLine = false;
  /** Of a line that has not come whole yet: at most as much as may be used. */
  let line = NOTHING;
  let [lines, lastByte] = [0, 0];

  return {
    feed,
    get header() {
      return header;
    },
    get out() {
      return out;
    },
    get written() {
      return written;
    },
    get crc() {
      return crc;
    },
    get isEnded() {
      return state === STATE.end;
    },
    get fault() {
      return fault;
    },
  };

  function feed(from: number, to: number): number {
    let at = from;
    while (at < to && state !== STATE.end) at = state === STATE.keyword ? readLine(at, to) : decode(at, to);
    return at;
  }

  function decode(from: number, to: number): number {
    const isKept = fault === null && begun !== null && !hasEndLine;
    const stop = body.decode(from, to, state, isKept ? room : null, written);
    state = body.state();
    if (isKept) keep(body.length());
    if (state === STATE.end) finish();
    return stop;
  }

  function keep(count: number): void {
    if (count === 0) return;
    if (header === null) openWhole();
    if (header === null || out === null) return;
    const length = Math.min(count, out.length - written);
    body.copyTo(out, written, length);
    written += length;
    crc = body.crc(length, crc);
    if (length < count) fault = 'more bytes than its header says';
  }

  function finish(): void {
    if (begun === null) fault ??= 'no yEnc';
    if (!hasEndLine) fault ??= 'truncated';
  }

  /** Up to the LF: nothing is unstuffed or decoded in these. */
  function readLine(from: number, to: number): number {
    if (fault !== null || hasEndLine) {
      state = STATE.inLine;
      return from;
    }
    const found = body.input.subarray(from, to).indexOf(LF);
    const end = found < 0 ? to : from + found;
    keepOfLine(from, end);
    if (found < 0) return to;
    state = lastByte === CR ? STATE.lineStart : STATE.looseStart;
    const whole = line;
    [line, lastByte] = [NOTHING, 0];
    understand(whole);
    return end + 1;
  }

  function keepOfLine(from: number, end: number): void {
    if (end === from) return;
    lastByte = body.input[end - 1] ?? 0;
    const room = MAX_LINE_BYTES - line.length;
    if (room > 0) line = Buffer.concat([line, body.input.subarray(from, Math.min(end, from + room))]);
  }

  /** Lines with other words are for decoders to come, says yEnc 1.3, and are passed over. */
  function understand(whole: Buffer): void {
    lines += 1;
    if (lines > MAX_LINES) {
      fault = 'too many lines that begin with =y';
      return;
    }
    const word = whole.subarray(0, 6).toString('latin1');
    if (/^begin\s/.test(word)) begin(whole.subarray('begin'.length));
    if (/^part\s/.test(word) && begun !== null && header === null) open(begun, whole.subarray('part'.length));
    if (/^end(\s|$)/.test(word) && begun !== null) end(whole.subarray('end'.length));
  }

  function begin(rest: Buffer): void {
    if (begun !== null) {
      fault = 'a second =ybegin';
      return;
    }
    begun = beginLine(rest);
    if (begun === null) fault = 'a =ybegin without a size';
  }

  /** The first bytes, or the end, came without `=ypart`: that is right where the post has one part only. */
  function openWhole(): void {
    if (begun === null) return;
    if (begun.part === null) open(begun, null);
    else fault = 'no =ypart';
  }

  function open(first: BeginLine, part: Buffer | null): void {
    header = yencHeader(first, part);
    if (header === null) {
      fault = 'sizes in its header that cannot be';
      return;
    }
    room = place(header);
    out = room;
    if (out === null) return;
    const length = header.end - header.begin;
    if (out.length < length) fault = 'no room for it';
    if (out.length > length) out = out.subarray(0, length);
  }

  function end(rest: Buffer): void {
    hasEndLine = true;
    if (header === null) openWhole();
    if (header === null || out === null || fault !== null) return;
    fault = checked(header, rest);
  }

  function checked(known: YencHeader, rest: Buffer): string | null {
    const { size, pcrc32, crc32 } = endLine(rest);
    if (written < known.end - known.begin) return 'fewer bytes than its header says';
    if (size !== null && size !== written) return 'not as long as its =yend says';
    // `crc32` is of the whole file, which most parts are not.
    const isWhole = known.begin === 0 && known.end === known.fileSize;
    const expected = pcrc32 ?? (isWhole ? crc32 : null);
    return expected === null || expected === crc ? null : 'wrong CRC-32';
  }
}
