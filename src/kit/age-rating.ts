/**
 * Minimum age by (country, code). Codes mean different things in different countries (an Italian "T", a US "R", a
 * Mexican "B"…), so a code is never looked up without its country (MediaFusion #512: a PG film blocked as adult).
 * Numbers in a code ("FSK 12", "16+", "U/A 13+", "M/12", "K-7", "R15+") are that age and need no entry, where they
 * mean it. Advice without an age (PG, TV-PG) is 8, the age the BBFC gives for its PG. Film and television boards of a
 * country stand in one row; a code both use has the stricter age.
 */
const AGES: Record<string, string> = {
  // MPA, its code of 1968–1972 (M, GP), and the TV Parental Guidelines.
  US: 'G=0 PG=8 PG13=13 R=17 NC17=18 X=18 TVY=0 TVY7=7 TVY7FV=7 TVG=0 TVPG=8 TV14=14 TVMA=17 APPROVED=8 GP=8 M=13 PASSED=0',
  // BBFC.
  GB: 'U=0 UC=0 PG=8 A=8 AA=14 X=18 12A=12 R18=18',
  // IFCO; GA CH YA PS MA are RTÉ's.
  IE: 'G=0 PG=8 12A=12 12RA=12 15A=15 15RA=15 GA=0 CH=0 YA=13 PS=13 MA=18',
  // FSK: "ohne Altersbeschränkung", "keine Jugendfreigabe".
  DE: 'OA=0 OHNEALTERSBESCHRANKUNG=0 INFO=0 INFOPROGRAMM=0 LEHR=0 LEHRPROGRAMM=0 KJ=18 INDIZIERT=18 KEINEJUGENDFREIGABE=18 SPIO=18 SPIOJK=18',
  AT: 'AA=0 UNBESCHRANKT=0 ALLE=0',
  CH: '',
  // CNC visas and the Arcom's television pictograms.
  FR: 'U=0 TP=0 TOUSPUBLICS=0 AA=0 X=18',
  BE: 'AL=0 KT=0 EA=0 ALL=0 TOUS=0 KTEA=0 KNT=16 ENA=16 KNTENA=16',
  // Kijkwijzer.
  NL: 'AL=0 ALL=0 ALLELEEFTIJDEN=0 MG6=6',
  LU: 'EA=0 ALL=0 TOUS=0',
  // ICAA, and the CNMC's television codes; "i" and "ERI" are for infants.
  ES: 'A=0 AI=0 APTA=0 API=0 I=0 ERI=0 TP=0 TODOSLOSPUBLICOS=0 X=18 PX=18',
  // IGAC.
  PT: 'PUBLICOS=0 PARATODOSOSPUBLICOS=0 TODOS=0 T=0 P=18',
  IT: 'T=0 TT=0 BA=6 PERTUTTI=0',
  // Statens medieråd.
  SE: 'BTL=0 BARNTILLATEN=0',
  // Medierådet for Børn og Unge: A for all; F, an exempt documentary, and TBU, still to be judged, say no age.
  DK: 'A=0 TILLADTFORALLE=0',
  // Medietilsynet.
  NO: 'A=0 ALLE=0 TILLATTFORALLE=0',
  // KAVI.
  FI: 'S=0 T=0 SALLITTU=0 KE=18',
  IS: 'L=0 LEYFD=0',
  PL: 'BO=0 BEZOGRANICZEN=0',
  CZ: 'U=0',
  // JSO: U for all, UR for children.
  SK: 'U=0 UR=0',
  // NMHH: KN without limit, X for adults.
  HU: 'KN=0 X=18',
  // CNC of Romania and the television council.
  RO: 'AG=0 AP=8 AP12=12 N15=15 IM18=18 IM18X=18 IM18XXX=18',
  BG: 'A=0 B=0 C=12 D=16 X=18',
  GR: 'K=0 A=0 KATALLILO=0 UNRESTRICTED=0',
  TR: 'GENELIZLEYICI=0 GENELIZLEYICIKITLESI=0 GENEL=0 G=0',
  RU: '',
  UA: '',
  EE: 'PERE=0 L=0 MS6=6 MS12=12 K12=12 K14=14 K16=16',
  LV: 'U=0',
  LT: 'V=0',
  // CBFC.
  IN: 'U=0 UA=12 A=18 S=18',
  // EIRIN.
  JP: 'G=0 PG12=12 R15=15 R18=18',
  // KMRB; the board's "restricted" is for adults of 19.
  KR: 'ALL=0 EXEMPT=0 RESTRICTED=19 RESTRICTEDSCREENING=19',
  // The Bureau of Audiovisual Industry: general, protected (6), parental guidance (12 and 15), restricted.
  TW: 'G=0 P=6 PG=12 PG12=12 PG15=15 R=18',
  HK: 'I=0 IIA=8 IIB=15 II=8 III=18 G=0 PG=8 M=18',
  // IMDA.
  SG: 'G=0 PG=8 PG13=13 NC16=16 M18=18 R21=21',
  MY: 'U=0 P12=12 PG13=13 P13=13 PG=8',
  TH: 'P=0 G=0',
  // MTRCB; SPG is "strong parental guidance".
  PH: 'G=0 PG=8 SPG=13 R13=13 R16=16 R18=18 X=18',
  // LSF: all, children, teenagers, adults.
  ID: 'SU=0 P=3 A=7 R=13 BO=8 D=17',
  VN: 'P=0 K=8 T13=13 T16=16 T18=18 C13=13 C16=16 C18=18',
  // ClassInd, also with the A of "autoclassificação".
  BR: 'L=0 AL=0 LIVRE=0 ER=0',
  // RTC.
  MX: 'AA=0 A=0 B=12 B15=15 C=18 D=18',
  // INCAA.
  AR: 'ATP=0 APTAPARATODOPUBLICO=0 C=18 SAM13=13 SAM16=16 SAM18=18',
  // CCE and the television council.
  CL: 'TE=0 TODOESPECTADOR=0 TEDULT=7 TE7=7 R=12 A=18 F=0 I=0 I7=7 I10=10 I12=12',
  CO: 'T=0 TODOS=0 X=18',
  PE: 'APT=0 PT=0',
  // The provinces' boards, Québec's, and the television codes.
  CA: 'G=0 PG=8 14A=14 18A=18 R=18 A=18 E=0 C=0 C8=8 TVPG=8 TVG=0 TVY=0 TVY7=7 TV14=14 TVMA=18 AA=14 EXEMPT=0',
  // The Classification Board; P and C are television for children.
  AU: 'G=0 PG=8 M=15 MA15=15 MA=15 R18=18 R=18 X18=18 P=0 C=0 AV15=15 AV=15 E=0 RC=18',
  // OFLC; M is advice from 16 on, R a plain restriction, AO and PGR television.
  NZ: 'G=0 PG=8 M=16 RP13=13 RP16=16 RP18=18 R13=13 R15=15 R16=16 R18=18 R=18 PGR=13 AO=18',
  ZA: 'A=0 ALL=0 PG=8 79PG=7 1012PG=10 X18=18 XX=18',
  NG: 'G=0 PG=8 12A=12 RE=18',
  AE: 'G=0 PG=8 PG13=13 PG15=15',
  SA: 'G=0 PG=8 PG12=12 R12=12 R15=15 R18=18',
  IL: 'ALL=0 G=0',
  KZ: 'K=0 BA=12 B14=14 E16=16 E18=18 HA=21',
};

