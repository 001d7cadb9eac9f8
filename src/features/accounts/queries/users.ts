import { z } from 'zod';
import { command, type Db, isoTime, rows, sql } from '../../../platform/db.ts';

export const ROLES = ['guest', 'user', 'moderator', 'admin'] as const;
export const STATUSES = ['active', 'inactive', 'banned'] as const;
export type Role = (typeof ROLES)[number];

export const UserAnswer = z.object({
  userId: z.uuid(),
  email: z.string().nullable(),
  username: z.string().nullable(),
  role: z.enum(ROLES),
  status: z.enum(STATUSES),
  isEmailVerified: z.boolean(),
  hasPassword: z.boolean(),
  createdAt: z.iso.datetime(),
  lastSignInAt: z.iso.datetime().nullable(),
});
export type UserAnswer = z.infer<typeof UserAnswer>;

const User = z.object({
  id: z.int(),
  publicId: z.uuid(),
  email: z.string().nullable(),
  isEmailVerified: z.boolean(),
  role: z.enum(ROLES),
  status: z.enum(STATUSES),
  passwordHash: z.string().nullable(),
});
export type User = z.infer<typeof User>;

const ANSWER = sql.fragment`u.public_id AS "userId", u.email::text, u.username::text, u.role, u.status,
  u.email_verified_at IS NOT NULL AS "isEmailVerified", u.password_hash IS NOT NULL AS "hasPassword", ${isoTime('u', 'created_at')} AS "createdAt", ${isoTime('u', 'last_sign_in_at')} AS "lastSignInAt"`;
const USER = sql.fragment`u.id, u.public_id AS "publicId", u.email::text, u.email_verified_at IS NOT NULL AS "isEmailVerified", u.role, u.status,
  u.password_hash AS "passwordHash"`;

/** By e-mail address or name, whatever its capitals; a name holds no "@". */
export function userByLogin(db: Db, login: string): Promise<User | null> {
  return db.maybeOne(rows('accounts.user_by_login', User)`
    SELECT ${USER} FROM app_user u WHERE u.email = ${login}::citext OR u.username = ${login}::citext LIMIT 1
  `);
}

/** As it was written with the account. */
export function userByEmail(db: Db, email: string): Promise<(User & { email: string }) | null> {
  return db.maybeOne(rows('accounts.user_by_email', User.extend({ email: z.string() }))`
    SELECT ${USER} FROM app_user u WHERE u.email = ${email}::citext
  `);
}

/** Locks the row until the transaction ends. */
export function lockUser(db: Db, publicId: string): Promise<User | null> {
  return db.maybeOne(rows('accounts.lock_user', User)`
    SELECT ${USER} FROM app_user u WHERE u.public_id = ${publicId} FOR UPDATE
  `);
}

export function userAnswer(db: Db, publicId: string): Promise<UserAnswer | null> {
  return db.maybeOne(rows('accounts.user', UserAnswer)`
    SELECT ${ANSWER} FROM app_user u WHERE u.public_id = ${publicId}
  `);
}

/** In the order they came, after `afterId`: a household has a handful, a community some thousands. */
export function userPage(db: Db, skip: number, limit: number): Promise<readonly UserAnswer[]> {
  return db.any(rows('accounts.users', UserAnswer)`
    SELECT ${ANSWER} FROM app_user u ORDER BY u.id LIMIT ${limit} OFFSET ${skip}
  `);
}

export async function countUsers(db: Db): Promise<number> {
  const { count } = await db.one(rows('accounts.count_users', z.object({ count: z.int() }))`
    SELECT count(*) FROM app_user
  `);
  return count;
}

/** Whether anybody with a password is admin: until then a newcomer sets the server up. */
export async function hasAdmin(db: Db): Promise<boolean> {
  const found = await db.maybeOne(rows('accounts.has_admin', z.object({ one: z.int() }))`
    SELECT 1 AS one FROM app_user WHERE role = 'admin' AND password_hash IS NOT NULL LIMIT 1
  `);
  return found !== null;
}

/** Until the transaction ends nobody else becomes the first admin, or stops being the last. */
export async function lockAdmins(db: Db): Promise<void> {
  await db.query(command('accounts.lock_admins')`SELECT pg_advisory_xact_lock(hashtext('accounts.admins'))`);
}

/** Admins who can sign in, besides that one. */
export async function countOtherAdmins(db: Db, userId: number): Promise<number> {
  const { count } = await db.one(rows('accounts.count_other_admins', z.object({ count: z.int() }))`
    SELECT count(*) FROM app_user WHERE role = 'admin' AND status = 'active' AND id <> ${userId}
  `);
  return count;
}

export type NewUser = {
  email: string | null;
  username: string | null;
  passwordHash: string | null;
  role: Role;
};

/** Throws a broken unique constraint where the address or the name is taken. */
export function insertUser(db: Db, user: NewUser): Promise<User> {
  return db.one(rows('accounts.insert_user', User)`
    INSERT INTO app_user AS u (email, username, password_hash, role)
    VALUES (${user.email}, ${user.username}, ${user.passwordHash}, ${user.role})
    RETURNING ${USER}
  `);
}

/** Absent fields stay. */
export type UserChange = {
  email?: string | null | undefined;
  username?: string | null | undefined;
  role?: Role | undefined;
  status?: User['status'] | undefined;
  passwordHash?: string;
};

const COLUMNS = {
  email: 'email',
  username: 'username',
  role: 'role',
  status: 'status',
  passwordHash: 'password_hash',
};

export async function updateUser(db: Db, userId: number, change: UserChange): Promise<void> {
  const fields = Object.entries(COLUMNS).flatMap(([field, column]) => {
    const value = change[field as keyof UserChange];
    return value === undefined ? [] : [sql.fragment`${sql.identifier([column])} = ${value}`];
  });
  if (fields.length === 0) return;
  // Another address is one nobody has verified.
  if (change.email !== undefined)
    fields.push(
      sql.fragment`email_verified_at = CASE WHEN email = ${change.email}::citext THEN email_verified_at END`,
    );
  await db.query(command('accounts.update_user')`
    UPDATE app_user SET ${sql.join(fields, sql.fragment`, `)} WHERE id = ${userId}
  `);
}

export async function verifyEmail(db: Db, userId: number): Promise<void> {
  await db.query(command('accounts.verify_email')`
    UPDATE app_user SET email_verified_at = coalesce(email_verified_at, now()) WHERE id = ${userId} AND email IS NOT NULL
  `);
}

export async function noteSignIn(db: Db, userId: number): Promise<void> {
  await db.query(
    command('accounts.note_sign_in')`UPDATE app_user SET last_sign_in_at = now() WHERE id = ${userId}`,
  );
}

/** With everything that is theirs; what they gave to the catalogue stays, without a name. */
export async function deleteUser(db: Db, userId: number): Promise<void> {
  await db.query(command('accounts.delete_user')`DELETE FROM app_user WHERE id = ${userId}`);
}
