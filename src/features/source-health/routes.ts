import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { NotFound } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import { parseInput } from '../../platform/http-input.ts';
import { jsonBody } from '../../platform/json-body.ts';
import { healthOf, SourceHealth, sourceIdOf, webSources } from './queries/health.ts';
import { ProbeDay, probeDays } from './queries/probes.ts';
import { IspDay, ispDays } from './queries/reports.ts';
import { type SettleDeps, settle } from './settle.ts';
import { HealthReports, type ReportDeps, takeReports } from './take-reports.ts';

/** Shown by name in the plots; the others are one line. */
const MAX_ISPS = 7;
const MAX_MEASURED = 50;

export const SourcePath = z.object({ id: z.uuid() });
export const SourcesHealth = z.object({ sources: z.array(SourceHealth) });
export const SourceHistory = SourceHealth.extend({
  /** Our own probes, by day (UTC), oldest first; 90 days at most. */
  probes: z.array(ProbeDay),
  /** What viewers reported, by provider and day; 30 days. */
  isps: z.array(IspDay),
});
export const MeasuredSources = z.object({
  sources: z.array(z.object({ sourceId: z.uuid(), name: z.string(), origin: z.string() })),
});

export type SourceHealthRoutesDeps = SettleDeps & { requireAdmin: RequestHandler };
export type SourceReportRoutesDeps = ReportDeps & {
  /** Who reports, as the limits know visitors. */
  clientOf(req: Request): string;
  limitReports: RequestHandler;
};

/** Web servers that viewers reach themselves, by name and origin. */
export async function measuredSources(db: Db) {
  const sources = await webSources(db, MAX_MEASURED);
  return sources.flatMap(({ baseUrl, ...source }) => {
    const url = URL.parse(baseUrl);
    return url === null ? [] : [{ ...source, origin: url.origin }];
  });
}

/** For everyone: what a viewer's browser can measure, and what it measured. */
export function sourceReportRoutes(deps: SourceReportRoutesDeps): Router {
  const router = Router();
  router.get('/sources/measured', measured);
  router.post('/sources/health-reports', deps.limitReports, ...jsonBody('32kb'), report);
  return router;

  /** Where they are without a path: enough for a browser to see whether it gets there. */
  async function measured(_req: Request, res: Response) {
    const sources = deps.areSourcesShown() ? await measuredSources(deps.db) : [];
    res.set('Cache-Control', 'no-store').json({ sources });
  }

  async function report(req: Request, res: Response) {
    const body = parseInput(HealthReports, req.body ?? {}, 'The body');
    res.set('Cache-Control', 'no-store').json(await takeReports(deps, body, deps.clientOf(req)));
  }
}

/** `/api/sources/…/health`: how file servers do, for their owner. */
export function sourceHealthRoutes(deps: SourceHealthRoutesDeps): Router {
  const { db, requireAdmin } = deps;
  const router = Router();
  router.get('/sources/health', requireAdmin, list);
  router.get('/sources/:id/health', requireAdmin, one);
  return router;

  async function list(_req: Request, res: Response) {
    res.json({ sources: await healthOf(db, {}) });
  }

  async function one(req: Request, res: Response) {
    const { id } = parseInput(SourcePath, req.params, 'The source id');
    const sourceId = await sourceIdOf(db, id);
    if (sourceId === null) throw new NotFound('source.not_found', 'No file server has this id.');
    // Reports of the last seconds may not have been thought about.
    await settle(deps, [sourceId]);
    const [[health], probes, isps] = await Promise.all([
      healthOf(db, { publicId: id }),
      probeDays(db, sourceId),
      ispDays(db, sourceId, MAX_ISPS),
    ]);
    res.json({ ...health, probes, isps });
  }
}
