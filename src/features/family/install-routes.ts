import { type Request, type Response, Router } from 'express';
import type { z } from 'zod';
import { Conflict, NotFound } from '../../kit/errors.ts';
import { parseInput } from '../../platform/http-input.ts';
import { jsonBody } from '../../platform/json-body.ts';
import { noteAudit } from '../audit/index.ts';
import { type FamilyRoutesDeps, idOf, memberOf, requireProfile } from './asking.ts';
import { installToken } from './install-token.ts';
import {
  changeInstall,
  countInstalls,
  type InstallRow,
  insertInstall,
  installsOf,
  revokeInstall,
} from './queries/installs.ts';
import { lockUserProfiles } from './queries/profiles.ts';
import { type InstallAnswer, InstallBody, InstallPatch } from './schemas.ts';

const MOST_INSTALLS = 100;

/** `/api/installs`: the add-on as it stands in players, one address each. */
export function installRoutes(deps: FamilyRoutesDeps): Router {
  const { db } = deps;
  const router = Router();
  const body = jsonBody('4kb');
  router.get('/installs', list);
  router.post('/installs', ...body, add);
  router.patch('/installs/:id', ...body, change);
  router.delete('/installs/:id', revoke);
  return router;

  function told(req: Request, { id, ...row }: InstallRow): z.infer<typeof InstallAnswer> {
    return { ...row, manifestUrl: `${deps.baseUrl(req)}/${installToken(deps.crypto, id)}/manifest.json` };
  }

  async function list(req: Request, res: Response) {
    const { userId } = await memberOf(deps, req);
    const installs = await installsOf(db, userId);
    res.set('Cache-Control', 'no-store').json({ installs: installs.map((row) => told(req, row)) });
  }

  async function answer(req: Request, userId: number, publicId: string) {
    const row = (await installsOf(db, userId)).find(({ installId }) => installId === publicId);
    if (row === undefined) throw noInstall();
    return told(req, row);
  }

  async function add(req: Request, res: Response) {
    const { userId } = await memberOf(deps, req);
    const given = parseInput(InstallBody, req.body, 'The install');
    const actor = await deps.actorOf(req);
    const { publicId } = await db.transaction(async (tx) => {
      await lockUserProfiles(tx, userId);
      const profile = await requireProfile(tx, userId, given.profileId);
      if ((await countInstalls(tx, userId)) >= MOST_INSTALLS)
        throw new Conflict(
          'family.too_many_installs',
          `There are ${MOST_INSTALLS} installs. Revoke one first.`,
        );
      const made = await insertInstall(tx, profile.id, given.name);
      await noteAudit(tx, actor, {
        ...{ action: 'family.install_made', resource: `install ${made.publicId}`, after: given },
      });
      return made;
    });
    res
      .status(201)
      .set('Cache-Control', 'no-store')
      .json(await answer(req, userId, publicId));
  }

  async function change(req: Request, res: Response) {
    const { userId } = await memberOf(deps, req);
    const publicId = idOf(req);
    const { profileId, name } = parseInput(InstallPatch, req.body, 'The install');
    const actor = await deps.actorOf(req);
    await db.transaction(async (tx) => {
      const profile = profileId === undefined ? null : await requireProfile(tx, userId, profileId);
      if (!(await changeInstall(tx, userId, publicId, { name, profileId: profile?.id }))) throw noInstall();
      await noteAudit(tx, actor, {
        ...{ action: 'family.install_changed', severity: 'warning', resource: `install ${publicId}` },
        ...{ after: { profileId, name } },
      });
    });
    res.set('Cache-Control', 'no-store').json(await answer(req, userId, publicId));
  }

  async function revoke(req: Request, res: Response) {
    const { userId } = await memberOf(deps, req);
    const publicId = idOf(req);
    const actor = await deps.actorOf(req);
    await db.transaction(async (tx) => {
      if (!(await revokeInstall(tx, userId, publicId))) throw noInstall();
      await noteAudit(tx, actor, {
        ...{ action: 'family.install_revoked', severity: 'warning', resource: `install ${publicId}` },
      });
    });
    res.status(204).end();
  }
}

function noInstall(): NotFound {
  return new NotFound('family.no_install', 'There is no such install of yours.');
}
