import { describe, expect, it } from 'vitest';
import { withPartsTogether } from '../../src/features/stream-index/film-parts.ts';
import type { Ranked } from '../../src/features/stream-index/ranked.ts';
import { ranksOf } from '../../src/features/stream-index/ranking-facts.ts';
import { sameReleases } from '../../src/features/stream-index/same-release.ts';
import { inOrder, SORT_KEYS } from '../../src/features/stream-index/sort-keys.ts';

/** Numbers below `below` that follow from `seed` (Park and Miller). */
function draws(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % below;
  };
}

const RESOLUTIONS = ['2160p', '1080p', '720p', null];
const QUALITIES = ['BluRay REMUX', 'WEB-DL', 'CAM', null];
const SOUNDS = [[], ['DD+'], ['TrueHD', 'Atmos'], ['FLAC']];
const LAYOUTS = [[], ['2.0'], ['5.1'], ['7.1', '2.0'], ['stereo']];
const HDR = [[], ['DV', 'HDR10'], ['HLG']];
const KINDS = ['torrent', 'http', 'usenet', 'youtube'];
const HEALTHS = [null, null, 'complete', 'damaged'] as const;
const NAMES = [
  'Film.2008.1080p-A',
  'film 2008 1080p a',
  'Film.2008.720p-B',
  'Фильм.2008-C',
  'фильм 2008 c',
  '...',
];

function varied(seed: number, count: number): Ranked[] {
  const draw = draws(seed);
  return Array.from({ length: count }, (_, index) => ({
    ...{ linkId: ((index * 7919) % 100_003) + 1, streamId: index },
    ...picture(draw),
    ...named(draw),
    partNumber: null,
    ...source(draw),
    isVerified: draw(4) === 0,
    // Few bases with steps about as large as the tolerances, so that many are just within and many just beyond.
    sizeBytes:
      draw(12) === 0 ? null : (1 + draw(4)) * 1_000_000_000 + draw(60) * 500_000 * (1 + draw(3) * 20),
  }));
}

type Draw = ReturnType<typeof draws>;

function one<T>(draw: Draw, list: readonly T[]): T {
  return list[draw(list.length)] as T;
}

function picture(draw: Draw) {
  const [resolution, quality] = [one(draw, RESOLUTIONS), one(draw, QUALITIES)];
  const sound = { audio: one(draw, SOUNDS), channels: one(draw, LAYOUTS), hdrFormats: one(draw, HDR) };
  return {
    ...{ resolution, quality, codec: null, ...sound },
    ...ranksOf({ resolution, quality, ...sound }),
    visualTags: draw(9) === 0 ? ['3D'] : [],
  };
}

function named(draw: Draw) {
  const name = one(draw, NAMES);
  return draw(3) > 0
    ? { fileIndex: 0, fileName: `Folder/${name}.mkv`, name: null }
    : { fileIndex: null, fileName: null, name };
}

function source(draw: Draw) {
  const [kind, health] = [one(draw, KINDS), one(draw, HEALTHS)];
  return {
    ...{ kind, seeders: null, hasWebSeeds: false },
    ...{ score: kind === 'torrent' ? draw(4) : 0, health: kind === 'usenet' ? health : null },
    ...{ isReachable: kind !== 'http' || draw(4) > 0, sourcePriority: draw(2), sourceTens: draw(11) },
  };
}

/** As it is told in `SORT_KEYS`, one pair after the other. */
function comesBefore(a: Ranked, b: Ranked): boolean {
  for (const { direction, of } of SORT_KEYS) {
    const [left, right] = [of(a) ?? -1, of(b) ?? -1];
    if (left !== right) return direction === 'ascending' ? left < right : left > right;
  }
  return a.linkId < b.linkId;
}

/** Every pair by every rule: names without separators, sizes within the tolerance. */
function sameByPairs(ranked: readonly Ranked[]): Map<number, number> {
  const plain = ({ fileName, name }: Ranked) =>
    (
      fileName
        ?.split('/')
        .at(-1)
        ?.replace(/\.mkv$/, '') ??
      name ??
      ''
    )
      .toLowerCase()
      .replace(/[^\p{L}\p{N}]+/gu, ' ')
      .trim();
  const same = new Map<number, number>();
  const kept: Ranked[] = [];
  for (const each of ranked) {
    const better = kept.find((other) => {
      if (each.sizeBytes === null || other.sizeBytes === null || plain(each) === '') return false;
      const share = each.kind === 'usenet' || other.kind === 'usenet' ? 0.05 : 0.001;
      const isNear =
        Math.abs(each.sizeBytes - other.sizeBytes) <= share * Math.max(each.sizeBytes, other.sizeBytes);
      return isNear && plain(each) === plain(other);
    });
    if (better === undefined) kept.push(each);
    else same.set(each.linkId, better.linkId);
  }
  return same;
}

describe('the order of 500 varied offers', () => {
  it.each([1, 2, 3])('is the one that the keys tell, each before the next (set %i)', (seed) => {
    const set = varied(seed, 500);
    const ordered = inOrder(set);
    expect(new Set(ordered)).toEqual(new Set(set));
    for (const [at, offer] of ordered.slice(1).entries())
      expect(comesBefore(ordered[at] as Ranked, offer)).toBe(true);
  });

  it.each([1, 2, 3])('the same release is found as by comparing every pair (set %i)', (seed) => {
    const all = inOrder(varied(seed, 500));
    for (const ranked of [all, all.filter(({ kind }) => kind !== 'usenet')]) {
      const same = sameReleases(ranked);
      expect(same.size).toBeGreaterThan(20);
      expect([...same]).toEqual([...sameByPairs(ranked)]);
    }
  });
});

describe('a film in parts', () => {
  const file = (name: string, partNumber: number | null, more: Partial<Ranked> = {}): Ranked => ({
    ...(varied(1, 1)[0] as Ranked),
    ...{ kind: 'local', fileIndex: null, fileName: null, name, partNumber, sizeBytes: 700_000_000, ...more },
  });
  const names = (offers: readonly Ranked[]) => offers.map(({ name }) => name);

  it('stands together in its order, where the best of its parts does', () => {
    const ordered = [
      file('Whole (1920).mkv', null),
      file('Golem (1920) CD2.avi', 2),
      file('Golem.1920.Part.1.mkv', 1),
      file('Golem 1920.mkv', null),
      file('Golem (1920) CD10.avi', 10),
      file('Golem (1920) CD1.avi', 1),
      file('Golem.1920.Part.2.mkv', 2),
    ];
    expect(names(withPartsTogether(ordered))).toEqual([
      'Whole (1920).mkv',
      'Golem (1920) CD1.avi',
      'Golem (1920) CD2.avi',
      'Golem (1920) CD10.avi',
      'Golem.1920.Part.1.mkv',
      'Golem.1920.Part.2.mkv',
      'Golem 1920.mkv',
    ]);
  });

  it('whose folders alone tell its parts apart has none that is taken for another', () => {
    const parts = [1, 2].map((part) => file('golem.avi', part, { linkId: part }));
    const copy = file('golem.avi', 2, { linkId: 3, kind: 'http' });
    expect([...sameReleases([...parts, copy])]).toEqual([[3, 2]]);
    expect(names(withPartsTogether(parts.toReversed()))).toEqual(['golem.avi', 'golem.avi']);
    expect(withPartsTogether(parts.toReversed()).map(({ partNumber }) => partNumber)).toEqual([1, 2]);
  });
});
