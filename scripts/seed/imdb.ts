import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import {
  IMDB_FILE_ORDER,
  IMDB_FILES,
  type ImdbFile,
  importImdb,
  TITLE_TYPES,
} from '../../src/features/imports/index.ts';
import { createNet } from '../../src/platform/net.ts';
import type { Importer } from './importer.ts';
import { badUsage } from './usage.ts';

/** `npm run seed -- imdb`: titles of IMDb's public data sets, by path or URL. */
export const imdb: Importer = {
  name: 'imdb',
  usage: [
    '--folder DIR  the files of IMDb in a folder: title.basics.tsv.gz, and of title.ratings, title.akas, title.episode, title.principals and name.basics those that are there',
    '--basics PATH-OR-URL  the same, each by its place: --ratings, --akas, --episode, --principals, --names',
    '… --min-votes N  only titles with at least so many votes',
    `… --types movie,tvSeries  only these of ${TITLE_TYPES.join(', ')}`,
    '… --adult  adult titles too',
  ],
  async run(args, { context, signal, progress }) {
    const { files, types, minVotes, adult } = await readArguments(args);
    const { config, database } = context;
    const { mode, allow } = config.outbound;
    const net = createNet({ mode, allow, ownPorts: () => new Set(database.ports) });
    try {
      return await importImdb(
        { db: database.db, url: database.url, net },
        { files, types, minVotes, adult, signal, progress },
      );
    } finally {
      await net.close();
    }
  },
};

async function readArguments(args: readonly string[]) {
  const { values } = parse(args);
  const types =
    values.types === undefined ? [...TITLE_TYPES] : values.types.split(',').map((type) => type.trim());
  const unknown = types.find((type) => !TITLE_TYPES.some((known) => known === type));
  if (unknown !== undefined) throw badUsage(`There is no type ${unknown}. Types: ${TITLE_TYPES.join(', ')}.`);
  const minVotes = Number(values['min-votes'] ?? 0);
  if (!Number.isInteger(minVotes) || minVotes < 0) throw badUsage('--min-votes takes a whole number.');
  const found = values.folder === undefined ? {} : await filesIn(values.folder);
  const given = Object.fromEntries(
    IMDB_FILE_ORDER.flatMap((file) => (values[file] === undefined ? [] : [[file, values[file]]])),
  );
  const files: Partial<Record<ImdbFile, string>> = { ...found, ...given };
  if (files.basics === undefined)
    throw badUsage(
      values.folder === undefined
        ? 'Say where the files are: --folder, or --basics.'
        : 'There is no title.basics.tsv.gz in this folder; the other files only add to it.',
    );
  return { files, types: new Set<string>(types), minVotes, adult: values.adult === true };
}

function parse(args: readonly string[]) {
  const place = { type: 'string' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        folder: place,
        ...{ basics: place, ratings: place, akas: place, episode: place, principals: place, names: place },
        types: place,
        'min-votes': place,
        adult: { type: 'boolean' },
      },
    });
  } catch (error) {
    throw badUsage(error instanceof Error ? error.message : 'These options are not known.');
  }
}

/** `title.basics.tsv.gz`, or unpacked. */
async function filesIn(folder: string): Promise<Partial<Record<ImdbFile, string>>> {
  const names = await readdir(folder).catch(() => {
    throw badUsage(`There is no folder ${folder}.`);
  });
  const files: Partial<Record<ImdbFile, string>> = {};
  for (const file of IMDB_FILE_ORDER) {
    const { name } = IMDB_FILES[file];
    const found = [`${name}.tsv.gz`, `${name}.tsv`].find((wanted) => names.includes(wanted));
    if (found !== undefined) files[file] = join(folder, found);
  }
  return files;
}
