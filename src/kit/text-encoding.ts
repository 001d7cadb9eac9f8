/** What writers of this language used before UTF-8. */
const LEGACY: Readonly<Record<string, string>> = {
  ...Object.fromEntries(['ru', 'uk', 'be', 'bg', 'sr', 'mk'].map((code) => [code, 'windows-1251'])),
  ...Object.fromEntries(
    ['pl', 'cs', 'sk', 'hu', 'sl', 'hr', 'bs', 'ro', 'sq'].map((code) => [code, 'windows-1250']),
  ),
  ...Object.fromEntries(['ar', 'fa', 'ur'].map((code) => [code, 'windows-1256'])),
  ...Object.fromEntries(['lt', 'lv', 'et'].map((code) => [code, 'windows-1257'])),
  ...{ el: 'windows-1253', tr: 'windows-1254', he: 'windows-1255', vi: 'windows-1258', th: 'windows-874' },
  ...{ ja: 'shift_jis', ko: 'euc-kr', zh: 'gb18030', 'zh-TW': 'big5' },
};
/** Enough to tell an encoding by. */
const SAMPLE_BYTES = 65_536;

/**
 * Text in whatever encoding: a byte order mark decides, then UTF-8 if it is that, UTF-16 by its zero bytes, then what was
 * said (`encoding`), then what its `language` was written in, then the look of it: kana, Cyrillic, else Windows-1252
 * (which holds Latin-1). Never throws.
 */
export function decodeText(bytes: Uint8Array, hints: Hints = {}): string {
  return decodeAs(encodingOf(bytes, hints), bytes) ?? '';
}

type Hints = { encoding?: string | null | undefined; language?: string | null | undefined };

/** The encoding that `decodeText` takes a text for. `isBeginning`: it may be cut in the middle of a character. */
export function encodingOf(
  bytes: Uint8Array,
  { encoding, language, isBeginning = false }: Hints & { isBeginning?: boolean } = {},
): string {
  const marked = byMark(bytes);
  if (marked !== null) return marked;
  const wide = byZeros(bytes);
  if (wide === null && isUtf8(bytes, isBeginning)) return 'utf-8';
  const candidates = [
    wide,
    encoding,
    language == null ? null : (LEGACY[language] ?? LEGACY[language.slice(0, 2)]),
  ];
  const known = candidates.find((candidate) => candidate != null && isKnown(candidate));
  return known ?? byLook(bytes.subarray(0, SAMPLE_BYTES));
}

function byMark(bytes: Uint8Array): string | null {
  const [a, b, c] = bytes;
  if (a === 0xef && b === 0xbb && c === 0xbf) return 'utf-8';
  if (a === 0xff && b === 0xfe) return 'utf-16le';
  return a === 0xfe && b === 0xff ? 'utf-16be' : null;
}

/** Digits, line ends and arrows of a subtitle have a zero byte each in UTF-16: before or behind, as the order is. */
function byZeros(bytes: Uint8Array): string | null {
  const sample = bytes.subarray(0, 4096);
  const zeros = (parity: number) =>
    sample.reduce((sum, byte, index) => sum + Number(byte === 0 && index % 2 === parity), 0);
  const [even, odd] = [zeros(0), zeros(1)];
  const least = sample.length / 8;
  if (odd > least && even < odd / 8) return 'utf-16le';
  return even > least && odd < even / 8 ? 'utf-16be' : null;
}

function byLook(sample: Uint8Array): string {
  const japanese = decodeAs('shift_jis', sample) ?? '';
  const kana = japanese.match(/[\u3041-\u30fa]/g)?.length ?? 0;
  const broken = japanese.match(/\ufffd|[\uff61-\uff9f]/g)?.length ?? 0;
  if (kana > 10 && kana > 5 * broken) return 'shift_jis';
  const count = (isOne: (byte: number) => boolean) =>
    sample.reduce((sum, byte) => sum + Number(isOne(byte)), 0);
  const plain = count((byte) => (byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a));
  const [high, small] = [count((byte) => byte >= 0xc0), count((byte) => byte >= 0xe0)];
  // A Western text has a few such letters in a hundred; a Cyrillic one hardly any others, most of them small.
  return high > plain && small > high / 2 ? 'windows-1251' : 'windows-1252';
}

function isUtf8(bytes: Uint8Array, stream: boolean): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(bytes, { stream });
    return true;
  } catch {
    return false;
  }
}

function isKnown(encoding: string): boolean {
  try {
    new TextDecoder(encoding);
    return true;
  } catch {
    return false;
  }
}

/** Null: this runtime knows no such encoding. Bytes that mean nothing become U+FFFD. */
function decodeAs(encoding: string, bytes: Uint8Array): string | null {
  try {
    return new TextDecoder(encoding).decode(bytes);
  } catch {
    return null;
  }
}
