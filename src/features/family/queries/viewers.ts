import { z } from 'zod';
import type { Viewer } from '../../../catalogs/viewer.ts';
import { type Db, type Fragment, rows, sql } from '../../../platform/db.ts';
import { Hours } from '../hours.ts';

const Row = z.object({
  profileId: z.int(),
  userId: z.int(),
  name: z.string(),
  isKid: z.boolean(),
  /** `allow` in place of `age` while the ages of titles are not known by the country of the household. */
  mode: z.enum(['all', 'allow', 'age']),
  maxAge: z.int(),
  allowsUnrated: z.boolean(),
  hasBlockedTags: z.boolean(),
  policyVersion: z.int(),
  hours: Hours.nullable(),
  dailyMinutes: z.int().nullable(),
  /** Of today, where the account is; 0 where nothing limits them. */
  minutesWatched: z.int(),
  /** ISO day of the week, and HH:MM, where the account is. */
  localDay: z.int(),
  localTime: z.string(),
  config: z.record(z.string(), z.unknown()),
  /** Streaming services of the household; none where nothing was chosen. */
  services: z.array(z.string()),
});
/** A profile as of now: what it may see, and when. */
export type Watcher = z.infer<typeof Row>;

const COLUMNS = sql.fragment`
  p.id AS "profileId", p.user_id AS "userId", p.name, p.kind = 'kid' AS "isKid",
  CASE WHEN p.mode = 'age' AND NOT EXISTS (SELECT FROM rating_country) THEN 'allow' ELSE p.mode END AS mode, coalesce(p.max_age, 0) AS "maxAge",
  p.allows_unrated AS "allowsUnrated", EXISTS (SELECT FROM profile_blocked_tag b WHERE b.profile_id = p.id) AS "hasBlockedTags",
  p.policy_version AS "policyVersion", p.hours, p.daily_minutes AS "dailyMinutes",
  CASE WHEN p.daily_minutes IS NULL THEN 0 ELSE (
    SELECT count(*) FROM profile_minute w WHERE w.profile_id = p.id AND w.minute >= date_trunc('day', now(), u.timezone)
      -- The one that runs is not over: it would end what began in it.
      AND w.minute < date_trunc('minute', now(), 'UTC')
  ) END AS "minutesWatched",
  extract(isodow FROM now() AT TIME ZONE u.timezone)::integer AS "localDay", to_char(now() AT TIME ZONE u.timezone, 'HH24:MI') AS "localTime",
  p.config, ARRAY(SELECT f.service FROM family_service f WHERE f.user_id = p.user_id ORDER BY f.service) AS services`;

/** Nobody watches by a closed account. */
const ACTIVE: Fragment = sql.fragment`JOIN app_user u ON u.id = p.user_id AND u.status = 'active'`;

export function watcherOf(db: Db, profileId: number): Promise<Watcher | null> {
  return db.maybeOne(rows('family.watcher', Row)`
    SELECT ${COLUMNS} FROM profile p ${ACTIVE} WHERE p.id = ${profileId}
  `);
}

const Installed = Row.extend({
  installId: z.int(),
  installPublicId: z.uuid(),
  revision: z.int(),
  seenManifest: z.string().nullable(),
  /** It was not noted for a minute that it asks. */
  isStale: z.boolean(),
});
export type Installed = z.infer<typeof Installed>;

const INSTALL = sql.fragment`i.id AS "installId", i.public_id AS "installPublicId", i.revision, i.seen_manifest AS "seenManifest",
  i.last_seen_at IS NULL OR i.last_seen_at < now() - interval '1 minute' AS "isStale"`;

/** Who watches by an install; null: there is none, it was revoked, or its account is closed. */
export function installedBy(db: Db, installId: number): Promise<Installed | null> {
  return db.maybeOne(rows('family.installed_by', Installed)`
    SELECT ${COLUMNS}, ${INSTALL}
    FROM install i JOIN profile p ON p.id = i.profile_id ${ACTIVE}
    WHERE i.id = ${installId}
  `);
}
/** Some profile is a kid's. A look into an index that holds nothing else. */
export async function hasKids(db: Db): Promise<boolean> {
  const { kids } = await db.one(rows('family.has_kids', z.object({ kids: z.boolean() }))`
    SELECT (SELECT p.id FROM profile p WHERE p.kind = 'kid' ORDER BY p.id LIMIT 1) IS NOT NULL AS kids
  `);
  return kids;
}

export function viewerOf(watcher: Watcher): Viewer {
  const { profileId, userId, isKid, mode, maxAge, allowsUnrated, hasBlockedTags, policyVersion } = watcher;
  return { profileId, userId, isKid, mode, maxAge, allowsUnrated, hasBlockedTags, policyVersion };
}
