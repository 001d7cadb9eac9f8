/**
 * Minimum age by (country, code). Codes mean different things in different countries (a Swiss "6", an Italian "T",
 * a US "T"…), so a code is never looked up without its country (MediaFusion #512: a PG film blocked as adult).
 * Numbers in a code ("FSK 12", "16+", "U/A 13+", "M/12", "K-7", "R15+") are that age and need no entry.
 * Advice without an age (PG, TV-PG) is 8, the age the BBFC gives for its PG.
 */
const AGES: Record<string, string> = {
  US: 'G=0 PG=8 PG13=13 R=17 NC17=18 X=18 TVY=0 TVY7=7 TVY7FV=7 TVG=0 TVPG=8 TV14=14 TVMA=17 APPROVED=8 GP=8 M=13 PASSED=0',
  GB: 'U=0 UC=0 PG=8 12A=12 R18=18',
  IE: 'G=0 PG=8 12A=12 15A=15 GA=0 CH=0 YA=13 PS=13 MA=18',
  DE: 'OA=0 KJ=18',
  AT: 'AA=0',
  CH: '',
  FR: 'U=0 TP=0 TOUSPUBLICS=0 X=18',
  BE: 'AL=0 KT=0 EA=0 ALL=0 KNT=16 ENA=16',
  NL: 'AL=0 ALL=0',
  LU: 'EA=0 ALL=0',
  ES: 'A=0 AI=0 APTA=0 I=0 ERI=0 TP=0 X=18',
  PT: 'PUBLICOS=0 TODOS=0 P=18',
  IT: 'T=0 BA=6',
  SE: 'BTL=0',
  DK: 'A=0 TILLADTFORALLE=0',
  NO: 'A=0 ALLE=0',
  FI: 'S=0 T=0 KE=18',
  IS: 'L=0',
  PL: 'BO=0',
  CZ: 'U=0',
  SK: 'U=0',
  HU: 'KN=0 X=18',
  RO: 'AG=0 AP12=12 N15=15 IM18=18',
  BG: 'A=0 B=0 C=12 D=16 X=18',
  GR: 'K=0 A=0',
  TR: 'GENELIZLEYICI=0 GENEL=0',
  RU: '',
  UA: '',
  IN: 'U=0 UA=12 A=18 S=18',
  JP: 'G=0 PG12=12',
  KR: 'ALL=0 EXEMPT=0 RESTRICTED=19 RESTRICTEDSCREENING=19',
  TW: 'G=0 P=6 PG=12 R=18',
  HK: 'I=0 IIA=8 IIB=15 III=18',
  SG: 'G=0 PG=8 NC16=16 M18=18 R21=21',
  MY: 'U=0 P12=12',
  TH: 'P=0 G=0',
  PH: 'G=0 PG=8',
  ID: 'SU=0 P=3 A=7 R=13 D=17',
  BR: 'L=0 AL=0 LIVRE=0',
  MX: 'AA=0 A=0 B=12 B15=15 C=18 D=18',
  AR: 'ATP=0 C=18',
  CL: 'TE=0 TEDULT=7',
  CO: 'T=0 TODOS=0 X=18',
  CA: 'G=0 PG=8 14A=14 18A=18 R=18 A=18 C=0 C8=8 E=0',
  AU: 'G=0 PG=8 M=15 MA15=15 R18=18 X18=18 P=0 C=0 MA=15 AV15=15 AV=15 E=0',
  NZ: 'G=0 PG=8 M=16 RP13=13 RP16=16 R=18 PGR=13 AO=18',
  ZA: 'A=0 PG=8 XX=18 X18=18',
  IL: 'ALL=0',
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

/**
 * The age from which a title is meant to be seen, in years; null = unknown code ("NR", "Unrated") or country:
 * a filter decides what to do with those. `country` is ISO 3166-1 alpha-2.
 */
export function minimumAge(country: string, code: string): number | null {
  const ages = AGES_BY_COUNTRY.get(country.trim().toUpperCase().replace(/^UK$/, 'GB'));
  if (ages === undefined || code.length > 40) return null;
  const key = code
    .normalize('NFD')
    .toUpperCase()
    .replace(/[^A-Z\d+]/g, '')
    .replace(/^RATED/, '');
  if (key === '') return null;
  return ages.get(key) ?? ages.get(key.replace(/\+$/, '')) ?? ageIn(key);
}

/** `FSK12`, `16+`, `UA13+`, `M12`, `K7`, `VM14`: the one number in the code, when it is an age. */
function ageIn(key: string): number | null {
  const digits = /^[A-Z]{0,5}(\d{1,2})[A-Z]{0,2}\+?$/.exec(key)?.[1];
  if (digits === undefined) return null;
  const age = Number(digits);
  return age <= 21 ? age : null;
}
