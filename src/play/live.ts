import { randomUUID } from 'node:crypto';
import { type RequestHandler, Router } from 'express';
import { NotFound } from '../kit/errors.ts';

/** One body being sent. */
type LiveStream = {
  id: string;
  kind: string;
  title?: string;
  /** Address of the client. */
  client: string;
  /** ISO 8601. */
  startedAt: string;
  /** Delivered so far. */
  bytes: number;
};

type LiveEntry = { add(sizeBytes: number): void; end(): void };

/** What this process is sending right now. */
export type LiveStreams = {
  begin(stream: { kind: string; title?: string | undefined; client: string }, stop: () => void): LiveEntry;
  list(): readonly LiveStream[];
  /** Ends one; false when there is none of this id. */
  stop(id: string): boolean;
};

export function createLiveStreams(): LiveStreams {
  const running = new Map<string, { stream: LiveStream; stop: () => void }>();
  return {
    begin({ title, ...rest }, stop) {
      const id = randomUUID();
      const startedAt = new Date().toISOString();
      const stream: LiveStream = {
        id,
        ...rest,
        ...(title === undefined ? {} : { title }),
        startedAt,
        bytes: 0,
      };
      running.set(id, { stream, stop });
      return {
        add(sizeBytes) {
          stream.bytes += sizeBytes;
        },
        end: () => void running.delete(id),
      };
    },
    list: () => [...running.values()].map(({ stream }) => ({ ...stream })),
    stop(id) {
      const entry = running.get(id);
      entry?.stop();
      return entry !== undefined;
    },
  };
}

/** `GET /live` and `DELETE /live/:id`, for the admin; mounted under `/api`. */
export function liveRoutes({ live }: { live: LiveStreams }): Router {
  const router = Router();
  router.get('/live', list);
  router.delete('/live/:id', stop);
  return router;

  function list(...[, res]: Parameters<RequestHandler>) {
    res.set('Cache-Control', 'no-store').json({ streams: live.list() });
  }

  function stop(...[req, res]: Parameters<RequestHandler<{ id: string }>>) {
    if (!live.stop(req.params.id))
      throw new NotFound('play.not_running', 'This stream is not running (any more).');
    res.status(204).end();
  }
}
