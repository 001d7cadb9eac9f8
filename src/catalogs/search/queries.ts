import { z } from 'zod';
import { command, type Db, rows, sql } from '../../platform/db.ts';
import type { MediaKind } from '../catalog.ts';

/**
 * Whose search: titles with an open licence, every shown title, or hidden ones too (the owner's own lists); of the owner's,
 * `adult` finds adult titles alone, which the others never find.
 */
export type Audience = 'licensed' | 'all' | 'owner' | 'adult';
export type TitleSearch = { text: string; kind: MediaKind | null; audience: Audience };

const Found = z.object({ mediaId: z.int() });
const idsOf = (found: readonly z.infer<typeof Found>[]) => found.map(({ mediaId }) => mediaId);

/** As text, so that a plan is prepared for each: the words of the kind stand in the document (migration 0022). */
const KIND_WORDS = {
  movie: sql.fragment`'#movie'::tsquery`,
  series: sql.fragment`'#series'::tsquery`,
  tv: sql.fragment`'#tv'::tsquery`,
  event: sql.fragment`'#event'::tsquery`,
} as const;

/** Where an audience sees hidden titles, what parts them by adult or not is a word too (migration 0026); `is_shown` never is adult. */
const AUDIENCE_WORDS = {
  licensed: sql.fragment``,
  all: sql.fragment``,
  owner: sql.fragment`&& '!#adult'::tsquery`,
  adult: sql.fragment`&& '#adult'::tsquery`,
} as const;

/** These words, in titles of the kind that the audience may find. */
const narrowed = ({ kind, audience }: Omit<TitleSearch, 'text'>, words: ReturnType<typeof sql.fragment>) =>
  sql.fragment`${words} ${kind === null ? sql.fragment`` : sql.fragment`&& ${KIND_WORDS[kind]}`} ${AUDIENCE_WORDS[audience]}`;

/** The same for titles that are found otherwise than by words. */
const SEEN_BY = {
  licensed: sql.fragment`s.is_shown AND s.is_open`,
  all: sql.fragment`s.is_shown`,
  owner: sql.fragment`s.document @@ '!#adult'::tsquery`,
  adult: sql.fragment`s.document @@ '#adult'::tsquery`,
} as const;

const BEST = sql.fragment`ORDER BY s.rank DESC, s.media_id`;
const COLUMNS = sql.fragment`s.media_id, s.rank, s.year, s.names`;

/**
 * The titles whose names hold what is asked, as `candidate`; `asked` has one row of `words`, `whole`, `is_short` and
 * `found_by`, the words by which others are looked up. First of the 2,000 best known of each kind; only where these are fewer than 100 of the next 28,000, and of all others: what is typed
 * matches 300,000 titles (`t`) or three, and either way some hundreds of rows are read. Of the others 4,000 at most are looked
 * at, none for one or two letters. What is called just so is looked up everywhere.
 */
function candidates(audience: Audience) {
  if (audience === 'licensed')
    return sql.fragment`
      open_words AS MATERIALIZED (
        SELECT ${COLUMNS}, s.document FROM media_search s
        WHERE s.is_open AND s.document @@ (SELECT found_by FROM asked) AND s.is_shown LIMIT 4000),
      candidate AS (
        (SELECT ${COLUMNS} FROM open_words s WHERE s.document @@ (SELECT words FROM asked) ${BEST} LIMIT 300)
        UNION ALL
        (SELECT ${COLUMNS} FROM media_search s
          WHERE s.is_open AND s.document @@ (SELECT whole FROM asked) AND s.is_shown LIMIT 100))`;
  const shown = audience === 'all' ? sql.fragment`AND s.is_shown` : sql.fragment``;
  const words = sql.fragment`s.document @@ (SELECT words FROM asked) ${shown}`;
  const whole = sql.fragment`s.document @@ (SELECT whole FROM asked) ${shown} ${BEST} LIMIT 100`;
  return sql.fragment`
    famous AS MATERIALIZED (
      SELECT ${COLUMNS} FROM media_search s WHERE s.tier = 2 AND ${words} ${BEST} LIMIT 300),
    known AS MATERIALIZED (
      SELECT ${COLUMNS} FROM media_search s
      WHERE s.tier = 1 AND (SELECT count(*) < 100 FROM famous) AND ${words} ${BEST} LIMIT 300),
    others AS MATERIALIZED (
      SELECT ${COLUMNS}, s.document FROM media_search s
      WHERE s.tier = 0 AND (SELECT NOT is_short FROM asked)
        AND (SELECT count(*) < 100 FROM famous) AND (SELECT count(*) < 100 FROM known)
        AND s.document @@ (SELECT found_by FROM asked) ${shown}
      LIMIT 4000),
    candidate AS (
      SELECT * FROM famous
      UNION ALL SELECT * FROM known
      UNION ALL (SELECT ${COLUMNS} FROM others s WHERE s.document @@ (SELECT words FROM asked) ${BEST} LIMIT 300)
      UNION ALL (SELECT ${COLUMNS} FROM media_search s WHERE s.tier = 2 AND ${whole})
      UNION ALL (SELECT ${COLUMNS} FROM media_search s WHERE s.tier = 1 AND ${whole})
      UNION ALL (SELECT ${COLUMNS} FROM media_search s WHERE s.tier = 0 AND ${whole}))`;
}

