import { describe, expect, it } from 'vitest';
import { confidence, matchConfidence, type ReadTitle, SURE } from '../../src/kit/match-confidence.ts';
import { parseReleaseName } from '../../src/kit/release-name.ts';

describe('confidence', () => {
  it.each([
    ['The Matrx', ['The Matrix'], 0.9474],
    ['Avatar', ['Avatar: The Way of Water'], 0.4],
    ['The Matrix', ['The Matrix'], 1],
    ['  the matrix ', ['THE MATRIX'], 1],
    ['World', ['Word'], 0.8889],
    ['', ['Heat'], 0],
    ['', [''], 0],
    ['Heat', [], 0],
    ['abc', ['xyz'], 0],
  ] as [string, string[], number][])('%s against %j = %d', (parsed, titles, expected) => {
    expect(confidence(parsed, titles)).toBeCloseTo(expected, 4);
  });

  it('takes the best of original and alternative titles', () => {
    expect(confidence('Sen to Chihiro', ['Spirited Away', 'Sen to Chihiro'])).toBe(1);
  });

  it('stays quick on long titles that share every letter', () => {
    const started = performance.now();
    expect(confidence('ab'.repeat(5000), ['ba'.repeat(5000)])).toBeGreaterThan(0.9);
    expect(performance.now() - started).toBeLessThan(2000);
  });
});

describe('matchConfidence', () => {
  const known = (title: string, year: number | null = null, more: object = {}) => ({
    ...{ kind: 'movie', names: [title], year },
    ...more,
  });
  const of = (name: string, title: ReturnType<typeof known>) =>
    matchConfidence(parseReleaseName(name), title);

  it('is the formula where kind and year agree (Flixarion, F3)', () => {
    expect(of('The.Matrix.1999.1080p.BluRay.x264.mkv', known('The Matrix', 1999))).toBe(1);
    expect(of('The.Matrx.1999.1080p', known('The Matrix', 1999))).toBe(0.9474);
    expect(of('Avatar.2022.720p.mkv', known('Avatar: The Way of Water', 2022))).toBe(0.4);
    expect(of('Show.Name.S01E02.720p.WEB-DL.mkv', known('Show Name', 2010, { kind: 'series' }))).toBe(1);
  });

  it('takes the best of all names, with case, accents and punctuation forgiven', () => {
    const names = ['Amélie', 'Le Fabuleux Destin d’Amélie Poulain', 'Амели'];
    for (const name of ['Amelie.2001', 'Амели.2001.WEB-DL', 'Le.Fabuleux.Destin.dAmelie.Poulain.2001'])
      expect(of(name, known('', 2001, { names }))).toBe(1);
    expect(of('Fast.and.Furious.2009', known('Fast & Furious', 2009))).toBe(1);
    expect(of('Avatar.The.Way.of.Water.2022', known('Avatar: The Way of Water', 2022))).toBe(1);
  });

  it.each([
    ['Aliens.1986.1080p', 'Alien', 1979],
    ['Aliens.1080p', 'Alien', 1979],
    ['Aliens.1986.1080p', 'Alien', null],
    ['Kill.Bill.Vol.2.2004', 'Kill Bill: Vol. 1', 2003],
    ['Dune.Part.Two.2024', 'Dune: Part One', 2024],
    ['Rocky.III.1982', 'Rocky II', 1982],
    ['Ocean.s.Twelve.2004', "Ocean's 11", 2004],
    ['Dune.1984', 'Dune', 2021],
    ['Fargo.S01E01', 'Fargo', 1996],
  ])('%s is not surely %s (%s)', (name, title, year) => {
    expect(of(name, known(title, year))).toBeLessThan(SURE);
  });

  it.each([
    ['Alien.1979.1080p', 'Alien', 1979],
    ['Alien.1080p', 'Alien', 1979],
    ['Alien.1980.1080p', 'Alien', 1979],
    ['Aliens.1986', 'Aliens', null],
    ['Rocky.3.1982', 'Rocky III', 1982],
    ['Oceans.Eleven.2001', "Ocean's 11", 2001],
  ])('%s is surely %s (%s)', (name, title, year) => {
    expect(of(name, known(title, year))).toBeGreaterThanOrEqual(SURE);
  });

  it('prefers the series that has the episode, and takes the year of a later season', () => {
    const read: ReadTitle = { kind: 'series', title: 'Doctor Who' };
    const sure = (more: object) =>
      matchConfidence(read, known('Doctor Who', 2005, { kind: 'series', ...more }));
    expect(sure({ hasEpisode: true })).toBe(1);
    expect(sure({ hasEpisode: null })).toBe(1);
    expect(sure({ hasEpisode: false })).toBe(0.95);
    expect(matchConfidence({ ...read, year: 2012 }, known('Doctor Who', 2005, { kind: 'series' }))).toBe(0.9);
    expect(matchConfidence({ ...read, year: 1963 }, known('Doctor Who', 2005, { kind: 'series' }))).toBe(0.5);
  });
});
