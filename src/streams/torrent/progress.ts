import { UpstreamFailed } from '../../kit/errors.ts';
import { createDoings } from '../doings.ts';
import type { Progress } from '../kind.ts';
import { resourceKey } from '../resource.ts';
import type { OpenTorrent, TorrentEngine, TorrentSpec } from './engine.ts';
import { healthOf } from './open.ts';

const MAX_KEPT = 500;

/** An engine that tells of each torrent whether it starts, plays, or gave nothing lately. */
export type WatchedEngine = TorrentEngine & { progress(resource: string): Progress | null };

/** `onDead`: somebody was told that nobody gives anything. */
export function watchEngine(engine: TorrentEngine, onDead: () => void): WatchedEngine {
  const doings = createDoings();
  /** By resource, which does not tell it; the least lately opened first. */
  const hashes = new Map<string, string>();

  function resourceOf(infoHash: string): string {
    const resource = resourceKey('torrent', infoHash);
    hashes.delete(resource);
    hashes.set(resource, infoHash);
    const [oldest] = hashes.keys();
    if (hashes.size > MAX_KEPT && oldest !== undefined) hashes.delete(oldest);
    return resource;
  }

  const failureOf = (reason: string) => (error: unknown) => {
    if (!isDead(error)) return null;
    onDead();
    return reason;
  };

  async function open(spec: TorrentSpec, signal: AbortSignal): Promise<OpenTorrent> {
    // Somebody adds it: nobody waits for a film.
    if (spec.isHasty) return await engine.open(spec, signal);
    const { infoHash } = spec;
    const opened = await doings.use(
      resourceOf(infoHash),
      () => engine.open(spec, signal),
      failureOf('no peer told what is in it'),
    );
    return {
      ...opened,
      read: (fileIndex, range, sink, until) =>
        doings.use(
          resourceOf(infoHash),
          (doing) => opened.read(fileIndex, range, doings.telling(sink, doing), until),
          failureOf('no peer gave anything'),
        ),
    };
  }

  return {
    ...engine,
    open,
    progress(resource) {
      const state = doings.stateOf(resource);
      if (state !== 'starting' && state !== 'running') return state;
      const infoHash = hashes.get(resource);
      return { state, swarm: infoHash === undefined ? null : healthOf(engine.state(infoHash)) };
    },
  };
}

function isDead(error: unknown): boolean {
  return error instanceof UpstreamFailed && error.status === 504;
}
