import { hash } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { FoundRelease } from '../../finders/finder.ts';
import { AppError } from '../../kit/errors.ts';
import { compilePattern, type LinearPattern } from '../../kit/linear-pattern.ts';
import { parseReleaseName } from '../../kit/release-name.ts';
import type { Pool } from '../../platform/db.ts';
import { appendItems } from '../lists/index.ts';
import { episodeNumbersOf, type NamedTitle, titleForName, titlesOf } from '../media/index.ts';
import { linksOfMatches, matchFiles, saveStreams } from '../stream-index/index.ts';
import { type AskDeps, askFinder } from './ask-finder.ts';
import { type KeepDeps, lookInto } from './keep-releases.ts';
import { noteSeen, patternsOf, seenBefore, setPoll } from './queries/feeds.ts';
import { claimFeeds, type StoredFinder } from './queries/finders.ts';

export type PollDeps = Omit<AskDeps, 'db'> & KeepDeps & { db: Pool };

const FEEDS_AT_ONCE = 4;
/** As long as one reading of it may take; who dies in it leaves it to another then. */
const LEASE_S = 900;
const EVERY_S = 3 * 3600;
/** New items of one reading; the rest comes the next time, which is soon. */
const MAX_NEW = 200;
const SOON_S = 300;
/** Of all patterns over all items of one reading. */
const MATCHING_MS = 10_000;

/** What a feed's item is put down as. */
type Taken = { release: FoundRelease; title: NamedTitle; name: string; catalogIds: readonly number[] };

/** Reads the feeds whose time has come; any number of instances may, each feed is claimed by one. Answers how many. */
export async function pollFeeds(deps: PollDeps, signal: AbortSignal): Promise<number> {
  const feeds = await claimFeeds(deps.db, FEEDS_AT_ONCE, LEASE_S);
  for (const feed of feeds) {
    signal.throwIfAborted();
    await pollFeed(deps, feed, signal);
  }
  return feeds.length;
}

async function pollFeed(deps: PollDeps, feed: StoredFinder, signal: AbortSignal): Promise<void> {
  const { db } = deps;
  const { id, etag, lastModified } = feed;
  let [mark, againS] = [{ etag, lastModified }, EVERY_S];
  await askFinder(
    deps,
    feed,
    async (finder) => {
      const latest = await finder.latest?.(mark, signal);
      if (latest === undefined || latest.isUnchanged) return { found: 0, restMs: null };
      const { kept, isAll } = await keepNew(deps, feed, latest.releases, signal);
      // What is left of it must be sent again.
      if (isAll) mark = latest.mark;
      else [mark, againS] = [{ etag: null, lastModified: null }, SOON_S];
      return { found: kept, restMs: latest.restMs };
    },
    signal,
  );
  await setPoll(db, id, { ...mark, againS });
}

async function keepNew(
  deps: PollDeps,
  feed: StoredFinder,
  all: readonly FoundRelease[],
  signal: AbortSignal,
) {
  const hashes = all.map(({ guid }) => hash('sha256', guid, 'buffer'));
  const seen = await seenBefore(deps.db, feed.id, hashes);
  const fresh = all.flatMap((release, place) => (seen.has(place) ? [] : [{ release, hash: hashes[place] }]));
  const { taken, looked } = await take(
    deps,
    feed.id,
    fresh.slice(0, MAX_NEW).map(({ release }) => release),
    signal,
  );
  let kept = 0;
  for (const each of taken) if (await keepOne(deps, feed, each, signal)) kept += 1;
  await noteSeen(
    deps.db,
    feed.id,
    fresh.slice(0, looked).flatMap(({ hash: of }) => of ?? []),
  );
  return { kept, isAll: looked === fresh.length };
}

/** Those a pattern is found in, or all where there is none; `looked`: how many there was time for. */
async function take(
  { db }: PollDeps,
  finderId: number,
  releases: readonly FoundRelease[],
  signal: AbortSignal,
) {
  const patterns = (await patternsOf(db, finderId)).map(({ pattern, catalogId }) => {
    return { pattern: compilePattern(pattern), catalogId };
  });
  const until = performance.now() + MATCHING_MS;
  const taken: Taken[] = [];
  let looked = 0;
  for (const release of releases) {
    signal.throwIfAborted();
    if (performance.now() > until) break;
    const one = takenBy(release, patterns);
    if (one !== null) taken.push(one);
    looked += 1;
    // Others run in between.
    await nextTurn();
  }
  return { taken, looked };
}

type CatalogPattern = { pattern: LinearPattern; catalogId: number | null };

function takenBy(release: FoundRelease, patterns: readonly CatalogPattern[]): Taken | null {
  const hits = patterns.flatMap(({ pattern, catalogId }) => {
    const groups = pattern.find(release.name);
    return groups === null ? [] : [{ groups, catalogId }];
  });
  if (patterns.length > 0 && hits.length === 0) return null;
  const groups: Readonly<Record<string, string>> = Object.assign({}, ...hits.map((hit) => hit.groups));
  const told = toldBy(release.name, groups);
  if (told === null) return null;
  return { release, ...told, catalogIds: hits.flatMap(({ catalogId }) => catalogId ?? []) };
}

/** The title, and a name that tells the episode: as the release is called, but for what a pattern's groups say. */
function toldBy(
  name: string,
  groups: Readonly<Record<string, string>>,
): Pick<Taken, 'title' | 'name'> | null {
  const parsed = parseReleaseName(name);
  const numberOf = (text: string | undefined) => (/^\d{1,5}$/.test(text ?? '') ? Number(text) : undefined);
  const [season, episode] = [numberOf(groups.season), numberOf(groups.episode)];
  const title = (groups.title?.replace(/[._]+/g, ' ').trim() || parsed.title).slice(0, 500);
  const year = numberOf(groups.year) ?? parsed.year;
  if (title === '') return null;
  const kind = episode !== undefined || parsed.kind === 'series' ? ('series' as const) : ('movie' as const);
  const numbered = episode === undefined ? name : `${title} S${season ?? 1}E${episode}`;
  return { title: { kind, title, year }, name: numbered };
}

/** One transaction for title, stream and catalogue. False: it cannot be used. */
async function keepOne(
  deps: PollDeps,
  feed: StoredFinder,
  { release, title, name, catalogIds }: Taken,
  signal: AbortSignal,
): Promise<boolean> {
  const [looked] = await lookInto(deps, [release], signal);
  if (looked === undefined) return false;
  try {
    await deps.db.transaction(async (tx) => {
      const { mediaId } = await titleForName(tx, title);
      const [known] = await titlesOf(tx, [mediaId]);
      if (known === undefined) throw new Error('the title was there in this transaction');
      const isSeries = known.kind === 'series';
      const asked = { kind: known.kind, season: undefined, episode: undefined, fileIndex: undefined };
      const catalogue = isSeries ? await episodeNumbersOf(tx, [mediaId]) : [];
      const files = looked.described?.files ?? [];
      const matches = matchFiles(
        { ...asked, titles: known.names, year: known.year, catalogue },
        { name, files },
      );
      const [links = []] = await linksOfMatches(tx, [{ mediaId, matches }]);
      await saveStreams({ ...deps, db: tx }, [{ ...looked, links }], { isSeen: true, origin: feed.kind });
      for (const catalogId of new Set(catalogIds)) await appendItems(tx, catalogId, [mediaId]);
    });
    return true;
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    deps.log.debug({ err: error, finder: feed.name }, 'an item of a feed was not kept');
    return false;
  }
}
