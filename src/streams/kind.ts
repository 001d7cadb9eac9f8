import { Readable } from 'node:stream';
import type { ByteRange } from '../kit/range.ts';
import type { Budget } from '../platform/budget.ts';
import type { Cache } from '../platform/cache.ts';
import type { Crypto } from '../platform/crypto.ts';
import type { Db } from '../platform/db.ts';
import type { Log } from '../platform/log.ts';
import type { Net } from '../platform/net.ts';
import type { TorrentMetrics } from '../platform/torrent-metrics.ts';
import type { ManyAtOnce } from './many-at-once.ts';
import type { SealedColumn } from './reseal.ts';
import type { KindStorage, StoredTorrent } from './storage.ts';
import type { Provider, ProviderState } from './usenet/providers/provider.ts';

/**
 * Takes the bytes of one range. `chunk` belongs to the source and may be overwritten after `done` has run, so that a source can
 * reuse its read buffers (1.5× nginx). `write` returns false when the sink is full; the source then waits for `onDrain`.
 */
export type ByteSink = {
  write(chunk: Uint8Array, done: () => void): boolean;
  /** Sets the one listener that runs when the sink takes bytes again after `write` returned false. */
  onDrain: (listener: () => void) => void;
  /** Told when the source had to go on by itself after it broke off in the middle. */
  resumed?(): void;
};

/** One opened file: what it is, and a way to send any part of it. */
export type ByteSource = {
  /** Bytes; null = unknown length (answered 200 chunked, without ranges). */
  readonly size: number | null;
  readonly contentType: string;
  /** Quoted entity tag as it goes on the wire, `"…"` or `W/"…"`; null when there is none. */
  readonly etag: string | null;
  readonly lastModified: Date | null;
  /** True while only its beginning can be begun at, so that players are not told to seek; it may change from request to request. Absent: every part can be had. */
  isForwardOnly?(): boolean;
  /** Kinds whose bytes have a URL say it here: what is an HLS or DASH manifest is then delivered with all its parts. */
  readonly delivery?: Delivery;
  /** How it does in its swarm just now, where it comes from one. */
  swarm?(): SwarmHealth | null;
  /** How its post does just now, where it comes from Usenet. */
  post?(): PostHealth | null;
  /** Sends exactly `range` (half-open) into `sink`, resolves after the last byte was taken over by the sink's `done`; rejects when it cannot finish. */
  send(range: ByteRange, sink: ByteSink, signal: AbortSignal): Promise<void>;
  close(): Promise<void>;
};

/** Peers connected, those of them that give, what they give together, and how much of the file's torrent is here. */
export type SwarmHealth = {
  peers: number;
  giving: number;
  bytesPerSecond: number;
  piecesHeld: number;
  pieceCount: number;
};

/** What its providers give together, and how many of its articles none of them had since it was opened. */
export type PostHealth = { bytesPerSecond: number; missing: number };

/**
 * What is told of bytes that others give while they are fetched here, or lately could not be. `running`: they have given something; `swarm` is
 * null in the first second, and where it is no torrent.
 */
export type Progress =
  | { state: 'starting' | 'running'; swarm: SwarmHealth | null; post?: PostHealth | null }
  | { state: 'failed'; at: Date; reason: string };

/** Where a manifest is. `progressive` only says that nobody knows better yet: `contentType` and the bytes may. */
export type Delivery = {
  format: 'progressive' | 'hls' | 'dash';
  url: string;
  /** What the link adds to a request; to another origin it goes without credentials. */
  headers: Readonly<Record<string, string>>;
  /** The owner of its source lets its server be reached in a private network: that origin, and no other. */
  allowsPrivate?: boolean;
};

/** What reaches bytes: a stored stream (by id) or a link made by `POST /api/links` (its parsed detail, never stored). */
export type StreamRef =
  | { streamId: number; fileIndex: number | null }
  | {
      detail: unknown;
      fileIndex: number | null;
      /** As of Delivery: part of a presentation that its own kind said this of. Never from outside. */
      allowsPrivate?: boolean;
    };

/** How a stored stream is offered to a Stremio client. */
export type Target =
  | {
      via: 'play';
      fileIndex: number | null;
      resource: string;
      contentType: string;
      /** Epoch ms after which it is offered no more; absent: for good. */
      goodUntil?: number;
      /** Where players may fetch it themselves, as the owner of its source wants it; `isOnly`: and not through here. */
      direct?: { url: string; isOnly: boolean };
    }
  /** `service`: whose page it is, where that is known. */
  | { via: 'external'; url: string; service?: string }
  | { via: 'youtube'; videoId: string }
  | {
      via: 'torrent';
      infoHash: string;
      /** As of a play link: who reads it here. */
      resource: string;
      fileIndex: number | null;
      sources: readonly string[];
    }
  | { via: 'listed'; reason: string };

