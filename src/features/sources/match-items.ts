import { AppError } from '../../kit/errors.ts';
import { parseReleaseName, type ReleaseName } from '../../kit/release-name.ts';
import { isFaultOfValues, type Pool } from '../../platform/db.ts';
import type { Log } from '../../platform/log.ts';
import type { StreamKind } from '../../streams/kind.ts';
import { detailInput, readablePath } from '../../streams/source-files.ts';
import {
  episodeNumbersOf,
  type NamedTitle,
  type TitleMatch,
  titlesForNames,
  titlesOf,
} from '../media/index.ts';
import type { Enricher } from '../metadata/index.ts';
import {
  type FileMatch,
  linksOfMatches,
  matchFiles,
  type PreparedStream,
  prepareStream,
  StreamInput,
  saveStreams,
} from '../stream-index/index.ts';
import { kindOf } from './place.ts';
import {
  type ClaimedItem,
  claimItems,
  endItems,
  type ItemEnd,
  noteEnds,
  type Standing,
  standingsOf,
} from './queries/items.ts';
import { reviveSubtitles } from './queries/subtitles.ts';
import { folderOf } from './sort-files.ts';

export type MatchDeps = {
  db: Pool;
  kinds: { get(kind: string): StreamKind | undefined };
  enricher: Pick<Enricher, 'isOn' | 'enrich'>;
  log: Log;
};

/** What the name of a staged file tells. */
type Read = { item: ClaimedItem; path: string; parsed: ReleaseName; title: NamedTitle };
/** An item with its stream and its title. */
type Saved = { item: ClaimedItem; mediaId: number };
type Outcomes = { saved: Saved[]; ended: ItemEnd[] };

/** While providers are asked about one batch the database has time to look for the names of another. */
const BATCHES_AT_ONCE = 2;

/** Takes staged videos in batches, two at once, until none waits or `goesOn` says no; answers how many. See `matchItems`. */
export async function matchStaged(
  deps: MatchDeps,
  { itemsAtOnce, goesOn }: { itemsAtOnce: number; goesOn(): boolean },
  signal: AbortSignal,
): Promise<number> {
  let taken = 0;
  const takeAll = async () => {
    for (let last = 1; last > 0 && goesOn(); taken += last)
      last = await matchItems(deps, itemsAtOnce, signal);
  };
  const ends = await Promise.allSettled(Array.from({ length: BATCHES_AT_ONCE }, takeAll));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  return taken;
}

/**
 * Takes staged videos, newest first: each becomes a stream of the title its name tells, and titles that are new are asked about. Answers how many
 * were taken; none while enrichment is paused. What is broken off, or whose title nobody could be asked about just now, waits for another run.
 */
export async function matchItems(deps: MatchDeps, limit: number, signal: AbortSignal): Promise<number> {
  if (!deps.enricher.isOn()) return 0;
  const items = await claimItems(deps.db, limit);
  if (items.length === 0) return 0;
  try {
    await settle(deps, await endsOf(deps, items, signal));
  } catch (error) {
    const waiting = items.map((item) => endWith(item, 'waiting'));
    // Where that fails too nobody has them after some minutes.
    await endItems(deps.db, waiting).catch((err: unknown) =>
      deps.log.debug({ err }, 'files of sources were not let go'),
    );
    throw error;
  }
  return items.length;
}

async function endsOf(
  deps: MatchDeps,
  items: readonly ClaimedItem[],
  signal: AbortSignal,
): Promise<ItemEnd[]> {
  const { db, enricher } = deps;
  const { saved, ended } = await saveApart(deps, items, signal);
  const titles = [...new Set(saved.map(({ mediaId }) => mediaId))];
  const hidden = (await standingsOf(db, titles)).filter(({ isHidden }) => isHidden);
  const unknown = new Set(hidden.map(({ mediaId }) => mediaId));
  const left = await enricher.enrich(
    titles.filter((mediaId) => unknown.has(mediaId)),
    signal,
  );
  const after = new Map((await standingsOf(db, titles)).map((standing) => [standing.mediaId, standing]));
  return [
    ...ended,
    ...saved.map(({ item, mediaId }) =>
      endOf(item, unknown.has(mediaId) ? after.get(mediaId) : undefined, left.has(mediaId)),
    ),
  ];
}

