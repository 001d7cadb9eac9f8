import { z } from 'zod';
import { command, type Db, type Fragment, isoTime, rows, sql } from '../../../platform/db.ts';
import { Hours } from '../hours.ts';

export const MODES = ['all', 'allow', 'age'] as const;

export const ProfileAnswer = z.object({
  profileId: z.uuid(),
  kind: z.enum(['standard', 'kid']),
  name: z.string(),
  avatar: z.string().nullable(),
  age: z.int().nullable(),
  hasPin: z.boolean(),
  mode: z.enum(MODES),
  maxAge: z.int().nullable(),
  allowsUnrated: z.boolean(),
  hours: Hours.nullable(),
  dailyMinutes: z.int().nullable(),
  /** Of today; 0 where nothing limits them. */
  minutesWatched: z.int(),
  config: z.record(z.string(), z.unknown()),
  isDefault: z.boolean(),
  blockedTags: z.array(z.string()),
  /** Titles with a rule of their own. */
  allowed: z.int(),
  denied: z.int(),
  createdAt: z.iso.datetime(),
  /** Another one after each change of what is said here of the profile itself; what `If-Match` takes, in quotes. */
  version: z.string(),
});
export type ProfileAnswer = z.infer<typeof ProfileAnswer>;

const ANSWER = sql.fragment`
  p.public_id AS "profileId", p.kind, p.name, p.avatar, p.age, p.pin_hash IS NOT NULL AS "hasPin", p.mode, p.max_age AS "maxAge",
  p.allows_unrated AS "allowsUnrated", p.hours, p.daily_minutes AS "dailyMinutes", p.config, p.is_default AS "isDefault",
  CASE WHEN p.daily_minutes IS NULL THEN 0 ELSE (
    SELECT count(*) FROM profile_minute w WHERE w.profile_id = p.id AND w.minute >= date_trunc('day', now(), u.timezone)
  ) END AS "minutesWatched",
  ARRAY(SELECT t.tag FROM profile_blocked_tag b JOIN content_tag t ON t.id = b.tag_id WHERE b.profile_id = p.id ORDER BY t.tag) AS "blockedTags",
  (SELECT count(*) FROM profile_policy a WHERE a.profile_id = p.id AND a.policy = 'allow') AS allowed,
  (SELECT count(*) FROM profile_policy a WHERE a.profile_id = p.id AND a.policy = 'deny') AS denied,
  ${isoTime('p', 'created_at')} AS "createdAt",
  md5(jsonb_build_array(p.name, p.avatar, p.age, p.mode, p.max_age, p.allows_unrated, p.hours, p.daily_minutes, p.config)::text) AS version`;

export function profilesOf(db: Db, userId: number): Promise<readonly ProfileAnswer[]> {
  return db.any(rows('family.profiles', ProfileAnswer)`
    SELECT ${ANSWER} FROM profile p JOIN app_user u ON u.id = p.user_id WHERE p.user_id = ${userId} ORDER BY p.id
  `);
}

/** One of this account's; null: there is none such. */
export function profileAnswer(db: Db, userId: number, publicId: string): Promise<ProfileAnswer | null> {
  return db.maybeOne(rows('family.profile', ProfileAnswer)`
    SELECT ${ANSWER} FROM profile p JOIN app_user u ON u.id = p.user_id WHERE p.public_id = ${publicId} AND p.user_id = ${userId}
  `);
}

const Profile = z.object({
  id: z.int(),
  publicId: z.uuid(),
  userId: z.int(),
  kind: z.enum(['standard', 'kid']),
  pinHash: z.string().nullable(),
});
export type Profile = z.infer<typeof Profile>;

/** One of this account's, locked until the transaction ends. */
export function lockProfile(db: Db, userId: number, publicId: string): Promise<Profile | null> {
  return db.maybeOne(rows('family.lock_profile', Profile)`
    SELECT p.id, p.public_id AS "publicId", p.user_id AS "userId", p.kind, p.pin_hash AS "pinHash"
    FROM profile p WHERE p.public_id = ${publicId} AND p.user_id = ${userId} FOR UPDATE
  `);
}

/** Whoever's it is, locked until the transaction ends. */
export function lockAnyProfile(db: Db, publicId: string): Promise<{ id: number } | null> {
  return db.maybeOne(rows('family.lock_any_profile', z.object({ id: z.int() }))`
    SELECT p.id FROM profile p WHERE p.public_id = ${publicId} FOR UPDATE
  `);
}

export function findProfile(db: Db, userId: number, publicId: string): Promise<{ id: number } | null> {
  return db.maybeOne(rows('family.find_profile', z.object({ id: z.int() }))`
    SELECT p.id FROM profile p WHERE p.public_id = ${publicId} AND p.user_id = ${userId}
  `);
}

