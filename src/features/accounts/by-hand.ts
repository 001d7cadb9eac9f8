import { z } from 'zod';
import { AppError, NotFound } from '../../kit/errors.ts';
import type { Pool } from '../../platform/db.ts';
import { noteAudit, THE_SYSTEM } from '../audit/index.ts';
import { makeResetToken } from './change-password.ts';
import { lockUser, ROLES, updateUser, userByLogin } from './queries/users.ts';

/** As `makeResetToken`, of the account of that name or address; NotFound where there is none. */
export async function resetByHand(db: Pool, login: string): Promise<{ token: string; expiresAt: Date }> {
  const user = await userByLogin(db, login);
  const made = user === null ? null : await makeResetToken(db, user.publicId, THE_SYSTEM);
  if (made === null) throw noAccount(login);
  return made;
}

/** Gives an account a role, and opens it where it was closed: the way back in. */
export async function setRoleByHand(db: Pool, login: string, role: string): Promise<void> {
  const known = z.enum(ROLES).safeParse(role);
  if (!known.success)
    throw new AppError('accounts.no_role', `A role is one of ${ROLES.join(', ')}.`, { status: 400 });
  const found = await userByLogin(db, login);
  if (found === null) throw noAccount(login);
  await db.transaction(async (tx) => {
    const user = await lockUser(tx, found.publicId);
    if (user === null) throw noAccount(login);
    await updateUser(tx, user.id, { role: known.data, status: 'active' });
    await noteAudit(tx, THE_SYSTEM, {
      ...{ action: 'account.changed', severity: 'warning', resource: `user ${user.publicId}` },
      ...{ before: { role: user.role, status: user.status }, after: { role: known.data, status: 'active' } },
    });
  });
}

function noAccount(login: string): NotFound {
  return new NotFound('accounts.no_user', `There is no account named ${login}.`);
}
