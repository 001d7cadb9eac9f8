/**
 * Titles as IMDb has them, made up: each follows from its number and the seed alone. Votes follow a power law (the first
 * title has two millions, the middle one some dozens); names are words of five scripts put together, spelt right.
 */
export type ImdbTitle = {
  id: string;
  n: number;
  seed: number;
  people: number;
  type: string;
  title: string;
  originalTitle: string;
  script: Script;
  isAdult: boolean;
  year: number;
  endYear: number | null;
  runtimeMinutes: number | null;
  genres: readonly string[];
  votes: number;
  rating: number;
  episodes: readonly { id: string; season: number; number: number; title: string }[];
};

export type ImdbAka = {
  title: string;
  region?: string;
  language?: string;
  type?: 'imdbDisplay' | 'original';
};
export type ImdbPrincipal = { person: string; category: string; job?: string; character?: string };

const SCRIPTS = ['latin', 'cyrillic', 'arabic', 'cjk', 'devanagari'] as const;
export type Script = (typeof SCRIPTS)[number];

/** Where a name of that script comes from. */
const REGIONS: Readonly<Record<Script, readonly (readonly [region: string, language?: string])[]>> = {
  latin: [['FR'], ['DE'], ['ES'], ['IT'], ['PL'], ['SE'], ['PT'], ['CZ']],
  cyrillic: [['RU'], ['UA'], ['BG', 'bg']],
  arabic: [['GR'], ['EG', 'ar'], ['SA', 'ar']],
  cjk: [['JP', 'ja'], ['CN'], ['TW'], ['KR']],
  devanagari: [
    ['IN', 'hi'],
    ['IN', 'mr'],
  ],
};

const SYLLABLES: Readonly<Record<Script, string>> = {
  latin:
    'ka ri mo ten sul bar vi nor pel do ga hin lo mar tis ze fu rin dal co wes ter by jen ol ash um pri est ban cle dor ve ny sha rok lim gor é ñu ça ö ší ło',
  cyrillic: 'ва ри мо тен сул бар ви нор пел до га хин ло мар тис зе фу рин дал ко ше жи ща ю',
  arabic: 'κα ρι μο τεν σολ βα άλ να با تر من سل كا ري نو دل شم قم',
  cjk: '映 画 夜 空 海 山 風 花 星 月 道 心 龍 城 雪 光 影 夢 人 女 男 家 国 時 火 水 木 金 土 森',
  devanagari: 'का रि मो ते सु बा वि नो पे दो गा ही लो मा ती जे फू रा दा को',
};
const PARTS: Readonly<Record<Script, readonly string[]>> = {
  latin: SYLLABLES.latin.split(' '),
  cyrillic: SYLLABLES.cyrillic.split(' '),
  arabic: SYLLABLES.arabic.split(' '),
  cjk: SYLLABLES.cjk.split(' '),
  devanagari: SYLLABLES.devanagari.split(' '),
};
const COMMON =
  'the of and in la der night love man day girl life house last big black king war world island river city dream star road'.split(
    ' ',
  );
/** Words a script has; which one a title takes follows Zipf's law. */
const VOCABULARY = 40_000;

const GENRES = [
  ...['Drama', 'Comedy', 'Documentary', 'Short', 'Romance', 'Action', 'Crime', 'Thriller', 'Horror'],
  ...['Adventure', 'Family', 'Animation', 'Mystery', 'Fantasy', 'Sci-Fi', 'History', 'Biography', 'Music'],
  ...['War', 'Western', 'Musical', 'Sport', 'Reality-TV', 'Talk-Show', 'Game-Show', 'News', 'Film-Noir'],
];
const TYPES: readonly (readonly [type: string, share: number])[] = [
  ['movie', 0.42],
  ['short', 0.27],
  ['tvSeries', 0.12],
  ['tvMiniSeries', 0.03],
  ['tvMovie', 0.06],
  ['tvSpecial', 0.03],
  ['video', 0.06],
  ['videoGame', 0.01],
];

/** A number in [0, 1) that looks random and is always the same for its arguments. */
function random(seed: number, n: number, salt: number): number {
  let h = Math.imul(n ^ (seed * 0x9e3779b1), 0x85ebca6b) ^ Math.imul(salt + 1, 0xc2b2ae35);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  h = Math.imul(h ^ (h >>> 12), 0x297a2d39);
  return ((h ^ (h >>> 15)) >>> 0) / 4_294_967_296;
}

function pick<T>(list: readonly T[], at: number): T {
  const found = list[Math.floor(at * list.length)];
  if (found === undefined) throw new Error('an empty list');
  return found;
}

function typeOf(at: number): string {
  let left = at;
  for (const [type, share] of TYPES) {
    if (left < share) return type;
    left -= share;
  }
  return 'movie';
}

/** The word of this number in a script: the same number is the same word everywhere. */
function word(script: Script, number: number): string {
  const common = script === 'latin' ? COMMON[number] : undefined;
  if (common !== undefined) return common;
  const parts = PARTS[script];
  const least = script === 'cjk' ? 1 : 2;
  let text = '';
  for (let left = number, length = 0; left > 0 || length < least; length += 1) {
    text += parts[left % parts.length] ?? '';
    left = Math.floor(left / parts.length);
  }
  return text;
}

