import { describe, expect, it } from 'vitest';
import { minimumAge, ratingOf } from '../../src/kit/age-rating.ts';

describe('minimumAge', () => {
  it.each([
    ['US', 'G', 0],
    ['US', 'PG', 8],
    ['US', 'PG-13', 13],
    ['US', 'Rated R', 17],
    ['US', 'NC-17', 18],
    ['US', 'TV-Y7-FV', 7],
    ['US', 'TV-14', 14],
    ['us', 'tv-ma', 17],
    ['GB', '12A', 12],
    ['UK', '15', 15],
    ['GB', 'R18', 18],
    ['DE', 'FSK 12', 12],
    ['DE', '0', 0],
    ['FR', 'Tous publics', 0],
    ['FR', '-16', 16],
    ['NL', 'AL', 0],
    ['ES', 'APTA', 0],
    ['ES', 'A', 0],
    ['IT', 'T', 0],
    ['IT', 'VM14', 14],
    ['SE', 'Btl', 0],
    ['SE', '11', 11],
    ['DK', 'A', 0],
    ['NO', '9', 9],
    ['FI', 'K-16', 16],
    ['IN', 'UA', 12],
    ['IN', 'U/A 13+', 13],
    ['IN', 'A', 18],
    ['JP', 'R15+', 15],
    ['JP', 'PG12', 12],
    ['BR', 'Livre', 0],
    ['BR', 'A14', 14],
    ['CA', '14A', 14],
    ['AU', 'MA 15+', 15],
    ['AU', 'M', 15],
    ['KR', 'ALL', 0],
    ['KR', '19', 19],
    ['PT', 'M/12', 12],
    ['HK', 'III', 18],
  ])('%s %s → %i', (country, code, age) => expect(minimumAge(country, code)).toBe(age));

  it('reads the same code by country: a Spanish A is for all, an Indian one for adults', () => {
    expect(minimumAge('ES', 'A')).toBe(0);
    expect(minimumAge('IN', 'A')).toBe(18);
    expect(minimumAge('US', 'M')).toBe(13);
  });

  it.each([
    ['US', 'NR'],
    ['US', 'Unrated'],
    ['US', ''],
    ['US', '99'],
    ['US', '1234'],
    ['XX', 'PG'],
    ['', '12'],
    ['DE', 'x'.repeat(100)],
    ['US', 'constructor'],
  ])('does not guess %s %j', (country, code) => expect(minimumAge(country, code)).toBeNull());
});

