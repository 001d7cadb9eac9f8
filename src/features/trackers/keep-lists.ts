import { AppError } from '../../kit/errors.ts';
import { trackerUrl } from '../../kit/tracker-url.ts';
import type { Db } from '../../platform/db.ts';
import type { Net } from '../../platform/net.ts';
import { fetchWhole } from '../../platform/net-body.ts';
import { BUILT_IN_TRACKERS } from './built-in-list.ts';
import { noteTrackers } from './note-trackers.ts';
import {
  claimRemoteList,
  dropRemoteList,
  remoteList,
  setList,
  settleRemoteList,
} from './queries/trackers.ts';

export type ListDeps = {
  db: Db;
  net: Net;
  settings: { get(): { trackerListUrl: string } };
};

const [MAX_LIST_BYTES, MAX_LIST_LINES] = [1024 * 1024, 500];
/** The well-known lists change once a day. */
const [DAY_S, HOUR_S] = [86_400, 3600];
const FETCH_TIMEOUT_MS = 30_000;

/** Brings the rows in line with the lists: the built-in one, and the one from elsewhere when its time has come. The database keeps the owner's. */
export async function keepLists(deps: ListDeps, signal: AbortSignal): Promise<void> {
  const { db, settings } = deps;
  const { trackerListUrl } = settings.get();
  await noteAll(db, BUILT_IN_TRACKERS);
  await setList(db, 'builtin', BUILT_IN_TRACKERS);
  if (trackerListUrl !== '') return await fetchList(deps, trackerListUrl, signal);
  if ((await remoteList(db)) === null) return;
  await setList(db, 'remote', []);
  await dropRemoteList(db);
}

/** What cannot be fetched leaves the list as it was. */
async function fetchList({ db, net }: ListDeps, url: string, signal: AbortSignal): Promise<void> {
  if (!(await claimRemoteList(db, url, HOUR_S))) return;
  try {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(FETCH_TIMEOUT_MS)]);
    const text = await fetchWhole(net, url, { what: 'The list', maxBytes: MAX_LIST_BYTES, signal: limited });
    const urls = trackersIn(Buffer.from(text).toString('utf8'));
    if (urls.length === 0)
      throw new AppError('trackers.no_list', 'There is no tracker on it.', { status: 502 });
    await noteAll(db, urls);
    await setList(db, 'remote', urls);
    await settleRemoteList(db, { url, trackerCount: urls.length, reason: null, againS: DAY_S });
  } catch (error) {
    signal.throwIfAborted();
    const reason = error instanceof AppError ? error.message : 'The list did not come in time.';
    await settleRemoteList(db, { url, trackerCount: null, reason, againS: HOUR_S });
  }
}

/** One announce URL a line (the lists of ngosang and their like); what is none is passed over. */
export function trackersIn(text: string): string[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== '' && !line.startsWith('#'));
  const urls = lines.slice(0, MAX_LIST_LINES).map(trackerUrl);
  return [...new Set(urls.filter((url) => url !== null))];
}

/** A stream's hundred is the most that is noted at a time. */
async function noteAll(db: Db, urls: readonly string[]): Promise<void> {
  for (let at = 0; at < urls.length; at += 100) await noteTrackers(db, urls.slice(at, at + 100));
}
