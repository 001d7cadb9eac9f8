import { trackerUrl } from '../../kit/tracker-url.ts';
import type { Db } from '../../platform/db.ts';
import { insertTrackers, linkTrackers } from './queries/trackers.ts';

/** A hostile magnet may name thousands. */
const MAX_TRACKERS_PER_STREAM = 100;

/** Gives every tracker seen a row at once, and links it to the torrents it was seen in. Two statements at most. */
export async function noteTrackersOf(
  db: Db,
  seen: readonly { streamId?: number | undefined; urls: readonly string[] }[],
): Promise<void> {
  const normalised = seen.map(({ streamId, urls }) => ({ streamId, urls: normalise(urls) }));
  const urls = [...new Set(normalised.flatMap((entry) => entry.urls))];
  if (urls.length === 0) return;
  await insertTrackers(db, urls);
  const links = normalised.flatMap(({ streamId, urls: own }) =>
    streamId === undefined ? [] : own.map((url, tier) => ({ streamId, url, tier })),
  );
  if (links.length > 0) await linkTrackers(db, links);
}

/** As `noteTrackersOf`, for one stream or none. */
export function noteTrackers(db: Db, urls: readonly string[], streamId?: number): Promise<void> {
  return noteTrackersOf(db, [{ streamId, urls }]);
}

function normalise(urls: readonly string[]): string[] {
  const known = urls.map(trackerUrl).filter((url) => url !== null);
  return [...new Set(known)].slice(0, MAX_TRACKERS_PER_STREAM);
}