/** Every code of each board as it is spelt there, `code=age` between semicolons. */
const BOARDS: Record<string, string> = {
  US: 'G=0; PG=8; PG-13=13; R=17; NC-17=18; X=18; TV-Y=0; TV-Y7=7; TV-Y7-FV=7; TV-G=0; TV-PG=8; TV-14=14; TV-MA=17; Approved=8; GP=8; M=13; Passed=0; Rated PG-13=13',
  GB: 'U=0; Uc=0; PG=8; 12=12; 12A=12; 15=15; 18=18; R18=18; A=8; AA=14; X=18',
  IE: 'G=0; PG=8; 12=12; 12A=12; 15=15; 15A=15; 16=16; 18=18; GA=0; Ch=0; YA=13; PS=13; MA=18',
  DE: '0=0; 6=6; 12=12; 16=16; 18=18; FSK 0=0; FSK-6=6; FSK 12=12; ab 16=16; FSK 18=18; o.A.=0; Infoprogramm=0; Lehrprogramm=0; KJ=18; Keine Jugendfreigabe=18; indiziert=18',
  AT: '0+=0; 6+=6; 8+=8; 10+=10; 12+=12; 14+=14; 16+=16; 18+=18; unbeschränkt=0',
  CH: '0=0; 6=6; 8=8; 10=10; 12=12; 14=14; 16=16; 18=18',
  FR: 'U=0; TP=0; Tous publics=0; 10=10; -10=10; 12=12; -12=12; 16=16; 18=18; X=18',
  BE: 'AL=0; 6=6; 9=9; 12=12; 14=14; 16=16; 18=18; KT/EA=0; KNT/ENA=16; KT=0; EA=0; KNT=16; ENA=16',
  NL: 'AL=0; 6=6; 9=9; 12=12; 14=14; 16=16; 18=18; MG6=6',
  LU: 'EA=0; 6=6; 10=10; 12=12; 16=16; 18=18',
  ES: 'A=0; Ai=0; APTA=0; TP=0; i=0; ERI=0; 7=7; 7i=7; 10=10; 12=12; 13=13; 16=16; 18=18; X=18; +12=12',
  PT: 'Públicos=0; T=0; M/3=3; M/4=4; M/6=6; M/12=12; M/14=14; M/16=16; M/18=18; P=18; 10AP=10; 12AP=12',
  IT: 'T=0; BA=6; 6+=6; 14+=14; 18+=18; VM12=12; VM14=14; VM18=18',
  SE: 'Btl=0; Barntillåten=0; 7=7; 11=11; 15=15',
  DK: 'A=0; 7=7; 11=11; 15=15; F=; TBU=',
  NO: 'A=0; Alle=0; 6=6; 7=7; 9=9; 11=11; 12=12; 15=15; 18=18',
  FI: 'S=0; T=0; K-7=7; K-12=12; K-16=16; K-18=18; KE=18',
  IS: 'L=0; 6=6; 7=7; 9=9; 12=12; 14=14; 16=16; 18=18',
  PL: 'BO=0; 7=7; 12=12; 16=16; 18=18',
  CZ: 'U=0; 12+=12; 15+=15; 18+=18',
  SK: 'U=0; UR=0; 7=7; 12=12; 15=15; 18=18',
  HU: 'KN=0; 6=6; 12=12; 16=16; 18=18; X=18',
  RO: 'A.G.=0; A.P.=8; A.P.-12=12; N-15=15; 12=12; 15=15; 18=18; I.M.-18=18; IM-18-XXX=18',
  BG: 'A=0; B=0; C=12; C+=12; D=16; D+=16; X=18; 12=12; 14=14; 16=16; 18=18',
  GR: 'K=0; 8=8; 12=12; K-13=13; 16=16; K-17=17; 18=18',
  TR: 'Genel İzleyici=0; 6A=6; 6+=6; 7+=7; 7A=7; 10A=10; 10+=10; 13+=13; 13A=13; 15+=15; 16+=16; 18+=18',
  RU: '0+=0; 6+=6; 12+=12; 16+=16; 18+=18',
  UA: '0=0; 6+=6; 12+=12; 14+=14; 16+=16; 18+=18',
  EE: 'PERE=0; L=0; MS-6=6; MS-12=12; K-12=12; K-14=14; K-16=16',
  LV: 'U=0; 7+=7; 12+=12; 16+=16; 18+=18',
  LT: 'V=0; N-7=7; N-13=13; N-14=14; N-16=16; N-18=18',
  IN: 'U=0; UA=12; U/A=12; U/A 7+=7; UA 13+=13; U/A 16+=16; A=18; S=18',
  JP: 'G=0; PG-12=12; PG12=12; R15+=15; R18+=18',
  KR: 'All=0; 7=7; 12=12; 15=15; 18=18; 19=19; Exempt=0; Restricted Screening=19',
  TW: 'G=0; P=6; PG=12; PG-12=12; PG-15=15; R=18; 0+=0; 6+=6; 12+=12; 15+=15; 18+=18',
  HK: 'I=0; IIA=8; IIB=15; III=18; PG=8; M=18',
  SG: 'G=0; PG=8; PG13=13; NC16=16; M18=18; R21=21',
  MY: 'U=0; P12=12; P13=13; 13=13; 16=16; 18=18; 18SG=18; 18SX=18',
  TH: 'P=0; G=0; 13+=13; 15+=15; 18+=18; 20+=20; 20=20',
  PH: 'G=0; PG=8; SPG=13; R-13=13; R-16=16; R-18=18; X=18',
  ID: 'SU=0; P=3; A=7; R=13; D=17; 13+=13; 17+=17; 21+=21',
  VN: 'P=0; K=8; T13=13; T16=16; T18=18; C13=13; C16=16; C18=18',
  BR: 'L=0; Livre=0; AL=0; ER=0; 10=10; 12=12; 14=14; 16=16; 18=18; A10=10; A18=18',
  MX: 'AA=0; A=0; B=12; B-15=15; B15=15; C=18; D=18',
  AR: 'ATP=0; +13=13; +16=16; +18=18; SAM 13=13; SAM 16=16; SAM 18=18; C=18',
  CL: 'TE=0; TE+7=7; 14=14; 18=18; F=0; I=0; I7=7; I10=10; I12=12; R=12; A=18',
  CO: 'T=0; 7=7; 12=12; 15=15; 18=18; X=18',
  PE: 'APT=0; +14=14; +18=18',
  CA: 'G=0; PG=8; 14A=14; 18A=18; R=18; A=18; E=0; C=0; C8=8; 13+=13; 14+=14; 16+=16; 18+=18',
  AU: 'G=0; PG=8; M=15; MA15+=15; MA 15+=15; AV15+=15; R18+=18; R 18+=18; X18+=18; RC=18; E=0; P=0; C=0',
  NZ: 'G=0; PG=8; M=16; R13=13; RP13=13; R15=15; R16=16; RP16=16; R18=18; RP18=18; R=18; PGR=13; AO=18',
  ZA: 'A=0; PG=8; 7-9PG=7; 10-12PG=10; 13=13; 16=16; 16 DLSNV=16; 18=18; X18=18; XX=18',
  NG: 'G=0; PG=8; 12=12; 12A=12; 15=15; 18=18; RE=18',
  SA: 'G=0; PG=8; PG12=12; R12=12; R15=15; R18=18',
  AE: 'G=0; PG=8; PG13=13; PG15=15; 15+=15; 18+=18; 18TC=18; 21+=21',
  IL: 'All=0; 9+=9; 12+=12; 14+=14; 16+=16; 18+=18',
  KZ: 'K=0; БА=; BA=12; B14=14; E16=16; E18=18; HA=21; 0+=0; 21+=21',
};

