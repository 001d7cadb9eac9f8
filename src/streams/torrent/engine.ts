import type { ByteRange } from '../../kit/range.ts';
import type { ByteSink, TrafficLimits } from '../kind.ts';
import type { KindStorage } from '../storage.ts';

/** `TORRENT_ENGINE`. */
export type EngineName = 'swarm' | 'torrent-stream';

/** An address of a peer; `host` is an IP address, or a name that somebody wrote into a magnet (`x.pe`). */
export type PeerAddress = { host: string; port: number };

/** What is known of a torrent before any peer was asked. */
export type TorrentSpec = {
  /** BEP 3, 40 small hex characters. */
  infoHash: string;
  /** The bytes of the `info` dictionary, where a `.torrent` is known; null: peers are asked for it (BEP 9). */
  info: Uint8Array | null;
  trackers: readonly string[];
  peers: readonly PeerAddress[];
  /** Web servers that have its files (BEP 19). */
  webSeeds?: readonly string[];
  /** Addresses of its `.torrent` (a magnet's `xs`): asked where `info` is null. */
  exactSources?: readonly string[];
  /** BEP 27: no peers but those of its own trackers. */
  isPrivate: boolean;
  /** Who opens it would rather go on without than wait: it fails as soon as nobody is left to ask. */
  isHasty?: boolean;
  /** What went and came before it is opened, where it is remembered: the ratio counts it. */
  earlier?: { uploadedBytes: number; downloadedBytes: number };
};

/** What an announce came to: a real one is as good as a check. `ok`: the tracker answered, be it by refusing. */
export type Announced = { url: string; ok: boolean; latencyMs: number; reason: string | null };

/** One file inside, by its place in the torrent's own list (padding files count). */
export type TorrentFile = { index: number; path: string; offset: number; sizeBytes: number };

/** How a torrent is doing right now. */
export type TorrentState = {
  infoHash: string;
  peers: number;
  /** Of those, whom uTP reached. */
  utpPeers: number;
  /** Peers that let us ask. */
  unchoked: number;
  bytesPerSecond: number;
  downloadedBytes: number;
  /** Blocks given to peers, as `downloadedBytes` since it was opened, and how many bytes of them a second. */
  uploadedBytes: number;
  uploadRate: number;
  /** Bytes that failed their hash. */
  wastedBytes: number;
  piecesHeld: number;
  pieceCount: number;
  readers: number;
  bannedPeers: number;
};

/** A torrent whose files are known. */
export type OpenTorrent = {
  readonly infoHash: string;
  readonly info: Uint8Array;
  readonly files: readonly TorrentFile[];
  /** Sends a half-open range of one file; only hash-checked bytes. Rejects with UpstreamFailed 504 when no peer gives anything for a minute. */
  read(fileIndex: number, range: ByteRange, sink: ByteSink, signal: AbortSignal): Promise<void>;
  /** Of the last second; null before the first one is over. */
  state(): TorrentState | null;
  /** One user less; the last one's going lets the engine forget the torrent after a while. Idempotent. */
  close(): void;
};

/** What downloads torrents, and keeps them as their owner says. One for the process. */
export type TorrentEngine = Pick<KindStorage, 'pause' | 'resume' | 'remove'> & {
  /** Resolves when the files are known: at once with `info`, else when a peer has sent it (504 after a minute). */
  open(spec: TorrentSpec, signal: AbortSignal): Promise<OpenTorrent>;
  /** Of the last second, of what is open or being opened. */
  state(infoHash: string): TorrentState | null;
  /** What may go out and in from now on, all torrents together. */
  setLimits(limits: TrafficLimits): void;
  /** Resolves when every connection is closed. */
  close(): Promise<void>;
};
