import { describe, expect, test } from 'vitest';
import type { z } from 'zod';
import { applyPreferences } from '../../src/features/preferences/apply-preferences.ts';
import {
  compilePreferences,
  SORT_KEY_NAMES,
  StreamPreferences,
  VOCABULARY,
} from '../../src/features/preferences/index.ts';
import type { StreamFacts } from '../../src/features/preferences/stream-facts.ts';
import { STREAM_KINDS } from '../../src/features/stream-index/schemas.ts';
import { streamFacts } from '../support/stream-facts.ts';

type Wish = z.input<typeof StreamPreferences>;
const FILM = { isEpisode: false, maxTotal: 100, maxPerResolution: 100 };
const GB = 1_000_000_000;

const compiled = (wish: Wish) => compilePreferences(StreamPreferences.parse(wish));
const apply = (offers: readonly StreamFacts[], wish: Wish, limits = FILM) =>
  applyPreferences(offers, compiled(wish), limits);

describe('the schema', () => {
  test.each([
    ['an unknown field', { resolutions: {} }, 'resolutions'],
    ['an unknown word', { codec: { only: ['h.265'] } }, 'codec.only.0'],
    ['a language nobody speaks', { language: { only: ['klingonish'] } }, 'language.only.0'],
    ['a contradiction', { codec: { only: ['HEVC'], exclude: ['HEVC'] } }, 'codec.exclude'],
    ['a minimum above the maximum', { size: { film: { min: 2, max: 1 } } }, 'size.film.min'],
    ['a sharpest below the least sharp', { resolution: { min: '1080p', max: '720p' } }, 'resolution.min'],
    ['a broken pattern', { patterns: { only: ['('] } }, 'patterns.only.0'],
    ['costly patterns', { patterns: { only: ['(\\w?){60}z'] } }, 'patterns'],
    ['a key twice', { sort: [{ key: 'size' }, { key: 'size' }] }, 'sort'],
    ['a broken template', { templates: { name: '{nothing}' } }, 'templates.name'],
    [
      'too many words',
      { keywords: { only: Array.from({ length: 31 }, (_, n) => `w${n}`) } },
      'keywords.only',
    ],
  ])('refuses %s', (_what, wish, path) => {
    const parsed = StreamPreferences.safeParse(wish);
    expect(parsed.error?.issues.map((issue) => issue.path.join('.')) ?? []).toContain(
      path === 'resolutions' ? '' : path,
    );
  });

  test('knows every kind there is, and takes what it gave', () => {
    expect([...VOCABULARY.kind].sort()).toEqual([...STREAM_KINDS].sort());
    const wish = { language: { only: ['German', 'pt-br'] }, caps: { resolutions: { '2160p': 0 } } };
    const parsed = StreamPreferences.parse(wish);
    expect(parsed.language).toEqual({ only: ['de', 'pt-BR'] });
    expect(StreamPreferences.parse(JSON.parse(JSON.stringify(parsed)))).toEqual(parsed);
  });

  test('of nothing, or of empty parts, changes nothing', () => {
    for (const wish of [{}, { codec: {}, sort: [], caps: {}, templates: { name: ' ' } }])
      expect(compiled(wish).isPlain).toBe(true);
    expect(compiled({ caps: { total: 3 } }).isPlain).toBe(false);
  });
});

/** Numbers below `below` that follow from `seed` (Park and Miller). */
function draws(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

describe('whatever the streams and the wishes', () => {
  const some = <T>(draw: (below: number) => number, list: readonly T[]) => list.filter(() => draw(4) === 0);
  const one = <T>(draw: (below: number) => number, list: readonly T[]) => list[draw(list.length)] as T;

  function varied(draw: (below: number) => number): StreamFacts {
    return streamFacts({
      kind: one(draw, VOCABULARY.kind),
      name: `Film ${one(draw, ['CAM', 'REMUX', 'x264'])} ${draw(1000)}`,
      resolution: one(draw, [null, ...VOCABULARY.resolution]),
      quality: one(draw, [null, ...VOCABULARY.quality]),
      codec: one(draw, [null, ...VOCABULARY.codec]),
      hdrFormats: some(draw, VOCABULARY.hdr),
      languages: some(draw, ['de', 'en', 'fr']),
      sizeBytes: draw(3) === 0 ? null : draw(20) * GB,
      seeders: draw(3) === 0 ? null : draw(9),
      isReachable: draw(5) > 0,
    });
  }

  function wished(draw: (below: number) => number): Wish {
    const [only, rest] = [some(draw, VOCABULARY.codec), some(draw, VOCABULARY.resolution)];
    return {
      codec: draw(2) === 0 ? { only, unknown: one(draw, ['keep', 'hide'] as const) } : { prefer: only },
      resolution: draw(2) === 0 ? { exclude: rest } : { prefer: rest },
      language: { prefer: some(draw, ['de', 'en', 'fr']) },
      size: { film: { max: (1 + draw(20)) * GB } },
      keywords: draw(3) === 0 ? { exclude: ['cam'] } : { prefer: ['remux'] },
      sort: some(draw, SORT_KEY_NAMES).map((key) => ({
        key,
        direction: one(draw, ['ascending', 'descending'] as const),
      })),
      caps: draw(2) === 0 ? { total: 1 + draw(30), perResolution: 1 + draw(5) } : {},
    };
  }

  const LIMITS = { ...FILM, maxTotal: 25, maxPerResolution: 10 };
  const places = (streams: readonly StreamFacts[], { shown }: ReturnType<typeof apply>) =>
    shown.map(({ offer, tier }) => [tier, streams.indexOf(offer)] as const);

  test('shown and hidden are all, the order is total and stable, and a second time changes nothing', () => {
    let emptied = 0;
    for (let seed = 1; seed <= 300; seed += 1) {
      const draw = draws(seed * 7919);
      const streams = Array.from({ length: draw(60) }, () => varied(draw));
      const wish = wished(draw);
      const applied = apply(streams, wish, LIMITS);
      const { shown, hidden } = applied;
      expect(shown.length + hidden.length).toBe(streams.length);
      expect(new Set([...shown, ...hidden].map(({ offer }) => offer))).toEqual(new Set(streams));
      expect(hidden.filter(({ rule, reason }) => rule === '' || !reason.endsWith('.'))).toEqual([]);
      // By tier, and within one as they came.
      const order = places(streams, applied);
      expect(order).toEqual([...order].sort((a, b) => a[0] - b[0] || a[1] - b[1]));
      const kept = shown.map(({ offer }) => offer);
      expect(apply(kept, wish).shown.map(({ offer }) => offer)).toEqual(kept);
      expect(applied.emptied !== null).toBe(shown.length === 0 && streams.length > 0);
      emptied += Number(applied.emptied !== null);
    }
    expect(emptied).toBeGreaterThan(0);
  });

  test('the order does not depend on how those came that it tells apart', () => {
    const draw = draws(42);
    const streams = Array.from({ length: 40 }, (_, n) => ({ ...varied(draw), kind: 'http', seeders: n }));
    const wish: Wish = { sort: [{ key: 'resolution' }, { key: 'seeders' }] };
    const straight = apply(streams, wish).shown.map(({ offer }) => offer);
    const turned = apply([...streams].reverse(), wish).shown.map(({ offer }) => offer);
    expect(turned).toEqual(straight);
  });
});
