/**
 * A decoded value. Byte strings stay bytes, and the keys of dictionaries are latin1: in `files` of a scrape they are info
 * hashes, which the `bencode` package reads as UTF-8 (a hash that happens to be UTF-8 comes out in another form than the
 * others). What is decoded here may be the answer of anybody, so it is no plain object either: `__proto__` is a key like others.
 */
export type Bencoded = number | Buffer | Bencoded[] | Map<string, Bencoded>;

/** An answer of a tracker nests 4 deep. */
const MAX_DEPTH = 8;
/** A scrape of 50 torrents has some 400; a list of all that 1 MiB of dictionaries can hold would cost 100 MB. */
const MAX_ITEMS = 100_000;

const [INTEGER, LIST, DICTIONARY, END, COLON] = [0x69, 0x6c, 0x64, 0x65, 0x3a];

/** Decodes the first value (BEP 3); what follows it is not looked at. Throws on anything malformed, too deep or too much. */
export function decode(bytes: Buffer): Bencoded {
  let at = 0;
  let items = 0;

  function value(depth: number): Bencoded {
    items += 1;
    if (depth > MAX_DEPTH || items > MAX_ITEMS) throw new RangeError('too deep or too much');
    const kind = bytes[at];
    if (kind === INTEGER) return integer();
    if (kind === LIST) return list(depth);
    if (kind === DICTIONARY) return dictionary(depth);
    return text();
  }

  function list(depth: number): Bencoded[] {
    const members: Bencoded[] = [];
    for (at += 1; bytes[at] !== END; ) members.push(value(depth + 1));
    at += 1;
    return members;
  }

  function dictionary(depth: number): Map<string, Bencoded> {
    const entries = new Map<string, Bencoded>();
    for (at += 1; bytes[at] !== END; ) {
      const key = text().toString('latin1');
      entries.set(key, value(depth + 1));
    }
    at += 1;
    return entries;
  }

  function integer(): number {
    const digits = upTo(END, at + 1, 21);
    if (!/^-?\d+$/.test(digits)) throw new SyntaxError('not an integer');
    at += digits.length + 2;
    return Number(digits);
  }

  function text(): Buffer {
    const digits = upTo(COLON, at, 10);
    const start = at + digits.length + 1;
    const end = start + Number(digits);
    if (!/^\d+$/.test(digits) || end > bytes.length) throw new SyntaxError('not a byte string');
    at = end;
    return bytes.subarray(start, end);
  }

  /** The characters before the next `stop`, which must come soon: looking through all of it at every turn would be quadratic. */
  function upTo(stop: number, from: number, most: number): string {
    const end = bytes.subarray(from, from + most + 1).indexOf(stop);
    if (end < 0) throw new SyntaxError('not closed');
    return bytes.toString('latin1', from, from + end);
  }

  return value(1);
}