/** How well known a title is, 0–1: by the logarithm, since the best known one is asked for a million times as often as most. */
const FAME = sql.fragment`ln(1 + c.rank) / (SELECT ln(2 + max(rank)) FROM (SELECT max(m.rank) AS rank FROM candidate m) top)`;

/**
 * Ids of up to 300 titles by what is typed, all of its words, the last one as a beginning. The three best known that are
 * called just so stand first; then it counts how much of a name is typed, and how known the title is.
 */
export async function titlesByName(db: Db, search: TitleSearch): Promise<number[]> {
  const { text, audience } = search;
  const found = await db.any(rows('search.by_name', Found)`
    WITH asked AS MATERIALIZED (
      SELECT t.name, replace(t.name, ' ', '') AS joined, length(t.name) < 3 AND octet_length(t.name) < 6 AS is_short,
        ${narrowed(search, sql.fragment`search_query(t.name)`)} AS words,
        ${narrowed(search, sql.fragment`search_query(t.name, true)`)} AS found_by,
        CASE WHEN t.name <> '' THEN ${narrowed(search, sql.fragment`array_to_tsvector(ARRAY[search_whole(t.name)])::text::tsquery`)} END AS whole
      FROM (SELECT search_name(${text}) AS name) t
    ), ${candidates(audience)},
    scored AS (
      SELECT DISTINCT ON (c.media_id) c.media_id, c.rank, c.year, n.match, n.match + 0.8 * ${FAME} AS score
      FROM candidate c CROSS JOIN asked a CROSS JOIN LATERAL (
        SELECT max(CASE WHEN place = 1 THEN 1 ELSE 0.95 END * CASE
          WHEN replace(name, ' ', '') = a.joined THEN 2
          WHEN starts_with(name, a.name) THEN 0.6 + 0.4 * length(a.name) / length(name)
          WHEN strpos(name, ' ' || a.name) > 0 THEN 0.4 + 0.2 * length(a.name) / length(name)
          WHEN strpos(name, a.name) > 0 THEN 0.3 ELSE 0.2 END) AS match
        FROM unnest(c.names) WITH ORDINALITY AS n(name, place)
      ) n
    )
    SELECT media_id AS "mediaId" FROM (
      SELECT scored.*, least(match, 1) - match + score AS value,
        CASE WHEN match >= 1.9 THEN row_number() OVER (ORDER BY match >= 1.9 DESC, score DESC, media_id) END AS place
      FROM scored
    ) s
    ORDER BY least(coalesce(place, 4), 4), value DESC, rank DESC, year DESC NULLS LAST, media_id
    LIMIT 300
  `);
  return idsOf(found);
}

