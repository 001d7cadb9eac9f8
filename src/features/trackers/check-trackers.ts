import { randomBytes } from 'node:crypto';
import { AppError } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import type { Net } from '../../platform/net.ts';
import { announce, TrackerRefused } from '../../streams/torrent/trackers/index.ts';
import { claimDue, leaveUnknown, type Outcome, recordOutcomes } from './queries/checks.ts';

export type CheckDeps = {
  db: Db;
  net: Net;
  /** By which torrents go out; absent: as everything does. */
  torrentNet?: Net;
  config: { outbound: { mode: 'all' | 'listed' }; trackerCheckIntervalMs: number };
};

/** Asked at once; a silent one takes 5 s, so that a thousand dead ones take three minutes. */
const AT_ONCE = 32;
/**
 * The queue looks for due jobs every 5 s, a dead tracker takes 5 s to be told and others may be asked before it. A check comes
 * this much early, so that what is shown is never older than the interval; of a short one, half of it.
 */
const EARLY_MS = 60_000;
const NOT_LISTED = 'Not asked: it is not on the list of hosts that may be reached (OUTBOUND_ALLOW).';

/** Checks what is due, whatever other instances do at the same time, until nothing is. Answers how many. */
export async function checkDue(deps: CheckDeps, signal: AbortSignal): Promise<number> {
  for (let checked = 0; ; ) {
    signal.throwIfAborted();
    const urls = await claimDue(deps.db, AT_ONCE);
    if (urls.length === 0) return checked;
    await checkTogether(deps, urls, signal);
    checked += urls.length;
  }
}

/** Checks these now, due or not. */
export async function checkTrackers(
  deps: CheckDeps,
  urls: readonly string[],
  signal: AbortSignal,
): Promise<void> {
  for (let at = 0; at < urls.length; at += AT_ONCE)
    await checkTogether(deps, urls.slice(at, at + AT_ONCE), signal);
}

async function checkTogether(deps: CheckDeps, urls: readonly string[], signal: AbortSignal): Promise<void> {
  const intervalMs = deps.config.trackerCheckIntervalMs;
  const againS = Math.max(1, Math.floor((intervalMs - Math.min(EARLY_MS, intervalMs / 2)) / 1000));
  const verdicts = await Promise.all(urls.map((url) => checkOne(deps, url, signal)));
  const outcomes = verdicts.filter((verdict) => verdict !== null);
  const unlisted = urls.filter((_url, index) => verdicts[index] === null);
  if (outcomes.length > 0) await recordOutcomes(deps.db, outcomes, againS);
  if (unlisted.length > 0) await leaveUnknown(deps.db, unlisted, { reason: NOT_LISTED, againS });
}

/**
 * A check is an announce, the one thing every tracker answers (scrapes are switched off at many): of a torrent nobody has, by a
 * peer that stops, so that nothing of it stays. "Not on my list" is an answer: that tracker works. Null: it may not be asked.
 */
async function checkOne(
  { net, torrentNet = net, config }: CheckDeps,
  url: string,
  signal: AbortSignal,
): Promise<Outcome | null> {
  const begun = performance.now();
  const answered = () => ({ url, ok: true, latencyMs: performance.now() - begun, reason: null });
  try {
    await announce(url, nobody(url), { net: torrentNet }, signal);
    return answered();
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof TrackerRefused) return answered();
    const isApp = error instanceof AppError;
    if (isApp && error.code === 'net.refused' && config.outbound.mode === 'listed') return null;
    // The dialer's own words call whoever is asked the origin.
    const reason = isApp ? error.message.replace('origin', 'tracker') : 'The tracker could not be asked.';
    return { url, ok: false, latencyMs: null, reason };
  }
}

function nobody(url: string) {
  return {
    infoHash: randomBytes(20).toString('hex'),
    peerId: Buffer.concat([Buffer.from('-TB0001-'), randomBytes(12)]),
    ...{ port: 6881, uploaded: 0, downloaded: 0, left: 1, numWant: 0 },
    // A WebSocket's peer goes with the socket, and some servers have no answer for one that was never there.
    event: url.startsWith('ws') ? ('started' as const) : ('stopped' as const),
  };
}
