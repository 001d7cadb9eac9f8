/** Bytes `start` (included) to `end` (excluded). Only this file knows HTTP's inclusive form. */
export type ByteRange = { start: number; end: number };

type ParsedRange =
  /** No Range header, or one a server may ignore: answer 200 with the whole body. */
  | { kind: 'none' }
  /** Ascending, disjoint, not adjacent, inside the file; one range = 206, more = multipart/byteranges. */
  | { kind: 'ranges'; ranges: ByteRange[] }
  /** Answer 416 with `unsatisfiedContentRange`. */
  | { kind: 'unsatisfiable' };

/** More parts than this cost more in headers and seeks than they save; such a request gets the whole body. */
const MAX_RANGES = 8;
/** RFC 9110 §14.2: more than two overlapping ranges are a broken client or an attack. */
const MAX_OVERLAPS = 2;

const NONE = { kind: 'none' } as const;

/**
 * Parses a `Range` header for a body of `size` bytes (RFC 9110 §14.1.1, §14.2).
 * Bad syntax and other units are ignored, never an error; `size` is a safe integer ≥ 0.
 */
export function parseRangeHeader(header: string | undefined, size: number): ParsedRange {
  const set = /^bytes=(.*)$/is.exec(header?.trim() ?? '')?.[1];
  if (set === undefined) return NONE;
  const ranges: ByteRange[] = [];
  let specs = 0;
  for (const part of set.split(',')) {
    const spec = part.trim();
    // Empty list members are ignored (RFC 9110 §5.6.1.2).
    if (spec === '') continue;
    const range = parseSpec(spec, size);
    if (range === 'invalid') return NONE;
    specs += 1;
    if (range !== 'unsatisfiable') ranges.push(range);
  }
  if (specs === 0) return NONE;
  if (ranges.length === 0) return { kind: 'unsatisfiable' };
  return coalesce(ranges);
}

/** The `Content-Range` value of a 206 (RFC 9110 §14.4); `size` null = unknown. */
export function contentRange(range: ByteRange, size: number | null): string {
  return `bytes ${range.start}-${range.end - 1}/${size ?? '*'}`;
}

/** The `Content-Range` value of a 416. */
export function unsatisfiedContentRange(size: number): string {
  return `bytes */${size}`;
}

function parseSpec(spec: string, size: number): ByteRange | 'invalid' | 'unsatisfiable' {
  const [, first, last] = /^(\d*)-(\d*)$/.exec(spec) ?? [];
  if (first === undefined || last === undefined || (first === '' && last === '')) return 'invalid';
  if (first === '') return suffix(position(last), size);
  if (last !== '' && isLess(last, first)) return 'invalid';
  const start = position(first);
  if (start >= size) return 'unsatisfiable';
  return { start, end: last === '' ? size : Math.min(position(last) + 1, size) };
}

function suffix(length: number, size: number): ByteRange | 'unsatisfiable' {
  if (length === 0 || size === 0) return 'unsatisfiable';
  return { start: Math.max(0, size - length), end: size };
}

/** Digits of any length as a number; past 2^53 − 1 the exact value no longer matters, no file is that long. */
function position(digits: string): number {
  return Math.min(Number(digits), Number.MAX_SAFE_INTEGER);
}

/** `a < b` for digit strings of any length: as numbers 9007199254740993 and …992 would be equal. */
function isLess(a: string, b: string): boolean {
  const left = a.replace(/^0+/, '');
  const right = b.replace(/^0+/, '');
  return left.length === right.length ? left < right : left.length < right.length;
}

function coalesce(ranges: readonly ByteRange[]): ParsedRange {
  const merged: ByteRange[] = [];
  let overlaps = 0;
  for (const range of [...ranges].sort((a, b) => a.start - b.start || a.end - b.end)) {
    const previous = merged.at(-1);
    if (previous === undefined || range.start > previous.end) {
      merged.push({ ...range });
      continue;
    }
    if (range.start < previous.end) overlaps += 1;
    previous.end = Math.max(previous.end, range.end);
  }
  if (overlaps > MAX_OVERLAPS || merged.length > MAX_RANGES) return NONE;
  return { kind: 'ranges', ranges: merged };
}
