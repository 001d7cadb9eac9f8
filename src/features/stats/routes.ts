import { type Request, type Response, Router } from 'express';
import { z } from 'zod';
import { AppError, NotFound } from '../../kit/errors.ts';
import type { CacheSpace } from '../../platform/cache.ts';
import { parseInput } from '../../platform/http-input.ts';
import type { MediaTools } from '../../platform/media-tools/index.ts';
import {
  bestDirectLink,
  countAll,
  type OverviewCounts,
  type OverviewDeps,
  overviewOf,
  type Place,
} from './overview.ts';
import { ping, titleByPublicId } from './queries.ts';

export type HealthCheck = { name: string; status: 'ok' | 'warn' | 'fail' | 'off'; detail: string };
/** Recurring work: epoch ms of its last and next run, and what came of the last one, in words. */
export type HealthJob = {
  name: string;
  lastAt: number | null;
  nextAt: number | null;
  isPaused: boolean;
  told: string | null;
};
export type HealthSample = {
  at: number;
  rssMib: number;
  eventLoopP99Ms: number;
  requestsPerMinute: number;
  mbitPerSecond: number;
  dbBusy: number;
};

export type StatsRoutesDeps = OverviewDeps & {
  counts: CacheSpace<z.infer<typeof OverviewCounts>>;
  placeOf(req: Request): Place;
  startedAt: number;
  checks(): Promise<readonly HealthCheck[]>;
  jobs(): Promise<readonly HealthJob[]>;
  history(): readonly HealthSample[];
  liveStreams(): number;
};

/** `/api/overview`, `/api/health` and a title's playlist: what the front page shows; nothing an install without a profile may not see. */
export function statsRoutes(deps: StatsRoutesDeps): Router {
  const router = Router();
  router.get('/overview', overview);
  router.get('/health', health);
  router.get('/titles/:id/playlist.m3u', playlist);
  return router;

  async function overview(req: Request, res: Response) {
    const place = deps.placeOf(req);
    const { visibility } = place;
    const counts =
      visibility === 'off' ? null : await deps.counts.get(visibility, () => countAll(deps.db, visibility));
    res.set('Cache-Control', 'no-store').json(await overviewOf(deps, place, counts));
  }

  async function health(_req: Request, res: Response) {
    // While the database is away its check says so.
    const [checks, jobs] = await Promise.all([deps.checks(), deps.jobs().catch(() => [])]);
    const status = checks.some((check) => check.status === 'fail') ? 'degraded' : 'ok';
    res.set('Cache-Control', 'no-store').json({
      status,
      startedAt: deps.startedAt,
      checks,
      jobs,
      history: deps.history(),
      liveStreams: deps.liveStreams(),
    });
  }

  /** One title as an M3U for VLC and Kodi. */
  async function playlist(req: Request, res: Response) {
    const { id } = parseInput(z.object({ id: z.uuid() }), req.params, 'The title id');
    const place = deps.placeOf(req);
    const title = place.visibility === 'off' ? null : await titleByPublicId(deps.db, id, place.visibility);
    const url = title === null ? null : await bestDirectLink(deps, place, title);
    if (title === null || url === null)
      throw new NotFound('title.nothing_to_play', 'There is nothing to play under this title.');
    const seconds = title.runtimeMinutes === null ? -1 : title.runtimeMinutes * 60;
    res.set('Content-Disposition', 'attachment; filename="tributary.m3u"').type('audio/x-mpegurl');
    res.send(`#EXTM3U\n#EXTINF:${seconds},${title.title.replace(/[\r\n]/g, ' ')}\n${url}\n`);
  }
}

export type ProbeRoutesDeps = Pick<StatsRoutesDeps, 'db' | 'version'> & {
  tools: Pick<MediaTools, 'available'>;
};

/** `/healthz`: the process answers. `/readyz`: the database does too (503 otherwise); without ffmpeg it is ready and says what is missing. */
export function probeRoutes({ db, version, tools }: ProbeRoutesDeps): Router {
  const router = Router();
  router.get(
    '/healthz',
    (_req, res) => void res.set('Cache-Control', 'no-store').json({ status: 'ok', version }),
  );
  router.get('/readyz', ready);
  return router;

  async function ready(_req: Request, res: Response) {
    try {
      await ping(db);
    } catch (cause) {
      throw new AppError('ready.database', 'The database does not answer.', {
        status: 503,
        headers: { 'Retry-After': '2' },
        cause,
      });
    }
    const state = await tools.available();
    const missing = state.isAvailable ? {} : { missing: [`ffmpeg: ${state.reason}`] };
    res.set('Cache-Control', 'no-store').json({ status: 'ready', version, ...missing });
  }
}