describe('the codes of each board', () => {
  it('are those of at least 50 countries', () =>
    expect(Object.keys(BOARDS).length).toBeGreaterThanOrEqual(50));

  it.each(
    Object.entries(BOARDS).flatMap(([country, codes]) =>
      codes.split('; ').map((entry) => {
        const at = entry.lastIndexOf('=');
        const age = entry.slice(at + 1);
        return [country, entry.slice(0, at), age === '' ? null : Number(age)] as const;
      }),
    ),
  )('%s %s → %s', (country, code, age) => expect(minimumAge(country, code)).toBe(age));

  it.each(['NR', 'UR', 'Unrated', 'Not Rated', 'N/A', 'None', 'TBC', '', '-'])(
    'unrated (%j) is no age, in no country but where the board has such a code',
    (code) => {
      const aged = Object.keys(BOARDS).filter((country) => minimumAge(country, code) !== null);
      expect(aged).toEqual(code === 'UR' ? ['SK'] : []);
    },
  );
});

describe('ratingOf', () => {
  const us = { country: 'US', code: 'R' };
  const de = { country: 'DE', code: '12' };
  const tr = { country: 'TR', code: '13+' };

  it('goes by the country of the household first', () => {
    expect(ratingOf([de, us], 'US')).toEqual({ minAge: 17, decidedBy: us });
    expect(ratingOf([us, de], 'de')).toEqual({ minAge: 12, decidedBy: de });
    expect(ratingOf([us, { country: 'GB', code: '15' }], 'uk')).toMatchObject({ minAge: 15 });
  });

  it('then by the stated order, then by any other country', () => {
    expect(ratingOf([tr, us, de], 'PL')).toEqual({ minAge: 12, decidedBy: de });
    expect(ratingOf([tr, us], 'PL')).toEqual({ minAge: 17, decidedBy: us });
    expect(ratingOf([tr], 'PL')).toEqual({ minAge: 13, decidedBy: tr });
    const [hu, bg] = [
      { country: 'HU', code: '16' },
      { country: 'BG', code: 'C' },
    ];
    expect(ratingOf([hu, bg], 'PL')).toEqual(ratingOf([bg, hu], 'PL'));
  });

  it('takes the strictest of one country', () => {
    const tv = { country: 'US', code: 'TV-MA' };
    expect(ratingOf([{ country: 'US', code: 'PG' }, tv], 'US')).toEqual({ minAge: 17, decidedBy: tv });
  });

  it('is not decided by a code without an age, and unrated is not 0', () => {
    expect(ratingOf([{ country: 'US', code: 'NR' }, de], 'US')).toEqual({ minAge: 12, decidedBy: de });
    expect(ratingOf([{ country: 'US', code: 'NR' }], 'US')).toEqual({ minAge: 'unrated', decidedBy: null });
    expect(ratingOf([], 'US')).toEqual({ minAge: 'unrated', decidedBy: null });
    expect(ratingOf([{ country: 'US', code: 'G' }], 'US')).toMatchObject({ minAge: 0 });
  });

  it('believes an age that is given over the one of the code', () => {
    expect(ratingOf([{ country: 'XX', code: 'Teen', minAge: 13 }], 'US')).toMatchObject({ minAge: 13 });
    expect(ratingOf([{ country: 'US', code: 'PG', minAge: null }], 'US')).toMatchObject({ minAge: 8 });
  });
});