function titleIn(script: Script, seed: number, n: number, salt: number): string {
  const count = 1 + Math.floor(random(seed, n, salt) * 3.5);
  const words: string[] = [];
  for (let slot = 0; slot < count; slot += 1) {
    const at = random(seed, n, salt + 1 + slot);
    // The first word is any word at all, so that most titles have one that few others share.
    const number = slot === 0 ? Math.floor(at * VOCABULARY) : Math.floor(Math.exp(at * Math.log(VOCABULARY)));
    const text = word(script, number);
    words.push(text.charAt(0).toLocaleUpperCase('en') + text.slice(1));
  }
  const numbered = random(seed, n, salt + 9) < 0.08 ? ` ${2 + (n % 8)}` : '';
  return `${words.join(script === 'cjk' ? '' : ' ')}${numbered}`;
}

/** IMDb's way of writing a number: at least seven digits. */
function numberOf(prefix: 'tt' | 'nm', n: number): string {
  return `${prefix}${String(n).padStart(7, '0')}`;
}

/** Power law: two millions for the first in rank, a handful for the last, none for a third of them. */
export function votesOf(rank: number): number {
  return Math.floor(2_000_000 / rank ** 0.85);
}

export function imdbTitle(n: number, titles: number, seed: number): ImdbTitle {
  const u = (salt: number) => random(seed, n, salt);
  const type = typeOf(u(1));
  const script = u(2) < 0.7 ? 'latin' : pick(SCRIPTS, u(3));
  const originalTitle = titleIn(script, seed, n, 20);
  const title = script === 'latin' ? originalTitle : titleIn('latin', seed, n, 40);
  const year = 2026 - Math.floor(u(4) ** 2 * 110);
  // Its rank is a shuffle of its number: known titles are spread over the ids, as they are at IMDb.
  const rank = 1 + ((n * 7_919 + seed) % titles);
  const isSeries = type === 'tvSeries' || type === 'tvMiniSeries';
  return {
    id: numberOf('tt', 1000 + n * 20),
    ...{ n, seed, type, title, originalTitle, script, year },
    people: Math.max(20, Math.floor(titles / 4)),
    isAdult: u(5) < 0.01,
    endYear: isSeries && u(6) < 0.6 ? year + Math.floor(u(7) * 8) : null,
    runtimeMinutes: u(8) < 0.2 ? null : 5 + Math.floor(u(9) * 140),
    genres: genresAt(u),
    votes: u(15) < 0.33 ? 0 : votesOf(rank),
    rating: 3 + u(16) * 6.5,
    episodes: isSeries ? episodesOf(n, seed) : [],
  };
}

function genresAt(u: (salt: number) => number): string[] {
  const count = 1 + Math.floor(u(10) * 3);
  const chosen = new Set<string>();
  for (let slot = 0; slot < count; slot += 1) chosen.add(pick(GENRES, u(11 + slot) ** 2));
  return [...chosen].sort();
}

function episodesOf(n: number, seed: number): ImdbTitle['episodes'] {
  const count = 2 + Math.floor(random(seed, n, 60) * 16);
  return Array.from({ length: count }, (_, index) => ({
    id: numberOf('tt', 1000 + n * 20 + 1 + index),
    season: 1 + Math.floor(index / 6),
    number: 1 + (index % 6),
    title: titleIn('latin', seed, n * 32 + index, 70),
  }));
}

/** What it is called elsewhere: its original title, and three others in the scripts of other places. */
export function akasOf(title: ImdbTitle): ImdbAka[] {
  const akas: ImdbAka[] = [{ title: title.originalTitle, type: 'original' }];
  for (let slot = 0; slot < 3; slot += 1) {
    const script = pick(SCRIPTS, random(title.seed, title.n, 100 + slot));
    const [region, language] = pick(REGIONS[script], random(title.seed, title.n, 110 + slot));
    akas.push({
      title: titleIn(script, title.seed, title.n, 120 + slot * 12),
      region,
      type: 'imdbDisplay',
      ...(language === undefined ? {} : { language }),
    });
  }
  return akas;
}

export function nameOf(n: number, seed: number): { id: string; name: string } {
  const first = titleWord(word('latin', 30 + Math.floor(random(seed, n, 200) * 4000)));
  const last = titleWord(word('latin', 30 + Math.floor(random(seed, n, 201) * VOCABULARY)));
  return { id: numberOf('nm', n), name: `${first} ${last}` };
}

function titleWord(text: string): string {
  return text.charAt(0).toLocaleUpperCase('en') + text.slice(1);
}

/** A director and two actors; some people are in many titles. */
export function principalsOf(title: ImdbTitle): ImdbPrincipal[] {
  const person = (salt: number) =>
    numberOf('nm', 1 + Math.floor(random(title.seed, title.n, salt) ** 3 * title.people));
  return [
    { person: person(300), category: 'actor', character: titleIn('latin', title.seed, title.n, 310) },
    { person: person(301), category: 'actress', character: titleIn('latin', title.seed, title.n, 330) },
    { person: person(302), category: 'director' },
    { person: person(303), category: 'producer', job: 'executive producer' },
  ];
}
