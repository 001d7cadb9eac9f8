import { randomBytes } from 'node:crypto';
import { AppError, Conflict } from '../../../kit/errors.ts';
import { brokenConstraint, type Db, type Pool } from '../../../platform/db.ts';
import { type Actor, noteAudit } from '../../audit/index.ts';
import { closedAccount } from '../guard.ts';
import { insertIdentity, noteIdentityUse, userOfIdentity } from '../queries/identities.ts';
import { userOfSession } from '../queries/sessions.ts';
import { hasAdmin, lockUser, noteSignIn, type User, userByEmail, verifyEmail } from '../queries/users.ts';
import { addUser } from '../register.ts';
import { type Started, startSession } from '../sessions.ts';
import { requireVerified, type SignInDeps } from '../sign-in.ts';
import type { Outsider } from './oauth-provider.ts';

export type SignInWithDeps = Pick<SignInDeps, 'letters' | 'needsVerifiedEmail' | 'refreshTokens'> & {
  db: Pool;
  registration(): 'off' | 'open';
};

/**
 * Begins a session of the account that an identity elsewhere stands for. One that stands for none yet is joined to the account of its address
 * where both sides have verified that (else anybody could take an account by claiming its address elsewhere), or gets an account of its own
 * where registration is open. Throws 403 `auth.closed`, `auth.external_unknown`, `auth.unverified`; 409 `auth.external_taken`.
 */
export async function signInWith(deps: SignInWithDeps, who: Outsider, actor: Actor): Promise<Started> {
  const { db } = deps;
  const publicId = await db.transaction(async (tx) => {
    const known = await userOfIdentity(tx, who);
    if (known === null) return joinOrAdd(deps, tx, who, actor);
    await noteIdentityUse(tx, known.identityId);
    return known.publicId;
  });
  const found = await db.transaction((tx) => lockUser(tx, publicId));
  if (found === null || found.status !== 'active') throw closedAccount();
  await requireVerified(deps, found, actor);
  return await db.transaction(async (tx) => {
    const user = await lockUser(tx, publicId);
    if (user === null || user.status !== 'active') throw closedAccount();
    await noteSignIn(tx, user.id);
    const after = { by: who.issuer };
    await noteAudit(tx, { ...actor, kind: 'user', userId: user.id }, { action: 'account.signed_in', after });
    return startSession(tx, user, actor.agent, deps.refreshTokens);
  });
}

/** Joins an identity to the account of a session, which must still be there. Throws 403, 409 `auth.external_taken`. */
export async function linkIdentity(db: Pool, who: Outsider, session: string, actor: Actor): Promise<void> {
  await db.transaction(async (tx) => {
    const signedIn = await userOfSession(tx, session);
    const user = signedIn === null ? null : await lockUser(tx, signedIn.publicId);
    if (user === null || user.status !== 'active')
      throw new AppError('auth.required', 'Sign in again, and then link it.', { status: 403 });
    await join(tx, user, who, actor);
  });
}

async function joinOrAdd(deps: SignInWithDeps, tx: Db, who: Outsider, actor: Actor): Promise<string> {
  const email = who.isEmailVerified ? who.email : null;
  const holder = who.email === null ? null : await userByEmail(tx, who.email);
  if (holder !== null) {
    if (email === null || !holder.isEmailVerified) throw taken();
    await join(tx, holder, who, actor);
    return holder.publicId;
  }
  if (deps.registration() !== 'open' || !(await hasAdmin(tx)))
    throw new AppError(
      'auth.external_unknown',
      'No account here is linked to it. Ask the administrator for one, and link it there.',
      { status: 403 },
    );
  const user = await addUser(
    tx,
    { email, username: usernameOf(who), passwordHash: null, role: 'user' },
    actor,
  );
  if (email !== null) await verifyEmail(tx, user.id);
  await join(tx, user, who, actor);
  return user.publicId;
}

async function join(tx: Db, user: User, who: Outsider, actor: Actor): Promise<void> {
  await insertIdentity(tx, { ...who, userId: user.id, name: who.name?.slice(0, 200) || null }).catch(
    (error: unknown) => {
      throw brokenConstraint(error)?.kind === 'unique' ? taken() : error;
    },
  );
  await noteAudit(
    tx,
    { ...actor, kind: 'user', userId: user.id },
    {
      ...{ action: 'account.identity_linked', severity: 'warning', resource: `user ${user.publicId}` },
      after: { issuer: who.issuer, name: who.name },
    },
  );
}

/** Nobody is told that a name is taken, so none is tried: what it is called there and some chance. */
function usernameOf({ name }: Outsider): string {
  const plain = (name ?? '')
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{M}\p{N}._-]/gu, '')
    .slice(0, 30);
  return `${plain === '' ? 'user' : plain}-${randomBytes(3).toString('hex')}`;
}

function taken(): Conflict {
  return new Conflict(
    'auth.external_taken',
    'It belongs to another account here, or its address does. Sign in to that one, and link it there.',
  );
}
