import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { parseReleaseName, type ReleaseName } from '../../src/kit/release-name.ts';

/** One name a line with everything it says; what a line leaves out must be absent, empty or false. */
const Expected = z.strictObject({
  name: z.string(),
  kind: z.enum(['movie', 'series']),
  title: z.string(),
  year: z.int().optional(),
  date: z.string().optional(),
  seasons: z.array(z.int()).default([]),
  episodes: z.array(z.int()).default([]),
  part: z.int().optional(),
  resolution: z.string().optional(),
  quality: z.string().optional(),
  codec: z.string().optional(),
  bitDepth: z.string().optional(),
  audio: z.array(z.string()).default([]),
  channels: z.array(z.string()).default([]),
  hdr: z.array(z.string()).default([]),
  threeD: z.string().optional(),
  languages: z.array(z.string()).default([]),
  subtitleLanguages: z.array(z.string()).default([]),
  group: z.string().optional(),
  edition: z.string().optional(),
  proper: z.boolean().default(false),
  repack: z.boolean().default(false),
});

const corpus = readFileSync(new URL('../fixtures/release-names.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => Expected.parse(JSON.parse(line)));

function saidBy(release: ReleaseName) {
  return Object.fromEntries(Object.keys(Expected.shape).map((key) => [key, Reflect.get(release, key)]));
}

/** Per field, of the names that hold it or for which the parser claims it, how many are read as expected. */
function accuracyByField(): Map<string, { percent: number; all: number }> {
  const tally = new Map<string, { right: number; all: number }>();
  for (const expected of corpus) {
    const said = saidBy(parseReleaseName(expected.name));
    for (const [field, wanted] of Object.entries(expected).filter(([key]) => key !== 'name')) {
      const isSilent = (value: unknown) => value === undefined || value === false || String(value) === '';
      if (isSilent(wanted) && isSilent(said[field])) continue;
      const counted = tally.get(field) ?? { right: 0, all: 0 };
      counted.all += 1;
      if (JSON.stringify(said[field]) === JSON.stringify(wanted)) counted.right += 1;
      tally.set(field, counted);
    }
  }
  return new Map([...tally].map(([field, { right, all }]) => [field, { percent: (100 * right) / all, all }]));
}

describe('the corpus of release names', () => {
  it('has at least 1,100 names of films, series and anime', () => {
    expect(corpus.length).toBeGreaterThan(1100);
    expect(new Set(corpus.map(({ name }) => name)).size).toBeGreaterThan(1100);
    expect(corpus.filter(({ kind }) => kind === 'series').length).toBeGreaterThan(500);
  });

  it('is read right for at least 97 of 100 names in every field', () => {
    const accuracy = accuracyByField();
    const shown = [...accuracy]
      .map(([field, { percent, all }]) => `${field} ${percent.toFixed(1)} % of ${all}`)
      .join(' · ');
    process.stdout.write(`release names, ${corpus.length}: ${shown}\n`);
    expect([...accuracy].filter(([, { percent }]) => percent < 97)).toEqual([]);
    expect([...accuracy.keys()]).toEqual(
      expect.arrayContaining(['title', 'year', 'seasons', 'episodes', 'resolution']),
    );
  });

  it.each(corpus.map((expected) => [expected.name, expected] as const))('%s', (name, expected) => {
    expect(saidBy(parseReleaseName(name))).toEqual(expected);
  });
});

describe('what the corpus does not hold', () => {
  it.each([
    ['Breaking Bad - 1x02 - Some Title.avi', { episodeTitle: 'Some Title', extension: 'avi' }],
    ['Show/Season 1/05 - Some Title.mkv', { episodeTitle: 'Some Title', title: 'Show' }],
    ['Film.2019.German.DL.1080p', { dualAudio: true, multiAudio: false }],
    ['Film.2019.MULTi.1080p', { multiAudio: true, dualAudio: false }],
    ['Film.2019.Dublado.1080p', { dubbed: true }],
    ['Film.2019.KORSUB.1080p', { subbed: true, hardcoded: true }],
    ['Film.2019.1080p.AMZN.WEB-DL', { network: 'Prime Video' }],
    ['Show.S01.COMPLETE.1080p', { complete: true }],
    ['Film.2019.COMPLETE.BLURAY', { complete: false }],
    ['The.Office.US.S03E01', { country: 'US', title: 'The Office US' }],
    ['Film.2019.x264-GRP[eztv.re].mkv', { site: 'eztv.re', group: 'GRP' }],
  ] as [string, Partial<ReleaseName>][])('%s', (name, expected) => {
    expect(parseReleaseName(name)).toEqual(expect.objectContaining(expected));
  });
});

it('does not take the MA of DTS-HD MA for Movies Anywhere', () => {
  expect(parseReleaseName('Film.2019.1080p.BluRay.DTS-HD.MA.5.1-GRP')).not.toHaveProperty('network');
});

const PIECES = [
  ...[
    'a',
    'The',
    ' ',
    '.',
    '-',
    '_',
    '[',
    ']',
    '(',
    ')',
    '/',
    '\\',
    '+',
    '&',
    "'",
    '%20',
    '#1',
    '\u0000',
    '\u0301',
  ],
  ...[
    '2019',
    '12',
    '1-',
    '01 ~ 12',
    'S01',
    'E01',
    '1x02',
    'Season 1',
    'of ',
    'Ep.',
    'CD1',
    'Part ',
    'Vol ',
    '第1話',
  ],
  ...[
    '1080p',
    '4K',
    'BluRay',
    'BD',
    'WEB',
    'remux ',
    'dvd ',
    'x264',
    'DTS-HD ',
    'dts',
    'HDR ',
    '5.1',
    '10bit',
  ],
  ...[
    'Eng.',
    'subs ',
    'sub.',
    'multi ',
    'Сезон ',
    'серии ',
    '日本',
    '한국',
    '🎬',
    '\ud800',
    'www.a.b ',
    '.com',
    '.mkv',
  ],
];

/** What the rewriting of numberings looks for, over and over. */
const NUMBERINGS = [
  ...['Сезон ', '日日', 'серии x', '1 сезон: 1-', '2. Sezon 1. Bölüm ', '第1季第1話', 'Capítulo 1 '],
  ...[
    'Season 1, 2 and ',
    'Seasons 1 to ',
    '1-2 ',
    'complete first ',
    '1 of 2 ',
    'Part.01.',
    'S01E01,E02',
    'S01 to ',
  ],
  ...[
    'S 01 E 01 ',
    'S01 - 01-',
    '1x01-',
    '1x01_',
    '2012x12.',
    '(2012) ',
    'The ',
    '三体1 a',
    'E01 and ',
    '[www.a.to]{',
  ],
];

/** Deterministic, so that a failure can be run again. */
function randomSource(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return Math.floor((state / 2 ** 31) * below);
  };
}

const RESOLUTIONS = '2160p 1440p 1080p 1080i 720p 576p 576i 540p 480p 480i 360p 240p'.split(' ');

function expectSound(name: string): void {
  const release = parseReleaseName(name);
  const shown = JSON.stringify(name);
  expect(release.name).toBe(name);
  expect(release.title, shown).not.toMatch(/[[\](){}]|^\s|\s$/);
  if (release.resolution !== undefined) expect(RESOLUTIONS, shown).toContain(release.resolution);
  for (const numbers of [release.seasons, release.episodes]) {
    expect(numbers, shown).toEqual([...new Set(numbers)].sort((a, b) => a - b));
  }
  if (release.episodes.length > 0) expect(release.kind, shown).toBe('series');
  expect(Object.values(release), shown).not.toContain(undefined);
  expect(JSON.parse(JSON.stringify(release)).title).toBeTypeOf('string');
}

describe('any name at all', () => {
  it('is read without throwing: pieces of release names in random order', () => {
    const random = randomSource(4711);
    for (let round = 0; round < 3000; round += 1) {
      expectSound(Array.from({ length: random(25) }, () => PIECES[random(PIECES.length)]).join(''));
    }
  });

  it('is read without throwing and in bounded time: 10,000 random characters of any plane', () => {
    const random = randomSource(1968);
    for (let round = 0; round < 60; round += 1) {
      const limit = [128, 0x500, 0x3000, 0xa000, 0x1_0000, 0x11_0000][round % 6] ?? 128;
      const name = Array.from({ length: 10_000 }, () => String.fromCodePoint(random(limit))).join('');
      const started = performance.now();
      expectSound(name);
      expect(performance.now() - started, String(limit)).toBeLessThan(1000);
    }
  }, 60_000);

  it('is read without throwing: random characters', () => {
    const random = randomSource(815);
    for (let round = 0; round < 2000; round += 1) {
      const limit = round % 2 === 0 ? 128 : 65_536;
      expectSound(String.fromCharCode(...Array.from({ length: random(60) }, () => random(limit))));
    }
  });

  // The title parser's own patterns take 3 s for 1,024 Cyrillic letters; ours must stay far from a second.
  it('takes bounded time: one piece or a pair of pieces repeated over and over', () => {
    parseReleaseName('warm.up.2019');
    const random = randomSource(42);
    const pairs = Array.from(
      { length: 250 },
      () => `${PIECES[random(PIECES.length)]}${PIECES[random(PIECES.length)]}`,
    );
    for (const unit of [...PIECES, ...pairs, ...NUMBERINGS]) {
      const name = unit.repeat(Math.ceil(10_000 / unit.length));
      const started = performance.now();
      parseReleaseName(name);
      expect(performance.now() - started, JSON.stringify(unit)).toBeLessThan(1000);
    }
  }, 30_000);
});
