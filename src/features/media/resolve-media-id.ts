import type { MediaKind } from '../../catalogs/catalog.ts';
import { BadInput, Conflict, NotFound } from '../../kit/errors.ts';
import { type MediaId, parseMediaId } from '../../kit/media-id.ts';
import { UUID } from '../../kit/uuid.ts';
import type { Db } from '../../platform/db.ts';
import { namespacesOf } from './external-ids.ts';
import { mediaByExternalId, mediaByPublicId } from './queries/match.ts';
import { resolveMapped } from './resolve-mapped.ts';

/**
 * The title behind an id, and the episode when the id names one; null when either is unknown. `kind` chooses between
 * a film and a series of one TMDB or TVDB number; without it such a number is a Conflict that says how to write it.
 */
export async function resolveMediaId(
  db: Db,
  id: MediaId,
  kind?: MediaKind,
): Promise<{ mediaId: number; episodeId: number | null } | null> {
  const asked = episodeNumber(id);
  const found =
    id.provider === 'tributary'
      ? await mediaByPublicId(db, id.value, asked)
      : await mediaByExternalId(
          db,
          { provider: id.provider, namespaces: namespacesOf(id.provider, namespaceOf(id)), value: id.value },
          asked,
        );
  const [title, other] = kind === undefined ? found : found.filter((match) => match.kind === kind);
  if (other !== undefined) throw ambiguous(id);
  if (title === undefined || isOfCour(id)) return resolveMapped(db, id, { kind, direct: title ?? null });
  if (asked !== null && title.episodeId === null) return null;
  return { mediaId: title.mediaId, episodeId: title.episodeId };
}

function ambiguous({ provider, value }: MediaId): Conflict {
  return new Conflict(
    'media.ambiguous_id',
    `A film and a series both have this number: write ${provider}:movie:${value} or ${provider}:tv:${value}.`,
  );
}

/** An episode as an anime provider numbers it: within one cour, whatever season of the series that is. */
function isOfCour(id: MediaId): boolean {
  return id.episode !== undefined && id.season === undefined;
}

/** Only series have seasons, whatever the id leaves unsaid. */
function namespaceOf(id: MediaId): 'movie' | 'tv' | undefined {
  return id.namespace ?? (id.season === undefined ? undefined : 'tv');
}

/** Where the id says no season, the first is looked up; what the lists of anime know of the cour is asked after. */
function episodeNumber(id: MediaId): { season: number; episode: number } | null {
  return id.episode === undefined ? null : { season: id.season ?? 1, episode: id.episode };
}

/** Reads an id of the API: our uuid, or an outside id such as `tt0063350` or `tmdb:movie:603`; BadInput for anything else. */
export function parseApiMediaId(text: string): MediaId {
  const id = parseMediaId(UUID.test(text) ? `trib:${text}` : text);
  if (id === null) {
    throw new BadInput(
      'media.bad_id',
      'This is no id of a title. Use its uuid, or an outside id such as tt0063350, tmdb:movie:603 or tmdb:tv:1396.',
    );
  }
  return id;
}

/** As `resolveMediaId`, for the API: throws NotFound instead of answering null. */
export async function requireMedia(
  db: Db,
  text: string,
): Promise<{ mediaId: number; episodeId: number | null }> {
  const found = await resolveMediaId(db, parseApiMediaId(text));
  if (found === null) throw new NotFound('media.not_found', 'No title has this id.');
  return found;
}
