import type { Ranked } from './ranked.ts';

type Post = Pick<Ranked, 'linkId' | 'health'>;

/** A check found that not all of its articles can be had: it breaks off, or does not begin. */
export function isDamaged({ health }: Pick<Ranked, 'health'>): boolean {
  return health === 'damaged' || health === 'gone';
}

/**
 * Links of Usenet posts that are hidden because a check found them damaged or gone, while something else is there to play. One
 * that was not checked yet is not called so; where there is nothing else they stay, as a check may be wrong.
 */
export function weakPosts(ranked: readonly Post[]): ReadonlySet<number> {
  const damaged = ranked.filter(isDamaged);
  return new Set(damaged.length < ranked.length ? damaged.map(({ linkId }) => linkId) : []);
}