async function settle({ db }: MatchDeps, ends: readonly ItemEnd[]): Promise<void> {
  await db.transaction(async (tx) => {
    const ours = await endItems(tx, ends);
    await noteEnds(tx, ours);
    await reviveSubtitles(tx, [...new Set(ours.map(({ sourceId }) => sourceId))]);
  });
}

/** A title that was known, or is known by now, or has become one that was. */
function endOf(item: ClaimedItem, title: Standing | undefined, isLeft: boolean): ItemEnd {
  if (title === undefined || !title.isHidden) return endWith(item, 'matched');
  if (title.status === 'rejected' || title.hasDoubt) return endWith(item, 'flagged');
  if (isLeft && !title.isTried) return endWith(item, 'waiting');
  return title.isAsked
    ? endWith(item, 'unmatched', 'Nobody knows a title of this name.')
    : endWith(item, 'failed', 'Nobody could be asked about its title.');
}

/** A batch in which an item is at fault is taken again item by item: it would fail for ever, and with it the newest of all. */
async function saveApart(
  deps: MatchDeps,
  items: readonly ClaimedItem[],
  signal: AbortSignal,
): Promise<Outcomes> {
  try {
    return await saveItems(deps, items);
  } catch (error) {
    if (!isFaultOfValues(error)) throw error;
    deps.log.debug({ err: error, files: items.length }, 'files of sources are taken one by one');
  }
  const all: Outcomes = { saved: [], ended: [] };
  for (const item of items) {
    signal.throwIfAborted();
    const { saved, ended } = await saveItems(deps, [item]).catch((error: unknown): Outcomes => {
      if (!isFaultOfValues(error)) throw error;
      deps.log.error({ err: error, sourceId: item.sourceId, file: item.path }, 'a file of a source failed');
      return { saved: [], ended: [endWith(item, 'failed', FAULT)] };
    });
    all.saved.push(...saved);
    all.ended.push(...ended);
  }
  return all;
}

const FAULT = 'It could not be stored, by a fault of this server, which its log names.';

function readItems(items: readonly ClaimedItem[]): { read: Read[]; nameless: ItemEnd[] } {
  const read: Read[] = [];
  const nameless: ItemEnd[] = [];
  for (const item of items) {
    const path = readablePath(item.path);
    const parsed = parseReleaseName(path);
    const title = parsed.title.slice(0, 500).trim();
    const { kind, year, seasons, episodes } = parsed;
    if (title === '') nameless.push(endWith(item, 'unmatched', 'Its name does not say what it is.'));
    else
      read.push({
        item,
        path,
        parsed,
        title: { kind, title, year, season: seasons[0], episode: episodes[0] },
      });
  }
  return { read, nameless };
}

function endWith(
  { id, sourceId, batchId, until }: ClaimedItem,
  end: ItemEnd['end'],
  failure: string | null = null,
): ItemEnd {
  return { id, sourceId, batchId, until, end, failure };
}