/** Ids of up to 100 titles by the people in them (any of their names, the last one as a beginning) and by a keyword, best known first. */
export async function titlesByPeople(db: Db, { text, kind, audience }: TitleSearch): Promise<number[]> {
  const found = await db.any(rows('search.by_people', Found)`
    SELECT s.media_id AS "mediaId"
    FROM (
      SELECT DISTINCT l.media_id FROM (
        (SELECT c.media_id FROM (
          SELECT p.id FROM person p
          WHERE array_to_tsvector(search_words(search_name(p.name), false)) @@ search_query(search_name(${text})) LIMIT 100) p
        CROSS JOIN LATERAL (SELECT c.media_id FROM media_credit c WHERE c.person_id = p.id LIMIT 200) c LIMIT 1000)
        UNION ALL
        (SELECT mk.media_id FROM media_keyword mk WHERE mk.keyword_id = (SELECT k.id FROM keyword k WHERE k.name = lower(${text})) LIMIT 1000)
      ) l
    ) l
    JOIN media_search s ON s.media_id = l.media_id
    WHERE ${SEEN_BY[audience]}
      AND ${kind === null ? sql.fragment`true` : sql.fragment`s.kind = ${kind}`}
    ORDER BY s.rank DESC, s.media_id
    LIMIT 100
  `);
  return idsOf(found);
}

/** What is looked for where words were typed wrong, each as a tsquery. */
export type LikeWords = {
  words: string;
  foundBy: string;
  /** Names less like what was typed than this (by trigrams, 0–1) are not meant. */
  leastLike?: number;
};

/**
 * Ids of up to 30 titles with the words of `like`, the names most like what was typed first. The second step, for
 * words typed wrong: `similar-words.ts`.
 */
export async function titlesLike(db: Db, search: TitleSearch, like: LikeWords): Promise<number[]> {
  const { text, audience } = search;
  const found = await db.any(rows('search.like', Found)`
    WITH asked AS MATERIALIZED (
      SELECT search_name(${text}) AS name, false AS is_short, NULL::tsquery AS whole,
        ${narrowed(search, sql.fragment`${like.words}::tsquery`)} AS words,
        ${narrowed(search, sql.fragment`${like.foundBy}::tsquery`)} AS found_by
    ), ${candidates(audience)},
    near AS (SELECT * FROM candidate ORDER BY rank DESC, media_id LIMIT 200)
    SELECT c.media_id AS "mediaId"
    FROM near c CROSS JOIN asked a CROSS JOIN LATERAL (
      SELECT max(similarity(name, a.name)) AS likeness FROM unnest(c.names) AS name
    ) n
    WHERE n.likeness >= ${like.leastLike ?? 0}::real
    ORDER BY n.likeness + 0.3 * ${FAME} DESC, c.rank DESC, c.media_id
    LIMIT 30
  `);
  return idsOf(found);
}

const TypedWord = z.object({ word: z.string(), quoted: z.string(), near: z.string().nullable() });
export type TypedWord = z.infer<typeof TypedWord>;

/**
 * The words of `text` in order, each as a tsquery (`quoted`), and of those with more than three letters the eight known words
 * most like it (`near`, joined by `|`): with one letter left out, put in, changed or swapped.
 */
export function typedWords(db: Db, text: string): Promise<readonly TypedWord[]> {
  return db.any(rows('search.typed_words', TypedWord)`
    SELECT left(typed.word, 60) AS word, array_to_tsvector(ARRAY[left(typed.word, 60)])::text AS quoted, n.near
    FROM unnest(search_words(search_name(${text}), true)) WITH ORDINALITY AS typed(word, place)
    CROSS JOIN LATERAL (
      SELECT string_agg(array_to_tsvector(ARRAY[k.word])::text, ' | ') AS near FROM (
        SELECT w.word FROM title_word w
        WHERE length(typed.word) > 3 AND word_slips(w.word) && word_slips(typed.word)
        ORDER BY similarity(w.word, typed.word) DESC, w.word
        LIMIT 8
      ) k
    ) n
    ORDER BY typed.place
  `);
}

/**
 * Measures from which rank on titles are the best known and moves up to about `most` to where they belong by now; answers how many
 * moved. Plays and imports shift the ranks; a title in the wrong tier is found all the same, only later than its rank.
 */
export async function settleTiers(db: Db, most: number): Promise<number> {
  await db.query(command('search.measure_tiers')`SELECT measure_search_tiers()`);
  const { moved } = await db.one(rows('search.settle_tiers', z.object({ moved: z.int() }))`
    SELECT settle_search_tiers(${most}) AS moved
  `);
  return moved;
}
