import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import { hangUpOf, parseInput } from '../../platform/http-input.ts';
import { requireStream } from '../stream-index/index.ts';
import { type ProbeDeps, probeStream } from './probe-stream.ts';
import { FileFacts } from './queries.ts';

export type FileFactsRoutesDeps = ProbeDeps & {
  requireAdmin: RequestHandler;
  /** Queues a look into the stream. */
  probeLater(streamId: number): Promise<void>;
  settled(): Promise<void>;
};

const Path = z.object({ id: z.string().max(128) });
export const ProbeQuery = z.strictObject({ wait: z.enum(['true', 'false']).default('false') });
export const ProbeAnswer = z.object({
  streamId: z.uuid(),
  files: z.array(FileFacts.extend({ fileIndex: z.int().nullable() })),
});

/** `POST /api/streams/:id/probe`: looks into a stream's file, `?wait=true` at once and with the answer. */
export function fileFactsRoutes(deps: FileFactsRoutesDeps): Router {
  const router = Router();
  router.post('/streams/:id/probe', deps.requireAdmin, probe);
  return router;

  async function probe(req: Request, res: Response) {
    const { id } = parseInput(Path, req.params, 'The path');
    const { wait } = parseInput(ProbeQuery, req.query, 'The query');
    const streamId = await requireStream(deps.db, id);
    if (wait === 'false') {
      await deps.probeLater(streamId);
      res.status(202).end();
      return;
    }
    const files = await probeStream(deps, streamId, hangUpOf(res));
    await deps.settled();
    res.json({ streamId: id, files });
  }
}
