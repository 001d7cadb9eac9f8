import { type Request, type Response, Router } from 'express';
import { NotFound } from '../../kit/errors.ts';
import { parseInput } from '../../platform/http-input.ts';
import { jsonBody } from '../../platform/json-body.ts';
import { verifyLink } from '../../streams/external/queries.ts';
import { actorOf, type Guard, requireAccount, requireActing, requireModerator } from '../accounts/index.ts';
import { noteAudit } from '../audit/index.ts';
import { requireVisible } from '../media/index.ts';
import { hideStream, requireStream } from '../stream-index/index.ts';
import { SERVICES, serviceById } from './platforms.ts';
import { chooseServices, chosenServices } from './queries/chosen.ts';
import { linkAnswer, linksOf, lockLink } from './queries/links.ts';
import { type ReportLinkDeps, reportLink } from './report-link.ts';
import { LinkBody, LinkPatch, LinkPath, LinkQuery, ServicesBody } from './schemas.ts';

export type ServiceRoutesDeps = ReportLinkDeps & {
  guard: Guard;
  keepsAddresses(): boolean;
  /** Resolves once whoever asks next sees what was written. */
  settled(): Promise<void>;
};

const IDS = SERVICES.map(({ id }) => id);

/** `/api/services`: what a family has; `/api/deep-links`: where titles are there, as users tell. */
export function serviceRoutes(deps: ServiceRoutesDeps): Router {
  const { db, guard } = deps;
  const router = Router();
  const body = jsonBody('8kb');
  router.get('/services', chosen);
  router.put('/services', ...body, choose);
  router.get('/deep-links', list);
  router.post('/deep-links', ...body, tell);
  router.patch('/deep-links/:id', ...body, judge);
  return router;

  async function chosen(req: Request, res: Response) {
    const { userId } = await requireAccount(guard, req);
    res.set('Cache-Control', 'no-store').json(await answer(userId));
  }

  async function choose(req: Request, res: Response) {
    const { userId } = await requireAccount(guard, req);
    const { services } = parseInput(ServicesBody, req.body, 'The choice');
    const actor = await actorOf(guard, req, deps.keepsAddresses());
    await db.transaction(async (tx) => {
      const before = { services: await chosenServices(tx, userId) };
      await chooseServices(tx, userId, services);
      await noteAudit(tx, actor, { action: 'services.chosen', before, after: { services } });
    });
    res.set('Cache-Control', 'no-store').json(await answer(userId));
  }

  async function answer(userId: number) {
    const has = new Set(await chosenServices(db, userId));
    return {
      services: IDS.filter((id) => has.has(id)),
      known: SERVICES.map(({ id, name }) => ({ id, name })),
    };
  }

  async function list(req: Request, res: Response) {
    const acting = await requireActing(guard, req);
    const place = await requireVisible(db, parseInput(LinkQuery, req.query, 'The query'), acting);
    res.json({ links: await linksOf(db, place, IDS, acting.isModerator) });
  }

  /** 201 the first time, 200 when others told of it before. */
  async function tell(req: Request, res: Response) {
    const acting = await requireAccount(guard, req);
    const told = parseInput(LinkBody, req.body, 'The link');
    const place = await requireVisible(db, told, acting);
    const { streamId, isNew } = await reportLink(deps, place, told, { userId: acting.userId, device: null });
    await deps.settled();
    res.status(isNew ? 201 : 200).json(await linkAnswer(db, streamId));
  }

  async function judge(req: Request, res: Response) {
    await requireModerator(guard, req);
    const { id } = parseInput(LinkPath, req.params, 'The path');
    const { isVerified, isHidden } = parseInput(LinkPatch, req.body, 'The change');
    const streamId = await requireStream(db, id);
    const actor = await actorOf(guard, req, deps.keepsAddresses());
    await db.transaction(async (tx) => {
      const link = await lockLink(tx, streamId);
      if (link === null || serviceById(link.service) === undefined)
        throw new NotFound('deep_links.not_found', 'No link to a service has this id.');
      if (isVerified !== undefined) await verifyLink(tx, streamId, isVerified);
      if (isHidden !== undefined) await hideStream(tx, streamId, isHidden);
      const before = { isVerified: link.isVerified, isHidden: link.isHidden };
      const after = { ...before, ...definedOf({ isVerified, isHidden }) };
      await noteAudit(tx, actor, { action: 'deep_links.judged', resource: `stream ${id}`, before, after });
    });
    await deps.settled();
    res.status(204).end();
  }
}

function definedOf(fields: Record<string, boolean | undefined>): Record<string, boolean> {
  return Object.fromEntries(
    Object.entries(fields).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}
