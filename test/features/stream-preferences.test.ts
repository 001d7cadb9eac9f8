import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { applyPreferences } from '../../src/features/preferences/apply-preferences.ts';
import { compilePreferences, StreamPreferences } from '../../src/features/preferences/index.ts';
import type { StreamFacts } from '../../src/features/preferences/stream-facts.ts';
import { streamFacts } from '../support/stream-facts.ts';

type Wish = z.input<typeof StreamPreferences>;
const FILM = { isEpisode: false, maxTotal: 100, maxPerResolution: 100 };

const compiled = (wish: Wish) => compilePreferences(StreamPreferences.parse(wish));
const apply = (offers: readonly StreamFacts[], wish: Wish, limits = FILM) =>
  applyPreferences(offers, compiled(wish), limits);

/** The rule that hides such a stream; null: it is shown. */
function ruleOn(facts: Partial<StreamFacts>, wish: Wish, limits = FILM): string | null {
  return apply([streamFacts(facts)], wish, limits).hidden[0]?.rule ?? null;
}

const GB = 1_000_000_000;

describe('what hides', () => {
  const hdr = (...hdrFormats: string[]) => ({ hdrFormats });
  const rules: [string, Partial<StreamFacts>, Wish, string | null][] = [
    ['another resolution', { resolution: '720p' }, { resolution: { only: ['1080p'] } }, 'resolution.only'],
    ['1080i is 1080p', { resolution: '1080i' }, { resolution: { only: ['1080p'] } }, null],
    ['unknown stays', {}, { resolution: { only: ['1080p'] } }, null],
    ['unknown goes', {}, { resolution: { only: ['1080p'], unknown: 'hide' } }, 'resolution.unknown'],
    ['sharper than max', { resolution: '2160p' }, { resolution: { max: '1080p' } }, 'resolution.max'],
    ['as sharp as max', { resolution: '1080p' }, { resolution: { max: '1080p' } }, null],
    ['less than min', { resolution: '480p' }, { resolution: { min: '720p' } }, 'resolution.min'],
    ['as sharp as min', { resolution: '720p' }, { resolution: { min: '720p' } }, null],
    ['unknown under max', {}, { resolution: { max: '480p' } }, null],
    ['excluded quality', { quality: 'CAM' }, { quality: { exclude: ['CAM', 'TS'] } }, 'quality.exclude'],
    ['other quality', { quality: 'WEB-DL' }, { quality: { exclude: ['CAM', 'TS'] } }, null],
    ['HEVC', { codec: 'HEVC' }, { codec: { exclude: ['HEVC'] } }, 'codec.exclude'],
    ['DV alone', hdr('DV'), { hdr: { exclude: ['DV only'] } }, 'hdr.exclude'],
    ['DV with HDR10', hdr('DV', 'HDR10'), { hdr: { exclude: ['DV only'] } }, null],
    ['any excluded HDR', hdr('DV', 'HDR10'), { hdr: { exclude: ['DV'] } }, 'hdr.exclude'],
    ['3D', { visualTags: ['3D', 'H-SBS'] }, { picture: { exclude: ['3D'] } }, 'picture.exclude'],
    ['sound', { audio: ['AAC'] }, { audio: { only: ['Atmos'] } }, 'audio.only'],
    ['channels', { channels: ['7.1'] }, { channels: { exclude: ['7.1'] } }, 'channels.exclude'],
    ['other language', { languages: ['en'] }, { language: { only: ['de'] } }, 'language.only'],
    ['one of its languages', { languages: ['en', 'de'] }, { language: { only: ['German'] } }, null],
    ['unknown language', {}, { language: { only: ['de'] } }, null],
    ['unknown language, wished', {}, { language: { only: ['de'], unknown: 'hide' } }, 'language.unknown'],
    [
      'all languages out',
      { languages: ['en', 'fr'] },
      { language: { exclude: ['en', 'fr'] } },
      'language.exclude',
    ],
    ['not all languages out', { languages: ['en', 'de'] }, { language: { exclude: ['en'] } }, null],
    ['subtitles', { subtitleLanguages: ['en'] }, { subtitles: { only: ['de'] } }, 'subtitles.only'],
    ['kind', { kind: 'torrent' }, { kind: { exclude: ['torrent'] } }, 'kind.exclude'],
    ['kind only', { kind: 'http' }, { kind: { only: ['local'] } }, 'kind.only'],
    ['source', { source: 'NAS' }, { source: { exclude: ['nas'] } }, 'source.exclude'],
    ['source only', { source: 'Other' }, { source: { only: ['nas'] } }, 'source.only'],
    ['no keyword', { name: 'Film 1080p' }, { keywords: { only: ['remux'] } }, 'keywords.only'],
    ['keyword as spelt elsewhere', { name: 'Film.WEB.DL' }, { keywords: { only: ['web-dl'] } }, null],
    ['keyword', { name: 'Film.CAM.x264' }, { keywords: { exclude: ['cam'] } }, 'keywords.exclude'],
    ['keyword is a whole word', { name: 'Camera.Obscura' }, { keywords: { exclude: ['cam'] } }, null],
    [
      'of a pack the file',
      { fileName: 'a/Film.REPACK.mkv' },
      { keywords: { exclude: ['repack'] } },
      'keywords.exclude',
    ],
    ['pattern', { name: 'Film-GRP' }, { patterns: { exclude: ['-grp$'] } }, 'patterns.exclude'],
    ['no pattern', { name: 'Film-GRP' }, { patterns: { only: ['x26[45]'] } }, 'patterns.only'],
    ['too large', { sizeBytes: 9 * GB }, { size: { film: { max: 8 * GB } } }, 'size'],
    ['too small', { sizeBytes: 1 * GB }, { size: { film: { min: 2 * GB } } }, 'size'],
    ['as large as may be', { sizeBytes: 8 * GB }, { size: { film: { max: 8 * GB } } }, null],
    ['size of an episode', { sizeBytes: 9 * GB }, { size: { episode: { max: 1 * GB } } }, null],
    ['unknown size', {}, { size: { film: { max: GB }, unknown: 'hide' } }, 'size.unknown'],
    ['bit rate', { bitsPerSecond: 20_000_000 }, { bitrate: { max: 8_000_000 } }, 'bitrate'],
    ['low bit rate', { bitsPerSecond: 2_000_000 }, { bitrate: { min: 8_000_000 } }, 'bitrate'],
    ['unknown bit rate', {}, { bitrate: { max: 8_000_000, unknown: 'hide' } }, 'bitrate.unknown'],
    ['few seeders', { seeders: 2 }, { seeders: { min: 3 } }, 'seeders.min'],
    ['enough seeders', { seeders: 3 }, { seeders: { min: 3 } }, null],
    ['seeders of a file', { kind: 'http' }, { seeders: { min: 3, unknown: 'hide' } }, null],
    ['unknown seeders', {}, { seeders: { min: 3, unknown: 'hide' } }, 'seeders.unknown'],
  ];
  test.each(rules)('%s', (_what, facts, wish, rule) => {
    expect(ruleOn(facts, wish)).toBe(rule);
  });

  test('is another size for an episode', () => {
    const wish: Wish = { size: { film: { max: 8 * GB }, episode: { max: GB } } };
    const episode = { ...FILM, isEpisode: true };
    expect(ruleOn({ sizeBytes: 2 * GB }, wish, episode)).toBe('size');
    expect(ruleOn({ sizeBytes: 2 * GB }, wish)).toBeNull();
  });

  test('says why in words, and keeps the name of a source to its owner', () => {
    const reason = (facts: Partial<StreamFacts>, wish: Wish) =>
      apply([streamFacts(facts)], wish).hidden[0]?.reason;
    expect(reason({ languages: ['en', 'fr'] }, { language: { only: ['de'] } })).toBe(
      'Its language (English, French) is not among those wanted.',
    );
    expect(reason({ sizeBytes: 9 * GB }, { size: { film: { max: 8 * GB } } })).toBe(
      'It is 9 GB, more than the 8 GB wanted.',
    );
    expect(reason({ source: 'Secret NAS' }, { source: { only: ['other'] } })).not.toContain('Secret');
  });

  test('of all hidden names the rule that hid most', () => {
    const streams = [{ codec: 'HEVC' }, { codec: 'HEVC' }, { seeders: 1 }].map(streamFacts);
    const wish: Wish = { codec: { exclude: ['HEVC'] }, seeders: { min: 5 } };
    expect(apply(streams, wish).emptied).toEqual({ rule: 'codec.exclude', hidden: 2, of: 3 });
    expect(apply([], wish).emptied).toBeNull();
    expect(apply([...streams, streamFacts({ kind: 'http' })], wish).emptied).toBeNull();
  });
});

