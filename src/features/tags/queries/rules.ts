import { z } from 'zod';
import { command, type Db, rows, sql } from '../../../platform/db.ts';
import { RULES, type Rule } from '../rules.ts';

const Taken = z.object({ mediaId: z.int() });

/** Takes up to that many notes of change, oldest first; the titles they were of. */
export async function takeDue(db: Db, most: number): Promise<number[]> {
  const taken = await db.any(rows('tags.take_due', Taken)`
    WITH gone AS (
      DELETE FROM media_tag_due WHERE id = ANY (ARRAY(
        SELECT id FROM media_tag_due ORDER BY id LIMIT ${most} FOR UPDATE SKIP LOCKED))
      RETURNING media_id
    )
    SELECT DISTINCT media_id AS "mediaId" FROM gone
  `);
  return taken.map(({ mediaId }) => mediaId);
}

const Noted = z.object({ last: z.int().nullable() });

/** Notes that many titles after that id as due, whose tags of before hold until then; the last of them, null where there are no more. */
export async function makeDue(db: Db, after: number, most: number): Promise<number | null> {
  const { last } = await db.one(rows('tags.make_due', Noted)`
    WITH added AS (
      INSERT INTO media_tag_due (media_id, is_known) SELECT id, true FROM media WHERE id > ${after} ORDER BY id LIMIT ${most} RETURNING media_id
    )
    SELECT max(media_id) AS last FROM added
  `);
  return last;
}

/** `rule.given`, `rule.tag_id` and `rule.confidence` of a table of rules. */
function ruleTable(rules: readonly Rule[]) {
  const values = rules.map(({ given, tag, confidence }) => [given, tag, confidence]);
  return sql.fragment`(
    SELECT g.given, t.id AS tag_id, g.confidence FROM ${sql.unnest(values, ['text', 'text', 'float4'])} AS g(given, tag, confidence)
    JOIN content_tag t ON t.tag = g.tag
  ) rule`;
}

/** The age that decides, as `ratingOf` of kit/age-rating.ts finds it. */
function agesOf(countries: readonly string[]) {
  const ages = RULES.ages.map(({ from, upto, tag }) => [from, upto, tag]);
  return sql.fragment`
    SELECT r.media_id, NULL::bigint, t.id, 1::real
    FROM (
      SELECT DISTINCT ON (c.media_id) c.media_id, c.min_age FROM title b JOIN media_certification c ON c.media_id = b.id
      WHERE c.min_age IS NOT NULL
      ORDER BY c.media_id, array_position(${sql.array(countries, 'text')}, c.country), c.country, c.min_age DESC
    ) r
    JOIN ${sql.unnest(ages, ['int4', 'int4', 'text'])} AS a("from", upto, tag) ON r.min_age BETWEEN a."from" AND a.upto
    JOIN content_tag t ON t.tag = a.tag`;
}

/**
 * Gives these titles and their episodes the tags that rules give them, and takes back what rules gave and give no more.
 * Tags that somebody set stay as they are, and what a moderator took away stays away. Does nothing where nothing changed.
 */
export async function applyRules(
  db: Db,
  mediaIds: readonly number[],
  countries: readonly string[],
): Promise<void> {
  const words = RULES.words.map(({ query, tag }) => [query, tag]);
  await db.query(command('tags.apply_rules')`
    WITH title AS (
      SELECT id, title, overview, is_adult, nudity FROM media WHERE id = ANY (${sql.array(mediaIds, 'int8')})
    ), text AS MATERIALIZED (
      SELECT id AS media_id, NULL::bigint AS episode_id, to_tsvector('english', concat_ws(' . ', title, overview)) AS words,
        ${RULES.toldWords}::real AS confidence
      FROM title
      UNION ALL
      SELECT mk.media_id, NULL, to_tsvector('english', string_agg(k.name, ' . ')), ${RULES.chosenWords}::real
      FROM title b JOIN media_keyword mk ON mk.media_id = b.id JOIN keyword k ON k.id = mk.keyword_id GROUP BY mk.media_id
      UNION ALL
      SELECT mg.media_id, NULL, to_tsvector('english', string_agg(g.name, ' . ')), ${RULES.chosenWords}::real
      FROM title b JOIN media_genre mg ON mg.media_id = b.id JOIN genre g ON g.id = mg.genre_id GROUP BY mg.media_id
      UNION ALL
      SELECT e.media_id, e.id, to_tsvector('english', concat_ws(' . ', e.title, e.overview)), ${RULES.toldWords}::real
      FROM title b JOIN episode e ON e.media_id = b.id WHERE num_nonnulls(e.title, e.overview) > 0
    ), word AS MATERIALIZED (
      SELECT to_tsquery('english', g.query) AS query, t.id AS tag_id
      FROM ${sql.unnest(words, ['text', 'text'])} AS g(query, tag) JOIN content_tag t ON t.tag = g.tag
    ), wanted AS MATERIALIZED (
      SELECT w.media_id, w.episode_id, w.tag_id, max(w.confidence) AS confidence
      FROM (
        SELECT text.media_id, text.episode_id, word.tag_id, text.confidence FROM text JOIN word ON text.words @@ word.query
        UNION ALL
        SELECT mg.media_id, NULL, rule.tag_id, rule.confidence
        FROM title b JOIN media_genre mg ON mg.media_id = b.id JOIN genre g ON g.id = mg.genre_id
        LEFT JOIN genre parent ON parent.id = g.parent_id
        JOIN ${ruleTable(RULES.genres)} ON rule.given IN (g.slug, parent.slug)
        UNION ALL
        SELECT c.media_id, NULL, rule.tag_id, rule.confidence
        FROM title b JOIN media_certification c ON c.media_id = b.id AND c.country = 'US'
        JOIN ${ruleTable(RULES.codes)} ON rule.given = upper(c.code)
        UNION ALL
        SELECT b.id, NULL, rule.tag_id, rule.confidence
        FROM title b JOIN ${ruleTable(RULES.noted)} ON rule.given = b.nudity OR (rule.given = 'adult' AND b.is_adult)
        UNION ALL ${agesOf(countries)}
      ) AS w(media_id, episode_id, tag_id, confidence)
      WHERE NOT EXISTS (
        SELECT FROM media_tag_denied d
        WHERE d.media_id = w.media_id AND d.tag_id = w.tag_id AND d.episode_id IS NOT DISTINCT FROM w.episode_id)
      GROUP BY w.media_id, w.episode_id, w.tag_id
    ), gone AS (
      DELETE FROM media_tag o USING title b
      WHERE o.media_id = b.id AND o.source = 'rule' AND NOT EXISTS (
        SELECT FROM wanted w
        WHERE w.media_id = o.media_id AND w.tag_id = o.tag_id AND w.episode_id IS NOT DISTINCT FROM o.episode_id)
    )
    INSERT INTO media_tag AS o (media_id, episode_id, tag_id, source, confidence)
    SELECT media_id, episode_id, tag_id, 'rule', confidence FROM wanted ORDER BY media_id, episode_id, tag_id
    ON CONFLICT (media_id, episode_id, tag_id) DO UPDATE SET confidence = EXCLUDED.confidence
      WHERE o.source = 'rule' AND o.confidence IS DISTINCT FROM EXCLUDED.confidence
  `);
}
