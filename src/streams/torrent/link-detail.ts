import { contentsOf } from './contents.ts';
import { TorrentDetail } from './detail.ts';
import { exactSourcesOf } from './exact-source.ts';

/** Base64 of a `.torrent` that still fits a play link (8 KiB) with all else in it; one of a film has 30 to 200 KB. */
const MAX_TORRENT_CHARS = 3000;
const MAX_URLS_CHARS = 2000;

/**
 * A torrent as a play link carries it. A `.torrent` that does not fit is left out: peers that are found by the info hash and
 * the trackers have it (BEP 9), and where it came from. Whether it is private goes along, as then it must not be looked for elsewhere.
 */
export async function linkDetail(value: unknown): Promise<TorrentDetail> {
  const detail = TorrentDetail.parse(value);
  if (detail.torrent === null || detail.torrent.length <= MAX_TORRENT_CHARS) return detail;
  const { name, trackers, webSeeds, isPrivate } = await contentsOf(detail);
  const sources = isPrivate ? [] : [...detail.exactSources, ...exactSourcesOf(detail.magnet ?? '')];
  return {
    ...{ infoHash: detail.infoHash, name, isPrivate },
    ...{ trackers: fitting(trackers), webSeeds: isPrivate ? [] : fitting(webSeeds) },
    exactSources: fitting(sources),
    ...{ files: [], magnet: null, torrent: null },
    ...{ seeders: null, leechers: null, publishedAt: null },
  };
}

/** The first ones, as long as there is room. */
function fitting(urls: readonly string[]): string[] {
  let room = MAX_URLS_CHARS;
  return urls.filter((url) => {
    room -= url.length + 3;
    return room >= 0;
  });
}
