import type { Db } from '../../platform/db.ts';
import { genreSlug } from './genre-slug.ts';
import { putGenreTree, weighParents } from './queries/labels.ts';

/** A genre and its sub-genres. */
export type GenreFamily = { name: string; genres: readonly string[] };

/** Puts families of genres into the tree: what is there already moves below its parent, nothing is taken away. */
export async function writeGenreTree(db: Db, families: readonly GenreFamily[]): Promise<void> {
  const parents = families.map(({ name }) => ({ slug: genreSlug(name), name, parentSlug: null }));
  const children = families.flatMap(({ name, genres }) =>
    genres.map((genre) => ({ slug: genreSlug(genre), name: genre, parentSlug: genreSlug(name) })),
  );
  await db.transaction(async (tx) => {
    await putGenreTree(tx, parents);
    await putGenreTree(tx, children);
  });
}

/** Titles have the genre above a sub-genre by this weight, 0 to 1. */
export function weighParentGenres(db: Db, mediaIds: readonly number[], weight: number): Promise<void> {
  return weighParents(db, mediaIds, weight);
}
