import type { Request } from 'express';
import { Forbidden } from '../../kit/errors.ts';
import type { Guard } from './guard.ts';

/** Who acts on what all share: a user, or whoever holds the admin token and is no user. */
export type Acting = { userId: number | null; isModerator: boolean };

/** 401 where nobody asks; 403 for guests, who only look. */
export async function requireActing(guard: Guard, req: Request): Promise<Acting> {
  const holdsToken = guard.holdsAdminToken(req);
  const user = holdsToken ? await guard.userOf(req) : await guard.requireUser(req);
  if (user === null) return { userId: null, isModerator: true };
  if (user.role === 'guest' && !holdsToken)
    throw new Forbidden('auth.guest', 'Guests may look, and change nothing. Ask for an account of your own.');
  return { userId: user.userId, isModerator: holdsToken || ['moderator', 'admin'].includes(user.role) };
}

/** As `requireActing`; 403 for who is neither moderator nor administrator. */
export async function requireModerator(guard: Guard, req: Request): Promise<Acting> {
  const acting = await requireActing(guard, req);
  if (!acting.isModerator)
    throw new Forbidden('auth.not_moderator', 'Only a moderator or an administrator may do this.');
  return acting;
}

/** As `requireActing`; 403 for the admin token alone, which is no account. */
export async function requireAccount(guard: Guard, req: Request): Promise<Acting & { userId: number }> {
  const { userId, isModerator } = await requireActing(guard, req);
  if (userId === null)
    throw new Forbidden('auth.not_a_user', 'This is a matter of an account: sign in with one.');
  return { userId, isModerator };
}
