import { NotFound } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import { limitOf } from '../disk-room.ts';
import type { Described, KindDeps, StreamKind, StreamRef, Target } from '../kind.ts';
import { streamIdsOf, targetsOf } from '../listing.ts';
import { resourceKey } from '../resource.ts';
import { contentsOf, magnetPeers } from './contents.ts';
import { parseTorrentInput, TorrentDetail } from './detail.ts';
import type { TorrentSpec } from './engine.ts';
import { exactSourcesOf, fetchExactSource } from './exact-source.ts';
import { infoOf } from './info-hash.ts';
import { linkDetail } from './link-detail.ts';
import { openFile } from './open.ts';
import { privateTrackers, SEALED_MAGNET } from './private-trackers.ts';
import { watchEngine } from './progress.ts';
import {
  countsOf,
  forgetTorrentAccess,
  offeredTorrents,
  replaceInTorrent,
  saveTorrentRow,
  staleTorrents,
  storedTorrent,
  streamOfTorrent,
} from './queries.ts';
import { foundIn } from './swarm/disk-pieces.ts';
import { NOTHING_GIVEN } from './swarm/traffic.ts';
import { createRemoteEngine } from './thread/remote-engine.ts';
import { trackersFor } from './trackers/queries.ts';

const SEALED_FILE = 'torrent.file';

/** Pieces of all torrents together; half of what streams may hold, where that is less. */
const MAX_MEMORY_BYTES = 64 * 1024 * 1024;
const DEFAULT_STREAM_MEMORY = 2 * MAX_MEMORY_BYTES;
const NOTHING_MOVED = { uploadedBytes: 0, downloadedBytes: 0 };
const NO_CACHE = { folder: '', maxBytes: 0 };
const NOBODY = () => {};
const NO_METRICS = { onTotals: NOBODY, onDead: NOBODY };
const NOWHERE = {};
/** Somebody who adds a magnet waits so long for its files. */
const COMPLETE_MS = 8000;
/** Nobody gives anything: the viewer is told, not kept waiting (criterion 34: 60 s). */
const DEAD_MS = 60_000;

