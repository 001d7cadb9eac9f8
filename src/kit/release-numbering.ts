/** Numbering the title parser does not read, each rewritten as one it does. A word of `hint` must be in the name first. */
type Rewrites = { hint: RegExp; rules: readonly (readonly [pattern: RegExp, by: string | Spell])[] };
type Spell = (match: string, ...groups: string[]) => string;

const ORDINALS = 'first second third fourth fifth sixth seventh eighth ninth tenth'.split(' ');
const CARDINALS = 'one two three four five six seven eight nine ten'.split(' ');
const ROMANS = 'I II III IV V VI VII VIII IX X'.split(' ');
const SEASON_WORD = 'seasons?|saisons?|staffeln?|temporadas?|stagion[ei]';

/** 1 for the first of the list; 0 when it has none such. */
function placeIn(list: readonly string[], word: string): number {
  return list.indexOf(word) + 1;
}

const SEASON_WORDS: Rewrites = {
  hint: /seas|sais|staf|temp|stag|s[äa]song|sæson|sesong|kausi|series/i,
  rules: [
    [/[([]?seasons? \d{1,2} ?- ?\d{1,2}[)\]]? (?=s\d{1,2} ?- ?s?\d)/gi, ''],
    [
      /(?<!\d|\d\.)(\d{1,2})(?:[ ._]?-[ ._]?|[ ._]to[ ._])(\d{1,2})[ ._]seasons?(?!\p{L}|[ ._]\d{1,2}(?!\d))/giu,
      'Seasons $1-$2',
    ],
    [/(?<=[ ._])series[ ._](\d{1,2})[ ._]?-[ ._]?(\d{1,2})(?![\d-])/gi, 'Seasons $1-$2'],
    [/(?<!\p{L})temp\.?[ ._](?=\d{1,2}(?!\d))/giu, 'Season '],
    [/(?<!\p{L})(?:staffel|s[äa]song|sæson|sesong|kausi)(?=[ ._-]?\d)/giu, 'Season'],
    [
      new RegExp(
        String.raw`(?<!\p{L})(?:${SEASON_WORD})([ ._]\d{1,2})[ ._](?:through|thru|till|bis|à|al?)[ ._](?=\d{1,2}(?!\d))`,
        'giu',
      ),
      'Seasons$1-',
    ],
    [/(?<=seasons?[ ._]\d[\d, &]{0,40})and(?= \d)/gi, '&'],
    [
      new RegExp(`(?<![a-z])(?:the[ ._])?complete[ ._](${ORDINALS.join('|')})[ ._]season(?![a-z])`, 'gi'),
      (_match, word = '') => `Season ${placeIn(ORDINALS, word.toLowerCase())}`,
    ],
    [
      new RegExp(`(?<=[ ._-])season[ ._](${CARDINALS.join('|')})(?![a-z])`, 'gi'),
      (_match, word = '') => `Season ${placeIn(CARDINALS, word.toLowerCase())}`,
    ],
    [
      new RegExp(`(?<=[ ._-])(?:Season|SEASON)[ ._](${ROMANS.join('|')})(?![A-Za-z])`, 'g'),
      (_match, word = '') => `Season ${placeIn(ROMANS, word)}`,
    ],
  ],
};

