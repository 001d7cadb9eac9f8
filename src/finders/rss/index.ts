import type { NetHeaders } from '../../platform/net-request.ts';
import type { FeedDocument } from '../feed-xml.ts';
import { fetchFeed } from '../fetch-feed.ts';
import type { FeedMark, Finder, FinderPlace, FoundRelease, Latest } from '../finder.ts';
import { FinderFailed } from '../finder-failed.ts';
import type { FinderDeps } from '../nab-finder.ts';
import { releaseOf } from '../release-of-item.ts';

/** Nobody waits for a feed. */
const TIMEOUT_MS = 60_000;
const MAX_MARK_CHARS = 500;
const FEED_ROOTS: ReadonlySet<string> = new Set(['rss', 'rdf', 'feed']);

/** A feed (RSS 2.0 and 1.0, Atom) of torrents, NZBs or files, read again and again. It cannot be asked for one title. */
export function rss({ net }: Pick<FinderDeps, 'net'>, place: FinderPlace): Finder {
  async function latest(mark: FeedMark, signal: AbortSignal): Promise<Latest> {
    const { etag, lastModified } = mark;
    const headers = {
      ...(etag === null ? {} : { 'if-none-match': etag }),
      ...(lastModified === null ? {} : { 'if-modified-since': lastModified }),
    };
    const answer = await fetchFeed(net, new URL(place.url), { timeoutMs: TIMEOUT_MS, headers, signal });
    const { document, restMs } = answer;
    if (document === null) return { releases: [], restMs, isUnchanged: true, mark };
    return { releases: releasesIn(document), restMs, isUnchanged: false, mark: markOf(answer.headers) };
  }

  return {
    latest,
    async test(signal) {
      const { releases } = await latest({ etag: null, lastModified: null }, signal);
      const count = (kind: FoundRelease['kind']) =>
        releases.filter((release) => release.kind === kind).length;
      return `A feed: ${count('torrent')} torrents, ${count('usenet')} posts and ${count('http')} files just now.`;
    },
  };
}

/** Throws FinderFailed `broken` for an indexer's caps. */
function releasesIn({ root, items }: FeedDocument): FoundRelease[] {
  if (!FEED_ROOTS.has(root)) throw new FinderFailed('broken', 'It answered with something else than a feed.');
  const byGuid = new Map<string, FoundRelease>();
  for (const item of items) {
    const release = releaseOf(item, 'rss');
    if (release !== null) byGuid.set(release.guid, release);
  }
  return [...byGuid.values()];
}

function markOf({ etag, 'last-modified': lastModified }: NetHeaders): FeedMark {
  const short = (value: string | string[] | undefined) =>
    typeof value === 'string' && value.length <= MAX_MARK_CHARS ? value : null;
  return { etag: short(etag), lastModified: short(lastModified) };
}
