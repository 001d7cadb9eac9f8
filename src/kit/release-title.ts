import type { ParsedResult } from '@viren070/parse-torrent-title';

/** Where a title stands in a release name. */
export type Span = { start: number; end: number };

/** Later years are numbers in a title ("Blade Runner 2049"). */
const LAST_YEAR = 2039;

/** Title, where it stands, and the year; '' and null when the name has none. */
export function titleOf(
  stem: string,
  parsed: ParsedResult,
): { title: string; span: Span | null; year: number | null } {
  const parsedYear = Number(parsed.year?.slice(0, 4)) || null;
  const found = locateTitle(stem, parsed.title ?? '') ?? (parsed.title ? null : roughTitle(stem));
  if (found === null)
    return { title: spellTitle(parsed.title ?? ''), span: null, year: realYear(stem, parsed, parsedYear) };
  const { end, year } = endAndYear(stem, found, parsed, parsedYear);
  const start = found.start + (EASTERN_FIRST.exec(stem.slice(found.start, end))?.[0].length ?? 0);
  const slice = withoutTail(stem.slice(start, end));
  const span = { start, end: start + slice.length };
  const spelled = spellTitle(slice);
  const title = ONLY_NUMBERING.test(spelled) && parsed.episodes ? '' : spelled;
  const isYearTheTitle =
    year !== null && !yearsIn(stem.slice(0, span.start) + stem.slice(span.end)).includes(year);
  return { title, span, year: isYearTheTitle ? null : realYear(stem, parsed, year) };
}

/** Of a title in two scripts the Latin one counts, as the parser has it ("三体.Three-Body"); a numbered one it leaves whole. */
const EASTERN_FIRST =
  /^[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}]+\d{0,2}[ ._]+(?=[A-Za-z]{2})/u;

/** `1x05.avi` has no title. */
const ONLY_NUMBERING = /^(?:\d{1,2}x\d{1,3}|s\d{1,2}(?:e\d{1,4})*|ep?\d{1,4})$/i;

