import { AppError, Conflict } from '../../kit/errors.ts';
import type { Db, Pool } from '../../platform/db.ts';
import type { PasswordHashes } from '../../platform/password-hash.ts';
import type { Limit } from '../../platform/rate-limit.ts';
import { type Actor, noteAudit } from '../audit/index.ts';
import type { Letters } from './letters.ts';
import { deleteSessions } from './queries/sessions.ts';
import { putTicket, takeTicket } from './queries/tokens.ts';
import { lockUser, type User, type UserAnswer, updateUser, userAnswer } from './queries/users.ts';
import { hashOf, makeSecretToken } from './secret-token.ts';
import { refuseOver } from './sign-in.ts';

/** Long enough for who finds the mail in the evening. */
const RESET_SECONDS = 24 * 3600;

export type ChangePasswordDeps = {
  db: Pool;
  passwords: PasswordHashes;
  /** Wrong ones of a user who is signed in: the page may be somebody else's by now. */
  wrongPasswords: Limit;
  letters: Pick<Letters, 'tellPasswordChanged'>;
};

/** A user changes the password; every other session of theirs ends. 403 with the old one wrong, 429 after ten of those. */
export async function changePassword(
  deps: ChangePasswordDeps,
  user: { publicId: string; sessionId: string },
  { current, next }: { current: string; next: string },
  actor: Actor,
): Promise<void> {
  const passwordHash = await deps.passwords.make(next);
  await withPassword(deps, user, current, async (tx, stored) => {
    await updateUser(tx, stored.id, { passwordHash });
    await deleteSessions(tx, stored.id, user.sessionId);
    await noteAudit(tx, actor, { action: 'account.password_changed', severity: 'warning' });
  });
  await deps.letters.tellPasswordChanged(user.publicId);
}

/** The account of whoever is asked for its password; 409 where there is none to ask for. */
export async function withOwnPassword(db: Db, publicId: string): Promise<UserAnswer> {
  const account = await userAnswer(db, publicId);
  if (account?.hasPassword === true) return account;
  throw new Conflict(
    'accounts.no_password',
    'This account has no password yet. Choose one first, by a link.',
  );
}

/** Does `work` for who knows the password of the account, whose row is locked. 403 with a wrong one, 429 after ten of those. */
export async function withPassword(
  { db, passwords, wrongPasswords }: Pick<ChangePasswordDeps, 'db' | 'passwords' | 'wrongPasswords'>,
  { publicId }: { publicId: string },
  password: string,
  work: (tx: Db, stored: User) => Promise<void>,
  /** Taken before the row, where others take it so. */
  lockFirst: (tx: Db) => Promise<void> = async () => {},
): Promise<void> {
  const isDone = await db.transaction(async (tx) => {
    await lockFirst(tx);
    const stored = await lockUser(tx, publicId);
    // Behind the lock, one after the other: guesses that come at once are counted like others.
    await refuseOver(wrongPasswords, publicId);
    if (stored === null || !(await passwords.isSame(password, stored.passwordHash))) {
      await wrongPasswords.take(publicId);
      return false;
    }
    await work(tx, stored);
    return true;
  });
  if (isDone) return;
  throw new AppError('auth.wrong_password', 'That is not the password of this account.', { status: 403 });
}

/** A secret by which a user chooses a new password, once, within a day. An older one no longer works. */
export async function makeResetToken(
  db: Pool,
  publicId: string,
  actor: Actor,
): Promise<{ token: string; expiresAt: Date } | null> {
  const { token, hash } = makeSecretToken();
  return await db.transaction(async (tx) => {
    const user = await lockUser(tx, publicId);
    if (user === null) return null;
    await putTicket(tx, {
      userId: user.id,
      purpose: 'reset-password',
      hash,
      email: null,
      seconds: RESET_SECONDS,
    });
    const entry = {
      action: 'account.reset_link_made',
      severity: 'warning',
      resource: `user ${publicId}`,
    } as const;
    await noteAudit(tx, actor, entry);
    return { token, expiresAt: new Date(Date.now() + RESET_SECONDS * 1000) };
  });
}

/** Takes a reset secret and the new password; every session of the user ends. 403 where it is used up, expired or none. */
export async function resetPassword(
  { db, passwords, letters }: Pick<ChangePasswordDeps, 'db' | 'passwords' | 'letters'>,
  { token, password }: { token: string; password: string },
  actor: Actor,
): Promise<void> {
  const passwordHash = await passwords.make(password);
  const publicId = await db.transaction(async (tx) => {
    const owner = await takeTicket(tx, 'reset-password', hashOf(token));
    if (owner === null)
      throw new AppError('auth.reset_ended', 'This link was used, or is too old. Ask for another one.', {
        status: 403,
      });
    await updateUser(tx, owner.userId, { passwordHash });
    await deleteSessions(tx, owner.userId, null);
    const entry = { action: 'account.password_reset', severity: 'warning' } as const;
    await noteAudit(tx, { ...actor, kind: 'user', userId: owner.userId }, entry);
    return owner.publicId;
  });
  await letters.tellPasswordChanged(publicId);
}
