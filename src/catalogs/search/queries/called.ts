import { z } from 'zod';
import { type Db, rows, sql } from '../../../platform/db.ts';
import type { MediaKind } from '../../catalog.ts';
import type { LikeWords } from './typed.ts';

const Found = z.object({ index: z.int(), mediaId: z.int() });
export type FoundForName = z.infer<typeof Found>;

/**
 * Titles, hidden ones too and adult ones not, that are called just so by any of their names (case, accents, blanks and punctuation forgiven);
 * `index` says which name. One statement however many names, 40 titles of each and how well known they are at most.
 */
export function titlesCalledSo(
  db: Db,
  names: readonly { kind: MediaKind; name: string }[],
): Promise<readonly FoundForName[]> {
  const values = names.map(({ kind, name }, index) => [index, kind, name]);
  return db.any(rows('search.called_so', Found)`
    SELECT g.index, c.media_id AS "mediaId"
    FROM (
      SELECT n.index, n.kind, array_to_tsvector(ARRAY[search_whole(search_name(n.name))])::text::tsquery && '!#adult'::tsquery AS whole
      FROM ${sql.unnest(values, ['int4', 'text', 'text'])} AS n(index, kind, name)
      WHERE search_name(n.name) <> '' OFFSET 0
    ) g
    CROSS JOIN LATERAL (
      (SELECT s.media_id FROM media_search s WHERE s.tier = 2 AND s.document @@ g.whole AND s.kind = g.kind LIMIT 40)
      UNION ALL (SELECT s.media_id FROM media_search s WHERE s.tier = 1 AND s.document @@ g.whole AND s.kind = g.kind LIMIT 40)
      UNION ALL (SELECT s.media_id FROM media_search s WHERE s.tier = 0 AND s.document @@ g.whole AND s.kind = g.kind LIMIT 40)
    ) c
    ORDER BY g.index, c.media_id
  `);
}

/** A name that titles are looked for by; `like`: by these words in place of its own. */
export type NameAsked = {
  index: number;
  kind: MediaKind;
  name: string;
  year: number | null;
  like: LikeWords | null;
};

/**
 * For each name titles of its kind, hidden ones too and adult ones not, that hold its words, the last one as a beginning; those of its year and
 * most like it first, `most` at most. Of each tier (migration 0022) 2,000 are compared. One statement however many names.
 *
 * The index collects everybody of a short beginning: those of the words before it are read instead. One or two letters alone are a whole word.
 */
export function titlesOfWords(
  db: Db,
  names: readonly NameAsked[],
  most: number,
): Promise<readonly FoundForName[]> {
  const values = names.map(({ index, kind, name, year, like }) => [
    ...[index, kind, name, year],
    ...(like === null
      ? [null, null, 0]
      : [allOf(like), like.isEndShort ? like.head : null, like.leastLike ?? 0]),
  ]);
  const ofTier = (tier: 0 | 1 | 2) => sql.fragment`
    (SELECT s.media_id, s.names, s.year, s.rank FROM media_search s
    WHERE s.tier = ${TIERS[tier]} AND s.document @@ g.found_by AND (s.document @@ g.words) IS TRUE AND s.kind = g.kind LIMIT 2000)`;
  return db.any(rows('search.of_words', Found)`
    SELECT g.index, c.media_id AS "mediaId"
    FROM (
      SELECT n.index, n.kind, n.year, n.name, n.least_like, n.words && '!#adult'::tsquery AS words, n.found_by && '!#adult'::tsquery AS found_by
      FROM (
        SELECT a.index, a.kind, a.year, w.name, a.least_like, coalesce(a.words::tsquery, w.own) AS words,
          coalesce(a.found_by::tsquery, a.words::tsquery, CASE WHEN octet_length(w.name) < 3 THEN array_to_tsvector(ARRAY[w.name])::text::tsquery END, search_query(w.name, true)) AS found_by
        FROM ${sql.unnest(values, ['int4', 'text', 'text', 'int4', 'text', 'text', 'float4'])} AS a(index, kind, name, year, words, found_by, least_like)
        CROSS JOIN LATERAL (SELECT search_name(a.name) AS name, search_query(search_name(a.name)) AS own OFFSET 0) w
        WHERE w.name <> ''
      ) n OFFSET 0
    ) g
    CROSS JOIN LATERAL (
      SELECT t.media_id, t.is_of_year, t.likeness, t.rank FROM (
        SELECT t.media_id, t.year IS NOT DISTINCT FROM g.year AS is_of_year, t.rank,
          (SELECT max(similarity(own, g.name)) FROM unnest(t.names) AS own) AS likeness
        FROM (${ofTier(2)} UNION ALL ${ofTier(1)} UNION ALL ${ofTier(0)}) t
      ) t
      WHERE t.likeness >= g.least_like
      ORDER BY t.is_of_year DESC, t.likeness DESC, t.rank DESC, t.media_id LIMIT ${most}
    ) c
    ORDER BY g.index, c.is_of_year DESC, c.likeness DESC, c.rank DESC, c.media_id
  `);
}

function allOf({ head, ending }: LikeWords): string {
  return head === null ? ending : `${head} & ${ending}`;
}

/** As text, so that the planner finds the index of each. */
const TIERS = { 0: sql.fragment`0`, 1: sql.fragment`1`, 2: sql.fragment`2` } as const;