export type StreamFile = { index: number; name: string; sizeBytes: number | null; contentType: string };

export type Health = {
  isReachable: boolean;
  checkedAt: Date;
  reason: string | null;
};

/** What a kind learns about a stream while looking at it; the stream-index room stores it. */
export type Described = {
  name: string | null;
  sizeBytes: number | null;
  contentType: string | null;
  files: readonly StreamFile[];
  /** Announce URLs seen; handed to the trackers room by the caller. */
  trackers: readonly string[];
};

/** A file of a source. `filePath`: from its base, segments joined by `/`, each as a URL has it. */
export type SourcePlace = { sourceId: number; filePath: string };

/** A stored stream and where its file lies now; `filePath` as of SourcePlace. */
export type MovedFile = { streamId: number; detail: unknown; filePath: string };

/** One row to offer: a stored stream, seen through one of its links. */
export type OfferRef = { streamId: number; fileIndex: number | null };

/**
 * A stream kind: one folder in `streams/`, one line in `registry.ts`.
 * Small must-have part (`parse`, `describe`, `save`, `targets`), optional powers below it.
 */
export type StreamKind = ManyAtOnce & {
  readonly kind: string;
  /** Parses outside input (API body, import file) to this kind's detail; throws BadInput naming each bad field. */
  parse(input: unknown): unknown;
  /**
   * The detail with what only others can tell of it (the files of a magnet), when somebody adds it by hand; as it was where they
   * do not, within seconds. Not for imports of thousands.
   */
  complete?(detail: unknown, signal: AbortSignal): Promise<unknown>;
  /** Looks at the detail (never further than it must: `.torrent` text, one HEAD) and says what is inside. */
  describe(detail: unknown, signal: AbortSignal): Promise<Described>;
  /**
   * The stable key of the underlying bytes (`:resource` of play links, balancers and caches hash on it),
   * 22 characters of base64url; the same bytes give the same key on every instance.
   */
  resource(detail: unknown): string;
  /** Id of a stored stream with the same bytes, so that a second import updates instead of doubling; null when new. */
  find(db: Db, detail: unknown): Promise<number | null>;
  /** Writes this kind's own table; the `stream` row exists already. Saving again updates. `place`: the source it was found in; absent: as it is. */
  save(db: Db, streamId: number, detail: unknown, place?: SourcePlace): Promise<void>;
  /** Forgets what of stored streams only who gave it may use (a passkey, a key, a password), before somebody else saves them. Absent: `save` leaves nothing of it. */
  forgetAccess?(db: Db, streamIds: readonly number[]): Promise<void>;
  /** Files of a source lie elsewhere in it from now on; answers their streams, without those whose new address another stream has. Absent: they never move. */
  move?(db: Db, moved: readonly MovedFile[]): Promise<readonly number[]>;
  /** The files of a source have other addresses from now on: those below `baseUrl`. Absent: a source of this kind that has files stays where it is. */
  rebase?(db: Db, sourceId: number, baseUrl: string): Promise<void>;
  /** The file by which other programs fetch it themselves (an NZB); throws where it cannot be had. */
  document?(streamId: number, signal: AbortSignal): Promise<string>;
  /** How each of these streams is offered, in bulk; a stream missing from the map is not offered (expired, gone). */
  targets(db: Db, refs: readonly OfferRef[]): Promise<ReadonlyMap<string, Target>>;
  /** Opening may take minutes, and others' bandwidth: what is added is not looked into by itself, only when somebody asks for it. */
  readonly isSlow?: boolean;
  /** Opens the bytes. Absent: the kind has none yet. */
  open?(ref: StreamRef, signal: AbortSignal): Promise<ByteSource>;
  /** Opens a file that lies beside that of a stored stream in the same source, by what its owner gave that; null: it does not. */
  beside?(streamId: number, address: string, signal: AbortSignal): Promise<ByteSource | null>;
  /** How the bytes of a `resource` are doing on this instance; null: nobody fetches them, and nothing went wrong lately. From memory: asked for every entry of every list. */
  progress?(resource: string): Progress | null;
  /** The detail as a play link is to carry it, where all of it would not fit a URL. Absent: as it is. */
  linkDetail?(detail: unknown): Promise<unknown>;
  /** Is it reachable now? */
  check?(ref: StreamRef, signal: AbortSignal): Promise<Health>;
  /** What it keeps of what it fetched. */
  readonly storage?: KindStorage;
  /** Whom it fetches posts from, and how they are looked after. Absent: nobody. */
  readonly posts?: KindPosts;
  /** What this kind stores sealed; `resealStreams` brings it under the newest key. */
  readonly sealed?: readonly SealedColumn[];
  /** Releases everything long-lived. */
  close?(): Promise<void>;
};

