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
import { BadInput } from '../../src/kit/errors.ts';
import { createNet } from '../../src/platform/net.ts';
import type { Importer } from './importer.ts';

/** `npm run seed -- imdb`: titles of IMDb's public data sets, by path or URL. */
export const imdb: Importer = {
  name: 'imdb',
  usage: [
    'imdb --folder DIR                       the files of IMDb in a folder: title.basics.tsv.gz and those that are there of',
    '                                        title.ratings, title.akas, title.episode, title.principals, name.basics',
    'imdb --basics FILE|URL [--ratings …] [--akas …] [--episode …] [--principals …] [--names …]',
    `     [--types ${TITLE_TYPES.join(',')}]`,
    '     [--min-votes N] [--adult]',
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
  if (unknown !== undefined)
    throw new BadInput('seed.arguments', `There is no type ${unknown}. Types: ${TITLE_TYPES.join(', ')}.`);
  const minVotes = Number(values['min-votes'] ?? 0);
  if (!Number.isInteger(minVotes) || minVotes < 0)
    throw new BadInput('seed.arguments', '--min-votes takes a whole number.');
  const found = values.folder === undefined ? {} : await filesIn(values.folder);
  const given = Object.fromEntries(
    IMDB_FILE_ORDER.flatMap((file) => (values[file] === undefined ? [] : [[file, values[file]]])),
  );
  const files: Partial<Record<ImdbFile, string>> = { ...found, ...given };
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
    throw new BadInput(
      'seed.arguments',
      error instanceof Error ? error.message : 'These options are not known.',
    );
  }
}

/** `title.basics.tsv.gz`, or unpacked. */
async function filesIn(folder: string): Promise<Partial<Record<ImdbFile, string>>> {
  const names = await readdir(folder).catch(() => {
    throw new BadInput('seed.arguments', `There is no folder ${folder}.`);
  });
  const files: Partial<Record<ImdbFile, string>> = {};
  for (const file of IMDB_FILE_ORDER) {
    const { name } = IMDB_FILES[file];
    const found = [`${name}.tsv.gz`, `${name}.tsv`].find((wanted) => names.includes(wanted));
    if (found !== undefined) files[file] = join(folder, found);
  }
  return files;
}
