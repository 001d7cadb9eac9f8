import { randomBytes } from 'node:crypto';
import { type RequestHandler, Router } from 'express';
import { z } from 'zod';
import { NotFound } from '../kit/errors.ts';
import type { ByteSource, Progress, SwarmHealth } from '../streams/kind.ts';

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
  /** Of a torrent: its peers, those that give, their bytes a second, and how many pieces are here. */
  swarm: z
    .object({
      ...{ peers: z.number(), giving: z.number(), bytesPerSecond: z.number() },
      ...{ piecesHeld: z.number(), pieceCount: z.number() },
    })
    .optional(),
  /** Of a Usenet post: what its providers give, bytes a second, and articles that none of them had. */
  post: z.object({ bytesPerSecond: z.number(), missing: z.int() }).optional(),
});
export type LiveStream = z.infer<typeof LiveStream>;

type WatchedSource = Pick<ByteSource, 'swarm' | 'post'>;

/** What the sending code tells of its body. */
export type LiveEntry = {
  /** The head goes out: the next byte is that of `offset`, in a file of `size` bytes. */
  startAt(offset: number, size: number | null): void;
  add(sizeBytes: number): void;
  resumed(): void;
  /** Where to look for the bytes held in memory, the stream's share of the budget, and for the health of its swarm or post. */
  watch(share: { heldBytes(): number }, source: WatchedSource): void;
  stalledMs(): number;
  /** Idempotent. */
  end(): void;
};

export type LiveDetails = {
  kind: string;
  /** Of the link: while its source is being opened the kind tells of it by that. */
  resource: string;
  title?: string | undefined;
  client: string;
  subject: string;
};

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

/** A class, as each range of a film makes one: eight closures fewer. */
class Running implements LiveEntry {
  readonly details: LiveDetails;
  readonly stop: () => void;
  readonly startedAt = Date.now();
  bytes = 0;
  /** Bytes at the last look, once a second. */
  seenBytes = 0;
  speed = 0;
  resumes = 0;
  offset = 0;
  size: number | null = null;
  lastByteAt = performance.now();
  share: { heldBytes(): number } | null = null;
  source: WatchedSource | null = null;
  readonly #onEnd: (stream: Running) => void;

  constructor(details: LiveDetails, stop: () => void, onEnd: (stream: Running) => void) {
    this.details = details;
    this.stop = stop;
    this.#onEnd = onEnd;
  }

  startAt(offset: number, size: number | null): void {
    // Minus what went out before: of several parts the last begun one counts.
    this.offset = offset - this.bytes;
    this.size = size;
  }

  add(sizeBytes: number): void {
    this.bytes += sizeBytes;
    this.lastByteAt = performance.now();
  }

  resumed(): void {
    this.resumes += 1;
  }

  watch(share: { heldBytes(): number }, source: WatchedSource): void {
    this.share = share;
    this.source = source;
  }

  stalledMs(): number {
    return performance.now() - this.lastByteAt;
  }

  end(): void {
    this.#onEnd(this);
  }
}

const SAMPLE_MS = 1000;
/** Weight of the last second: a change shows by two thirds after 3 s. */
const WEIGHT = 0.3;

/** `progressOf` tells of what is being opened. */
export function createLiveStreams(
  progressOf: (kind: string, resource: string) => Progress | null = () => null,
): LiveStreams {
  const instance = randomBytes(6).toString('base64url');
  /** With their numbers. */
  const running = new Map<Running, number>();
  let begun = 0;
  let sampler: NodeJS.Timeout | undefined;

  function sample(): void {
    for (const stream of running.keys()) {
      const second = stream.bytes - stream.seenBytes;
      // The first look is taken as it is: from 0 the figure would crawl up.
      stream.speed = stream.seenBytes === 0 ? second : second * WEIGHT + stream.speed * (1 - WEIGHT);
      stream.seenBytes = stream.bytes;
    }
  }

  function swarmOf({ details: { kind, resource }, source }: Running): SwarmHealth | null {
    if (source !== null) return source.swarm?.() ?? null;
    const progress = progressOf(kind, resource);
    return progress === null || progress.state === 'failed' ? null : progress.swarm;
  }

  function end(stream: Running): void {
    running.delete(stream);
    if (running.size > 0) return;
    clearInterval(sampler);
    sampler = undefined;
  }

  return {
    instance,
    begin(details, stop) {
      begun += 1;
      const stream = new Running(details, stop, end);
      running.set(stream, begun);
      sampler ??= setInterval(sample, SAMPLE_MS).unref();
      return stream;
    },
    list: () =>
      [...running].map(([stream, number]) => shown(`${instance}.${number}`, stream, swarmOf(stream))),
    count: () => running.size,
    byKind() {
      const counts = new Map<string, number>();
      for (const { details } of running.keys()) counts.set(details.kind, (counts.get(details.kind) ?? 0) + 1);
      return counts;
    },
    stop(id) {
      const [stream] = [...running].find(([, number]) => id === `${instance}.${number}`) ?? [];
      stream?.stop();
      return stream !== undefined;
    },
  };
}

function shown(id: string, stream: Running, swarm: SwarmHealth | null): LiveStream {
  const { kind, title, client, subject } = stream.details;
  const { bytes, resumes, offset, size } = stream;
  const post = stream.source?.post?.() ?? null;
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
    stalledSeconds: Math.floor(stream.stalledMs() / 1000),
    ...(swarm === null ? {} : { swarm }),
    ...(post === null ? {} : { post }),
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
