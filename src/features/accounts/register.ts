import type { z } from 'zod';
import { AppError, Forbidden } from '../../kit/errors.ts';
import { brokenConstraint, type Db, type Pool } from '../../platform/db.ts';
import type { PasswordHashes } from '../../platform/password-hash.ts';
import { type Actor, noteAudit } from '../audit/index.ts';
import {
  hasAdmin,
  insertUser,
  lockAdmins,
  lockUser,
  type NewUser,
  noteSignIn,
  type Role,
  type User,
} from './queries/users.ts';
import type { Registration } from './schemas.ts';
import { type Started, startSession } from './sessions.ts';
import { requireVerified, type SignInDeps } from './sign-in.ts';

export type RegisterDeps = { db: Pool; passwords: PasswordHashes; registration(): 'off' | 'open' } & Pick<
  SignInDeps,
  'letters' | 'needsVerifiedEmail' | 'refreshTokens'
>;

/** Who registers: at home or with the admin token the first account may be made, which is the administrator's. */
export type Registrant = { isAtHome: boolean; isAdmin: boolean; actor: Actor };

/**
 * Makes an account and begins its first session. Where its address has to be verified first, the account is made, a link sent, and the session
 * refused (403 `auth.unverified`). 403 where registration is closed, 422 where the name or address is taken.
 */
export async function register(
  deps: RegisterDeps,
  { email, username, password }: Omit<z.infer<typeof Registration>, 'cookies'>,
  { isAtHome, isAdmin, actor }: Registrant,
): Promise<Started> {
  const { db, passwords, registration } = deps;
  const mayBeUser = isAdmin || registration() === 'open';
  const mayBeFirst = isAdmin || isAtHome;
  // Nothing is hashed for somebody who may not.
  if (!mayBeUser && !mayBeFirst) throw await refusal(db);
  if (!mayBeUser && (await hasAdmin(db))) throw closed();
  if (email === undefined && !isAdmin && deps.needsVerifiedEmail() && (await hasAdmin(db)))
    throw needsEmail();
  const passwordHash = await passwords.make(password);
  const made = await db.transaction(async (tx) => {
    await lockAdmins(tx);
    const isFirst = !(await hasAdmin(tx));
    if (isFirst ? !mayBeFirst : !mayBeUser) throw isFirst ? needsToken() : closed();
    const user = await addUser(
      tx,
      { email: email ?? null, username: username ?? null, passwordHash, role: isFirst ? 'admin' : 'user' },
      actor,
    );
    return user;
  });
  await requireVerified(deps, made, actor);
  if (made.email !== null && deps.letters.canSend) await deps.letters.sendVerification(made.publicId, actor);
  return await db.transaction(async (tx) => {
    await lockUser(tx, made.publicId);
    await noteSignIn(tx, made.id);
    return startSession(tx, made, actor.agent, deps.refreshTokens);
  });
}

function needsEmail(): AppError {
  return new AppError('accounts.needs_email', 'An account here needs an e-mail address, which is verified.', {
    status: 422,
    issues: [{ path: 'email', message: 'is needed' }],
  });
}

/** Writes a user with a line in the audit log; 422 where the name or address is taken. */
export async function addUser(tx: Db, user: NewUser, actor: Actor): Promise<User> {
  const added = await insertUser(tx, user).catch((error: unknown) => {
    throw takenOr(error);
  });
  const self = actor.kind === 'nobody' ? { kind: 'user' as const, userId: added.id } : {};
  const after: { role: Role } = { role: user.role };
  await noteAudit(
    tx,
    { ...actor, ...self },
    { action: 'account.added', resource: `user ${added.publicId}`, after },
  );
  return added;
}

/** 422 for a broken unique constraint of an address or a name; else the error as it was. */
export function takenOr(error: unknown): unknown {
  const broken = brokenConstraint(error);
  if (broken?.kind !== 'unique') return error;
  const field = broken.constraint.includes('email') ? 'e-mail address' : 'user name';
  return new AppError('accounts.taken', `An account with this ${field} is there already.`, {
    status: 422,
    issues: [{ path: field === 'user name' ? 'username' : 'email', message: 'is taken' }],
  });
}

async function refusal(db: Db): Promise<Forbidden> {
  return (await hasAdmin(db)) ? closed() : needsToken();
}

function closed(): Forbidden {
  return new Forbidden(
    'accounts.registration_off',
    'New accounts are made by the administrator of this server.',
  );
}

function needsToken(): Forbidden {
  return new Forbidden(
    'accounts.setup_needs_token',
    'The first account is made from the network of this server, or with the admin token, which was printed on the first start.',
  );
}
