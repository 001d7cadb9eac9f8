import { Conflict } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import { type Actor, auditOf, noteAudit } from '../audit/index.ts';
import { type ChangePasswordDeps, withPassword } from './change-password.ts';
import { keepAnAdmin } from './last-admin.ts';
import { identitiesOf } from './queries/identities.ts';
import { sessionsOf } from './queries/sessions.ts';
import { apiTokensOf } from './queries/tokens.ts';
import { deleteUser, lockAdmins, userAnswer } from './queries/users.ts';

/** What a room holds of a user, as it is handed out; secrets never. What is deleted with the account goes by its foreign keys. */
export type OwnedPart = {
  /** Its name in the export. */
  name: string;
  read(db: Db, user: { userId: number; publicId: string }): Promise<unknown>;
};

/** Of accounts themselves; other rooms bring theirs. */
const OWN_PARTS: readonly OwnedPart[] = [
  { name: 'account', read: (db, { publicId }) => userAnswer(db, publicId) },
  { name: 'sessions', read: (db, { userId }) => sessionsOf(db, userId) },
  { name: 'tokens', read: (db, { userId }) => apiTokensOf(db, userId) },
  { name: 'identities', read: (db, { userId }) => identitiesOf(db, userId) },
  { name: 'log', read: (db, { publicId }) => auditOf(db, publicId) },
];

/** Everything that is kept of a user, by the name of its part. */
export async function ownData(
  db: Db,
  user: { userId: number; publicId: string },
  parts: readonly OwnedPart[],
): Promise<Record<string, unknown>> {
  const data: Record<string, unknown> = { exportedAt: new Date().toISOString() };
  for (const { name, read } of [...OWN_PARTS, ...parts]) data[name] = await read(db, user);
  return data;
}

/**
 * Deletes an account with what is its; what it gave to the catalogue stays, without a name. 403 with a wrong password, 429 after ten of those, 409
 * for the last administrator and where there is no password to ask for.
 */
export async function deleteOwnAccount(
  deps: ChangePasswordDeps,
  user: { publicId: string },
  password: string,
  actor: Actor,
): Promise<void> {
  const account = await userAnswer(deps.db, user.publicId);
  if (account?.hasPassword !== true)
    throw new Conflict(
      'accounts.no_password',
      'This account has no password yet. Choose one first, by a link.',
    );
  await withPassword(
    deps,
    user,
    password,
    async (tx, stored) => {
      await keepAnAdmin(tx, stored);
      await noteAudit(tx, actor, {
        ...{ action: 'account.deleted', severity: 'warning', resource: `user ${user.publicId}` },
        before: { username: account.username, email: account.email, role: account.role },
      });
      await deleteUser(tx, stored.id);
    },
    lockAdmins,
  );
}
