import type { Request } from 'express';
import { Forbidden, NotFound } from '../../kit/errors.ts';
import { UUID } from '../../kit/uuid.ts';
import type { Db, Pool } from '../../platform/db.ts';
import type { Guard } from '../accounts/index.ts';
import { lockOwned } from '../media/index.ts';

export type OwnTitleDeps = {
  db: Pool;
  guard: Pick<Guard, 'requireUser'>;
  /** Where links of the answer to this request point: no slash at the end. */
  baseUrl(req: Request): string;
  /** Resolves once whoever asks next sees what was written. */
  settled(): Promise<void>;
};

/** Guests look, and add nothing. */
export async function memberOf({ guard }: Pick<OwnTitleDeps, 'guard'>, req: Request) {
  const user = await guard.requireUser(req);
  if (user.role === 'guest')
    throw new Forbidden(
      'own_titles.guest',
      'Guests have no titles of their own. Ask the administrator for an account.',
    );
  return user;
}

/** A title of this user's; another's is one that is not there. */
export async function ownTitle(db: Db, userId: number, id: string) {
  const title = await lockOwned(db, userId, id);
  if (title === null || !title.isOwn) throw notThere();
  return title;
}

/** What everybody sees is no longer changed by one alone. */
export async function privateTitle(db: Db, userId: number, id: string) {
  const title = await ownTitle(db, userId, id);
  if (title.isPublic)
    throw new Forbidden(
      'own_titles.public',
      'This title is public by now. Ask a moderator to change it, or to take it back.',
    );
  return title;
}

export function idOf(req: Request): string {
  const { id } = req.params;
  if (typeof id !== 'string' || !UUID.test(id)) throw notThere();
  return id;
}

export function notThere(): NotFound {
  return new NotFound('media.not_found', 'You have no title of this id.');
}