describe('the order', () => {
  const names = (streams: Partial<StreamFacts>[], wish: Wish, limits = FILM) =>
    apply(
      streams.map((facts, n) => streamFacts({ name: String(n), ...facts })),
      wish,
      limits,
    ).shown.map(({ offer }) => offer.name);

  test('is as they came without a wish, and of what a wish does not tell apart', () => {
    const streams = [{ codec: 'AVC' }, { codec: 'HEVC' }, { codec: 'AVC' }];
    expect(names(streams, {})).toEqual(['0', '1', '2']);
    expect(names(streams, { codec: { prefer: ['AVC'] } })).toEqual(['0', '2', '1']);
    expect(
      apply(streams.map(streamFacts), { codec: { prefer: ['AVC'] } }).shown.map(({ tier }) => tier),
    ).toEqual([0, 0, 1]);
  });

  test('puts the first preferred word first, then what is known, then what is not', () => {
    const streams = [{}, { codec: 'AV1' }, { codec: 'AVC' }, { codec: 'HEVC' }];
    expect(names(streams, { codec: { prefer: ['HEVC', 'AVC'] } })).toEqual(['3', '2', '1', '0']);
  });

  const sorts: [string, Partial<StreamFacts>[], NonNullable<Wish['sort']>, string[]][] = [
    ['size', [{ sizeBytes: 1 }, {}, { sizeBytes: 9 }], [{ key: 'size' }], ['2', '0', '1']],
    [
      'smallest, unknown last',
      [{ sizeBytes: 9 }, {}, { sizeBytes: 1 }],
      [{ key: 'size', direction: 'ascending' }],
      ['2', '0', '1'],
    ],
    ['bit rate', [{ bitsPerSecond: 1 }, { bitsPerSecond: 2 }], [{ key: 'bitrate' }], ['1', '0']],
    ['seeders', [{ seeders: 1 }, { seeders: 5 }], [{ key: 'seeders' }], ['1', '0']],
    ['resolution', [{ resolution: '480p' }, { resolution: '2160p' }], [{ key: 'resolution' }], ['1', '0']],
    ['quality', [{ quality: 'CAM' }, { quality: 'WEB-DL' }], [{ key: 'quality' }], ['1', '0']],
    ['HDR', [{ hdrFormats: ['HDR10'] }, { hdrFormats: ['DV'] }], [{ key: 'hdr' }], ['1', '0']],
    ['sound', [{ audio: ['AAC'] }, { audio: ['TrueHD'] }], [{ key: 'audio' }], ['1', '0']],
    ['channels', [{ channels: ['2.0'] }, { channels: ['7.1'] }], [{ key: 'channels' }], ['1', '0']],
    ['codec', [{ codec: 'AVC' }, { codec: 'AV1' }], [{ key: 'codec' }], ['1', '0']],
    ['kind', [{ kind: 'torrent' }, { kind: 'local' }], [{ key: 'kind' }], ['1', '0']],
    ['verified', [{}, { isVerified: true }], [{ key: 'verified' }], ['1', '0']],
    ['score', [{ score: 1 }, { score: 2 }], [{ key: 'score' }], ['1', '0']],
    [
      'the second key, where the first is equal',
      [{ resolution: '720p', seeders: 1 }, { resolution: '720p', seeders: 2 }, { resolution: '1080p' }],
      [{ key: 'resolution' }, { key: 'seeders' }],
      ['2', '1', '0'],
    ],
  ];
  test.each(sorts)('by %s', (_what, streams, sort, order) => {
    expect(names(streams, { sort })).toEqual(order);
  });

  test('by age has the newest first', () => {
    const post = (day: number) => ({ post: { postedAt: Date.UTC(2024, 0, day), health: null } });
    expect(names([post(1), post(9)], { sort: [{ key: 'age' }] })).toEqual(['1', '0']);
  });

  test('takes what is preferred first, unless the order names it elsewhere', () => {
    const streams = [
      { languages: ['de'], sizeBytes: 1 },
      { languages: ['en'], sizeBytes: 9 },
    ];
    const language = { prefer: ['de'] };
    expect(names(streams, { language, sort: [{ key: 'size' }] })).toEqual(['0', '1']);
    expect(names(streams, { language, sort: [{ key: 'size' }, { key: 'language' }] })).toEqual(['1', '0']);
  });

  test.each([
    ['plays elsewhere', { kind: 'youtube' }],
    ['is away', { isReachable: false }],
    ['is damaged', { post: { postedAt: null, health: 'damaged' } }],
  ])('keeps what %s behind, however much it is preferred', (_what, facts) => {
    const preferred = { languages: ['de'] };
    const wish: Wish = { language: { prefer: ['de'] } };
    expect(names([{ ...preferred, ...facts }, {}, preferred], wish)).toEqual(['2', '1', '0']);
  });

  test('tells the values it goes by and what was preferred', () => {
    const wish: Wish = { language: { prefer: ['de'] }, sort: [{ key: 'size', direction: 'ascending' }] };
    const [first] = apply([streamFacts({ languages: ['en', 'de'], sizeBytes: 2 * GB })], wish).shown;
    expect(first).toMatchObject({
      sortKeys: [
        { key: 'language', direction: 'descending', value: 'English, German' },
        { key: 'size', direction: 'ascending', value: '2 GB' },
      ],
      preferred: ['language: German'],
    });
  });

  test('by patterns and keywords goes by the first that is found', () => {
    const streams = [{ name: 'a' }, { name: 'x remux' }, { name: 'y proper' }];
    expect(names(streams, { keywords: { prefer: ['proper', 'remux'] } })).toEqual([
      'y proper',
      'x remux',
      'a',
    ]);
    expect(names(streams, { patterns: { prefer: ['^x', 'prop'] } })).toEqual(['x remux', 'y proper', 'a']);
  });
});

