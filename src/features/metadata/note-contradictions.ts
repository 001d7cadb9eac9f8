import type { Db } from '../../platform/db.ts';
import { type Doubt, putDoubts } from './queries/doubts.ts';

/** Ids that were given for a stored title and contradict what is stored: nothing of it was written. */
export type Contradiction = {
  mediaId: number;
  ids: Readonly<Record<string, string | undefined>>;
  title: string | null;
  year: number | null;
  /** A sentence. */
  reason: string;
};

/** Puts what an import, IMDb's files or the public lists say against stored ids before a person (C1); of one title the last counts. */
export async function noteContradictions(
  db: Db,
  provider: 'import' | 'imdb' | 'anime-lists',
  contradictions: readonly Contradiction[],
): Promise<void> {
  const byTitle = new Map(contradictions.map((one) => [one.mediaId, one]));
  if (byTitle.size === 0) return;
  await putDoubts(
    db,
    [...byTitle.values()].map((one): Doubt & { mediaId: number } => ({
      ...{ ...one, provider },
      ...{ kind: 'ids', confidence: null, posterUrl: null, ids: givenIds(one.ids) },
    })),
  );
}

function givenIds(ids: Contradiction['ids']): Record<string, string> {
  return Object.fromEntries(
    Object.entries(ids).flatMap(([provider, id]) => (id === undefined ? [] : [[provider, id]])),
  );
}
