import { UpstreamFailed } from '../../kit/errors.ts';
import type { ByteSink, Progress } from '../kind.ts';
import { resourceKey } from '../resource.ts';
import type { OpenTorrent, TorrentEngine, TorrentSpec } from './engine.ts';
import { healthOf } from './open.ts';

/** Players read a film range by range: in between it still plays. */
const LINGER_MS = 5000;
/** Who chooses a stream is told that it gave nothing a while ago; by then it may give again. */
const FAILURE_KEPT_MS = 300_000;
const MAX_KEPT = 500;

type Doing = {
  infoHash: string;
  /** Openings and reads under way. */
  users: number;
  hasGiven: boolean;
  /** `performance.now()` when the last of them ended. */
  restedAt: number;
  failure: { at: Date; reason: string } | null;
};

/** An engine that tells of each torrent whether it starts, plays, or gave nothing lately. */
export type WatchedEngine = TorrentEngine & { progress(resource: string): Progress | null };

/** `onDead`: somebody was told that nobody gives anything. */
export function watchEngine(engine: TorrentEngine, onDead: () => void): WatchedEngine {
  /** By resource, the least lately used first. */
  const known = new Map<string, Doing>();

  function doingOf(infoHash: string): Doing {
    const resource = resourceKey('torrent', infoHash);
    const doing = known.get(resource);
    if (doing !== undefined && !isOver(doing)) return doing;
    const fresh: Doing = {
      ...{ infoHash, users: 0, hasGiven: false },
      ...{ restedAt: performance.now(), failure: doing?.failure ?? null },
    };
    known.delete(resource);
    known.set(resource, fresh);
    makeRoom();
    return fresh;
  }

  function makeRoom(): void {
    for (const [resource, doing] of known) {
      const isOld = isOver(doing) && !isFailed(doing);
      if (isOld || (known.size > MAX_KEPT && doing.users === 0)) known.delete(resource);
    }
  }

  async function use<T>(doing: Doing, reason: string, run: () => Promise<T>): Promise<T> {
    doing.users += 1;
    try {
      return await run();
    } catch (error) {
      if (isDead(error)) {
        doing.failure = { at: new Date(), reason };
        onDead();
      }
      throw error;
    } finally {
      doing.users -= 1;
      doing.restedAt = performance.now();
    }
  }

  async function open(spec: TorrentSpec, signal: AbortSignal): Promise<OpenTorrent> {
    // Somebody adds it: nobody waits for a film.
    if (spec.isHasty) return await engine.open(spec, signal);
    const { infoHash } = spec;
    const opened = await use(doingOf(infoHash), 'no peer told what is in it', () =>
      engine.open(spec, signal),
    );
    return {
      ...opened,
      read(fileIndex, range, sink, until) {
        const doing = doingOf(infoHash);
        const told = doing.hasGiven && doing.failure === null ? sink : tellingFirst(sink, doing);
        return use(doing, 'no peer gave anything', () => opened.read(fileIndex, range, told, until));
      },
    };
  }

  return {
    ...engine,
    open,
    progress(resource) {
      const doing = known.get(resource);
      if (doing === undefined) return null;
      const { infoHash, users, hasGiven, failure } = doing;
      const isRunning = users > 0 || (hasGiven && failure === null && !isOver(doing));
      if (isRunning)
        return { state: hasGiven ? 'running' : 'starting', swarm: healthOf(engine.state(infoHash)) };
      return failure !== null && isFailed(doing) ? { state: 'failed', ...failure } : null;
    },
  };
}

/** The first bytes say that it runs. */
function tellingFirst(sink: ByteSink, doing: Doing): ByteSink {
  return {
    write(chunk, done) {
      doing.hasGiven = true;
      doing.failure = null;
      return sink.write(chunk, done);
    },
    onDrain: (listener) => sink.onDrain(listener),
    resumed: () => sink.resumed?.(),
  };
}

function isOver({ users, restedAt }: Doing): boolean {
  return users === 0 && performance.now() - restedAt > LINGER_MS;
}

function isFailed({ failure }: Doing): boolean {
  return failure !== null && Date.now() - failure.at.getTime() < FAILURE_KEPT_MS;
}

function isDead(error: unknown): boolean {
  return error instanceof UpstreamFailed && error.status === 504;
}
