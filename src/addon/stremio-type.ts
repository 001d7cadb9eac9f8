import type { MediaKind } from '../catalogs/catalog.ts';

/** Our kinds under Stremio's names; the protocol's type for events is plural. */
const TYPES: Record<MediaKind, string> = { movie: 'movie', series: 'series', tv: 'tv', event: 'events' };
const KINDS = new Map(Object.entries(TYPES).map(([kind, type]) => [type, kind]));

export const STREMIO_TYPES = Object.values(TYPES);

export function stremioType(kind: MediaKind): string {
  return TYPES[kind];
}

/** The kind of a Stremio type, or null when we have none of it. */
export function kindOf(type: string): MediaKind | null {
  const kind = KINDS.get(type);
  return kind === 'movie' || kind === 'series' || kind === 'tv' || kind === 'event' ? kind : null;
}
