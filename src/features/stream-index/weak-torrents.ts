import type { Ranked } from './ranked.ts';

/** Torrentio's numbers: from 5 seeders on a swarm is healthy, with 50 healthy ones nobody needs another. */
const HEALTHY_SEEDERS = 5;
const ENOUGH_HEALTHY = 50;
const ENOUGH_SEEDED = 5;
const MOST_SEEDED = 50;

type Swarm = Pick<Ranked, 'linkId' | 'seeders' | 'hasWebSeeds'>;

/**
 * Links of torrents that are hidden because hardly anyone seeds them, while others do: with 50 healthy ones only those
 * stay; else with 5 that have a seeder those, 50 at most; else the 5 most seeded. A swarm nobody was asked about yet is
 * not called weak, nor one whose file also lies on a web server. `ranked` is best first.
 */
export function weakTorrents(ranked: readonly Swarm[]): ReadonlySet<number> {
  const known = ranked.flatMap(({ linkId, seeders, hasWebSeeds }) =>
    seeders === null || hasWebSeeds ? [] : [{ linkId, seeders }],
  );
  const kept = new Set(keptOf(known).map(({ linkId }) => linkId));
  return new Set(known.filter(({ linkId }) => !kept.has(linkId)).map(({ linkId }) => linkId));
}

function keptOf<T extends { seeders: number }>(known: readonly T[]): readonly T[] {
  const healthy = known.filter(({ seeders }) => seeders >= HEALTHY_SEEDERS);
  if (healthy.length >= ENOUGH_HEALTHY) return healthy;
  const seeded = known.filter(({ seeders }) => seeders > 0);
  if (seeded.length >= ENOUGH_SEEDED) return seeded.slice(0, MOST_SEEDED);
  return [...known].sort((a, b) => b.seeders - a.seeders).slice(0, ENOUGH_SEEDED);
}
