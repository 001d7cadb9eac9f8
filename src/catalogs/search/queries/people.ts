import { type Db, rows, sql } from '../../../platform/db.ts';
import { isOwnPrivate } from '../../viewer.ts';
import { Found, idsOf, SEEN_BY, seenBy, type TitleSearch } from './typed.ts';

/** The words of a person's name, as the index `person_search` has them. */
const PERSON_WORDS = sql.fragment`array_to_tsvector(search_words(search_name(p.name), false))`;

/** Behind others, and of up to three letters: as short as `search_query` takes for the beginning of too much. */
const SHORT_END = /\s\S{1,3}$/u;

/**
 * Ids of people of these names, the last one as a beginning. As with titles the index collects everybody of a short beginning,
 * whatever stands before it (4–9 ms among 500,000 people). So those of the words before it are read first, mostly nobody: only where they are
 * more than 100 is the index asked for all words.
 */
function peopleCalled(text: string) {
  const words = sql.fragment`search_query(search_name(${text}))`;
  const all = sql.fragment`SELECT p.id FROM person p WHERE ${PERSON_WORDS} @@ ${words}`;
  if (!SHORT_END.test(text)) return sql.fragment`${all} LIMIT 100`;
  return sql.fragment`
    WITH headed AS MATERIALIZED (
      SELECT p.id, p.name FROM person p WHERE ${PERSON_WORDS} @@ search_query(search_name(${text}), true) LIMIT 101)
    (SELECT p.id FROM headed p WHERE (SELECT count(*) <= 100 FROM headed) AND ${PERSON_WORDS} @@ ${words})
    UNION ALL
    (${all} AND (SELECT count(*) > 100 FROM headed) LIMIT 100)`;
}

/** Ids of up to 100 titles by the people in them (any of their names, the last one as a beginning) and by a keyword, best known first. */
export async function titlesByPeople(
  db: Db,
  { text, kind, audience, viewer }: TitleSearch,
): Promise<number[]> {
  const isThere = viewer
    ? sql.fragment`(${SEEN_BY[audience]} OR EXISTS (SELECT FROM media o WHERE o.id = s.media_id AND ${isOwnPrivate(viewer)}))`
    : SEEN_BY[audience];
  const found = await db.any(rows('search.by_people', Found)`
    SELECT s.media_id AS "mediaId"
    FROM (
      SELECT DISTINCT l.media_id FROM (
        (SELECT c.media_id FROM (${peopleCalled(text)}) p
        CROSS JOIN LATERAL (SELECT c.media_id FROM media_credit c WHERE c.person_id = p.id LIMIT 200) c LIMIT 1000)
        UNION ALL
        (SELECT mk.media_id FROM media_keyword mk WHERE mk.keyword_id = (SELECT k.id FROM keyword k WHERE k.name = lower(${text})) LIMIT 1000)
      ) l
    ) l
    JOIN media_search s ON s.media_id = l.media_id
    WHERE ${isThere} ${seenBy(viewer)}
      AND ${kind === null ? sql.fragment`true` : sql.fragment`s.kind = ${kind}`}
    ORDER BY s.rank DESC, s.media_id
    LIMIT 100
  `);
  return idsOf(found);
}
