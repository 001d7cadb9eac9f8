import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { Conflict } from '../../kit/errors.ts';
import type { Pool } from '../../platform/db.ts';
import { parseInput } from '../../platform/http-input.ts';
import { jsonBody } from '../../platform/json-body.ts';
import { actorOf, type Guard, requireAccount, requireActing, requireModerator } from '../accounts/index.ts';
import { noteAudit } from '../audit/index.ts';
import { decide, noReport } from './decide-report.ts';
import { deleteReport, lockReport, reportAnswer, reportCounts, reportPage } from './queries.ts';
import { ReportBody, ReportDecision, ReportQuery } from './schemas.ts';
import { takeReport } from './take-report.ts';

export type ReportRoutesDeps = {
  db: Pool;
  guard: Guard;
  keepsAddresses(): boolean;
  /** Resolves once whoever asks next sees what was written. */
  settled(): Promise<void>;
};

const Id = z.uuid();

/** `/api/content-reports`: users say what is wrong and see what became of it; moderators decide on those of others. */
export function reportRoutes(deps: ReportRoutesDeps): Router {
  const { db, guard } = deps;
  const router = Router();
  const body = jsonBody('16kb');
  router.get('/content-reports', list);
  router.post('/content-reports', ...body, take);
  router.patch('/content-reports/:id', ...body, judge);
  router.delete('/content-reports/:id', withdraw);
  return router;

  async function list(req: Request, res: Response) {
    const acting = await requireActing(guard, req);
    const query = parseInput(ReportQuery, req.query, 'The query');
    const page = await reportPage(db, acting, { ...query, limit: query.limit + 1 });
    const reports = page.slice(0, query.limit);
    const nextCursor = page.length > query.limit ? (reports.at(-1)?.id ?? null) : null;
    const counts = await reportCounts(db, acting, query.mine === 'true');
    res.set('Cache-Control', 'no-store').json({ reports, nextCursor, counts });
  }

  /** 201; 200 where the same one of this user waits already. */
  async function take(req: Request, res: Response) {
    const acting = await requireAccount(guard, req);
    const given = parseInput(ReportBody, req.body, 'The report');
    const { id, isNew } = await takeReport(db, given, acting);
    const report = await reportAnswer(db, id, acting);
    if (isNew) {
      const actor = await actorOf(guard, req, deps.keepsAddresses());
      await noteAudit(db, actor, {
        action: 'reports.made',
        resource: `report ${report.id}`,
        after: { kind: report.kind, target: report.target },
      });
    }
    res.status(isNew ? 201 : 200).json(report);
  }

  async function judge(req: Request, res: Response) {
    const acting = await requireModerator(guard, req);
    const decision = parseInput(ReportDecision, req.body, 'The decision');
    const actor = await actorOf(guard, req, deps.keepsAddresses());
    const id = await decide(db, idOf(req), decision, { acting, actor });
    await deps.settled();
    res.json(await reportAnswer(db, id, acting));
  }

  async function withdraw(req: Request, res: Response) {
    const { userId } = await requireAccount(guard, req);
    await db.transaction(async (tx) => {
      const report = await lockReport(tx, idOf(req));
      if (report === null || report.reporterId !== userId) throw noReport();
      if (report.state !== 'pending')
        throw new Conflict('reports.decided', 'It is decided already, and stays as a record.');
      await deleteReport(tx, report.id);
    });
    res.status(204).end();
  }
}

function idOf(req: Request): string {
  const id = Id.safeParse(req.params.id);
  if (!id.success) throw noReport();
  return id.data;
}
