import { UpstreamFailed } from '../../kit/errors.ts';
import { createDoings } from '../doings.ts';
import type { Progress } from '../kind.ts';
import { resourceKey } from '../resource.ts';
import type { UsenetEngine } from './engine.ts';

const MAX_KEPT = 500;

/** Opens posts for viewers, and tells of each whether it starts, plays, or could not be had lately. */
export type WatchedReleases = Pick<UsenetEngine, 'open'> & { progress(resource: string): Progress | null };

/** Whoever adds or checks a post asks the engine itself: nobody waits for a film then. */
export function watchReleases(engine: UsenetEngine): WatchedReleases {
  const doings = createDoings();
  /** Keys by resource, which does not tell them; the least lately opened first. */
  const keys = new Map<string, string>();

  function resourceOf(key: string): string {
    const resource = resourceKey('usenet', key);
    keys.delete(resource);
    keys.set(resource, key);
    const [oldest] = keys.keys();
    if (keys.size > MAX_KEPT && oldest !== undefined) keys.delete(oldest);
    return resource;
  }

  return {
    async open(key, load, signal) {
      const opened = await doings.use(resourceOf(key), () => engine.open(key, load, signal), failureOf);
      return {
        ...opened,
        read: (fileIndex, range, sink, until) =>
          doings.use(
            resourceOf(key),
            (doing) => opened.read(fileIndex, range, doings.telling(sink, doing), until),
            failureOf,
          ),
      };
    },
    progress(resource) {
      const state = doings.stateOf(resource);
      if (state !== 'starting' && state !== 'running') return state;
      const key = keys.get(resource);
      const post = key === undefined ? null : engine.state(key);
      return { state, swarm: null, post };
    },
  };
}

/** In the words its viewer gets; what the viewer did, or a bug, says nothing of the post. */
function failureOf(error: unknown): string | null {
  return error instanceof UpstreamFailed ? error.message : null;
}
