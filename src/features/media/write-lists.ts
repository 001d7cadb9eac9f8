import { minimumAge } from '../../kit/age-rating.ts';
import type { Db } from '../../platform/db.ts';
import { genreSlug } from './genre-slug.ts';
import { entriesOf, type Owned } from './owned-lists.ts';
import {
  addGenres,
  addLabels,
  genresBy,
  insertGenres,
  insertLabels,
  keepGenres,
  keepLabels,
  type Label,
  type Touched,
} from './queries/labels.ts';
import {
  addAliases,
  keepAliases,
  keepCertifications,
  keepImages,
  putCertifications,
  putImages,
  putRatings,
  putTranslations,
} from './queries/texts.ts';
import { canonicalLanguage } from './title-columns.ts';
import { writeCredits } from './write-credits.ts';
import { writeSeasons } from './write-seasons.ts';

/** Makes the given lists what the titles have; at most 30 statements however many titles. Answers the titles that changed. */
export async function writeLists(db: Db, titles: readonly Owned[]): Promise<ReadonlySet<number>> {
  const touched: Touched[] = [];
  for (const write of WRITERS) touched.push(...(await write(db, titles)));
  return new Set(touched.map((row) => row.mediaId));
}

const WRITERS = [
  writeGenres,
  writeKeywords,
  writeCompanies,
  writeAliases,
  writeImages,
  writeCertifications,
  writeTranslations,
  writeRatings,
  writeCredits,
  writeSeasons,
];

type Answer = Promise<readonly Touched[]>;

/** First takes away, then adds, so that a unique name may move; no statement for an empty list. */
async function replace<Row>(
  { owners, entries }: { owners: readonly number[]; entries: readonly Row[] },
  keep: (owners: readonly number[], entries: readonly Row[]) => Answer,
  add: (entries: readonly Row[]) => Answer,
): Answer {
  if (owners.length === 0) return [];
  const gone = await keep(owners, entries);
  return entries.length === 0 ? gone : [...gone, ...(await add(entries))];
}

async function writeGenres(db: Db, titles: readonly Owned[]): Answer {
  const { owners, entries } = entriesOf(
    titles,
    (lists) => lists.genres,
    (name, mediaId) => ({ mediaId, name, slug: genreSlug(name) }),
    (row) => row.slug,
  );
  const genres = [...new Map(entries.map((entry) => [entry.slug, entry])).values()];
  const ids = await genreIds(db, genres);
  const links = entries.flatMap(({ mediaId, slug }) => {
    const genreId = ids.get(slug);
    return genreId === undefined ? [] : [{ mediaId, genreId }];
  });
  return replace(
    { owners, entries: links },
    (ids_, kept) => keepGenres(db, ids_, kept),
    (given) => addGenres(db, given),
  );
}

/** Genres by slug, made when they are missing. */
async function genreIds(
  db: Db,
  genres: readonly { slug: string; name: string }[],
): Promise<Map<string, number>> {
  if (genres.length === 0) return new Map();
  const known = new Map((await genresBy(db, genres)).map((row) => [row.slug, row.genreId]));
  const missing = genres.filter((genre) => !known.has(genre.slug));
  if (missing.length === 0) return known;
  await insertGenres(db, missing);
  return new Map((await genresBy(db, genres)).map((row) => [row.slug, row.genreId]));
}

function writeKeywords(db: Db, titles: readonly Owned[]): Answer {
  const lists = entriesOf(
    titles,
    (given) => given.keywords,
    (name, mediaId) => ({ mediaId, name: name.toLowerCase() }),
    (row) => row.name,
  );
  return writeLabels(db, 'keyword', lists);
}

function writeCompanies(db: Db, titles: readonly Owned[]): Answer {
  const lists = entriesOf(
    titles,
    (given) => given.companies,
    (name, mediaId) => ({ mediaId, name }),
    (row) => row.name,
  );
  return writeLabels(db, 'company', lists);
}

async function writeLabels(
  db: Db,
  label: Label,
  lists: { owners: readonly number[]; entries: readonly { mediaId: number; name: string }[] },
): Answer {
  if (lists.entries.length > 0) await insertLabels(db, label, names(lists.entries));
  return replace(
    lists,
    (owners, kept) => keepLabels(db, label, owners, kept),
    (given) => addLabels(db, label, given),
  );
}

function names(entries: readonly { name: string }[]): string[] {
  return [...new Set(entries.map((entry) => entry.name))].sort();
}

async function writeAliases(db: Db, titles: readonly Owned[]): Answer {
  const lists = entriesOf(
    titles,
    (given) => given.aliases,
    (title, mediaId) => ({ mediaId, title }),
    (row) => row.title,
  );
  return replace(
    lists,
    (owners, kept) => keepAliases(db, owners, kept),
    (given) => addAliases(db, given),
  );
}

async function writeImages(db: Db, titles: readonly Owned[]): Answer {
  const lists = entriesOf(
    titles,
    (given) => given.images,
    ({ type, url, language }, mediaId, position) => ({
      mediaId,
      type,
      url,
      position,
      language: language === undefined ? null : canonicalLanguage(language),
    }),
    (row) => `${row.type} ${row.url}`,
  );
  return replace(
    lists,
    (owners, kept) => keepImages(db, owners, kept),
    (given) => putImages(db, given),
  );
}

async function writeCertifications(db: Db, titles: readonly Owned[]): Answer {
  const lists = entriesOf(
    titles,
    (given) => given.certifications,
    ({ country, code, minAge }, mediaId) => ({
      mediaId,
      country,
      code,
      minAge: minAge ?? minimumAge(country, code),
    }),
    (row) => `${row.country} ${row.code}`,
  );
  return replace(
    lists,
    (owners, kept) => keepCertifications(db, owners, kept),
    (given) => putCertifications(db, given),
  );
}

async function writeTranslations(db: Db, titles: readonly Owned[]): Answer {
  const { entries } = entriesOf(
    titles,
    (given) => given.translations,
    ({ language, title, overview, tagline }, mediaId) => ({
      mediaId,
      language: canonicalLanguage(language),
      title: title ?? null,
      overview: overview ?? null,
      tagline: tagline ?? null,
    }),
    (row) => row.language,
  );
  return entries.length === 0 ? [] : putTranslations(db, entries);
}

async function writeRatings(db: Db, titles: readonly Owned[]): Answer {
  const { entries } = entriesOf(
    titles,
    (given) => given.ratings,
    ({ provider, type, rating, votes }, mediaId) => ({
      mediaId,
      provider,
      type: type ?? 'user',
      rating,
      votes: votes ?? null,
    }),
    (row) => `${row.provider} ${row.type}`,
  );
  return entries.length === 0 ? [] : putRatings(db, entries);
}
