import type { Db } from '../../platform/db.ts';
import { flagTitles, mediaCalled } from './queries/match.ts';
import { upsertTitle } from './upsert-titles.ts';

/** What the name of a release tells of its title. */
export type NamedTitle = { kind: 'movie' | 'series'; title: string; year?: number | undefined };

/**
 * The title a release is of: one of this kind that is called so, of the year it names or a year beside it; else it is added from the
 * name alone, and flagged for review with a confidence of 0, since nothing but the name speaks for it (C4: below 0.80).
 */
export async function titleForName(
  db: Db,
  { kind, title, year }: NamedTitle,
): Promise<{ mediaId: number; isNew: boolean }> {
  const known = await mediaCalled(db, { kind, title, year: year ?? null });
  if (known !== null) return { mediaId: known, isNew: false };
  const added = await upsertTitle(db, { kind, title, ...(year === undefined ? {} : { year }) });
  if (added.isNew) await flagTitles(db, [added.mediaId], 0);
  return added;
}
