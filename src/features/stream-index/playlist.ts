import { absoluteUrl, isElsewhere } from '../../kit/asset-url.ts';
import { m3uOf, type PlaylistEntry } from '../../kit/m3u.ts';
import type { Db } from '../../platform/db.ts';
import type { Links } from '../../platform/links.ts';
import type { SubtitleLinks } from '../../platform/subtitle-links.ts';
import { type OfferRef, offerKey, type StreamKind, type Target } from '../../streams/kind.ts';
import { isHevc } from './hevc.ts';
import { type LinkedFile, linkedPlaylist, playlistOf, playlistSubtitles } from './queries/playlist.ts';
import { type FileInside, wholeVideos } from './whole-videos.ts';

export type PlaylistDeps = {
  db: Db;
  kinds: { get(kind: string): StreamKind | undefined; readonly all: readonly StreamKind[] };
  links: Links;
  subtitleLinks: SubtitleLinks;
};

export type PlaylistOptions = {
  baseUrl: string;
  /** Epoch seconds. */
  expiresAt: number;
  /** False: without what old televisions cannot show. */
  hevc: boolean;
};

/** More lines than any player shows. */
const MAX_ENTRIES = 5000;
const LINKS_AT_ONCE = 1000;

type Item = OfferRef & { kind: string; title: string; filename: string };

/** The videos of one stream by their names, in the order of a shelf. Null: nothing of it can be read here. */
export async function streamPlaylist(
  deps: PlaylistDeps,
  streamId: number,
  options: PlaylistOptions,
): Promise<string | null> {
  const files = (await playlistOf(deps.db, streamId, MAX_ENTRIES)).filter((file) => isWanted(file, options));
  const videos = wholeVideos(files.flatMap(insideOf));
  const chosen = videos.length > 0 ? videos : files.filter(({ fileIndex }) => fileIndex === null);
  const items = chosen.map(({ kind, fileIndex, fileName, name }) => {
    const title = leafOf(fileName ?? name);
    return { streamId, kind, fileIndex, title, filename: title };
  });
  const byName = new Intl.Collator('en', { numeric: true });
  const entries = await entriesOf(
    deps,
    items.toSorted((a, b) => byName.compare(a.title, b.title)),
    options,
  );
  return entries.length === 0 ? null : m3uOf(entries);
}

function insideOf<T extends { fileIndex: number | null; fileName: string | null; sizeBytes: number | null }>(
  file: T,
): (T & FileInside)[] {
  const { fileIndex: index, fileName: name } = file;
  return index === null || name === null ? [] : [{ ...file, index, name }];
}

/** Everything that can be read here, by the titles it is linked to. */
export async function wholePlaylist(deps: PlaylistDeps, options: PlaylistOptions): Promise<string> {
  const readable = deps.kinds.all.filter(({ open }) => open !== undefined).map(({ kind }) => kind);
  const found: LinkedFile[] = [];
  for (let after = 0; found.length < MAX_ENTRIES; ) {
    const part = await linkedPlaylist(deps.db, readable, after, LINKS_AT_ONCE);
    found.push(...part.filter((file) => isWanted(file, options)));
    after = part.at(-1)?.linkId ?? after;
    if (part.length < LINKS_AT_ONCE) break;
  }
  const items = found.slice(0, MAX_ENTRIES).map((file) => {
    const { streamId, kind, fileIndex, fileName, name } = file;
    return { streamId, kind, fileIndex, title: titleOf(file), filename: leafOf(fileName ?? name) };
  });
  const byTitle = new Intl.Collator('en', { numeric: true });
  return m3uOf(
    await entriesOf(
      deps,
      items.toSorted((a, b) => byTitle.compare(a.title, b.title)),
      options,
    ),
  );
}

function titleOf({ title, year, season, episode }: LinkedFile): string {
  const two = (number: number) => String(number).padStart(2, '0');
  if (season !== null && episode !== null) return `${title} S${two(season)}E${two(episode)}`;
  return year === null ? title : `${title} (${year})`;
}

function leafOf(name: string): string {
  return name.split('/').findLast((part) => part !== '') ?? name;
}

function isWanted(file: Parameters<typeof isHevc>[0], { hevc }: PlaylistOptions): boolean {
  return hevc || !isHevc(file);
}

async function entriesOf(
  deps: PlaylistDeps,
  items: readonly Item[],
  { baseUrl, expiresAt }: PlaylistOptions,
): Promise<PlaylistEntry[]> {
  const [resources, subtitles] = await Promise.all([
    resourcesOf(deps, items),
    playlistSubtitles(deps.db, [...new Set(items.map(({ streamId }) => streamId))]),
  ]);
  const byStream = Map.groupBy(subtitles, ({ streamId }) => streamId);
  return items.flatMap((item) => {
    const { streamId, kind, fileIndex, title, filename } = item;
    const resource = resources.get(offerKey(item));
    if (resource === undefined) return [];
    const link = { streamId, kind, fileIndex, filename, subject: 'api', expiresAt };
    const own = (byStream.get(streamId) ?? []).filter(
      ({ ofFileIndex }) => ofFileIndex === null || fileIndex === null || ofFileIndex === fileIndex,
    );
    const subtitleUrls = own.map(({ id, path, isInside }) =>
      isInside || isElsewhere(path)
        ? deps.subtitleLinks.make({ streamId, fileIndex, subtitleId: id, subject: 'api', expiresAt }, baseUrl)
        : absoluteUrl(baseUrl, path),
    );
    return [{ title, url: deps.links.make(link, { baseUrl, resource }), subtitleUrls }];
  });
}

/** Which bytes each of them is, of those that can be read here now. */
async function resourcesOf(
  { db, kinds }: PlaylistDeps,
  items: readonly Item[],
): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const [name, refs] of Map.groupBy(items, ({ kind }) => kind)) {
    const kind = kinds.get(name);
    if (kind?.open === undefined) continue;
    for (const [key, target] of await kind.targets(db, refs)) {
      const resource = resourceOf(kind, target);
      if (resource !== null) found.set(key, resource);
    }
  }
  return found;
}

/** Players of the add-on may fetch a torrent themselves; a playlist is for those that cannot. */
function resourceOf(kind: StreamKind, target: Target): string | null {
  if (target.via === 'play') return target.resource;
  return target.via === 'torrent' ? kind.resource(kind.parse({ infoHash: target.infoHash })) : null;
}
