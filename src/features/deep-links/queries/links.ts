import { z } from 'zod';
import { type Db, isoTime, rows, sql } from '../../../platform/db.ts';
import { DeepLink } from '../schemas.ts';

const LinkPlace = z.object({ streamId: z.int(), mediaId: z.int(), episodeId: z.int().nullable() });

/** What a page of a service is linked to; two at most, as it may be one only. */
export function placesOfPage(
  db: Db,
  service: string,
  url: string,
): Promise<readonly z.infer<typeof LinkPlace>[]> {
  return db.any(rows('services.places_of_page', LinkPlace)`
    SELECT x.stream_id AS "streamId", l.media_id AS "mediaId", l.episode_id AS "episodeId"
    FROM stream_external x JOIN stream_media_link l ON l.stream_id = x.stream_id
    WHERE x.service = ${service} AND x.url = ${url} ORDER BY l.id LIMIT 2
  `);
}

/** Who told of a link: a user, by one of their devices or on the page. */
export type Reporter = { userId: number; device: string | null };

const Told = z.object({ isNew: z.boolean() });

/** False where the same user or device told of it before. */
export async function noteReporter(db: Db, streamId: number, { userId, device }: Reporter): Promise<boolean> {
  const { isNew } = await db.one(rows('services.note_reporter', Told)`
    WITH told AS (
      INSERT INTO deep_link_report (stream_id, user_id, device) VALUES (${streamId}, ${userId}, ${device})
      ON CONFLICT (stream_id, user_id, device) DO NOTHING RETURNING 1
    )
    SELECT EXISTS (SELECT FROM told) AS "isNew"
  `);
  return isNew;
}

const Count = z.object({ told: z.int() });

/** Links a user and their devices told of in the last 24 hours. */
export async function toldToday(db: Db, userId: number): Promise<number> {
  const { told } = await db.one(rows('services.told_today', Count)`
    SELECT count(*) AS told FROM deep_link_report WHERE user_id = ${userId} AND reported_at > now() - interval '1 day'
  `);
  return told;
}

const ToldLink = z.object({
  ...{
    rowId: z.int(),
    service: z.string(),
    url: z.string(),
    device: z.string().nullable(),
    reportedAt: z.string(),
  },
});

/** A page of the links a user and their devices told of, after this one. */
export function toldBy(
  db: Db,
  userId: number,
  after: number,
  limit: number,
): Promise<readonly z.infer<typeof ToldLink>[]> {
  return db.any(rows('services.told_by', ToldLink)`
    SELECT r.id AS "rowId", x.service, x.url, r.device, ${isoTime('r', 'reported_at')} AS "reportedAt"
    FROM deep_link_report r JOIN stream_external x ON x.stream_id = r.stream_id
    WHERE r.user_id = ${userId} AND r.id > ${after} ORDER BY r.id LIMIT ${limit}
  `);
}

const MOST_LINKS = 200;

/** A link and where it is from, without what it is to. */
const LINK = sql.fragment`
    SELECT s.public_id AS id, x.service, x.url, x.region, se.number AS season, e.number AS episode,
      x.is_verified AS "isVerified", s.is_blocked AS "isHidden", x.reported_count AS "reportedCount"
    FROM stream_media_link l
    JOIN stream s ON s.id = l.stream_id
    JOIN stream_external x ON x.stream_id = s.id
    LEFT JOIN episode e ON e.id = l.episode_id
    LEFT JOIN season se ON se.id = e.season_id`;

/** A link that was just told of. */
export function linkAnswer(db: Db, streamId: number): Promise<z.infer<typeof DeepLink>> {
  return db.one(rows('services.link', DeepLink)`${LINK} WHERE l.stream_id = ${streamId} LIMIT 1`);
}

/** Links of known services to a title and to one episode of it (null: to none), best first; to moderators the hidden too. */
export function linksOf(
  db: Db,
  { mediaId, episodeId }: { mediaId: number; episodeId: number | null },
  services: readonly string[],
  withHidden: boolean,
): Promise<readonly z.infer<typeof DeepLink>[]> {
  return db.any(rows('services.links_of', DeepLink)`
    ${LINK}
    WHERE l.media_id = ${mediaId} AND (l.episode_id IS NULL OR l.episode_id = ${episodeId}::bigint)
      AND x.service = ANY (${sql.array(services, 'text')})
      AND (${withHidden} OR (s.is_active AND NOT s.is_blocked AND s.state = 'active'))
    ORDER BY l.episode_id IS NULL, x.is_verified DESC, x.reported_count DESC, s.id LIMIT ${MOST_LINKS}
  `);
}

const External = z.object({ service: z.string(), isVerified: z.boolean(), isHidden: z.boolean() });

/** A link of a service as it stands; null where the stream is none. Locked until the transaction ends. */
export function lockLink(db: Db, streamId: number): Promise<z.infer<typeof External> | null> {
  return db.maybeOne(rows('services.lock_link', External)`
    SELECT x.service, x.is_verified AS "isVerified", s.is_blocked AS "isHidden"
    FROM stream_external x JOIN stream s ON s.id = x.stream_id WHERE x.stream_id = ${streamId} FOR UPDATE OF x
  `);
}

const Titled = z.object({ title: z.string(), offeredBy: z.array(z.string()) });

/** What a title is called, and the names of services that are said to have it. */
export function titleToSearch(db: Db, mediaId: number): Promise<z.infer<typeof Titled> | null> {
  return db.maybeOne(rows('services.title_to_search', Titled)`
    SELECT title, ARRAY(SELECT DISTINCT p.service FROM media_provider p WHERE p.media_id = m.id) AS "offeredBy"
    FROM media m WHERE m.id = ${mediaId}
  `);
}
