/** Names are cut here: 255 bytes is what common file systems hold, and 85 three-byte characters fit. */
const MAX_NAME_BYTES = 255;

/** Node refuses header values with controls; quotes and backslashes would need escapes that clients read differently. */
const UNSAFE_IN_QUOTES = /["\\%]/g;
/** C0 and C1 controls, bidi overrides (they can make `gpj.exe` read as `exe.jpg`), lone surrogates. */
const INVISIBLE = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]|\p{Cs}/gu;
const NOT_ATTR_CHAR = /['()*]/g;

/**
 * A `Content-Disposition` value (RFC 6266) with an ASCII `filename` for old clients and the whole name in
 * `filename*` (RFC 8187) when it is not plain ASCII already.
 */
export function contentDisposition(type: 'inline' | 'attachment', filename: string): string {
  const name = cleanName(filename);
  if (name === '') return type;
  const ascii = toAscii(name).replace(UNSAFE_IN_QUOTES, '').trim() || 'file';
  return `${type}; filename="${ascii}"; filename*=UTF-8''${encodeExtended(name)}`;
}

/** The name as the last segment of a play URL, not yet percent-encoded: no separators, no controls, never empty or dots only. */
export function safeFilename(name: string): string {
  const cleaned = cleanName(name)
    .replace(/[?#%&:*|"<>;]/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
  return /^\.*$/.test(cleaned) ? 'file' : cleaned;
}

function cleanName(filename: string): string {
  const last = filename.split(/[/\\]/).findLast((segment) => segment.trim() !== '') ?? '';
  return cutKeepingExtension(last.replace(INVISIBLE, '').replace(/\s+/g, ' ').trim());
}

/** `é` → `e` where the letter has an ASCII base, `_` for the rest: `Amélie 映画.mkv` → `Amelie __.mkv`. */
function toAscii(name: string): string {
  return name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\x20-\x7e]/gu, '_');
}

function encodeExtended(name: string): string {
  const percent = (char: string) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
  return encodeURIComponent(name).replace(NOT_ATTR_CHAR, percent);
}

function cutKeepingExtension(name: string): string {
  if (Buffer.byteLength(name) <= MAX_NAME_BYTES) return name;
  const extension = /\.[a-z\d]{1,7}$/i.exec(name)?.[0] ?? '';
  const room = MAX_NAME_BYTES - extension.length;
  let stem = '';
  let bytes = 0;
  for (const char of name.slice(0, name.length - extension.length)) {
    bytes += Buffer.byteLength(char);
    if (bytes > room) break;
    stem += char;
  }
  return `${stem}${extension}`;
}
