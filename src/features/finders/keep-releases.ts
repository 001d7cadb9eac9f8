import type { FoundRelease, FoundTorrent } from '../../finders/finder.ts';
import { followTorrentLink } from '../../finders/follow-torrent-link.ts';
import { AppError } from '../../kit/errors.ts';
import type { Pool } from '../../platform/db.ts';
import type { Log } from '../../platform/log.ts';
import type { Net } from '../../platform/net.ts';
import type { StreamKind } from '../../streams/kind.ts';
import {
  type LinkTarget,
  linksOfMatches,
  type PreparedStream,
  prepareStream,
  StreamInput,
  saveStreams,
} from '../stream-index/index.ts';
import { isOfTitle, partsOf, type Wanted } from './match-release.ts';

export type KeepDeps = {
  db: Pool;
  net: Pick<Net, 'request'>;
  kinds: { get(kind: string): StreamKind | undefined };
  log: Log;
};

/** Of one finder for one title; more are not looked at by anyone. */
const MAX_KEPT = 50;
/** Torrents whose file must be fetched to know what they are; each may count against a limit. */
const MAX_FETCHED = 8;
const FETCHED_AT_ONCE = 3;
const FETCH_TIMEOUT_MS = 15_000;

/**
 * Saves those of the releases that are the wanted film or episode, or a pack it may be in. Answers how many can be offered at once: a
 * pack can when it is known what is inside.
 */
export async function keepReleases(
  deps: KeepDeps,
  wanted: Wanted,
  releases: readonly FoundRelease[],
  { origin, signal }: { origin: string; signal: AbortSignal },
): Promise<number> {
  const best = releases
    .filter((release) => isOfTitle(wanted, release))
    .filter(({ name }) => partsOf(wanted, { name, files: [] }) !== null)
    .sort((a, b) => seedersOf(b) - seedersOf(a))
    .slice(0, MAX_KEPT);
  const looked = await lookInto(deps, best, signal);
  const placed = looked.flatMap((release) => placeRelease(wanted, release));
  if (placed.length === 0) return 0;
  const links = await linksOfMatches(
    deps.db,
    placed.map(({ matches }) => ({ mediaId: wanted.mediaId, matches })),
  );
  const streams = placed.map(({ prepared, matches }, index): PreparedStream => {
    return { ...prepared, links: matches.length === 0 ? [wholeOf(wanted)] : (links[index] ?? []) };
  });
  await saveStreams(deps, streams, { isSeen: true, origin });
  return placed.filter(({ matches }) => matches.length > 0).length;
}

function seedersOf(release: FoundRelease): number {
  return release.kind === 'torrent' ? (release.seeders ?? 0) : 0;
}

function wholeOf({ mediaId }: Wanted): LinkTarget {
  return { mediaId, episodeId: null, fileIndex: null, isVerified: false, confidence: 0.8 };
}

type Looked = Omit<PreparedStream, 'links'>;

/** A single one that cannot be used is left out: the others are none the worse for it. */
export async function lookInto(
  deps: KeepDeps,
  releases: readonly FoundRelease[],
  signal: AbortSignal,
): Promise<Looked[]> {
  const unknown = releases.filter(needsFile).slice(0, MAX_FETCHED);
  const fetched = await fetchAll(deps, unknown, signal);
  const looked: Looked[] = [];
  for (const release of releases) {
    try {
      const prepared = prepareStream(deps, StreamInput.parse(fieldsOf(release, fetched.get(release.guid))));
      const isTold = prepared.kind.kind !== 'http';
      const described = isTold ? await prepared.kind.describe(prepared.detail, signal) : null;
      looked.push({ ...prepared, described });
    } catch (error) {
      signal.throwIfAborted();
      deps.log.debug({ err: error }, 'a release that was found cannot be used');
    }
  }
  return looked;
}

/** Its hash alone finds peers by the DHT only, and none of a private tracker. */
function needsFile(release: FoundRelease): release is FoundTorrent {
  return release.kind === 'torrent' && release.magnet === null && release.torrentUrl !== null;
}

async function fetchAll(deps: KeepDeps, torrents: readonly FoundTorrent[], signal: AbortSignal) {
  const fetched = new Map<string, object>();
  const waiting = [...torrents];
  const work = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const linked = await fetchOne(deps, next, signal);
      if (linked !== null) fetched.set(next.guid, linked);
    }
  };
  await Promise.all(Array.from({ length: FETCHED_AT_ONCE }, work));
  return fetched;
}

async function fetchOne({ net, log }: KeepDeps, { torrentUrl }: FoundTorrent, signal: AbortSignal) {
  try {
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(FETCH_TIMEOUT_MS)]);
    return torrentUrl === null ? null : await followTorrentLink(net, torrentUrl, bounded);
  } catch (error) {
    signal.throwIfAborted();
    log.debug(
      { reason: error instanceof AppError ? error.message : 'broke off' },
      'a torrent that was found was not fetched',
    );
    return null;
  }
}

/** As `POST /api/streams` would be given it. The address of a `.torrent` holds a key: it is not kept. */
function fieldsOf(release: FoundRelease, fetched: object | undefined): object {
  const { name, sizeBytes } = release;
  const facts = { name, ...(sizeBytes === null ? {} : { sizeBytes }) };
  if (release.kind === 'http') return { ...facts, kind: 'http', url: release.url };
  if (release.kind === 'usenet')
    return { ...facts, kind: 'usenet', nzbUrl: release.nzbUrl, isPassworded: release.isPassworded };
  const { infoHash, magnet, seeders, leechers, publishedAt } = release;
  const source = fetched ?? {
    ...(infoHash === null ? {} : { infoHash }),
    ...(magnet === null ? {} : { magnet }),
  };
  const told = {
    seeders: seeders ?? undefined,
    leechers: leechers ?? undefined,
    publishedAt: publishedAt ?? undefined,
  };
  return { ...facts, kind: 'torrent', ...source, ...told };
}

function placeRelease(wanted: Wanted, prepared: Looked) {
  const { input, described } = prepared;
  const matches = partsOf(wanted, { name: input.name ?? '', files: described?.files ?? [] });
  return matches === null ? [] : [{ prepared, matches }];
}
