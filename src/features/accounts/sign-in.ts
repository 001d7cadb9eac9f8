import { AppError } from '../../kit/errors.ts';
import type { Pool } from '../../platform/db.ts';
import type { PasswordHashes } from '../../platform/password-hash.ts';
import type { Limit } from '../../platform/rate-limit.ts';
import { type Actor, noteAudit } from '../audit/index.ts';
import { closedAccount } from './guard.ts';
import type { Letters } from './letters.ts';
import { lockUser, noteSignIn, type User, userByLogin } from './queries/users.ts';
import type { RefreshTokens } from './refresh-token.ts';
import { type Started, startSession } from './sessions.ts';

export type SignInDeps = {
  db: Pool;
  passwords: PasswordHashes;
  /** Failures of one address, and of one account wherever they come from. */
  failures: { ofAddress: Limit; ofAccount: Limit };
  letters: Letters;
  refreshTokens: RefreshTokens;
  /** Whether who has an address must have verified it. */
  needsVerifiedEmail(): boolean;
};

/**
 * Checks a password and begins a session. Whoever is not known waits as long and hears the same as with a wrong password
 * (401); 429 with `Retry-After` after too many failures, 403 where the account is closed (told only who has its password).
 */
export async function signIn(
  deps: SignInDeps,
  { login, password }: { login: string; password: string },
  actor: Actor,
  address: string,
): Promise<Started> {
  const { db, passwords, failures } = deps;
  const account = login.normalize('NFC').toLowerCase();
  const refuseGuessers = async () => {
    await refuseOver(failures.ofAddress, address);
    await refuseOver(failures.ofAccount, account);
  };
  await refuseGuessers();
  const found = await userByLogin(db, login);
  const isRight = await passwords.isSame(password, found?.passwordHash ?? null);
  if (found === null || !isRight) {
    await Promise.all([failures.ofAddress.take(address), failures.ofAccount.take(account)]);
    await noteAudit(
      db,
      { ...actor, userId: found?.id },
      { action: 'account.sign_in_failed', severity: 'warning' },
    );
    throw wrong();
  }
  // Once more: of many guesses that came at once those before this one have failed by now.
  await refuseGuessers();
  await requireVerified(deps, found, actor);
  return await db.transaction(async (tx) => {
    const user = await lockUser(tx, found.publicId);
    // Changed while it was compared.
    if (user === null || user.passwordHash !== found.passwordHash) throw wrong();
    if (user.status !== 'active') throw closedAccount();
    await noteSignIn(tx, user.id);
    await noteAudit(tx, { ...actor, kind: 'user', userId: user.id }, { action: 'account.signed_in' });
    return startSession(tx, user, actor.agent, deps.refreshTokens);
  });
}

/** Administrators are let in: they are who mends a mail server that does not work. Throws 403, and sends the link. */
export async function requireVerified(
  { letters, needsVerifiedEmail }: Pick<SignInDeps, 'letters' | 'needsVerifiedEmail'>,
  user: User,
  actor: Actor,
): Promise<void> {
  if (!needsVerifiedEmail() || user.role === 'admin') return;
  if (user.email === null || user.isEmailVerified || user.status !== 'active') return;
  await letters.sendVerification(user.publicId, actor);
  throw new AppError(
    'auth.unverified',
    'The e-mail address of this account is not verified yet. Open the link that was sent to it.',
    { status: 403 },
  );
}

function wrong(): AppError {
  return new AppError('auth.wrong_password', 'There is no account with this name and password.', {
    status: 401,
  });
}

/** Throws 429 once there were too many failures. */
export async function refuseOver(failures: Limit, key: string): Promise<void> {
  const { isAllowed, resetsInSeconds } = await failures.look(key);
  if (isAllowed) return;
  throw new AppError('limit.exceeded', `Too many tries. Try again in ${resetsInSeconds} seconds.`, {
    status: 429,
    headers: { 'Retry-After': String(resetsInSeconds) },
  });
}
