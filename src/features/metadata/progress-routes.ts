import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import type { Pool } from '../../platform/db.ts';
import { hangUpOf } from '../../platform/http-input.ts';
import type { Enricher } from './enricher.ts';
import { makeFailedDue, SourceState, sourceStates, TitleCounts, titleCounts } from './queries/progress.ts';

export const MetadataProgress = z.object({
  /** False: the setting `enrichment` is `paused`. */
  isOn: z.boolean(),
  /** Counted up to 100,000. */
  titles: TitleCounts,
  sources: z.array(
    SourceState.extend({
      /** False: it is not in `METADATA_PROVIDERS`, or has no key. */
      isAsked: z.boolean(),
      /** Questions it may be asked a day, where its plan says so. */
      perDay: z.int().nullable(),
    }),
  ),
});

export type MetadataRoutesDeps = {
  db: Pool;
  requireAdmin: RequestHandler;
  enricher: Pick<Enricher, 'isOn' | 'sources'>;
  /** Every source there is, most trusted first, and what it may be asked a day. */
  known: readonly { name: string; perDay: number | undefined }[];
  enrichLater(): Promise<void>;
};

const MOST_COUNTED = 100_000;

/** `/api/metadata`: how far the titles are, how each source does, and another try for what failed. */
export function metadataRoutes({
  db,
  requireAdmin,
  enricher,
  known,
  enrichLater,
}: MetadataRoutesDeps): Router {
  const router = Router();
  router.get('/metadata', requireAdmin, progress);
  router.post('/metadata/retry', requireAdmin, retry);
  return router;

  async function progress(_req: Request, res: Response) {
    const [titles, states] = await Promise.all([titleCounts(db, MOST_COUNTED), sourceStates(db)]);
    const sources = known.flatMap(({ name, perDay = null }) => {
      const state = states.find((one) => one.name === name);
      return state === undefined ? [] : [{ ...state, perDay, isAsked: enricher.sources.includes(name) }];
    });
    res.json({ isOn: enricher.isOn(), titles, sources });
  }

  async function retry(_req: Request, res: Response) {
    const signal = hangUpOf(res);
    // What is due by then is taken up by the next run of the job.
    while (await makeFailedDue(db)) signal.throwIfAborted();
    await enrichLater();
    res.status(204).end();
  }
}
