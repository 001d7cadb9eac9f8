import { AppError } from '../../kit/errors.ts';
import type { Pool } from '../../platform/db.ts';
import type { PasswordHashes } from '../../platform/password-hash.ts';
import type { Limit } from '../../platform/rate-limit.ts';
import { type Actor, noteAudit } from '../audit/index.ts';
import { closedAccount } from './guard.ts';
import { lockUser, noteSignIn, userByLogin } from './queries/users.ts';
import { type Started, startSession } from './sessions.ts';

export type SignInDeps = {
  db: Pool;
  passwords: PasswordHashes;
  /** Failures of one address, and of one account wherever they come from. */
  failures: { ofAddress: Limit; ofAccount: Limit };
};

/**
 * Checks a password and begins a session. Whoever is not known waits as long and hears the same as with a wrong password
 * (401); 429 with `Retry-After` after too many failures, 403 where the account is closed (told only who has its password).
 */
export async function signIn(
  { db, passwords, failures }: SignInDeps,
  { login, password }: { login: string; password: string },
  actor: Actor,
  address: string,
): Promise<Started> {
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
  return await db.transaction(async (tx) => {
    const user = await lockUser(tx, found.publicId);
    // Changed while it was compared.
    if (user === null || user.passwordHash !== found.passwordHash) throw wrong();
    if (user.status !== 'active') throw closedAccount();
    await noteSignIn(tx, user.id);
    await noteAudit(tx, { ...actor, kind: 'user', userId: user.id }, { action: 'account.signed_in' });
    return startSession(tx, user, actor.agent);
  });
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