/** Torrents: offered to clients that download by themselves, and read here piece by piece for all others. */
export function torrentKind(
  {
    db,
    crypto,
    net,
    streamMemoryBytes = DEFAULT_STREAM_MEMORY,
    pieceCache = NO_CACHE,
    pieceStore,
    utp = false,
    onAnnounced = NOBODY,
    torrentEngine = 'swarm',
    onStored = NOBODY,
    dht = null,
    torrentMetrics: metrics = NO_METRICS,
    torrentListen = NOWHERE,
    torrentTraffic,
    log,
  }: KindDeps,
  { deadMs = DEAD_MS } = {},
): StreamKind {
  const { mode, allow, publicUrl = null, ownPorts } = net.rules;
  const remote = createRemoteEngine({
    engine: torrentEngine,
    outbound: { mode, allow },
    publicUrl,
    memoryBytes: Math.min(MAX_MEMORY_BYTES, Math.floor(streamMemoryBytes / 2)),
    ownPorts,
    onAnnounced,
    onStored,
    onTotals: metrics.onTotals,
    cache: pieceCache,
    dht: dht === null ? null : { bootstrap: dht.bootstrap, port: dht.port },
    onDht: dht?.onState ?? NOBODY,
    utp: utp ? { port: null } : null,
    deadMs,
    limits: torrentTraffic?.now() ?? NOTHING_GIVEN,
    listen: torrentListen,
    onWarning: (text) => log.warn(text),
  });
  const engine = watchEngine(remote, metrics.onDead);
  torrentTraffic?.onChange((limits) => engine.setLimits(limits));
  return {
    kind: 'torrent',
    // A dead swarm holds a job for a minute, and there are two of them at a time.
    isSlow: true,
    parse: parseTorrentInput,
    describe,
    resource: (detail) => resourceKey('torrent', TorrentDetail.parse(detail).infoHash),
    find: (on, detail) => streamOfTorrent(on, TorrentDetail.parse(detail).infoHash),
    save,
    forgetAccess: forgetTorrentAccess,
    complete,
    open: async (ref, signal) => openFile(engine, await specOf(ref), ref.fileIndex, signal),
    progress: engine.progress,
    close: () => engine.close(),
    storage: {
      pause: (infoHash) => engine.pause(infoHash),
      resume: (infoHash) => engine.resume(infoHash),
      remove: (infoHash, isForced) => engine.remove(infoHash, isForced),
      found: () => foundIn(pieceCache),
      limitBytes: (usedBytes) => limitOf(pieceCache, usedBytes),
    },
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
    async targets(on, refs) {
      const rows = await offeredTorrents(on, streamIdsOf(refs));
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
            resource: resourceKey('torrent', infoHash),
            fileIndex,
            sources: isPrivate ? sources : [...sources, `dht:${infoHash}`],
          };
        },
      );
    },
  };

  /** A magnet as the `.torrent` that its peers have (BEP 9). */
  async function complete(value: unknown, signal: AbortSignal): Promise<unknown> {
    const detail = TorrentDetail.parse(value);
    if (detail.torrent !== null || detail.files.length > 0) return detail;
    const spec = await specOfDetail(detail);
    const bounded = AbortSignal.any([signal, AbortSignal.timeout(COMPLETE_MS)]);
    try {
      const { trackers, webSeeds } = await contentsOf(detail);
      const known = { ...detail, trackers: [...trackers], webSeeds: [...webSeeds] };
      const { exactSources = [] } = spec;
      // Before its peers: the file names trackers and web seeds, and they only have the `info` in it.
      const early = AbortSignal.any([bounded, AbortSignal.timeout(COMPLETE_MS / 2)]);
      const file = await fetchExactSource(net, exactSources, detail.infoHash, early).catch(() => null);
      if (file !== null) return { ...known, torrent: Buffer.from(file).toString('base64') };
      const opened = await engine.open({ ...spec, exactSources: [], isHasty: true }, bounded);
      opened.close();
      return withTorrent(known, opened.info);
    } catch {
      signal.throwIfAborted();
      return detail;
    }
  }

  async function specOf(ref: StreamRef): Promise<TorrentSpec> {
    if ('detail' in ref) return await specOfDetail(TorrentDetail.parse(ref.detail));
    const stored = await storedTorrent(db, ref.streamId);
    if (stored === null) throw new NotFound('stream.not_found', 'This stream does not exist any more.');
    const { infoHash, isPrivate, magnetSealed, fileSealed, webSeeds, trackers } = stored;
    const file = fileSealed === null ? null : crypto.open(SEALED_FILE, fileSealed);
    const magnet =
      magnetSealed === null ? '' : (crypto.open(SEALED_MAGNET, magnetSealed)?.toString('utf8') ?? '');
    const own = [...privateTrackers(crypto, magnetSealed), ...trackers];
    return {
      ...{ infoHash, isPrivate },
      info: file === null ? null : infoOf(file),
      ...(await remembered(infoHash, own, isPrivate)),
      peers: magnetPeers(magnet),
      ...{ webSeeds, exactSources: exactSourcesOf(magnet) },
    };
  }

  async function specOfDetail(detail: TorrentDetail): Promise<TorrentSpec> {
    const { infoHash, torrent, magnet, exactSources } = detail;
    const { trackers: own, isPrivate, webSeeds } = await contentsOf(detail);
    const known = await remembered(infoHash, own, isPrivate);
    const info = torrent === null ? null : infoOf(Buffer.from(torrent, 'base64'));
    return {
      ...{ infoHash, info, ...known, peers: magnetPeers(magnet ?? ''), isPrivate },
      webSeeds: isPrivate ? [] : webSeeds,
      exactSources: [...exactSources, ...exactSourcesOf(magnet ?? '')],
    };
  }

  /** What the database adds: its trackers, and what went and came of it. */
  async function remembered(infoHash: string, own: readonly string[], isPrivate: boolean) {
    const [trackers, earlier] = await Promise.all([
      trackersFor(db, { own, isPrivate }),
      pieceStore === undefined ? NOTHING_MOVED : countsOf(db, infoHash, pieceStore),
    ]);
    return { trackers, earlier };
  }

  async function save(on: Db, streamId: number, value: unknown): Promise<void> {
    const detail = TorrentDetail.parse(value);
    const { isPrivate, trackers, webSeeds, publishedAt } = await contentsOf(detail);
    // A private torrent's announce URLs are needed at every offer, and its `.torrent` is too big to open for that.
    const magnet = isPrivate ? magnetOf(detail.infoHash, trackers) : detail.magnet;
    await saveTorrentRow(on, {
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

function withTorrent(detail: TorrentDetail, info: Uint8Array): TorrentDetail {
  const file = Buffer.concat([Buffer.from('d4:info'), info, Buffer.from('e')]);
  return { ...detail, torrent: file.toString('base64') };
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
