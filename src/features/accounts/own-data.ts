import type { Db } from '../../platform/db.ts';
import { type Actor, auditOf, noteAudit } from '../audit/index.ts';
import { deletePrivateTitles } from '../media/index.ts';
import { type ChangePasswordDeps, withOwnPassword, withPassword } from './change-password.ts';
import { keepAnAdmin } from './last-admin.ts';
import { identitiesOf } from './queries/identities.ts';
import { sessionsOf } from './queries/sessions.ts';
import { apiTokensOf } from './queries/tokens.ts';
import { deleteUser, lockAdmins, userAnswer } from './queries/users.ts';

/** What a room holds of a user, as it is handed out; secrets never. What is deleted with the account goes by its foreign keys, else by `drop`. */
export type OwnedPart = {
  /** Its name in the export. */
  name: string;
  /** All of it, or what is many page by page: of rows nobody holds all at once. */
  read(db: Db, user: Owner): Promise<unknown> | AsyncIterable<readonly unknown[]>;
  /** Deletes of it what no foreign key does, in the transaction that deletes the user; private titles are gone by then. */
  drop?(tx: Db, userId: number): Promise<void>;
};
type Owner = { userId: number; publicId: string };

/** Of accounts themselves; other rooms bring theirs. */
const OWN_PARTS: readonly OwnedPart[] = [
  { name: 'account', read: (db, { publicId }) => userAnswer(db, publicId) },
  { name: 'sessions', read: (db, { userId }) => sessionsOf(db, userId) },
  { name: 'tokens', read: (db, { userId }) => apiTokensOf(db, userId) },
  { name: 'identities', read: (db, { userId }) => identitiesOf(db, userId) },
  { name: 'log', read: (db, { publicId }) => auditOf(db, publicId) },
];

/** Everything that is kept of a user, by the name of its part: the text of a JSON object, piece by piece. */
export async function* ownData(
  db: Db,
  user: Owner,
  parts: readonly OwnedPart[],
): AsyncGenerator<string, void, undefined> {
  yield `{"exportedAt":${JSON.stringify(new Date().toISOString())}`;
  for (const { name, read } of [...OWN_PARTS, ...parts]) {
    yield `,${JSON.stringify(name)}:`;
    const told = read(db, user);
    if (Symbol.asyncIterator in told) yield* listOf(told);
    else yield JSON.stringify((await told) ?? null);
  }
  yield '}';
}

async function* listOf(pages: AsyncIterable<readonly unknown[]>): AsyncGenerator<string, void, undefined> {
  let isFirst = true;
  yield '[';
  for await (const page of pages) {
    if (page.length === 0) continue;
    yield `${isFirst ? '' : ','}${JSON.stringify(page).slice(1, -1)}`;
    isFirst = false;
  }
  yield ']';
}

/** Deletes a user with all that is theirs alone; what they gave to everybody stays, without a name. Not the last administrator's business. */
export async function deleteWholeUser(tx: Db, userId: number, parts: readonly OwnedPart[]): Promise<void> {
  await deletePrivateTitles(tx, userId);
  for (const part of parts) await part.drop?.(tx, userId);
  await deleteUser(tx, userId);
}

/**
 * Deletes an account with what is its; what it gave to the catalogue stays, without a name. 403 with a wrong password, 429 after ten of those, 409
 * for the last administrator and where there is no password to ask for.
 */
export async function deleteOwnAccount(
  deps: ChangePasswordDeps & { ownedParts: readonly OwnedPart[] },
  user: { publicId: string },
  password: string,
  actor: Actor,
): Promise<void> {
  const account = await withOwnPassword(deps.db, user.publicId);
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
      await deleteWholeUser(tx, stored.id, deps.ownedParts);
    },
    lockAdmins,
  );
}
