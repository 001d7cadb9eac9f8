import { z } from 'zod';
import { command, type Db, type Fragment, rows, sql } from '../../../platform/db.ts';
import type { MediaKind } from '../../catalog.ts';
import { allowedTo, isOwnPrivate, maySee, type Viewer } from '../../viewer.ts';

/**
 * Whose search: titles with an open licence, every shown title, or hidden ones too (the owner's own lists); of the owner's,
 * `adult` finds adult titles alone, which the others never find.
 */
export type Audience = 'licensed' | 'all' | 'owner' | 'adult';
export type TitleSearch = {
  text: string;
  kind: MediaKind | null;
  audience: Audience;
  /** Whose rules hold: only what it may see is looked through, so that a title behind 300 of others is found; its account's own titles too. */
  viewer?: Viewer | null;
};

export const Found = z.object({ mediaId: z.int() });
export const idsOf = (found: readonly z.infer<typeof Found>[]) => found.map(({ mediaId }) => mediaId);

/**
 * As text, so that a plan is prepared for each: the words of the kind stand in the document (migration 0022). Not for films, which are most
 * titles: leafing through all of them in the index took longer (3–8 ms among a million titles) than passing over a few series.
 */
const KIND_WORDS = {
  movie: sql.fragment``,
  series: sql.fragment`&& '#series'::tsquery`,
  tv: sql.fragment`&& '#tv'::tsquery`,
  event: sql.fragment`&& '#event'::tsquery`,
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
  sql.fragment`${words} ${kind === null ? sql.fragment`` : KIND_WORDS[kind]} ${AUDIENCE_WORDS[audience]}`;

/** The same for titles that are found otherwise than by words. */
export const SEEN_BY = {
  licensed: sql.fragment`s.is_shown AND s.is_open`,
  all: sql.fragment`s.is_shown`,
  owner: sql.fragment`s.document @@ '!#adult'::tsquery`,
  adult: sql.fragment`s.document @@ '#adult'::tsquery`,
} as const;

/** A title that is found, as the rules of a profile ask about it. */
const FOUND = {
  id: sql.fragment`s.media_id`,
  age: sql.fragment`(SELECT m.age_min FROM media m WHERE m.id = s.media_id)`,
} as const;

/** What such a viewer may see of titles found; everything for everybody. */
export const seenBy = (viewer: TitleSearch['viewer']) =>
  viewer ? sql.fragment`AND ${maySee(viewer, FOUND)}` : sql.fragment``;

const BEST = sql.fragment`ORDER BY s.rank DESC, s.media_id`;
const COLUMNS = sql.fragment`s.media_id, s.rank, s.year, s.names`;

/**
 * The titles whose names hold what is asked, as `candidate`; `asked` has one row of `words`, `head` (all of them but the last; NULL when it
 * is the only one), `ending` (the last), `is_end_short`, `whole` and `is_short`. First of the 2,000 best known of each kind; only where
 * these are fewer than 100 of the next 28,000, and of all others: what is typed matches 300,000 titles (`t`) or three, and either way some
 * hundreds of rows are read. Of the others 4,000 at most are looked at, none for one or two letters. What is called just so is looked
 * up everywhere.
 *
 * A beginning costs the index what it finds alone, whatever stands before it (`girl…` 17 ms among a million titles); whole words
 * cost what they find together. So the titles of `head` are read instead, and held against `words`, wherever these are fewer: the best known
 * tell, and for up to three letters it is taken as given. (`IS TRUE` keeps a condition from the index.)
 */
function candidates({ kind, audience, viewer }: Omit<TitleSearch, 'text'>) {
  const ofKind = kind === 'movie' ? sql.fragment`AND s.kind = 'movie'` : sql.fragment``;
  const seen = seenBy(viewer);
  // Some hundreds of titles; the best known ones of all would not be among them.
  if (viewer?.mode === 'allow')
    return sql.fragment`
      candidate AS (
        SELECT ${COLUMNS} FROM profile_policy a JOIN media_search s ON s.media_id = a.media_id
        WHERE ${allowedTo(viewer)} AND s.document @@ (SELECT words FROM asked) ${ofKind} ${BEST} LIMIT 300)`;
  if (audience === 'licensed')
    return sql.fragment`
      open_words AS MATERIALIZED (
        SELECT ${COLUMNS}, s.document FROM media_search s
        WHERE s.is_open AND s.document @@ (SELECT CASE WHEN is_end_short THEN coalesce(head, words) ELSE words END FROM asked)
          AND s.is_shown ${ofKind} ${seen} LIMIT 4000),
      candidate AS (
        (SELECT ${COLUMNS} FROM open_words s WHERE s.document @@ (SELECT words FROM asked) ${BEST} LIMIT 300)
        UNION ALL
        (SELECT ${COLUMNS} FROM media_search s
          WHERE s.is_open AND s.document @@ (SELECT whole FROM asked) AND s.is_shown ${ofKind} ${seen} LIMIT 100))`;
  const ofAudience = sql.fragment`${audience === 'all' ? sql.fragment`AND s.is_shown` : sql.fragment``} ${ofKind}`;
  const shown = sql.fragment`${ofAudience} ${seen}`;
  const held = sql.fragment`AND (s.document @@ (SELECT words FROM asked)) IS TRUE ${shown} ${BEST} LIMIT 300`;
  const whole = sql.fragment`s.document @@ (SELECT whole FROM asked) ${shown} ${BEST} LIMIT 100`;
  const fewBest = sql.fragment`(SELECT count(*) < 100 FROM famous)`;
  return sql.fragment`
    famous AS MATERIALIZED (
      SELECT ${COLUMNS} FROM media_search s
      WHERE s.tier = 2 AND s.document @@ (SELECT CASE WHEN is_end_short THEN coalesce(head, words) ELSE words END FROM asked) ${held}),
    counted AS MATERIALIZED (
      SELECT (SELECT count(*) FROM (SELECT FROM media_search s WHERE s.tier = 2 AND s.document @@ a.head LIMIT 400) h) AS heads,
        CASE WHEN a.is_end_short THEN 700 ELSE
          (SELECT count(*) FROM (SELECT FROM media_search s WHERE s.tier = 2 AND s.document @@ a.ending LIMIT 400) e) END AS endings
      FROM asked a WHERE a.head IS NOT NULL AND ${fewBest}),
    way AS MATERIALIZED (
      SELECT CASE WHEN c.heads * 5 < c.endings THEN a.head ELSE a.words END AS known_by,
        CASE WHEN c.heads * 5 < c.endings OR a.is_end_short THEN coalesce(a.head, a.words) ELSE a.words END AS found_by
      FROM asked a LEFT JOIN counted c ON true),
    known AS MATERIALIZED (
      SELECT ${COLUMNS} FROM media_search s
      WHERE s.tier = 1 AND ${fewBest} AND s.document @@ (SELECT known_by FROM way) ${held}),
    others AS MATERIALIZED (
      SELECT ${COLUMNS}, s.document FROM media_search s
      WHERE s.tier = 0 AND (SELECT NOT is_short FROM asked) AND ${fewBest} AND (SELECT count(*) < 100 FROM known)
        AND s.document @@ (SELECT found_by FROM way) ${shown}
      LIMIT 4000),
    -- The best known were no measure: there are more titles of the words before the last than are looked at.
    others_again AS MATERIALIZED (
      SELECT ${COLUMNS} FROM media_search s
      WHERE s.tier = 0 AND (SELECT NOT is_end_short FROM asked) AND (SELECT count(*) = 4000 FROM others)
        AND s.document @@ (SELECT a.words FROM asked a, way w WHERE w.found_by <> a.words) ${shown}
      LIMIT 4000),
    candidate AS (
      SELECT * FROM famous
      UNION ALL SELECT * FROM known
      UNION ALL (SELECT ${COLUMNS} FROM others s WHERE s.document @@ (SELECT words FROM asked) ${BEST} LIMIT 300)
      UNION ALL (SELECT ${COLUMNS} FROM others_again s ${BEST} LIMIT 300)
      UNION ALL (SELECT ${COLUMNS} FROM media_search s WHERE s.tier = 2 AND ${whole})
      UNION ALL (SELECT ${COLUMNS} FROM media_search s WHERE s.tier = 1 AND ${whole})
      UNION ALL (SELECT ${COLUMNS} FROM media_search s WHERE s.tier = 0 AND ${whole})
      ${viewer ? ownTitles(viewer, sql.fragment`${ofKind} ${seen}`) : sql.fragment``})`;
}

/** Private titles of the viewer's account: some dozens, of which the words are looked at one by one. */
const ownTitles = (viewer: Viewer, seen: Fragment) => sql.fragment`
  UNION ALL (
    SELECT ${COLUMNS} FROM media o JOIN media_search s ON s.media_id = o.id
    WHERE ${isOwnPrivate(viewer)} AND (s.document @@ (SELECT words FROM asked)) IS TRUE ${seen} ${BEST} LIMIT 300)`;

/** How well known a title is, 0–1: by the logarithm, since the best known one is asked for a million times as often as most. */
const FAME = sql.fragment`ln(1 + c.rank) / (SELECT ln(2 + max(rank)) FROM (SELECT max(m.rank) AS rank FROM candidate m) top)`;

/**
 * Ids of up to 300 titles by what is typed, all of its words, the last one as a beginning. The three best known that are
 * called just so stand first; then it counts how much of a name is typed, and how known the title is.
 */
export async function titlesByName(db: Db, search: TitleSearch): Promise<number[]> {
  const { text } = search;
  const found = await db.any(rows('search.by_name', Found)`
    WITH asked AS MATERIALIZED (
      SELECT t.name, replace(t.name, ' ', '') AS joined, length(t.name) < 3 AND octet_length(t.name) < 6 AS is_short,
        ${narrowed(search, sql.fragment`search_query(t.name)`)} AS words,
        ${narrowed(search, sql.fragment`t.head::tsquery`)} AS head, (t.ending || ':*')::tsquery AS ending, t.is_end_short,
        CASE WHEN t.name <> '' THEN ${narrowed(search, sql.fragment`array_to_tsvector(ARRAY[search_whole(t.name)])::text::tsquery`)} END AS whole
      FROM (
        SELECT n.name, w.* FROM (SELECT search_name(${text}) AS name) n CROSS JOIN LATERAL (
          SELECT string_agg(e.word, ' & ') FILTER (WHERE e.place < e.count) AS head, max(e.word) FILTER (WHERE e.place = e.count) AS ending,
            bool_or(e.place = e.count AND e.length <= 3) AS is_end_short
          FROM (
            SELECT array_to_tsvector(ARRAY[left(word, 60)])::text AS word, length(word), place, count(*) OVER ()
            FROM unnest(search_words(n.name, true)) WITH ORDINALITY AS typed(word, place)
          ) e
        ) w
      ) t
    ), ${candidates(search)},
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

/** What is looked for where words were typed wrong: all of its parts, each as a tsquery. */
export type LikeWords = {
  /** All parts but the last, joined by `&`; null when it is the only one. */
  head: string | null;
  ending: string;
  /** `ending` is a beginning of up to three letters, and those of too many words. */
  isEndShort: boolean;
  /** Names less like what was typed than this (by trigrams, 0–1) are not meant. */
  leastLike?: number;
};

/**
 * Ids of up to 30 titles with the words of `like`, the names most like what was typed first. The second step, for
 * words typed wrong: `similar-words.ts`.
 */
export async function titlesLike(db: Db, search: TitleSearch, like: LikeWords): Promise<number[]> {
  const { head, ending, isEndShort } = like;
  const words = head === null ? ending : `${head} & ${ending}`;
  const found = await db.any(rows('search.like', Found)`
    WITH asked AS MATERIALIZED (
      SELECT search_name(${search.text}) AS name, false AS is_short, NULL::tsquery AS whole, ${isEndShort}::boolean AS is_end_short,
        ${narrowed(search, sql.fragment`${words}::tsquery`)} AS words,
        ${narrowed(search, sql.fragment`${head}::tsquery`)} AS head, ${ending}::tsquery AS ending
    ), ${candidates(search)},
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

const TypedWord = z.object({
  index: z.int(),
  word: z.string(),
  quoted: z.string(),
  near: z.string().nullable(),
});
export type TypedWord = Omit<z.infer<typeof TypedWord>, 'index'>;

/**
 * The words of each of `texts` (`index`) in order, each as a tsquery (`quoted`), and of those with more than three letters the eight known words
 * most like it (`near`, joined by `|`): with one letter left out, put in, changed or swapped. A word of several texts is looked up once.
 */
export function typedWords(db: Db, texts: readonly string[]): Promise<readonly z.infer<typeof TypedWord>[]> {
  return db.any(rows('search.typed_words', TypedWord)`
    WITH typed AS MATERIALIZED (
      SELECT (t.position - 1)::integer AS index, w.word, w.place
      FROM unnest(${sql.array(texts, 'text')}) WITH ORDINALITY AS t(text, position)
      CROSS JOIN LATERAL unnest(search_words(search_name(t.text), true)) WITH ORDINALITY AS w(word, place)
    )
    SELECT typed.index, left(typed.word, 60) AS word, array_to_tsvector(ARRAY[left(typed.word, 60)])::text AS quoted, n.near
    FROM typed
    LEFT JOIN (
      SELECT d.word, n.near FROM (SELECT DISTINCT word FROM typed WHERE length(word) > 3) d
      CROSS JOIN LATERAL (
        SELECT string_agg(array_to_tsvector(ARRAY[k.word])::text, ' | ') AS near FROM (
          SELECT w.word FROM title_word w
          WHERE word_slips(w.word) && word_slips(d.word)
          ORDER BY similarity(w.word, d.word) DESC, w.word
          LIMIT 8
        ) k
      ) n
    ) n ON n.word = typed.word
    ORDER BY typed.index, typed.place
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
