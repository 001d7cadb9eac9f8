import { Conflict } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import { countOtherAdmins, type User } from './queries/users.ts';

/** Throws 409 where nobody else could administrate. `lockAdmins` must be held. */
export async function keepAnAdmin(tx: Db, user: User): Promise<void> {
  if (user.role !== 'admin' || user.status !== 'active') return;
  if ((await countOtherAdmins(tx, user.id)) > 0) return;
  throw new Conflict('accounts.last_admin', 'This is the last administrator. Make somebody else one first.');
}