/** Whoever counts what an account has does so alone. */
export async function lockUserProfiles(db: Db, userId: number): Promise<void> {
  await db.query(
    command('family.lock_user')`SELECT pg_advisory_xact_lock(hashtext('family.user'), ${userId}::integer)`,
  );
}

export async function countProfiles(db: Db, userId: number): Promise<number> {
  const { count } = await db.one(rows('family.count_profiles', z.object({ count: z.int() }))`
    SELECT count(*) AS count FROM profile p WHERE p.user_id = ${userId}
  `);
  return count;
}

/** Columns as they are written; absent: as they were. */
export type ProfileFields = {
  kind: 'standard' | 'kid';
  name: string;
  avatar: string | null;
  age: number | null;
  pinHash: string | null;
  mode: (typeof MODES)[number];
  maxAge: number | null;
  allowsUnrated: boolean;
  hours: Hours | null;
  dailyMinutes: number | null;
  config: Readonly<Record<string, unknown>>;
};

/** Absent or undefined: as it was. A kid's profile stays one. */
type ProfileChange = { [Key in Exclude<keyof ProfileFields, 'kind'>]?: ProfileFields[Key] | undefined };

const json = (value: unknown) => sql.fragment`${value === null ? null : JSON.stringify(value)}::jsonb`;

/** The first one of an account is its default. */
export async function insertProfile(db: Db, userId: number, f: ProfileFields): Promise<string> {
  const { publicId } = await db.one(rows('family.insert_profile', z.object({ publicId: z.uuid() }))`
    INSERT INTO profile (user_id, kind, name, avatar, age, pin_hash, mode, max_age, allows_unrated, hours, daily_minutes, config, is_default)
    VALUES (${userId}, ${f.kind}, ${f.name}, ${f.avatar}, ${f.age}, ${f.pinHash}, ${f.mode}, ${f.maxAge}, ${f.allowsUnrated}, ${json(f.hours)},
      ${f.dailyMinutes}, ${json(f.config)}, NOT EXISTS (SELECT FROM profile p WHERE p.user_id = ${userId}))
    RETURNING public_id AS "publicId"
  `);
  return publicId;
}

function set(column: string, value: string | number | boolean | null | undefined): Fragment[] {
  return value === undefined ? [] : [sql.fragment`${sql.identifier([column])} = ${value}`];
}

/** Counts as a change of what is seen. */
export async function updateProfile(db: Db, id: number, fields: ProfileChange): Promise<void> {
  const given = [
    ...set('name', fields.name),
    ...set('avatar', fields.avatar),
    ...set('age', fields.age),
    ...set('pin_hash', fields.pinHash),
    ...set('mode', fields.mode),
    ...set('max_age', fields.maxAge),
    ...set('allows_unrated', fields.allowsUnrated),
    ...(fields.hours === undefined ? [] : [sql.fragment`hours = ${json(fields.hours)}`]),
    ...set('daily_minutes', fields.dailyMinutes),
    ...(fields.config === undefined ? [] : [sql.fragment`config = ${json(fields.config)}`]),
  ];
  await db.query(command('family.update_profile')`
    UPDATE profile SET ${sql.join([...given, sql.fragment`policy_version = policy_version + 1`], sql.fragment`, `)} WHERE id = ${id}
  `);
}

/** What this profile sees has changed: kept answers of before are never given out again. */
export async function countChange(db: Db, id: number): Promise<void> {
  await db.query(command('family.count_change')`
    UPDATE profile SET policy_version = policy_version + 1 WHERE id = ${id}
  `);
}

/** The one that is taken where none is named. */
export async function makeDefault(db: Db, userId: number, id: number): Promise<void> {
  await db.query(
    command(
      'family.no_default',
    )`UPDATE profile SET is_default = false WHERE user_id = ${userId} AND is_default`,
  );
  await db.query(command('family.make_default')`UPDATE profile SET is_default = true WHERE id = ${id}`);
}

export async function deleteProfile(db: Db, id: number): Promise<void> {
  await db.query(command('family.delete_profile')`DELETE FROM profile WHERE id = ${id}`);
}

/** A minute in which it was watched. */
export async function noteMinute(db: Db, profileId: number): Promise<void> {
  await db.query(command('family.note_minute')`
    INSERT INTO profile_minute (profile_id, minute) VALUES (${profileId}, date_trunc('minute', now(), 'UTC')) ON CONFLICT DO NOTHING
  `);
}

/** Minutes of more than a month ago, at most `most` at a time; how many are gone. */
export async function deleteOldMinutes(db: Db, most: number): Promise<number> {
  const { rowCount } = await db.query(command('family.delete_old_minutes')`
    DELETE FROM profile_minute w USING (
      SELECT o.profile_id, o.minute FROM profile_minute o WHERE o.minute < now() - interval '31 days' ORDER BY o.minute LIMIT ${most}
    ) o WHERE w.profile_id = o.profile_id AND w.minute = o.minute
  `);
  return rowCount;
}
