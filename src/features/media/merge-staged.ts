import type { Db } from '../../platform/db.ts';
import { genreSlug } from './genre-slug.ts';
import { addToSearch, insertStagedTitles } from './queries/insert-staged.ts';
import { lockTitles, lockTitlesShared, vouchForTitles } from './queries/match.ts';
import { addStagedCredits, addStagedPeople } from './queries/merge-credits.ts';
import { addStagedSeasons, mergeStagedEpisodes } from './queries/merge-episodes.ts';
import {
  addKnownAliases,
  addKnownGenres,
  addKnownTranslations,
  addStagedGenres,
  adoptTitles,
  countKnown,
  putKnownRatings,
  type StagedRange,
  stagedConflicts,
  updateKnownTitles,
  writeTitles,
  writeWholeTitles,
} from './queries/merge-titles.ts';

/** The genres an importer's titles have, made before the first of them. */
export async function prepareGenres(db: Db, names: readonly string[]): Promise<void> {
  await addStagedGenres(
    db,
    names.map((name) => ({ name, slug: genreSlug(name) })),
  );
}

/** Staged titles that are ours by name get their IMDb id; how many. One transaction of the caller's. */
export async function adoptStagedTitles(tx: Db): Promise<number> {
  await lockTitles(tx);
  const { mediaIds } = await adoptTitles(tx);
  // What was made from a name has an id that names it now.
  await vouchForTitles(tx, mediaIds);
  return mediaIds.length;
}

export type KnownTitles = { changed: number; same: number; conflicts: StagedConflict[] };
/** Titles whose IMDb id a title of another kind has here. */
export type StagedConflict = { mediaId: number; imdbId: string; title: string; reason: string };

/** Brings the titles of a range that are here already to what is staged. One transaction of the caller's, with triggers at work. */
export async function mergeKnownTitles(tx: Db, range: StagedRange): Promise<KnownTitles> {
  const { count } = await countKnown(tx, range);
  const conflicts = (await stagedConflicts(tx, range)).map(
    ({ mediaId, imdbId, title, kind, storedKind }) => ({
      ...{ mediaId, imdbId, title },
      reason: `It is stored as ${storedKind}, not ${kind}.`,
    }),
  );
  if (count === 0) return { changed: 0, same: 0, conflicts };
  await lockTitles(tx);
  await writeTitles(tx);
  const changed = new Set<number>();
  for (const write of [
    updateKnownTitles,
    addKnownGenres,
    addKnownAliases,
    addKnownTranslations,
    putKnownRatings,
  ])
    for (const { mediaId } of await write(tx, range)) changed.add(mediaId);
  return { changed: changed.size, same: count - changed.size, conflicts };
}

/** Adds those that are not, last in its transaction; how many. Two ranges may be added at once. */
export async function addNewTitles(tx: Db, range: StagedRange): Promise<number> {
  await lockTitlesShared(tx);
  await writeWholeTitles(tx);
  const { mediaIds } = await insertStagedTitles(tx, range);
  if (mediaIds.length > 0) await addToSearch(tx, mediaIds);
  return mediaIds.length;
}

type Merged = { added: number; changed: number };

export async function mergeEpisodes(tx: Db, range: StagedRange): Promise<Merged> {
  await writeTitles(tx);
  await addStagedSeasons(tx, range);
  return mergeStagedEpisodes(tx, range);
}

export async function mergePeople(tx: Db, range: StagedRange): Promise<Merged> {
  await writeTitles(tx);
  return addStagedPeople(tx, range);
}

export async function mergeTitleCredits(tx: Db, range: StagedRange): Promise<Merged> {
  await writeTitles(tx);
  return addStagedCredits(tx, range);
}
