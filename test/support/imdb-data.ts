import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { akasOf, type ImdbTitle, imdbTitle, nameOf, principalsOf, votesOf } from './imdb-titles.ts';

export type ImdbDataOptions = {
  folder: string;
  /** Titles that are not episodes. */
  titles: number;
  /** The same seed gives the same bytes. */
  seed?: number;
  /** Files to write; all six by default. */
  files?: readonly ImdbFile[];
};

export const IMDB_FILES = [
  'title.basics',
  'title.ratings',
  'title.akas',
  'title.episode',
  'title.principals',
  'name.basics',
] as const;
export type ImdbFile = (typeof IMDB_FILES)[number];

const HEADS: Readonly<Record<ImdbFile, readonly string[]>> = {
  'title.basics': [
    ...['tconst', 'titleType', 'primaryTitle', 'originalTitle', 'isAdult'],
    ...['startYear', 'endYear', 'runtimeMinutes', 'genres'],
  ],
  'title.ratings': ['tconst', 'averageRating', 'numVotes'],
  'title.akas': [
    ...['titleId', 'ordering', 'title', 'region', 'language', 'types', 'attributes', 'isOriginalTitle'],
  ],
  'title.episode': ['tconst', 'parentTconst', 'seasonNumber', 'episodeNumber'],
  'title.principals': ['tconst', 'ordering', 'nconst', 'category', 'job', 'characters'],
  'name.basics': ['nconst', 'primaryName', 'birthYear', 'deathYear', 'primaryProfession', 'knownForTitles'],
};
const NONE = '\\N';
/** Text a gzip is fed at a time. */
const CHUNK_CHARS = 256 * 1024;

type Rows = (title: ImdbTitle) => Iterable<readonly string[]>;
type TitleFile = Exclude<ImdbFile, 'name.basics'>;
const TITLE_FILES = IMDB_FILES.filter((file): file is TitleFile => file !== 'name.basics');

const ROWS: Readonly<Record<TitleFile, Rows>> = {
  *'title.basics'(title) {
    yield basicsRow(title);
    for (const episode of title.episodes)
      yield [
        episode.id,
        'tvEpisode',
        episode.title,
        episode.title,
        '0',
        String(title.year),
        NONE,
        '42',
        NONE,
      ];
  },
  *'title.ratings'(title) {
    if (title.votes > 0) yield [title.id, title.rating.toFixed(1), String(title.votes)];
  },
  *'title.akas'(title) {
    for (const [index, aka] of akasOf(title).entries())
      yield [
        ...[title.id, String(index + 1), aka.title, aka.region ?? NONE, aka.language ?? NONE],
        ...[aka.type ?? NONE, NONE, aka.type === 'original' ? '1' : '0'],
      ];
  },
  *'title.episode'(title) {
    for (const { id, season, number } of title.episodes) yield [id, title.id, String(season), String(number)];
  },
  *'title.principals'(title) {
    for (const [index, { person, category, job, character }] of principalsOf(title).entries())
      yield [
        ...[title.id, String(index + 1), person, category, job ?? NONE],
        character === undefined ? NONE : JSON.stringify([character]),
      ];
  },
};

function basicsRow(title: ImdbTitle): string[] {
  return [
    ...[title.id, title.type, title.title, title.originalTitle, title.isAdult ? '1' : '0'],
    ...[String(title.year), title.endYear === null ? NONE : String(title.endYear)],
    ...[title.runtimeMinutes === null ? NONE : String(title.runtimeMinutes), title.genres.join(',')],
  ];
}

/** What the titles of a data set are, one after the other: what a bench asks for and expects. */
export function* imdbTitles({ titles, seed = 1 }: { titles: number; seed?: number }): Generator<ImdbTitle> {
  for (let n = 1; n <= titles; n += 1) yield imdbTitle(n, titles, seed);
}

/**
 * Writes files in the form of IMDb's public data sets (`title.basics.tsv.gz`, …), title by title, all files side by side: a million titles
 * with three akas each take some megabytes of memory. Answers the path of each and how many rows it has.
 */
export async function writeImdbData(
  options: ImdbDataOptions,
): Promise<Record<ImdbFile, { path: string; rows: number }>> {
  await mkdir(options.folder, { recursive: true });
  const entry = (file: ImdbFile) => ({ path: join(options.folder, `${file}.tsv.gz`), rows: 0 });
  const written = {
    'title.basics': entry('title.basics'),
    'title.ratings': entry('title.ratings'),
    'title.akas': entry('title.akas'),
    'title.episode': entry('title.episode'),
    'title.principals': entry('title.principals'),
    'name.basics': entry('name.basics'),
  };
  const isWanted = (file: ImdbFile) => options.files?.includes(file) ?? true;
  const ofTitles = TITLE_FILES.filter(isWanted).map((name) => ({
    rows: ROWS[name],
    file: openFile(name, written[name]),
  }));
  if (ofTitles.length > 0)
    for (const title of imdbTitles(options))
      for (const { file, rows } of ofTitles) await file.add(rows(title));
  for (const { file } of ofTitles) await file.end();
  if (isWanted('name.basics')) {
    const names = openFile('name.basics', written['name.basics']);
    for (const row of nameRows(options)) await names.add([row]);
    await names.end();
  }
  return written;
}

/** Counts its rows in `entry`. */
function openFile(name: ImdbFile, entry: { path: string; rows: number }) {
  const gzip = createGzip({ level: 1 });
  const written = pipeline(gzip, createWriteStream(entry.path));
  // It is told by add() or end(), whichever comes next.
  written.catch(() => {});
  let text = `${HEADS[name].join('\t')}\n`;
  return {
    /** Waits only while more is on its way to the disk than fits. */
    async add(rows: Iterable<readonly string[]>): Promise<void> {
      for (const row of rows) {
        text += `${row.join('\t')}\n`;
        entry.rows += 1;
      }
      if (text.length < CHUNK_CHARS) return;
      const hasRoom = gzip.write(text);
      text = '';
      if (!hasRoom) await once(gzip, 'drain');
    },
    async end(): Promise<void> {
      gzip.end(text);
      await written;
    },
  };
}

/** Each name once however many titles it is in; there are a quarter as many people as titles. */
function* nameRows(options: ImdbDataOptions): Generator<readonly string[]> {
  const people = Math.max(20, Math.floor(options.titles / 4));
  for (let n = 1; n <= people; n += 1) {
    const { id, name } = nameOf(n, options.seed ?? 1);
    yield [id, name, NONE, NONE, 'actor', NONE];
  }
}

export { votesOf };
