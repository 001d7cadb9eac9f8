import { type ParsedResult, parseTorrentTitle } from '@viren070/parse-torrent-title';
import { extensionOf, isSubtitleName, isVideoName } from './content-type.ts';
import { simplifyNumbering } from './release-numbering.ts';
import { simplifyTechnicalWords } from './release-vocabulary.ts';

/** Longer names are cut: file systems stop at 255 bytes, torrents seldom pass 300 characters. */
const MAX_LENGTH = 1024;
/**
 * Names with Cyrillic, Han or kana are cut earlier for the title parser: its pattern for titles in two scripts
 * takes cubic time, 3 s for 1,024 characters.
 */
const MAX_FOREIGN_LENGTH = 256;
const FOREIGN = /[\u3040-\u30ff\u4e00-\u9fff\u0400-\u04ff]/;

const SITE = String.raw`[[({]\s*((?:www\.)?[a-z\d-]+\.(?:mx|lt|am|ag|re|to|com|org|net|ch|it|wf|cc|cd|tv|me|is|se|in|info|pics|party|li|nu|tf|site|xyz|ru|ws|wtf|rip|la|st|eu|co|pw|vip|top|club|fun|life|cx|gs|lol|unblocked))\s*[\])}]`;
const SITE_AT_END = new RegExp(`[ ._-]*${SITE}\\s*$`, 'i');
const SITE_AT_START = new RegExp(`^\\s*${SITE}[ ._-]*`, 'i');
const REPOSTED =
  /-(?:xpost|postbot|obfuscated|scrambled|nzbgeek|buymore|asrequested|rakuv\w*|4p(?:lanet)?|whiterev|chamele0n)$/i;

/** Takes off what a site, a poster or the file system put around the name. */
export function stripSurroundings(text: string): {
  stem: string;
  extension: string | null;
  site: string | null;
} {
  let stem = decoded(text.slice(0, MAX_LENGTH))
    .normalize('NFC')
    .replace(/\p{Cc}/gu, ' ')
    .trim();
  const extension = fileExtension(stem) ?? hiddenExtension(stem);
  if (extension !== null) stem = stem.slice(0, -extension.length - 1);
  const site = SITE_AT_END.exec(stem)?.[1] ?? SITE_AT_START.exec(stem)?.[1] ?? null;
  stem = stem.replace(SITE_AT_END, '').replace(SITE_AT_START, '').replace(REPOSTED, '').trim();
  return { stem, extension, site };
}

/** Of `.mkv`, which is all extension. */
function hiddenExtension(name: string): string | null {
  return name.startsWith('.') ? fileExtension(`x${name}`) : null;
}

/** `Movie%20Name.mkv` from URLs; a lone `%` stays. */
function decoded(text: string): string {
  if (!/%[\da-f]{2}/i.test(text) || text.includes(' ')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

const OTHER_EXTENSIONS = new Set([
  'nzb',
  'torrent',
  'rar',
  'zip',
  '7z',
  'iso',
  'par2',
  'nfo',
  'txt',
  'm3u8',
  'mpd',
  'strm',
  'jpg',
  'png',
  'mka',
]);

/** Null for words that only look like one: telesync's `TS`, `Eng.Sub`, `DTS`, `DivX` at the end of a name. */
export function fileExtension(name: string): string | null {
  const extension = extensionOf(name);
  const written = name.slice(-extension.length);
  const isOneCase = written === extension || written === extension.toUpperCase();
  if (!isOneCase || written === 'TS' || extension === 'divx') return null;
  const isFile = isVideoName(name) || isSubtitleName(name) || OTHER_EXTENSIONS.has(extension);
  return isFile ? extension : null;
}

/** The parser takes a transport stream's `.ts` for telesync, so that one stays off. */
export function parseStem(stem: string, extension: string | null): ParsedResult {
  const whole = simplifyTechnicalWords(simplifyNumbering(stem));
  const simple = FOREIGN.test(whole) ? whole.slice(0, MAX_FOREIGN_LENGTH) : whole;
  const suffix =
    extension === null || extension === 'ts' || OTHER_EXTENSIONS.has(extension) ? '' : `.${extension}`;
  try {
    const parsed = parseTorrentTitle(`${simple}${suffix}`);
    // Of "2012.mkv" it keeps the extension as the title.
    return parsed.title === extension ? { ...parsed, title: '' } : parsed;
  } catch {
    // Fuzzing found no name that does this, but one from outside must never stop an import.
    return {};
  }
}