const AGES_BY_COUNTRY = new Map(
  Object.entries(AGES).map(([country, entries]) => [
    country,
    new Map(
      entries
        .split(' ')
        .map((entry): [string, number] => [entry.split('=')[0] ?? '', Number(entry.split('=')[1])]),
    ),
  ]),
);

/** Words that say that nobody has judged a title: not "for all", and not a code that we do not know. */
const UNRATED =
  /^(?:NR|UR|UNRATED|NOTRATED|NOTYETRATED|NONE|NA|TBC|TBD|TBA|TBU|EXEMPTED|UNKNOWN|UNCLASSIFIED)$/;

/**
 * The age from which a title is meant to be seen, in years; null = unrated ("NR", "Unrated"), an unknown code or an
 * unknown country, which a filter must not take for 0. `country` is ISO 3166-1 alpha-2.
 */
export function minimumAge(country: string, code: string): number | null {
  const ages = AGES_BY_COUNTRY.get(countryOf(country));
  if (ages === undefined || code.length > 40) return null;
  const key = keyOf(code);
  if (key === '') return null;
  const known = ages.get(key.replaceAll('+', ''));
  // Slovakia's "UR" is for children, elsewhere it is short for unrated.
  if (known !== undefined) return known;
  return UNRATED.test(key) ? null : ageIn(key);
}

