import { z } from 'zod';
import { MEDIA_KINDS } from '../../catalogs/catalog.ts';
import { findTitles } from '../../catalogs/search/index.ts';
import { BadInput } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import { genreSlug } from './genre-slug.ts';
import { beforeFirst, genreName, type ListFilter, type ListRow, listMedia } from './queries/list.ts';
import { MEDIA_SORTS, type MediaQuery, type MediaSort, type MediaSummary } from './schemas.ts';

/** Where a page ended; opaque to clients. */
const Cursor = z.strictObject({
  sort: z.enum(MEDIA_SORTS),
  segment: z.enum(['value', 'none']),
  value: z.string().max(64).nullable(),
  mediaId: z.int(),
});
type Cursor = z.infer<typeof Cursor>;

/** One page of titles and the cursor of the next; keyset, so page 1000 costs what page 1 does. */
export async function mediaPage(
  db: Db,
  query: MediaQuery,
): Promise<{ media: MediaSummary[]; nextCursor: string | null }> {
  const filter = await filterOf(db, query);
  if (filter === null) return { media: [], nextCursor: null };
  const page = [...(await listMedia(db, filter))];
  if (page.length < filter.limit && filter.after?.segment === 'value') {
    const after = { segment: 'none' as const, value: null, mediaId: beforeFirst(filter.sort) };
    page.push(...(await listMedia(db, { ...filter, after, limit: filter.limit - page.length })));
  }
  const last = page.at(-1);
  return {
    media: page.map(({ mediaId: _mediaId, sortValue: _sortValue, ...summary }) => summary),
    nextCursor: last === undefined || page.length < filter.limit ? null : writeCursor(filter.sort, last),
  };
}

/** Null: nothing can match. */
async function filterOf(db: Db, query: MediaQuery): Promise<ListFilter | null> {
  const found = await foundBy(db, query);
  if (found?.length === 0) return null;
  const genre =
    query.genre === undefined
      ? undefined
      : await genreName(db, { slug: genreSlug(query.genre), name: query.genre });
  if (genre === null) return null;
  const sort = sortOf(query);
  return {
    sort,
    kinds: query.kind === undefined ? MEDIA_KINDS : [query.kind],
    genre,
    year: query.year,
    found,
    hidden: query.hidden,
    adult: query.adult,
    after: query.cursor === undefined ? null : readCursor(query.cursor, sort),
    limit: query.limit,
  };
}

function sortOf({ sort, search, q }: MediaQuery): MediaSort {
  if (search === undefined && q === undefined) return sort === undefined || sort === 'match' ? 'added' : sort;
  return sort ?? 'match';
}

async function foundBy(db: Db, query: MediaQuery): Promise<readonly number[] | undefined> {
  const text = query.search ?? query.q;
  if (text === undefined) return undefined;
  return findTitles(db, {
    text,
    kind: query.kind ?? null,
    audience: query.adult === true ? 'adult' : 'owner',
  });
}

function writeCursor(sort: Cursor['sort'], { sortValue, mediaId }: ListRow): string {
  const cursor: Cursor = { sort, segment: sortValue === null ? 'none' : 'value', value: sortValue, mediaId };
  return Buffer.from(JSON.stringify(cursor)).toString('base64url');
}

function readCursor(text: string, sort: Cursor['sort']): Cursor {
  const cursor = Cursor.safeParse(jsonOf(Buffer.from(text, 'base64url').toString('utf8')));
  if (!cursor.success || cursor.data.sort !== sort) {
    throw new BadInput(
      'media.bad_cursor',
      'This cursor is not one of this list. Begin again without it, with the same sort.',
    );
  }
  return cursor.data;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
