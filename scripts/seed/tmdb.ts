import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { importTmdb, TMDB_LISTS, type TmdbList } from '../../src/features/imports/index.ts';
import { createNet } from '../../src/platform/net.ts';
import type { Importer } from './importer.ts';
import { badUsage } from './usage.ts';

/** `npm run seed -- tmdb`: titles of TMDB's daily lists of ids, by path or URL. */
export const tmdb: Importer = {
  name: 'tmdb',
  usage: [
    "--movies PATH-OR-URL --series PATH-OR-URL  titles of TMDB's daily lists of ids (movie_ids_….json.gz, tv_series_ids_….json.gz), one or both; their details follow in the background",
    '--folder DIR  the newest of these lists in a folder',
    '… --min-popularity N  only titles of at least this popularity',
    '… --adult  adult titles too',
    '… --video  also what TMDB says is no film: trailers, concerts, compilations',
  ],
  async run(args, { context, signal, progress }) {
    const options = await readArguments(args);
    const { config, database } = context;
    const { mode, allow } = config.outbound;
    const net = createNet({ mode, allow, ownPorts: () => new Set(database.ports) });
    try {
      return await importTmdb({ db: database.db, url: database.url, net }, { ...options, signal, progress });
    } finally {
      await net.close();
    }
  },
};

async function readArguments(args: readonly string[]) {
  const { values } = parse(args);
  const minPopularity = Number(values['min-popularity'] ?? 0);
  if (!(minPopularity >= 0)) throw badUsage('--min-popularity takes a number.');
  const found = values.folder === undefined ? {} : await listsIn(values.folder);
  const { movies = found.movies, series = found.series } = values;
  if (movies === undefined && series === undefined)
    throw badUsage(
      values.folder === undefined
        ? 'Say where the lists are: --movies, --series, or --folder.'
        : 'There is no movie_ids_….json.gz and no tv_series_ids_….json.gz in this folder.',
    );
  return {
    lists: { ...(movies === undefined ? {} : { movies }), ...(series === undefined ? {} : { series }) },
    ...{ minPopularity, adult: values.adult === true, video: values.video === true },
  };
}

function parse(args: readonly string[]) {
  const place = { type: 'string' } as const;
  const yes = { type: 'boolean' } as const;
  try {
    return parseArgs({
      args: [...args],
      options: {
        ...{ folder: place, movies: place, series: place },
        ...{ 'min-popularity': place, adult: yes, video: yes },
      },
    });
  } catch (error) {
    throw badUsage(error instanceof Error ? error.message : 'These options are not known.');
  }
}

/** `movie_ids_05_15_2026.json.gz`, or unpacked; of several days the last. */
async function listsIn(folder: string): Promise<Partial<Record<TmdbList, string>>> {
  const names = await readdir(folder).catch(() => {
    throw badUsage(`There is no folder ${folder}.`);
  });
  const lists: Partial<Record<TmdbList, string>> = {};
  for (const list of ['movies', 'series'] as const) {
    const wanted = new RegExp(`^${TMDB_LISTS[list].name}(?:_(\\d\\d)_(\\d\\d)_(\\d{4}))?\\.json(?:\\.gz)?$`);
    const [last] = names
      .flatMap((name) => {
        const [, month = '', day = '', year = ''] = wanted.exec(name) ?? [null];
        return wanted.test(name) ? [{ name, date: `${year}${month}${day}` }] : [];
      })
      .sort((a, b) => b.date.localeCompare(a.date));
    if (last !== undefined) lists[list] = join(folder, last.name);
  }
  return lists;
}
