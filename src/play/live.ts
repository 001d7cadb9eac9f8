import { randomBytes } from 'node:crypto';
import { type RequestHandler, Router } from 'express';
import { z } from 'zod';
import { NotFound } from '../kit/errors.ts';

/** One body being sent. */
export const LiveStream = z.object({
  /** `instance.number` */
  id: z.string(),
  kind: z.string(),
  title: z.string().optional(),
  /** Address of the client. */
  client: z.string(),
  /** Who the link was made for. */
  subject: z.string(),
  /** ISO 8601. */
  startedAt: z.string(),
  /** Delivered so far. */
  bytes: z.number(),
  /** Bytes a second, smoothed over some seconds. */
  speed: z.number(),
  /** Held in memory for it. */
  bufferedBytes: z.number(),
  /** How often a lost source was taken up again. */
  resumes: z.number(),
  /** Offset in the file of the next byte to go out. */
  position: z.number(),
  /** Of the file; null = unknown. */
  size: z.number().nullable(),
  /** Seconds since the last byte went out. */
  stalledSeconds: z.number(),
});
export type LiveStream = z.infer<typeof LiveStream>;

/** What the sending code tells of its body. */
export type LiveEntry = {
  /** The head goes out: the next byte is that of `offset`, in a file of `size` bytes. */
  startAt(offset: number, size: number | null): void;
  add(sizeBytes: number): void;
  resumed(): void;
  /** Where to look for the bytes held in memory: the stream's share of the budget. */
  watch(share: { heldBytes(): number }): void;
  stalledMs(): number;
  /** Idempotent. */
  end(): void;
};

export type LiveDetails = { kind: string; title?: string | undefined; client: string; subject: string };

/** What this process is sending right now. */
export type LiveStreams = {
  /** Names this process: ids of its streams begin with it. */
  instance: string;
  begin(details: LiveDetails, stop: () => void): LiveEntry;
  list(): LiveStream[];
  count(): number;
  /** Running bodies of each kind. */
  byKind(): Map<string, number>;
  /** Ends one; false when there is none of this id. */
  stop(id: string): boolean;
};

type Running = LiveDetails & {
  stop: () => void;
  startedAt: number;
  bytes: number;
  /** Bytes at the last look, once a second. */
  seenBytes: number;
  speed: number;
  resumes: number;
  offset: number;
  size: number | null;
  lastByteAt: number;
  share: { heldBytes(): number } | null;
};

const SAMPLE_MS = 1000;
/** Weight of the last second: a change shows by two thirds after 3 s. */
const WEIGHT = 0.3;

export function createLiveStreams(): LiveStreams {
  const instance = randomBytes(6).toString('base64url');
  const running = new Map<string, Running>();
  let begun = 0;
  let sampler: NodeJS.Timeout | undefined;

  function sample(): void {
    for (const stream of running.values()) {
      const second = stream.bytes - stream.seenBytes;
      // The first look is taken as it is: from 0 the figure would crawl up.
      stream.speed = stream.seenBytes === 0 ? second : second * WEIGHT + stream.speed * (1 - WEIGHT);
      stream.seenBytes = stream.bytes;
    }
  }

  function end(id: string): void {
    running.delete(id);
    if (running.size > 0) return;
    clearInterval(sampler);
    sampler = undefined;
  }

  return {
    instance,
    begin(details, stop) {
      begun += 1;
      const id = `${instance}.${begun}`;
      const now = performance.now();
      const stream: Running = {
        ...details,
        stop,
        startedAt: Date.now(),
        bytes: 0,
        seenBytes: 0,
        speed: 0,
        resumes: 0,
        offset: 0,
        size: null,
        lastByteAt: now,
        share: null,
      };
      running.set(id, stream);
      sampler ??= setInterval(sample, SAMPLE_MS).unref();
      return entryOf(stream, () => end(id));
    },
    list: () => [...running].map(([id, stream]) => shown(id, stream)),
    count: () => running.size,
    byKind() {
      const counts = new Map<string, number>();
      for (const { kind } of running.values()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
      return counts;
    },
    stop(id) {
      const stream = running.get(id);
      stream?.stop();
      return stream !== undefined;
    },
  };
}

function entryOf(stream: Running, end: () => void): LiveEntry {
  return {
    startAt(offset, size) {
      // Minus what went out before: of several parts the last begun one counts.
      stream.offset = offset - stream.bytes;
      stream.size = size;
    },
    add(sizeBytes) {
      stream.bytes += sizeBytes;
      stream.lastByteAt = performance.now();
    },
    resumed() {
      stream.resumes += 1;
    },
    watch(share) {
      stream.share = share;
    },
    stalledMs: () => performance.now() - stream.lastByteAt,
    end,
  };
}

function shown(id: string, stream: Running): LiveStream {
  const { kind, title, client, subject, bytes, resumes, offset, size } = stream;
  const seconds = Math.max(1, (Date.now() - stream.startedAt) / 1000);
  return {
    id,
    kind,
    ...(title === undefined ? {} : { title }),
    client,
    subject,
    startedAt: new Date(stream.startedAt).toISOString(),
    bytes,
    // Before the first look: what it had on average.
    speed: Math.round(stream.seenBytes === 0 ? bytes / seconds : stream.speed),
    bufferedBytes: stream.share?.heldBytes() ?? 0,
    resumes,
    position: Math.max(0, offset + bytes),
    size,
    stalledSeconds: Math.floor((performance.now() - stream.lastByteAt) / 1000),
  };
}

/** Where the running streams are known: this process' own list, or the board of all instances. */
export type LiveList = {
  list(): Promise<readonly LiveStream[]> | readonly LiveStream[];
  /** False when none of this id runs. */
  stop(id: string): Promise<boolean> | boolean;
};

/** `GET /live` and `DELETE /live/:id`, for the admin; mounted under `/api`. */
export function liveRoutes({ live }: { live: LiveList }): Router {
  const router = Router();
  router.get('/live', list);
  router.delete('/live/:id', stop);
  return router;

  async function list(...[, res]: Parameters<RequestHandler>) {
    res.set('Cache-Control', 'no-store').json({ streams: await live.list() });
  }

  async function stop(...[req, res]: Parameters<RequestHandler<{ id: string }>>) {
    if (!(await live.stop(req.params.id)))
      throw new NotFound('play.not_running', 'This stream is not running (any more).');
    res.status(204).end();
  }
}