describe('caps', () => {
  const streams = ['2160p', '2160p', '1080p', '1080p', '1080p'].map((resolution, n) =>
    streamFacts({ resolution, name: String(n) }),
  );
  const shown = (wish: Wish, limits = FILM) =>
    apply(streams, wish, limits).shown.map(({ offer }) => offer.name);

  test('are of all, of each resolution, and of one', () => {
    expect(shown({ caps: { total: 3 } })).toEqual(['0', '1', '2']);
    expect(shown({ caps: { perResolution: 1 } })).toEqual(['0', '2']);
    expect(shown({ caps: { resolutions: { '2160p': 1 } } })).toEqual(['0', '2', '3', '4']);
    expect(apply(streams, { caps: { total: 3 } }).hidden.map(({ rule }) => rule)).toEqual([
      'caps.total',
      'caps.total',
    ]);
  });

  test('come after the order: what is preferred is what stays', () => {
    const named = streams.map((each, n) => ({ ...each, languages: n === 4 ? ['de'] : ['en'] }));
    const wish: Wish = { language: { prefer: ['de'] }, caps: { total: 1 } };
    expect(apply(named, wish).shown.map(({ offer }) => offer.name)).toEqual(['4']);
  });

  test('are never more than the owner’s', () => {
    expect(
      shown({ caps: { total: 5, perResolution: 3 } }, { ...FILM, maxTotal: 2, maxPerResolution: 1 }),
    ).toEqual(['0', '2']);
  });
});