async function saveItems(deps: MatchDeps, items: readonly ClaimedItem[]): Promise<Outcomes> {
  const { db } = deps;
  const { read, nameless: ended } = readItems(items);
  if (read.length === 0) return { saved: [], ended };
  const titles = await titlesOfAll(db, read);
  const placed = (await placeAll(db, read, titles)).flatMap((one) => {
    try {
      return [{ ...one, prepared: prepared(deps, one.read) }];
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      ended.push(endWith(one.read.item, 'unmatched', error.message));
      return [];
    }
  });
  const told = placed.filter(({ matches }) => matches !== null);
  for (const { read: one, matches } of placed)
    if (matches === null)
      ended.push(endWith(one.item, 'unmatched', 'Its name does not say which episode it is.'));
  await db.transaction(async (tx) => {
    const links = await linksOfMatches(
      tx,
      told.map(({ match, matches }) => ({ mediaId: match.mediaId, matches: matches ?? [] })),
    );
    const streams = told.map(({ prepared: stream, match, read: { item } }, n): PreparedStream => {
      const sure = (links[n] ?? []).map((link) => ({
        ...link,
        confidence: Math.min(link.confidence ?? 1, match.confidence),
      }));
      return {
        ...stream,
        described: null,
        links: sure,
        place: { sourceId: item.sourceId, filePath: item.path },
      };
    });
    await saveStreams({ ...deps, db: tx }, streams, { isSeen: true, origin: 'source' });
  });
  return { saved: told.map(({ read: { item }, match }) => ({ item, mediaId: match.mediaId })), ended };
}

/** Each title is looked for once, however many files are of it. */
async function titlesOfAll(db: Pool, read: readonly Read[]): Promise<ReadonlyMap<string, TitleMatch>> {
  const byKey = new Map(read.map(({ title }) => [keyOf(title), title]));
  const matches = await titlesForNames(db, [...byKey.values()]);
  return new Map(
    [...byKey.keys()].flatMap((key, n) => (matches[n] === undefined ? [] : [[key, matches[n]]])),
  );
}

function keyOf({ kind, title, year }: NamedTitle): string {
  return `${kind} ${year ?? ''} ${title.toLowerCase()}`;
}

type Placed = {
  read: Read;
  match: TitleMatch /** Null: it cannot be told which episode it is. */;
  matches: FileMatch[] | null;
};

async function placeAll(
  db: Pool,
  read: readonly Read[],
  titles: ReadonlyMap<string, TitleMatch>,
): Promise<Placed[]> {
  const ids = [...new Set([...titles.values()].map(({ mediaId }) => mediaId))];
  const known = new Map((await titlesOf(db, ids)).map((title) => [title.mediaId, title]));
  const series = [...known.values()].filter(({ kind }) => kind === 'series').map(({ mediaId }) => mediaId);
  const catalogues = Map.groupBy(
    series.length === 0 ? [] : await episodeNumbersOf(db, series),
    ({ mediaId }) => mediaId,
  );
  return read.flatMap((one) => {
    const match = titles.get(keyOf(one.title));
    const title = match === undefined ? undefined : known.get(match.mediaId);
    if (match === undefined || title === undefined) return [];
    const asked = {
      ...{ kind: title.kind, titles: title.names, year: title.year },
      catalogue: catalogues.get(match.mediaId) ?? [],
    };
    return [{ read: one, match, matches: matchesOf(asked, one.path) }];
  });
}

function matchesOf(
  asked: Omit<Parameters<typeof matchFiles>[0], 'season' | 'episode' | 'fileIndex'>,
  name: string,
): FileMatch[] | null {
  try {
    return matchFiles(
      { ...asked, season: undefined, episode: undefined, fileIndex: undefined },
      { name, files: [] },
    );
  } catch (error) {
    if (error instanceof AppError && error.code === 'streams.which_episode') return null;
    throw error;
  }
}

function prepared(deps: MatchDeps, { item, path, parsed }: Read) {
  const { sizeBytes } = item;
  const kind = kindOf(item.finder);
  const fields = { ...detailInput(item, item.path), name: nameOf(item, path, parsed), kind };
  return prepareStream(deps, StreamInput.parse(sizeBytes === null ? fields : { ...fields, sizeBytes }));
}

/** Its own name, with that of its folder where only both together say what it is: `The Matrix 1999 1080p/video.mkv`. */
function nameOf(item: ClaimedItem, path: string, parsed: ReleaseName): string {
  const own = parseReleaseName(item.name);
  const says =
    own.title === parsed.title && own.resolution === parsed.resolution && own.quality === parsed.quality;
  const folder = folderOf(path).split('/').at(-1) ?? '';
  return (says || folder === '' ? item.name : `${folder}/${item.name}`).slice(0, 1000);
}
