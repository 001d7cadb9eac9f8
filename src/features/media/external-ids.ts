import type { ExternalId } from './queries/match.ts';
import type { TitleInput } from './schemas.ts';

/** These number films and series apart (C1). */
const NAMESPACED = new Set(['tmdb', 'tvdb', 'trakt']);

/** The outside ids of a title of this kind, each in its namespace; `undefined` and null ones are left out. */
export function externalIds(
  kind: TitleInput['kind'],
  ids: Readonly<Record<string, string | null | undefined>> | undefined,
): ExternalId[] {
  return Object.entries(ids ?? {}).flatMap(([provider, externalId]) =>
    externalId == null ? [] : [{ provider, ns: namespaceOf(provider, kind), externalId }],
  );
}

function namespaceOf(provider: string, kind: TitleInput['kind']): ExternalId['ns'] {
  if (!NAMESPACED.has(provider)) return 'any';
  return kind === 'series' || kind === 'tv' ? 'tv' : 'movie';
}

/** Namespaces an id may stand under when its asker did not say which. */
export function namespacesOf(
  provider: string,
  asked: 'movie' | 'tv' | undefined,
): readonly ExternalId['ns'][] {
  if (!NAMESPACED.has(provider)) return ['any'];
  return asked === undefined ? ['movie', 'tv'] : [asked];
}
