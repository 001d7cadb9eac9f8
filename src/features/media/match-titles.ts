import type { Db } from '../../platform/db.ts';
import { externalIds } from './external-ids.ts';
import {
  type ExternalId,
  foldedTitles,
  type HeldId,
  idsOf,
  mediaWithIds,
  mediaWithTitles,
} from './queries/match.ts';
import type { TitleInput } from './schemas.ts';

/** A title to write, with what decides whether we have it already. */
export type Candidate = {
  title: TitleInput;
  /** Place in the caller's list. */
  index: number;
  folded: string;
  year: number | null;
  ids: readonly ExternalId[];
};

export type Match =
  | { candidate: Candidate; match: 'new' }
  | { candidate: Candidate; match: 'known'; mediaId: number; newIds: readonly ExternalId[] }
  /** `mediaId`: a stored title that has one of its ids. */
  | { candidate: Candidate; match: 'conflict'; reason: string; mediaId: number };

/** The titles with their folded names and outside ids. */
export async function candidatesOf(db: Db, titles: readonly TitleInput[]): Promise<Candidate[]> {
  const folded = await foldedTitles(
    db,
    titles.map((title) => title.title),
  );
  return titles.map((title, index) => ({
    title,
    index,
    folded: folded[index]?.folded ?? '',
    year: yearOf(title),
    ids: externalIds(title.kind, title.ids),
  }));
}

/** The year, or that of the release date. */
export function yearOf(title: Pick<TitleInput, 'year' | 'releaseDate'>): number | null {
  if (title.year !== undefined) return title.year;
  return title.releaseDate === undefined ? null : Number(title.releaseDate.slice(0, 4));
}

/** What two candidates of one title have in common: an outside id, or kind, year and folded title. */
export function keysOf({ ids, title, year, folded }: Candidate): string[] {
  return [...ids.map(idKey), `title ${title.kind} ${year} ${folded}`];
}

/**
 * Which stored title each candidate is: by any outside id, else by kind, folded title and year among titles whose
 * ids do not contradict. Contradictory ids are a conflict and never overwrite (C1). Three statements at most.
 */
export async function matchTitles(db: Db, candidates: readonly Candidate[]): Promise<Match[]> {
  const byId = Map.groupBy(
    await mediaWithIds(
      db,
      candidates.flatMap(({ ids }, index) => ids.map((id) => ({ ...id, index }))),
    ),
    (row) => row.index,
  );
  const unknown = candidates.flatMap((candidate, index) => (byId.has(index) ? [] : [{ candidate, index }]));
  const byTitle = Map.groupBy(
    unknown.length === 0
      ? []
      : await mediaWithTitles(
          db,
          unknown.map(({ candidate, index }) => ({
            index,
            kind: candidate.title.kind,
            folded: candidate.folded,
            year: candidate.year,
          })),
        ),
    (row) => row.index,
  );
  const mediaIds = [...byId.values(), ...byTitle.values()].flat().map((row) => row.mediaId);
  const held = Map.groupBy(mediaIds.length === 0 ? [] : await idsOf(db, mediaIds), (id) => id.mediaId);
  return candidates.map((candidate, index) => {
    const matches = byId.get(index);
    if (matches !== undefined) return matchById(candidate, matches, held);
    const free = byTitle
      .get(index)
      ?.find(({ mediaId }) => contradiction(candidate, held.get(mediaId) ?? []) === null);
    return free === undefined ? { candidate, match: 'new' } : known(candidate, free.mediaId, held);
  });
}

type Held = ReadonlyMap<number, readonly HeldId[]>;

function matchById(
  candidate: Candidate,
  matches: readonly { mediaId: number; kind: string }[],
  held: Held,
): Match {
  const [first, second] = matches;
  if (first === undefined) return { candidate, match: 'new' };
  const { mediaId } = first;
  const conflict = (reason: string): Match => ({ candidate, match: 'conflict', reason, mediaId });
  if (second !== undefined) return conflict('Its outside ids belong to different titles here.');
  if (first.kind !== candidate.title.kind)
    return conflict(`The title with these ids is stored as ${first.kind}, not ${candidate.title.kind}.`);
  const other = contradiction(candidate, held.get(first.mediaId) ?? []);
  if (other !== null) {
    return conflict(
      `The title with these ids has ${other.held.provider} ${other.held.externalId} here, not ${other.given.externalId}.`,
    );
  }
  return known(candidate, first.mediaId, held);
}

function known(candidate: Candidate, mediaId: number, held: Held): Match {
  const stored = new Set((held.get(mediaId) ?? []).map(idKey));
  return { candidate, match: 'known', mediaId, newIds: candidate.ids.filter((id) => !stored.has(idKey(id))) };
}

/** An id both have of one provider, with two values. */
function contradiction(
  candidate: Candidate,
  held: readonly HeldId[],
): { given: ExternalId; held: HeldId } | null {
  for (const given of candidate.ids) {
    const other = held.find(
      (id) => id.provider === given.provider && id.ns === given.ns && id.externalId !== given.externalId,
    );
    if (other !== undefined) return { given, held: other };
  }
  return null;
}

function idKey(id: ExternalId): string {
  return `${id.provider}:${id.ns}:${id.externalId}`;
}
