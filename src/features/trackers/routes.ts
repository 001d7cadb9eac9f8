import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { BadInput } from '../../kit/errors.ts';
import { trackerUrl } from '../../kit/tracker-url.ts';
import type { Pool } from '../../platform/db.ts';
import { hangUpOf, parseInput } from '../../platform/http-input.ts';
import { tellTitlesChanged } from '../../platform/queries.ts';
import { type CheckDeps, checkTrackers } from './check-trackers.ts';
import { checksOfDay, HealthMoment, healthOfDay, makeAllDue, makeDue } from './queries/checks.ts';
import { allTrackers, insertTrackers, RemoteList, remoteList, Tracker } from './queries/trackers.ts';

/** More than anyone has; the answer stays bounded whatever was noted. */
const MAX_SHOWN = 10_000;
const MAX_CHECKED = 500;
/** Half hours of a day, for 2,000 trackers. */
const [SLOTS, MAX_SLOTS] = [48, 96_000];

export const CheckBody = z.strictObject({
  /** Absent: all of them. One that was not known gets its row. */
  urls: z.array(z.string().max(2048)).max(MAX_CHECKED).optional(),
});
export const CheckQuery = z.strictObject({ wait: z.enum(['true', 'false']).default('false') });
/** The DHT of the instance that answers. `resting`: no torrent needs it; `alone`: none of its nodes has answered. */
const DhtStatus = z.object({
  status: z.enum(['off', 'resting', 'running', 'alone']),
  nodes: z.int(),
  lookups: z.int(),
});
export type DhtStatus = z.infer<typeof DhtStatus>;
export const TrackersAnswer = z.object({
  trackers: z.array(Tracker),
  dht: DhtStatus,
  /** The list from elsewhere (setting `trackerListUrl`); null: there is none. */
  remoteList: RemoteList.nullable(),
});
export const CheckAnswer = z.object({ trackers: z.array(Tracker) });
export const TrackerHistory = z.object({
  /** Every five minutes of the last day. */
  health: z.array(HealthMoment),
  /** By announce URL: the share of answered checks in each half hour of the last day, now last; null: not checked. */
  checks: z.record(z.string(), z.array(z.number().nullable()).length(SLOTS)),
});

export type TrackerRoutesDeps = CheckDeps & {
  db: Pool;
  requireAdmin: RequestHandler;
  /** Queues the job that checks what is due. */
  checkLater(): Promise<void>;
  settled(): Promise<void>;
  dht(): DhtStatus;
};

/** `/api/trackers`: every tracker seen in a link, stream or list, how it does, and a check by hand. */
export function trackerRoutes(deps: TrackerRoutesDeps): Router {
  const { db, requireAdmin } = deps;
  const router = Router();
  router.get('/trackers', requireAdmin, list);
  router.get('/trackers/history', requireAdmin, history);
  router.post('/trackers/check', requireAdmin, check);
  return router;

  async function list(_req: Request, res: Response) {
    const trackers = await allTrackers(db, { limit: MAX_SHOWN });
    res.json({ trackers, dht: deps.dht(), remoteList: await remoteList(db) });
  }

  async function history(_req: Request, res: Response) {
    const checks: Record<string, (number | null)[]> = {};
    for (const { url, slot, share } of await checksOfDay(db, MAX_SLOTS)) {
      checks[url] ??= Array.from({ length: SLOTS }, () => null);
      checks[url][slot] = Math.round(share * 100) / 100;
    }
    res.json({ health: await healthOfDay(db), checks });
  }

  async function check(req: Request, res: Response) {
    const { wait } = parseInput(CheckQuery, req.query, 'The query');
    const { urls: given } = parseInput(CheckBody, req.body ?? {}, 'The body');
    const urls = given === undefined ? null : normalised(given);
    if (urls !== null) await insertTrackers(db, urls);
    if (wait === 'false') {
      await (urls === null ? makeAllDue(db) : makeDue(db, urls));
      await deps.checkLater();
      res.status(202).end();
      return;
    }
    const signal = hangUpOf(res);
    const asked = urls ?? (await allTrackers(db, { limit: MAX_SHOWN })).map(({ url }) => url);
    await checkTrackers(deps, asked, signal);
    // Offers are kept for 15 minutes, with their trackers in the order of then.
    await tellTitlesChanged(db);
    await deps.settled();
    res.json({ trackers: await allTrackers(db, { limit: MAX_SHOWN, urls: asked }) });
  }
}

function normalised(given: readonly string[]): string[] {
  const urls = given.map(trackerUrl);
  const issues = urls.flatMap((url, index) =>
    url === null ? [{ path: `urls.${index}`, message: 'needs an announce URL without a passkey' }] : [],
  );
  if (issues.length > 0) throw new BadInput('trackers.invalid', 'Nothing was checked.', issues);
  return [...new Set(urls.filter((url) => url !== null))];
}
