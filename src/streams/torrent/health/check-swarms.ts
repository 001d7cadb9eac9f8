import type { Crypto } from '../../../platform/crypto.ts';
import type { Db } from '../../../platform/db.ts';
import type { Log } from '../../../platform/log.ts';
import { privateTrackers } from '../private-trackers.ts';
import { jittered, nextCheckInterval, SHORTEST_CHECK_S, swarmChange } from './check-schedule.ts';
import { type CheckedSwarm, claimDueSwarms, type DueSwarm, saveChecks } from './queries.ts';

/** What one tracker says of one swarm. */
export type SwarmCounts = { seeders: number; leechers: number; completed: number };

/** Asks one tracker about some swarms; a hash that is missing in the answer is one it does not know. Rejects when it does not answer. */
export type ScrapeSwarms = (
  url: string,
  infoHashes: readonly string[],
  signal: AbortSignal,
) => Promise<ReadonlyMap<string, SwarmCounts>>;

export type SwarmCheckDeps = {
  db: Db;
  crypto: Pick<Crypto, 'open'>;
  log: Pick<Log, 'debug'>;
  scrape: ScrapeSwarms;
  /** 0–1, for tests of the jitter. */
  random?: () => number;
};

/** Torrents of one claim: some hundred requests at most. */
const SWARMS_AT_ONCE = 500;
/** Longer than a claim can take. */
const LEASE_S = 300;
/** Jobs have two places in all: silent trackers must not hold one for long. Who was not asked by then comes next. */
const CLAIM_TIMEOUT_MS = 60_000;
const NEXT_RUN_S = 60;
/** BEP 15: about 74 fit one packet. opentracker answers 75 of 90 without a word. */
const HASHES_PER_REQUEST = 70;
const TRACKERS_AT_ONCE = 16;
/** A UDP tracker is asked again after 5 s; what answers later is worth no waiting. */
const SCRAPE_TIMEOUT_MS = 15_000;
const INT4 = 2_147_483_647;

/**
 * Asks the trackers of torrents that are due how many seed and load them, and stores it with the time of the next look.
 * Each tracker is asked once for all of its torrents; of several trackers the one that sees most seeders counts, as they
 * see the same peers: their sum would count them twice. Answers the streams that were looked at, none when
 * nothing is due.
 */
export async function checkSwarms(deps: SwarmCheckDeps, signal: AbortSignal): Promise<readonly number[]> {
  const due = await claimDueSwarms(deps.db, SWARMS_AT_ONCE, LEASE_S);
  if (due.length === 0) return [];
  const { found, unasked } = await askAll(deps, due, signal);
  signal.throwIfAborted();
  const random = deps.random ?? Math.random;
  await saveChecks(
    deps.db,
    due.map((swarm) => {
      const counts = found.get(swarm.infoHash) ?? null;
      if (counts === null && unasked.has(swarm.infoHash)) return putBack(swarm);
      return checkedSwarm(swarm, counts, random());
    }),
  );
  return due.map(({ streamId }) => streamId);
}

function putBack({ streamId, intervalS }: DueSwarm): CheckedSwarm {
  return { streamId, counts: null, intervalS, dueInS: NEXT_RUN_S };
}

/** A tracker that is down changes nothing; asked too often it would not come back sooner, so that counts as no change. */
function checkedSwarm(swarm: DueSwarm, counts: SwarmCounts | null, random: number): CheckedSwarm {
  const isFirst = counts !== null && (!swarm.isChecked || swarm.seeders === null);
  const change = counts === null ? 0 : swarmChange(swarm.seeders ?? 0, counts.seeders);
  // One answer says nothing of how fast a swarm changes.
  const intervalS = isFirst ? SHORTEST_CHECK_S : nextCheckInterval(swarm.intervalS, change);
  return { streamId: swarm.streamId, counts, intervalS, dueInS: jittered(intervalS, random) };
}

type Found = Map<string, SwarmCounts>;

async function askAll(
  deps: SwarmCheckDeps,
  due: readonly DueSwarm[],
  signal: AbortSignal,
): Promise<{ found: Found; unasked: ReadonlySet<string> }> {
  const found: Found = new Map();
  const waiting = [...hashesByTracker(deps, due)];
  const unasked = new Set<string>();
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(CLAIM_TIMEOUT_MS)]);
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const [url, infoHashes] = next;
      for (const infoHash of await askTracker(deps, { url, infoHashes, found }, bounded))
        unasked.add(infoHash);
    }
  };
  await Promise.all(Array.from({ length: TRACKERS_AT_ONCE }, work));
  return { found, unasked };
}

function hashesByTracker({ crypto }: SwarmCheckDeps, due: readonly DueSwarm[]): Map<string, string[]> {
  const byTracker = new Map<string, string[]>();
  for (const { isPrivate, magnetSealed, trackers, infoHash } of due) {
    // Nobody but its own trackers may hear of a private torrent (BEP 27).
    for (const url of new Set(isPrivate ? privateTrackers(crypto, magnetSealed) : trackers)) {
      const hashes = byTracker.get(url);
      if (hashes === undefined) byTracker.set(url, [infoHash]);
      else hashes.push(infoHash);
    }
  }
  return byTracker;
}

/** Notes what the tracker tells; answers the hashes there was no time to ask it about. */
async function askTracker(
  { scrape, log }: SwarmCheckDeps,
  { url, infoHashes, found }: { url: string; infoHashes: readonly string[]; found: Found },
  signal: AbortSignal,
): Promise<readonly string[]> {
  for (let at = 0; at < infoHashes.length; at += HASHES_PER_REQUEST) {
    if (signal.aborted) return infoHashes.slice(at);
    const part = infoHashes.slice(at, at + HASHES_PER_REQUEST);
    try {
      const answer = await scrape(
        url,
        part,
        AbortSignal.any([signal, AbortSignal.timeout(SCRAPE_TIMEOUT_MS)]),
      );
      for (const infoHash of part) note(found, infoHash, answer.get(infoHash) ?? NOBODY);
    } catch (error) {
      if (signal.aborted) return infoHashes.slice(at);
      // Asked for each part it would let us wait for each. The URL may hold a passkey.
      log.debug({ err: error }, 'a tracker did not tell of its swarms');
      return [];
    }
  }
  return [];
}

/** What a tracker leaves out of its answer it does not know: nobody announced it there. */
const NOBODY: SwarmCounts = { seeders: 0, leechers: 0, completed: 0 };

function note(found: Found, infoHash: string, told: SwarmCounts): void {
  const counts = {
    seeders: whole(told.seeders),
    leechers: whole(told.leechers),
    completed: whole(told.completed),
  };
  const best = found.get(infoHash);
  const isBetter =
    best === undefined ||
    counts.seeders > best.seeders ||
    (counts.seeders === best.seeders && counts.leechers > best.leechers);
  if (isBetter) found.set(infoHash, counts);
}

/** Trackers send what they like. */
function whole(value: number): number {
  return Number.isFinite(value) ? Math.min(INT4, Math.max(0, Math.trunc(value))) : 0;
}
