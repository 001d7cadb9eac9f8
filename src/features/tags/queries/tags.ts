import { z } from 'zod';
import { command, type Db, rows } from '../../../platform/db.ts';
import { GivenTag, SourceOfTag, Tag } from '../schemas.ts';

export function allTags(db: Db): Promise<readonly z.infer<typeof Tag>[]> {
  return db.any(rows('tags.all', Tag)`SELECT tag, category, name FROM content_tag ORDER BY id`);
}

const KnownTag = Tag.extend({ tagId: z.int() });
export type KnownTag = z.infer<typeof KnownTag>;

export function tagBySlug(db: Db, tag: string): Promise<KnownTag | null> {
  return db.maybeOne(rows('tags.by_slug', KnownTag)`
    SELECT id AS "tagId", tag, category, name FROM content_tag WHERE tag = ${tag}
  `);
}

const Episode = { season: z.int(), episode: z.int(), title: z.string().nullable() };
const GivenRow = GivenTag.extend({
  season: z.int().nullable(),
  episode: z.int().nullable(),
  title: z.string().nullable(),
});

/** All tags of a title, those of the title itself first, then by episode. */
export function tagsOfTitle(db: Db, mediaId: number): Promise<readonly z.infer<typeof GivenRow>[]> {
  return db.any(rows('tags.of_title', GivenRow)`
    SELECT t.tag, t.category, t.name, mt.source, mt.confidence, s.number AS season, e.number AS episode, e.title
    FROM media_tag mt
    JOIN content_tag t ON t.id = mt.tag_id
    LEFT JOIN episode e ON e.id = mt.episode_id
    LEFT JOIN season s ON s.id = e.season_id
    WHERE mt.media_id = ${mediaId}
    ORDER BY s.number NULLS FIRST, e.number NULLS FIRST, t.id
  `);
}

const TaggedRow = z.object({
  ...{ season: Episode.season.nullable(), episode: Episode.episode.nullable(), title: Episode.title },
  source: SourceOfTag,
  confidence: z.number(),
});

/** Where in a title a tag is: the title itself (no numbers), and its episodes in order. */
export function placesOfTag(
  db: Db,
  mediaId: number,
  tagId: number,
): Promise<readonly z.infer<typeof TaggedRow>[]> {
  return db.any(rows('tags.places', TaggedRow)`
    SELECT s.number AS season, e.number AS episode, e.title, mt.source, mt.confidence
    FROM media_tag mt
    LEFT JOIN episode e ON e.id = mt.episode_id
    LEFT JOIN season s ON s.id = e.season_id
    WHERE mt.media_id = ${mediaId} AND mt.tag_id = ${tagId}
    ORDER BY s.number NULLS FIRST, e.number
  `);
}

export type TagPlace = { mediaId: number; episodeId: number | null; tagId: number };

/** Somebody says so: over what a rule gave, and over an earlier no. */
export async function putTag(db: Db, place: TagPlace, source: 'moderator' | 'report'): Promise<void> {
  const { mediaId, episodeId, tagId } = place;
  await db.query(command('tags.allow')`
    DELETE FROM media_tag_denied
    WHERE media_id = ${mediaId} AND episode_id IS NOT DISTINCT FROM ${episodeId}::bigint AND tag_id = ${tagId}
  `);
  await db.query(command('tags.put')`
    INSERT INTO media_tag AS o (media_id, episode_id, tag_id, source)
    VALUES (${mediaId}, ${episodeId}, ${tagId}, ${source})
    ON CONFLICT (media_id, episode_id, tag_id) DO UPDATE SET source = EXCLUDED.source, confidence = 1
      WHERE o.source = 'rule' OR o.confidence < 1
  `);
}

/** Takes a tag away, for good: no rule puts it back. False where it was not there. */
export async function denyTag(db: Db, { mediaId, episodeId, tagId }: TagPlace): Promise<boolean> {
  const { rowCount } = await db.query(command('tags.drop')`
    DELETE FROM media_tag
    WHERE media_id = ${mediaId} AND episode_id IS NOT DISTINCT FROM ${episodeId}::bigint AND tag_id = ${tagId}
  `);
  await db.query(command('tags.deny')`
    INSERT INTO media_tag_denied (media_id, episode_id, tag_id) VALUES (${mediaId}, ${episodeId}, ${tagId})
    ON CONFLICT (media_id, episode_id, tag_id) DO NOTHING
  `);
  return rowCount > 0;
}