/** What a kind with providers of its own lends. */
export type KindPosts = {
  /** Of the last second, in the order they are asked. */
  providers(): readonly ProviderState[];
  /** Asks them about a batch of stored posts that are due; answers how many there were, and which have another verdict now. */
  checkDue(signal: AbortSignal): Promise<{ checked: number; changed: readonly number[] }>;
};

/** How the DHT is doing. `resting`: no torrent needs it; `alone`: it runs, and the last lookup had nobody to ask, or no answer. */
export type DhtState = { status: 'resting' | 'running' | 'alone'; nodes: number; lookups: number };

/** What the owner lets torrents give, and how fast they may be, all together. */
export type TrafficLimits = {
  /** `playing`: while somebody reads that torrent. `ratio`: afterwards too, until `uploadRatio` of what came has gone back. */
  upload: 'off' | 'playing' | 'ratio';
  uploadRatio: number;
  /** 0: no limit. */
  uploadBytesPerSecond: number;
  downloadBytesPerSecond: number;
};

/** Handed to each kind's factory by the registry. A kind reports; the rooms write. */
export type KindDeps = {
  db: Db;
  net: Net;
  /** STREAM_MEMORY_MAX, and what of it is held; left out where nothing is streamed. */
  streamMemoryBytes?: number;
  budget?: Pick<Budget, 'openCache'>;
  /** Told what came of each real announce; the trackers room writes it. */
  onAnnounced?(announced: { url: string; ok: boolean; latencyMs: number; reason: string | null }): void;
  /** DHT_BOOTSTRAP, and the port at which peers reach us, null where they do not; left out where it is off. */
  dht?: { bootstrap: readonly string[]; port: number | null; onState?(state: DhtState): void } | null;
  /** Told each second what all torrents hold, and of each viewer whom no peer gave anything. */
  torrentMetrics?: Pick<TorrentMetrics, 'onTotals' | 'onDead'>;
  /** Where peers may dial us (TORRENT_PORT, TORRENT_HOST); left out: nowhere. */
  torrentListen?: { port?: number | undefined; host?: string | undefined };
  /** What torrents may give and take; left out: they give nothing. `onChange` is told of each change. */
  torrentTraffic?: { now(): TrafficLimits; onChange(listener: (limits: TrafficLimits) => void): void };
  /** Told what lies on disk of torrents, when that changes; the torrents room writes it. */
  onStored?(stored: readonly StoredTorrent[]): void;
  /** Told what is inside a stored stream, once somebody looked; the stream-index room writes it. */
  onInside?(streamId: number, files: readonly StreamFile[]): void;
  /** CACHE_DIR and CACHE_MAX_BYTES; left out likewise. */
  pieceCache?: { folder: string; maxBytes: number };
  /** The mark of that folder, by which the torrents room keeps its rows; left out: nothing is remembered of what went and came. */
  pieceStore?: string;
  /** USENET_PROVIDERS in their order, and where decoded articles are kept; left out: nothing is read from Usenet. */
  usenet?: {
    providers: readonly Provider[];
    cache: { folder: string; maxBytes: number };
    /** Whether short holes in a film are filled with nothing, now; left out: a reading ends there. */
    fillsHoles?(): boolean;
  };
  /** UTP: peers are reached by UDP as well. And TORRENT_ENGINE. */
  utp?: boolean;
  torrentEngine?: 'swarm' | 'torrent-stream';
  log: Log;
  /** Seals what a kind stores and must not be readable in a dump: headers, magnets of private trackers, `.torrent` files. */
  crypto: Crypto;
  /** `Cache.space`: for what a kind learns that the other instances need not ask again. */
  openSpace: Cache['space'];
  /** Name → absolute folder the owner named; nothing outside them is ever served by kind `local`. */
  localFolders: ReadonlyMap<string, string>;
  /** The folder of files shipped with the product (`scripts/starter`), readable through kind `local` as `starter/<name>`. */
  shippedFolder: string;
};

/** Key of `targets`' map: one stream may be offered once per file. */
export function offerKey(ref: OfferRef): string {
  return `${ref.streamId}:${ref.fileIndex ?? ''}`;
}

/** A Node stream over a range. Copies each chunk (the source reuses its buffers), so not for the byte path. */
export function asReadable(source: ByteSource, range: ByteRange, signal: AbortSignal): Readable {
  const stop = new AbortController();
  let drained: (() => void) | null = null;
  const readable = new Readable({
    highWaterMark: 256 * 1024,
    read() {
      drained?.();
    },
    destroy(error, callback) {
      stop.abort();
      callback(error);
    },
  });
  const sink: ByteSink = {
    write(chunk, done) {
      const more = readable.push(Buffer.from(chunk));
      done();
      return more;
    },
    onDrain(listener) {
      drained = listener;
    },
  };
  source.send(range, sink, AbortSignal.any([signal, stop.signal])).then(
    () => readable.push(null),
    (error: unknown) => readable.destroy(error instanceof Error ? error : new Error(String(error))),
  );
  return readable;
}
