import type { Db } from '../../platform/db.ts';
import type { Described, KindDeps, StreamKind, Target } from '../kind.ts';
import { streamIdsOf, targetsOf } from '../listing.ts';
import { resourceKey } from '../resource.ts';
import { contentsOf } from './contents.ts';
import { parseTorrentInput, TorrentDetail } from './detail.ts';
import { linkDetail } from './link-detail.ts';
import { privateTrackers, SEALED_MAGNET } from './private-trackers.ts';
import {
  offeredTorrents,
  replaceInTorrent,
  saveTorrentRow,
  staleTorrents,
  streamOfTorrent,
} from './queries.ts';

const SEALED_FILE = 'torrent.file';

/** Torrents. The client downloads them by itself; reading pieces here is not built yet, so there is nothing to open. */
export function torrentKind({ crypto }: KindDeps): StreamKind {
  return {
    kind: 'torrent',
    parse: parseTorrentInput,
    describe,
    resource: (detail) => resourceKey('torrent', TorrentDetail.parse(detail).infoHash),
    find: (db, detail) => streamOfTorrent(db, TorrentDetail.parse(detail).infoHash),
    save,
    linkDetail,
    sealed: [
      {
        purpose: SEALED_MAGNET,
        atOnce: 100,
        stale: staleTorrents('magnet'),
        replace: replaceInTorrent('magnet'),
      },
      { purpose: SEALED_FILE, atOnce: 4, stale: staleTorrents('file'), replace: replaceInTorrent('file') },
    ],
    async targets(db, refs) {
      const rows = await offeredTorrents(db, streamIdsOf(refs));
      return targetsOf(
        refs,
        rows,
        ({ infoHash, isPrivate, magnetSealed, trackers }, { fileIndex }): Target => {
          const known = isPrivate ? [...privateTrackers(crypto, magnetSealed), ...trackers] : trackers;
          const sources = [...new Set(known)].map((url) => `tracker:${url}`);
          // A private torrent must not be announced to the DHT (BEP 27).
          return {
            via: 'torrent',
            infoHash,
            fileIndex,
            sources: isPrivate ? sources : [...sources, `dht:${infoHash}`],
          };
        },
      );
    },
  };

  async function save(db: Db, streamId: number, value: unknown): Promise<void> {
    const detail = TorrentDetail.parse(value);
    const { isPrivate, trackers, webSeeds, publishedAt } = await contentsOf(detail);
    // A private torrent's announce URLs are needed at every offer, and its `.torrent` is too big to open for that.
    const magnet = isPrivate ? magnetOf(detail.infoHash, trackers) : detail.magnet;
    await saveTorrentRow(db, {
      streamId,
      infoHash: detail.infoHash,
      visibility: isPrivate ? 'private' : 'public',
      magnetSealed: magnet === null ? null : crypto.seal(SEALED_MAGNET, magnet),
      fileSealed:
        detail.torrent === null ? null : crypto.seal(SEALED_FILE, Buffer.from(detail.torrent, 'base64')),
      webSeeds: isPrivate ? [] : webSeeds,
      seeders: detail.seeders,
      leechers: detail.leechers,
      publishedAt,
    });
  }
}

async function describe(value: unknown): Promise<Described> {
  const detail = TorrentDetail.parse(value);
  const { name, files, trackers, isPrivate } = await contentsOf(detail);
  const sizes = files.map(({ sizeBytes }) => sizeBytes);
  const isSizeKnown = sizes.length > 0 && sizes.every((size) => size !== null);
  return {
    name,
    sizeBytes: isSizeKnown ? sizes.reduce((sum: number, size) => sum + (size ?? 0), 0) : null,
    contentType: null,
    files,
    // The trackers room shows what it is told; a member's passkey is not for showing.
    trackers: isPrivate ? trackers.filter(hasNoPasskey) : trackers,
  };
}

function hasNoPasskey(tracker: string): boolean {
  const { pathname, search } = new URL(tracker);
  return search === '' && /^\/?(announce(\.php)?)?\/?$/.test(pathname);
}

function magnetOf(infoHash: string, trackers: readonly string[]): string {
  return `magnet:?xt=urn:btih:${infoHash}${trackers.map((url) => `&tr=${encodeURIComponent(url)}`).join('')}`;
}
