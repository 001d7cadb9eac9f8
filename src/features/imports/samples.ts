import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import { weighParentGenres, writeGenreTree } from '../media/index.ts';
import { type ImportDeps, type ImportOptions, type ImportResult, importTitles } from './import-titles.ts';

const SAMPLES = new URL('../../../scripts/samples/', import.meta.url);

const GenreTree = z.strictObject({
  /** Of a genre that a title has through one of its sub-genres. */
  parentWeight: z.number().min(0).max(1),
  families: z.array(z.strictObject({ name: z.string(), genres: z.array(z.string()) })),
});
const Titles = z.looseObject({ titles: z.array(z.looseObject({ genres: z.array(z.string()) })) });

/** The genre tree of the samples, and their titles as an import file, each with the genres above its own. */
export async function readSamples() {
  const tree = GenreTree.parse(await parsed('genres.json'));
  const file = Titles.parse(await parsed('titles.json'));
  const parentOf = new Map(tree.families.flatMap(({ name, genres }) => genres.map((genre) => [genre, name])));
  const titles = file.titles.map((title) => {
    const above = title.genres.flatMap((genre) => parentOf.get(genre) ?? []);
    return { ...title, genres: [...new Set([...title.genres, ...above])] };
  });
  return { tree, file: { ...file, titles } };
}

async function parsed(name: string): Promise<unknown> {
  return JSON.parse(await readFile(new URL(name, SAMPLES), 'utf8'));
}

/** Writes the genre tree and a known title for each genre of it, metadata only. */
export async function importSamples(
  deps: ImportDeps,
  options: Omit<ImportOptions, 'name'>,
): Promise<ImportResult> {
  const { tree, file } = await readSamples();
  await writeGenreTree(deps.db, tree.families);
  const mediaIds: number[] = [];
  const result = await importTitles(deps, file, {
    ...options,
    ...{ name: 'samples', onWritten: (ids) => mediaIds.push(...ids) },
  });
  await weighParentGenres(deps.db, mediaIds, tree.parentWeight);
  return result;
}
