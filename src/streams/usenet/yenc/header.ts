import type { YencHeader } from './decoder.ts';

/** Posts have parts of 0.4 to 1.5 MB; a buffer is taken by what the header says, so it may not say anything. */
const MAX_PART_BYTES = 16 * 1024 * 1024;

/** `=ybegin`. */
export type BeginLine = { name: string; fileSize: number; part: number | null; total: number | null };
/** `=yend`: what is not there, or is no number, is null; a CRC that is there and is none is NaN. */
export type EndLine = { size: number | null; pcrc32: number | null; crc32: number | null };

/** Of a line without its `=ybegin`; null: no size, or numbers that are none. */
export function beginLine(line: Buffer): BeginLine | null {
  // The name is the last and may hold anything, `size=` too.
  const text = line.toString('latin1');
  const nameAt = text.search(/\sname=/i);
  const fields = fieldsOf(nameAt < 0 ? text : text.slice(0, nameAt));
  const [fileSize, part, total] = ['size', 'part', 'total'].map((field) => numberOf(fields.get(field)));
  if (fileSize == null || Number.isNaN(fileSize) || part === undefined || Number.isNaN(part)) return null;
  return {
    name: nameAt < 0 ? '' : nameOf(line.subarray(nameAt + ' name='.length)),
    fileSize,
    part,
    total: total === undefined || Number.isNaN(total) ? null : total,
  };
}

/** `=ybegin` and, where there is one, `=ypart` (without that word) as one; null: sizes that cannot be. */
export function yencHeader(begin: BeginLine, part: Buffer | null): YencHeader | null {
  const { name, fileSize, total } = begin;
  const range = part === null ? { begin: 0, end: fileSize } : rangeOf(part);
  const isSane =
    range.begin >= 0 &&
    range.begin <= range.end &&
    range.end <= fileSize &&
    range.end - range.begin <= MAX_PART_BYTES;
  if (!isSane) return null;
  return { name, fileSize, part: begin.part ?? 1, total, ...range };
}

/** Of a line without its `=yend`. */
export function endLine(line: Buffer): EndLine {
  const fields = fieldsOf(line.toString('latin1'));
  const size = numberOf(fields.get('size'));
  return {
    size: size === null || Number.isNaN(size) ? null : size,
    pcrc32: crcOf(fields.get('pcrc32')),
    crc32: crcOf(fields.get('crc32')),
  };
}

/** `word=value`, as far as the next space. By hand: an expression and an array for each article took 2 % of the thread. */
function fieldsOf(text: string): Map<string, string> {
  const fields = new Map<string, string>();
  for (let at = 0, equals = text.indexOf('='); equals >= 0; equals = text.indexOf('=', at)) {
    let from = equals;
    while (from > at && isOfWord(text.charCodeAt(from - 1))) from -= 1;
    at = equals + 1;
    if (from === equals) continue;
    while (at < text.length && !isSpace(text.charCodeAt(at))) at += 1;
    fields.set(text.slice(from, equals).toLowerCase(), text.slice(equals + 1, at));
  }
  return fields;
}

/** A letter, a digit or `_`. */
function isOfWord(code: number): boolean {
  const letter = code | 0x20;
  return (letter >= 0x61 && letter <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x5f;
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0xa0;
}

/** Null: not there; NaN: not a number that can be counted with. */
function numberOf(value: string | undefined): number | null {
  if (value === undefined || value === '') return null;
  return /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN;
}

/** Eight digits; some posters leave zeros out at the front, some write sixteen. */
function crcOf(value: string | undefined): number | null {
  if (value === undefined || value === '') return null;
  return /^[0-9a-f]{1,16}$/i.test(value) ? Number.parseInt(value.slice(-8), 16) : Number.NaN;
}

/** From 1 on and inclusive there, from 0 on and half-open here; NaN fails every comparison. */
function rangeOf(line: Buffer): { begin: number; end: number } {
  const fields = fieldsOf(line.toString('latin1'));
  const [begin, end] = [numberOf(fields.get('begin')), numberOf(fields.get('end'))];
  return { begin: (begin ?? Number.NaN) - 1, end: end ?? Number.NaN };
}

/** yEnc names no character set: UTF-8 where it is that, else latin1. Quotes around it are the poster's, control characters nobody's. */
function nameOf(bytes: Buffer): string {
  let name: string;
  try {
    name = new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    name = bytes.toString('latin1');
  }
  return name
    .replace(/\p{Cc}/gu, '')
    .trim()
    .replace(/^"(.*)"$/, '$1');
}