const EPISODE_WORDS: Rewrites = {
  hint: /cap|episodes|folge|avsnitt|afsnit|jakso|odcinek|b[öo]l[üu]m|sezon|сезон/i,
  rules: [
    [/(?<!\p{L})cap[ií]tulo[ ._]?(?=\d)/giu, 'Episode '],
    [/(?<!\p{L})cap\.?[ _](?=\d{1,2}(?![\d_]))/giu, 'Episode '],
    [/(?<=episodes[ ._]\d{1,3})[ ._]to[ ._](?=\d)/gi, '-'],
    [/(?<![\d.])(\d{1,2})\.[ ._]?sezon(?!\p{L})/giu, 'Season $1'],
    [/(?<![\d.])(\d{1,4})\.[ ._]?b[öo]l[üu]m(?!\p{L})/giu, 'Episode $1'],
    [/(?<!\p{L})(?:folge|avsnitt|afsnit|jakso|odcinek|b[öo]l[üu]m)(?=[ ._-]?\d)/giu, 'Episode'],
    [/(?<!\d)(\d{1,2})(?:-?й)? сезон[:,]? *\(?(\d{1,3})-(\d{1,3}) сери[яий](?!\p{L})/giu, 'S$1E$2-$3'],
  ],
};

/** `3 of 6`, alone or behind its word; the number of a range ("1-10 of 10") is none. */
const COUNTED: Rewrites = {
  hint: /\d[ ._]?of[ ._]?\d/i,
  rules: [
    [/(?<!\p{L})(?:cd|dis[ck]|dvd)[ ._]?(\d{1,2})[ ._]?of[ ._]?\d{1,2}(?!\d)/giu, 'CD$1'],
    [
      /(?<![\p{L}\p{N}\-&])(?:(?:episode|ep|part|pt|e)[ ._]?)?(\d{1,2})[ ._]?of[ ._]?\d{1,2}(?![\p{L}\p{N}])/giu,
      'E$1',
    ],
  ],
};

const WITH_S: Rewrites = {
  hint: /s[ ._]?\d/i,
  rules: [
    [/(?<![a-z])s[ ._](\d{1,2})[ ._]e[ ._](\d{1,3})(?!\d)/gi, 'S$1E$2'],
    [/(?<![a-z])s(\d{1,2})e(\d{1,4})[ ._]*[-+&,]?[ ._]*s\1e(\d{1,4})/gi, 'S$1E$2-E$3'],
    [/(?<=e\d{2,3})(?:[,/]| and )[ ._]?e(?=\d{2,3}(?!\d))/gi, 'E'],
    [/(?<![a-z])(s\d{1,2})[ ._]to[ ._](?=s\d{1,2}(?!\d))/gi, '$1-'],
    [/(?<![a-z])(s\d{1,2})[ ._]+-[ ._]+(\d{2,3})[ ._]?[-~][ ._]?(\d{2,3})(?!\d)/gi, '$1E$2-$3'],
    // A disc of a season; `partOf` reads its number.
    [/(?<![a-z])(s\d{1,2})[ ._-]?d(?:is[ck])?[ ._]?\d{1,2}(?!\d)/gi, '$1'],
  ],
};

const WITH_X: Rewrites = {
  hint: /\dx\d/i,
  rules: [
    [/(?<!\d)(20\d\d)x([01]\d)[.-]([0-3]\d)(?!\d)/gi, '$1.$2.$3'],
    [/(?<!\d)(20\d\d)x(\d{2})(?!\d)/gi, 'S$1E$2'],
    [/(?<!\d)(\d{1,2})x(\d{1,3})[ ._]*[-_][ ._]*\1x(\d{1,3})(?!\d)/gi, '$1x$2-$3'],
    [/(?<!\d)(\d{1,2}x\d{2,3})[+&](\d{2,3})(?!\d)/gi, '$1x$2'],
  ],
};

const OTHERS: Rewrites = {
  hint: /#\d|T0\d|complete|collection|trilogy|anthology|saga|pack|^(?:19|20)\d\d - /i,
  rules: [
    // Spanish: "T01"; one with another first digit may be a tank.
    [/(?<=[ ._])T(0\d)(?=[ ._]|$)/g, 'S$1'],
    [/(?<=(?:collection|trilogy|anthology|saga|pack)[ ._])\d{1,2}[ ._]?-[ ._]?\d{1,2}(?!\d)/gi, ''],
    [/(complete)[ ._]series[ ._](\d{1,2})[ ._]?-[ ._]?(\d{1,2})(?!\d)/gi, '$1 Seasons $2-$3'],
    [/(?<=[ _])#(\d{1,4})(?!\d)/g, 'E$1'],
    // "1986 - Aliens": the year of a collection's file names, not an episode.
    [/^((?:19|20)\d\d) - (?=\p{L}[^-]*$)/u, '($1) '],
  ],
};

const EASTERN: Rewrites = {
  hint: /第/,
  rules: [
    [/第\s?(\d{1,2})\s?[季期]/gu, ' S$1 '],
    [/第\s?(\d{1,4})\s?[集话話回]/gu, ' E$1 '],
  ],
};

/** Parts of a film are not written with a nought: `Part.01` is the first of a short series. */
const PADDED_PART = /(?<=[ ._-])part[ ._](0\d)(?!\d)/gi;
const SEASON_OR_YEAR = /(?<!\p{L})s\d{1,2}(?!\d)|(?<!\d)(?:\d{1,2}x\d{2}|(?:19|20)\d\d)(?!\d)/iu;

/** The name with its numbering written the way the title parser reads it. */
export function simplifyNumbering(stem: string): string {
  let text = stem;
  for (const { hint, rules } of [WITH_X, WITH_S, OTHERS, SEASON_WORDS, EPISODE_WORDS, COUNTED, EASTERN]) {
    if (!hint.test(text)) continue;
    for (const [pattern, by] of rules) {
      text = typeof by === 'string' ? text.replace(pattern, by) : text.replace(pattern, by);
    }
  }
  if (!/part/i.test(text) || SEASON_OR_YEAR.test(text)) return text;
  return text.replace(PADDED_PART, 'E$1');
}
