import { describe, expect, it } from 'vitest';
import { minimumAge } from '../../src/kit/age-rating.ts';

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
