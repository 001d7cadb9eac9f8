import { BadInput, NotFound, UpstreamFailed } from '../../../kit/errors.ts';
import type { Db } from '../../../platform/db.ts';
import type { Log } from '../../../platform/log.ts';
import type { ReleaseHealth, UsenetEngine } from '../engine.ts';
import type { Releases } from '../releases.ts';
import { nextCheckInS } from './check-schedule.ts';
import { type CheckedPost, claimDuePosts, type DuePost, saveHealth } from './queries.ts';

export type PostCheckDeps = {
  db: Db;
  log: Pick<Log, 'debug'>;
  releases: Pick<Releases, 'specOf'>;
  engine: Pick<UsenetEngine, 'health'>;
  /** 0–1, for tests of the jitter. */
  random?: () => number;
};

/** Jobs have two places in all, and each post may take its minute. */
const POSTS_AT_ONCE = 10;
const POST_TIMEOUT_MS = 60_000;
/** Longer than a claim can take. */
const LEASE_S = 900;
/** Providers that could not be asked may be back by then. */
const AGAIN_S = 3600;

/**
 * Asks the providers about posts that are due, one after the other (criterion 45: checks are never what viewers wait for), and
 * stores what was found with the time of the next look. Answers how many were looked at and which have another verdict now.
 */
export async function checkPosts(
  deps: PostCheckDeps,
  signal: AbortSignal,
): Promise<{ checked: number; changed: readonly number[] }> {
  const due = await claimDuePosts(deps.db, POSTS_AT_ONCE, LEASE_S);
  const changed: number[] = [];
  for (const post of due) {
    const found = await foundOf(deps, post, signal);
    signal.throwIfAborted();
    changed.push(...(await saveHealth(deps.db, [checkedPost(post, found, deps.random ?? Math.random)])));
  }
  return { checked: due.length, changed };
}

async function foundOf(
  { releases, engine, log }: PostCheckDeps,
  { streamId }: DuePost,
  signal: AbortSignal,
): Promise<ReleaseHealth | null> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(POST_TIMEOUT_MS)]);
  try {
    return await engine.health(await releases.specOf({ streamId, fileIndex: null }, bounded), bounded);
  } catch (error) {
    signal.throwIfAborted();
    if (!bounded.aborted && !isToldFailure(error)) throw error;
    log.debug({ err: error, streamId }, 'a post could not be checked');
    return null;
  }
}

/** What may happen to one post; all else is a mistake of ours. */
function isToldFailure(error: unknown): boolean {
  return [UpstreamFailed, NotFound, BadInput].some((kind) => error instanceof kind);
}

function checkedPost(
  { streamId, ageS }: DuePost,
  found: ReleaseHealth | null,
  random: () => number,
): CheckedPost {
  if (found === null || found.verdict === 'unknown') return { streamId, found: null, dueInS: AGAIN_S };
  const { verdict: health, completeness } = found;
  const bounded = Math.min(1, Math.max(0, completeness));
  return { streamId, found: { health, completeness: bounded }, dueInS: nextCheckInS(ageS, random()) };
}