/** Editions and discs the parser leaves on a title; never the whole of it. */
const TITLE_TAIL =
  /(?<=[\p{L}\p{N}!?)'][ ._-]{1,3})(?:[([]?(?:cd|dis[ck])[ ._-]?\d{1,2}[)\]]?|(?:the[ ._])?final[ ._]cut|director'?s[ ._]cut|[([]?(?:special|ultimate|extended|limited|anniversary|collector'?s)[ ._](?:edition|cut)[)\]]?|criterion[ ._](?:edition|collection)|unrated|remastered|[([]TV[)\]]?)[ ._-]*$/iu;
/** Tags in capitals between title and year, where the title itself is in mixed case ("Aliens.LIMITED.1986"). */
const CAPITAL_TAIL = /[ ._]+(?:DC|LIMITED|EXTENDED|UNCUT|iNTERNAL|INTERNAL|RETAIL|HYBRID)[ ._-]*$/;

/** "The Final Cut" alone is a title. */
function withoutTail(slice: string): string {
  const isMixed = /\p{Ll}/u.test(slice.replace(CAPITAL_TAIL, ''));
  const shorter = (isMixed ? slice.replace(CAPITAL_TAIL, '') : slice).replace(TITLE_TAIL, '');
  return /^[\W_]*(?:the|an?)?[\W_]*$/i.test(shorter) ? slice : shorter;
}

/** Where the title really ends, and the year that follows it. */
function endAndYear(
  stem: string,
  span: Span,
  parsed: ParsedResult,
  year: number | null,
): { end: number; year: number | null } {
  const twins = /(?<!\d)((?:19|20)\d\d)[ ._]+[([]?((?:19|20)\d\d)(?![\dpix×]| [x×] )/i.exec(stem);
  // "Death Race 2000 1975": of two years side by side the first is the title's.
  if (twins && Number(twins[1]) === year && Number(twins[2]) <= LAST_YEAR && !parsed.seasons) {
    return { end: Math.max(span.end, twins.index + 4), year: Number(twins[2]) };
  }
  // "Moon (1984) - S01E02 - 2001": the parser takes the last year, the one in brackets is the show's.
  const bracketed = /^(.*[^\s._([])[ ._]*[([]((?:19|20)\d\d)[)\]]?$/.exec(stem.slice(span.start, span.end));
  if (bracketed?.[1] !== undefined && parsed.seasons && Number(bracketed[2]) <= LAST_YEAR) {
    return { end: span.start + bracketed[1].length, year: Number(bracketed[2]) };
  }
  if (year !== null && year > LAST_YEAR) {
    const at = stem.indexOf(String(year), span.end);
    return { end: at >= 0 && at - span.end <= 2 ? at + 4 : span.end, year: null };
  }
  const tail = /^(?:.*[\p{L}\p{N}])(?=[ ._([]+((?:19|20)\d\d)$)/u.exec(stem.slice(span.start, span.end));
  if (year === null && tail && !parsed.seasons && Number(tail[1]) <= LAST_YEAR) {
    return { end: span.start + tail[0].length, year: Number(tail[1]) };
  }
  return { end: grownEnd(stem, span, parsed, year), year };
}

/** Words the parser takes for tags although they stand in mixed case between title and year ("Mr Holland's Opus 1995"). */
const MAYBE_TITLE =
  /^[ ._]+((?:(?:dual|opus|cam|multi|web|mono|stereo|retail|proper|real|hybrid|complete|unknown)[ ._]+)+)[([]?$/i;

function grownEnd(stem: string, span: Span, parsed: ParsedResult, year: number | null): number {
  const country = parsed.country && /^[ ._]+(?:US|UK|AU|NZ)(?![\p{L}\p{N}])/u.exec(stem.slice(span.end))?.[0];
  if (country) return span.end + country.length;
  const yearAt = year === null ? -1 : stem.indexOf(String(year), span.end);
  if (yearAt < 0) return span.end;
  const between = stem.slice(span.end, yearAt);
  const words = MAYBE_TITLE.exec(between)?.[1];
  if (words !== undefined && /\p{Ll}/u.test(words)) return span.end + between.trimEnd().length;
  // No title ends in an article: the parser took the next word for a tag ("The Uncut Gem 2012").
  const isCutShort = /(?:^|[ ._])(?:the|an?|of|and|la|les?|der|das|el|il)$/i.test(
    stem.slice(span.start, span.end),
  );
  if (isCutShort && /^(?:[ ._'-]+\p{L}+){1,5}[ ._]+[([]?$/u.test(between))
    return span.end + between.replace(/[ ._([]+$/, '').length;
  // "Star Wars Episode 4 A New Hope 1977" is a film: nothing of a series follows the number.
  const isNumberedFilm = !parsed.seasons && /^[ ._-]+episode[ ._]\d{1,2}[ ._]+\p{L}/iu.test(between);
  return isNumberedFilm ? yearAt : span.end;
}

/**
 * No year of a date, and none that only comes bare behind an episode marker: there it is the episode's title
 * ("S02E21 - 1969"); in brackets ("S01E01-10 (2020)") it is the release's.
 */
function realYear(stem: string, parsed: ParsedResult, year: number | null): number | null {
  if (year === null || year > LAST_YEAR || parsed.date !== undefined) return null;
  const marker = episodeMarkerAt(stem);
  if (marker < 0 || yearsIn(stem.slice(0, marker)).includes(year)) return year;
  return [`(${year})`, `[${year}]`].some((bracketed) => stem.includes(bracketed)) ? year : null;
}

function yearsIn(text: string): number[] {
  return (text.match(/(?<!\d)(?:19|20)\d\d(?!\d)/g) ?? []).map(Number);
}

/**
 * Finds a parser's title in the name it came from. The parser drops dots, brackets and letters outside
 * Latin, Cyrillic and CJK (`Élite` → `lite`), so words are matched and the ends grown to whole words.
 */
function locateTitle(name: string, title: string): Span | null {
  const words = title.match(/[\p{L}\p{N}]+/gu);
  if (words === null) return null;
  const span = findWords(name, words, true) ?? findWords(name, words, false);
  if (span === null) return null;
  while (span.start > 0 && /[\p{L}\p{N}\p{M}]/u.test(name[span.start - 1] ?? '')) span.start -= 1;
  while (span.end < name.length && /[\p{L}\p{M}!?]/u.test(name[span.end] ?? '')) span.end += 1;
  if (/^(?:proper|real|uncut|limited|extended|internal)[ ._]$/i.test(name.slice(0, span.start)))
    span.start = 0;
  if (/\.\p{Lu}$/u.test(name.slice(span.start, span.end)) && name[span.end] === '.') span.end += 1;
  return span;
}

/** The words in this order with nothing but separators between them. By hand: compiling a pattern per name took 60 % of the time. */
function findWords(name: string, words: readonly string[], isWhole: boolean): Span | null {
  const [first = ''] = words;
  for (let start = name.indexOf(first); start >= 0; start = name.indexOf(first, start + 1)) {
    if (isWhole && isWordCharacter(name, start - 1)) continue;
    const end = endOfWords(name, start, words);
    if (end !== null && !(isWhole && isWordCharacter(name, end))) return { start, end };
  }
  return null;
}

function endOfWords(name: string, start: number, words: readonly string[]): number | null {
  let at = start;
  for (const word of words) {
    while (at < name.length && !name.startsWith(word, at) && !isWordCharacter(name, at)) at += 1;
    if (!name.startsWith(word, at)) return null;
    at += word.length;
  }
  return at;
}

function isWordCharacter(text: string, at: number): boolean {
  const unit = text.charCodeAt(at);
  if (unit < 128)
    return (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 90) || (unit >= 97 && unit <= 122);
  return /[\p{L}\p{N}]/u.test(text[at] ?? '');
}

/** `The.Wire` → `The Wire`, `S.W.A.T` → `S.W.A.T.`, `11.22.63` kept; brackets and outer separators go. */
function spellTitle(slice: string): string {
  let title = slice.replaceAll('_', ' ').trim();
  // Only a name without blanks writes them as dots; "Mr. & Mrs. Smith" keeps its own.
  if (!title.includes(' ')) title = dotsToSpaces(title);
  title = title.replace(/[()[\]{}【】]/g, ' ');
  const trimmed = title.replace(/\s+/g, ' ').replace(/^[\s\-–—.,:;/\\|~+)\]}]+/u, '');
  return trimmed
    .replace(/[\s\-–—,:;/\\|~+([{]+$/u, '')
    .replace(/(?<!(?<!\p{L})\p{Lu})\.+$/u, '')
    .trim();
}

const KEPT_DOT = '\u0000';

function dotsToSpaces(text: string): string {
  const acronyms = text.replace(
    /(?<![\p{L}\p{N}])\p{Lu}(?:\.\p{Lu})+(?![\p{L}\p{N}])\.?/gu,
    (letters) => `${letters.replace(/\.$/, '').replaceAll('.', KEPT_DOT)}${KEPT_DOT}.`,
  );
  return acronyms.replace(/(?<!\d)\.|\.(?!\d)/g, ' ').replaceAll(KEPT_DOT, '.');
}

const EPISODE_MARKER = /(?<![\p{L}\p{N}])(?:s\d{1,4}[ ._-]{0,3}e(?:p)?\d|\d{1,2}x\d{2,3}(?!\d))/iu;

/** Index of the first `S01E02` or `1x02`; −1 when there is none. */
function episodeMarkerAt(name: string): number {
  return name.search(EPISODE_MARKER);
}

/** Cuts that end a title when the parser found none: year, episode marker, resolution, source, bracket. */
const TITLE_END = new RegExp(
  `[\\[({]|(?<![\\p{L}\\p{N}])(?:e\\d{2,4}(?!\\d)|(?:19|20)\\d\\d(?!\\d)|\\d{3,4}[pi](?!\\p{L})|blu-?ray|web-?dl|[xh][. ]?26[45])|${EPISODE_MARKER.source}`,
  'giu',
);

/** A title for names the parser gives none (Greek, Hangul, emoji, "2012"): what stands before the first tag. */
function roughTitle(name: string): Span | null {
  const bracket = /^\s*\[[^\]]*\]\s*/.exec(name)?.[0] ?? '';
  const cuts = [...name.matchAll(TITLE_END)].map((match) => match.index).filter((at) => at >= bracket.length);
  // A year at the very start is the title itself; any other tag there means that there is none.
  const isYearFirst = /^(?:19|20)\d\d(?![\dpi])/i.test(name);
  const end = cuts.find((at) => at > 0 || !isYearFirst) ?? name.length;
  if (/[^\s._-]/.test(name.slice(bracket.length, end))) return { start: bracket.length, end };
  return bracket === '' || /\d{3,4}[pi]\]/i.test(bracket) ? null : { start: 0, end: bracket.length };
}
