import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { NotFound } from '../../kit/errors.ts';
import type { Pool } from '../../platform/db.ts';
import { parseInput } from '../../platform/http-input.ts';
import { noteAudit, noteChange } from '../audit/index.ts';
import { actorOf } from './asking.ts';
import { type ChangePasswordDeps, makeResetToken } from './change-password.ts';
import type { Guard } from './guard.ts';
import { keepAnAdmin } from './last-admin.ts';
import { deleteWholeUser, type OwnedPart } from './own-data.ts';
import { deleteSessions } from './queries/sessions.ts';
import { countUsers, lockAdmins, lockUser, updateUser, userAnswer, userPage } from './queries/users.ts';
import { addUser, takenOr } from './register.ts';
import { NewUserBody, UserPageQuery, UserPatch } from './schemas.ts';

export type UserRoutesDeps = ChangePasswordDeps & {
  db: Pool;
  guard: Guard;
  keepsAddresses(): boolean;
  baseUrl(req: Request): string;
  /** What other rooms hold of a user. */
  ownedParts: readonly OwnedPart[];
};

/** `/api/users`: accounts as the administrator sees them. The last administrator stays one. */
export function userRoutes(deps: UserRoutesDeps): Router {
  const { db, guard } = deps;
  const router = Router();
  router.get('/users', guard.requireAdmin, list);
  router.post('/users', guard.requireAdmin, add);
  router.get('/users/:id', guard.requireAdmin, show);
  router.patch('/users/:id', guard.requireAdmin, change);
  router.delete('/users/:id', guard.requireAdmin, remove);
  router.post('/users/:id/reset-link', guard.requireAdmin, makeLink);
  return router;

  function actor(req: Request) {
    return actorOf(guard, req, deps.keepsAddresses());
  }

  async function list(req: Request, res: Response) {
    const { skip, limit } = parseInput(UserPageQuery, req.query, 'The query');
    res.json({ users: await userPage(db, skip, limit), total: await countUsers(db) });
  }

  async function add(req: Request, res: Response) {
    const {
      email = null,
      username = null,
      password,
      role,
    } = parseInput(NewUserBody, req.body, 'The account');
    const passwordHash = password === undefined ? null : await deps.passwords.make(password);
    const by = await actor(req);
    const { publicId } = await db.transaction((tx) =>
      addUser(tx, { email, username, passwordHash, role }, by),
    );
    res.status(201).json(await userAnswer(db, publicId));
  }

  async function show(req: Request, res: Response) {
    const user = await userAnswer(db, idOf(req));
    if (user === null) throw noUser();
    res.json(user);
  }

  /** Who is no longer active, or has another role, is signed out of nothing, but may do at once only what that allows. */
  async function change(req: Request, res: Response) {
    const publicId = idOf(req);
    const patch = parseInput(UserPatch, req.body, 'The account');
    const by = await actor(req);
    await db.transaction(async (tx) => {
      await lockAdmins(tx);
      const user = await lockUser(tx, publicId);
      if (user === null) throw noUser();
      if (endsAdmin(patch)) await keepAnAdmin(tx, user);
      const before = await userAnswer(tx, publicId);
      await updateUser(tx, user.id, patch).catch((error: unknown) => {
        throw takenOr(error);
      });
      if (patch.status === 'banned') await deleteSessions(tx, user.id, null);
      const entry = { action: 'account.changed', severity: 'warning', resource: `user ${publicId}` } as const;
      await noteChange<object>(tx, by, entry, { before: before ?? {}, after: patch });
    });
    res.json(await userAnswer(db, publicId));
  }

  async function remove(req: Request, res: Response) {
    const publicId = idOf(req);
    const by = await actor(req);
    await db.transaction(async (tx) => {
      await lockAdmins(tx);
      const user = await lockUser(tx, publicId);
      if (user === null) throw noUser();
      await keepAnAdmin(tx, user);
      const was = await userAnswer(tx, publicId);
      await noteAudit(tx, by, {
        ...{ action: 'account.deleted', severity: 'warning', resource: `user ${publicId}` },
        before: { username: was?.username, email: was?.email, role: user.role },
      });
      await deleteWholeUser(tx, user.id, deps.ownedParts);
    });
    res.status(204).end();
  }

  async function makeLink(req: Request, res: Response) {
    const made = await makeResetToken(db, idOf(req), await actor(req));
    if (made === null) throw noUser();
    const url = `${deps.baseUrl(req)}/#reset/${made.token}`;
    res.status(201).set('Cache-Control', 'no-store').json({ url, expiresAt: made.expiresAt.toISOString() });
  }
}

function endsAdmin({ role = 'admin', status = 'active' }: z.infer<typeof UserPatch>): boolean {
  return role !== 'admin' || status !== 'active';
}

const Id = z.uuid();

function idOf(req: Request): string {
  const id = Id.safeParse(req.params.id);
  if (!id.success) throw noUser();
  return id.data;
}

function noUser(): NotFound {
  return new NotFound('accounts.no_user', 'There is no such account.');
}