function countryOf(country: string): string {
  return country.trim().toUpperCase().replace(/^UK$/, 'GB');
}

/** `U/A 16+` → `UA16+`, `Rated R` → `R`, `TV-MA` → `TVMA`. */
function keyOf(code: string): string {
  const key = code
    .normalize('NFD')
    .toUpperCase()
    .replace(/[^A-Z\d+]/g, '');
  return key.replace(/^RATED(?=.)/, '');
}

/** `FSK12`, `16+`, `UA13+`, `M12`, `K7`, `VM14`, `16DLSNV`: the one number in the code, when it is an age. */
function ageIn(key: string): number | null {
  const digits = /^[A-Z]{0,5}(\d{1,2})[A-Z]{0,6}\+?$/.exec(key.replace(/^\+/, ''))?.[1];
  if (digits === undefined) return null;
  const age = Number(digits);
  return age <= 21 ? age : null;
}

export type Certification = {
  /** ISO 3166-1 alpha-2. */
  country: string;
  code: string;
  /** In years, where it is known better than the code says; null or absent = as the code says. */
  minAge?: number | null;
};

/** What a title is rated for a household, and the certification that decided. */
export type Rating =
  | { minAge: number; decidedBy: Certification }
  /** Nothing known says an age: a value of its own, never 0. */
  | { minAge: 'unrated'; decidedBy: null };

/**
 * Asked in this order where the household's own country has said nothing: boards that judge nearly every film and say
 * an age, then those whose codes are mostly advice.
 */
const ASKED_NEXT = 'DE GB NL FR US AU CA IE NZ SE DK NO FI ES PT IT BR KR JP SG IN'.split(' ');

/** The countries whose ratings a household in `country` goes by, its own first; any other after them. */
export function ratingCountries(country: string): string[] {
  return [...new Set([countryOf(country), ...ASKED_NEXT])];
}

/**
 * The rating a household in `country` goes by: its own country's first, then those of `ASKED_NEXT`, then any other by
 * its code. Of several certifications of one country (cuts, film and television) the strictest counts. A code that says
 * no age ("NR") decides nothing.
 */
export function ratingOf(certifications: readonly Certification[], country: string): Rating {
  const order = ratingCountries(country);
  const placeOf = (given: Certification) => {
    const place = order.indexOf(countryOf(given.country));
    return place < 0 ? order.length : place;
  };
  const aged = certifications.flatMap((given) => {
    const minAge = given.minAge ?? minimumAge(given.country, given.code);
    return minAge === null ? [] : [{ minAge, decidedBy: given, place: placeOf(given) }];
  });
  const best = aged.sort(
    (a, b) =>
      a.place - b.place ||
      (a.place === order.length
        ? compare(countryOf(a.decidedBy.country), countryOf(b.decidedBy.country))
        : 0) ||
      b.minAge - a.minAge,
  )[0];
  if (best === undefined) return { minAge: 'unrated', decidedBy: null };
  return { minAge: best.minAge, decidedBy: best.decidedBy };
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
