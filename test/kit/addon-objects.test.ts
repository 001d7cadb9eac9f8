import { describe, expect, test } from 'vitest';
import {
  keepValid,
  Manifest,
  Meta,
  MetaPreview,
  ORNAMENTS,
  Stream,
  Subtitle,
  Video,
} from '../../src/addon/objects.ts';

// Accepted and refused as stremio-core 0.62 does it, measured object by object.

const stream = { name: 'Tributary', description: 'Film', url: 'https://films.example/play/a/b/film.mp4' };
const card = { id: 'tt0000001', type: 'movie', name: 'Film' };
const isOf = (schema: { safeParse(value: unknown): { success: boolean } }, value: unknown) =>
  schema.safeParse(value).success;

describe('a stream', () => {
  test('has one way to reach it', () => {
    const { url, ...rest } = stream;
    const ways = {
      url,
      infoHash: 'a'.repeat(40),
      ytId: 'aqz-KE-bpKQ',
      externalUrl: 'https://watch.example/',
    };
    for (const [key, value] of Object.entries(ways)) {
      expect(isOf(Stream, { ...rest, [key]: value }), key).toBe(true);
      for (const [other, second] of Object.entries(ways))
        if (other !== key)
          expect(isOf(Stream, { ...rest, [key]: value, [other]: second }), other).toBe(false);
    }
    expect(isOf(Stream, rest)).toBe(false);
  });

  test.each([
    ['a relative url', { url: '/play/film.mp4' }],
    ['no url', { url: '' }],
    ['an upper-case info hash', { url: undefined, infoHash: 'A'.repeat(40) }],
    ['a base32 info hash', { url: undefined, infoHash: 'a'.repeat(32) }],
    ['a YouTube link', { url: undefined, ytId: 'https://youtu.be/aqz-KE-bpKQ' }],
    ['a YouTube id of ten', { url: undefined, ytId: 'aqz-KE-bpK' }],
    ['a file index past 16 bits', { fileIdx: 65_536 }],
    ['a file index below 0', { fileIdx: -1 }],
    ['a size as text', { behaviorHints: { videoSize: '5' } }],
    ['a size with a fraction', { behaviorHints: { videoSize: 5.5 } }],
    ['a name that is a number', { name: 5 }],
    ['title beside description', { title: 'Film' }],
    ['headers for the player', { behaviorHints: { proxyHeaders: { request: {} } } }],
  ])('with %s is refused', (_what, more) => {
    expect(isOf(Stream, { ...stream, ...more })).toBe(false);
  });

  test('may mean the first file', () => {
    expect(isOf(Stream, { ...stream, fileIdx: 0 })).toBe(true);
  });
});

describe('a title', () => {
  test.each([
    ['a relative poster', { poster: 'poster.jpg' }],
    ['no poster', { poster: '' }],
    ['a day without a time', { released: '2010-09-27' }],
    ['no name', { name: '' }],
    ['no id', { id: '' }],
    ['a link that is no URL', { links: [{ name: 'Ann', category: 'Cast', url: 'search?ann' }] }],
    ['a link without a name', { links: [{ name: '', category: 'Cast', url: 'stremio:///search?search=' }] }],
    ['a rating as Stremio once had it', { imdbRating: '7.5' }],
  ])('with %s is refused', (_what, more) => {
    expect(isOf(MetaPreview, { ...card, ...more })).toBe(false);
    expect(isOf(Meta, { ...card, ...more })).toBe(false);
  });

  test('may have a trailer of eleven letters and no other', () => {
    const trailer = (ytId: string) => ({ ...card, trailerStreams: [{ ytId, title: 'Film' }] });
    expect(isOf(Meta, trailer('aqz-KE-bpKQ'))).toBe(true);
    expect(isOf(Meta, trailer('aqz'))).toBe(false);
  });
});

describe('an episode', () => {
  const video = { id: 'tt0000001:0:0', title: '' };

  test('has season and number or neither, 0 for specials', () => {
    expect(isOf(Video, video)).toBe(true);
    expect(isOf(Video, { ...video, season: 0, episode: 0 })).toBe(true);
    expect(isOf(Video, { ...video, season: 1 })).toBe(false);
    expect(isOf(Video, { ...video, episode: 1 })).toBe(false);
  });

  test('is released at a moment or never', () => {
    expect(isOf(Video, { ...video, released: '2013-02-10T00:00:00.000Z' })).toBe(true);
    for (const released of [null, '', 'soon', '2013-02-10'])
      expect(isOf(Video, { ...video, released })).toBe(false);
  });
});

test('a subtitle has an id, an absolute URL and a language', () => {
  const subtitle = { id: '1', url: 'https://files.example/a.srt', lang: 'eng' };
  expect(isOf(Subtitle, subtitle)).toBe(true);
  for (const more of [{ id: '' }, { url: 'a.srt' }, { lang: '' }, { lang: undefined }])
    expect(isOf(Subtitle, { ...subtitle, ...more })).toBe(false);
});

test('a manifest has a version without letters, and real booleans', () => {
  const manifest = {
    id: 'a',
    version: '1.0.0',
    name: 'A',
    description: 'B',
    types: ['movie'],
    resources: ['catalog'],
    idPrefixes: ['tt'],
    catalogs: [],
    behaviorHints: { configurable: true, configurationRequired: false },
  };
  expect(isOf(Manifest, manifest)).toBe(true);
  for (const more of [
    { version: 'v1.0.0' },
    { version: '1.0' },
    { behaviorHints: null },
    { behaviorHints: { configurable: 'yes', configurationRequired: false } },
    { idPrefixes: [] },
    { types: [] },
    { logo: 'logo.png' },
  ])
    expect(isOf(Manifest, { ...manifest, ...more })).toBe(false);
});

describe('keepValid', () => {
  function kept(items: readonly unknown[], ornaments?: ReadonlySet<string>) {
    const dropped: string[] = [];
    const onDropped = (resource: string, reason: string) => void dropped.push(`${resource} ${reason}`);
    const valid = keepValid(MetaPreview, items, 'catalog', onDropped, ornaments);
    return { valid, dropped };
  }

  test('drops what is bad, tells of it, and keeps the rest in order', () => {
    const second = { ...card, id: 'tt0000002' };
    expect(kept([card, { ...card, poster: 'x' }, null, 'card', { ...card, name: '' }, second])).toEqual({
      valid: [card, second],
      dropped: ['catalog poster', 'catalog shape', 'catalog shape', 'catalog name'],
    });
  });

  test('takes only the bad ornament away, and tells of each', () => {
    const bad = { ...card, poster: 'x', logo: '', background: 'https://images.example/b.jpg' };
    expect(kept([bad], ORNAMENTS)).toEqual({
      valid: [{ ...card, background: 'https://images.example/b.jpg' }],
      dropped: ['catalog poster', 'catalog logo'],
    });
  });

  test('drops the whole when more than ornaments is bad', () => {
    expect(kept([{ ...card, name: '', poster: 'x' }, null, { ...card, colour: 'red' }], ORNAMENTS)).toEqual({
      valid: [],
      dropped: ['catalog name', 'catalog shape', 'catalog shape'],
    });
  });

  test('tells reasons without numbers in them, so that there are few', () => {
    const links = [1, 2].map(() => ({ name: '', category: 'Cast', url: 'x' }));
    expect(kept([{ ...card, links }]).dropped).toEqual(['catalog links']);
  });
});
