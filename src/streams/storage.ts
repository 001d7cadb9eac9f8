/** What lies on disk of a torrent and what is done with it, as the engine tells it: at most once a second, only of what changed. */
export type StoredTorrent = {
  infoHash: string;
  /** Null: it is not open, so not known here. */
  name: string | null;
  sizeBytes: number | null;
  pieceCount: number | null;
  /** On disk. */
  piecesHeld: number;
  bytesOnDisk: number;
  /** `idle`: nobody fetches it. That every piece is here is seen by the count where it is not open. */
  status: 'downloading' | 'completed' | 'seeding' | 'idle' | 'error';
  error: string | null;
  /** Since it was told last. */
  downloadedBytes: number;
  uploadedBytes: number;
  /** Epoch ms of the last read, to the minute; null: no news of that. */
  accessedAt: number | null;
  peers: number;
  readers: number;
  bytesPerSecond: number;
};

/** What a look at the disk alone tells. */
export type FoundTorrent = Pick<StoredTorrent, 'infoHash' | 'piecesHeld' | 'bytesOnDisk' | 'accessedAt'>;

/** A kind that keeps what it fetched: the owner's hand on it, by info hash. */
export type KindStorage = {
  /** Until `resume`: no peer, no announce; viewers get what is here, or an error at once. Of a torrent that is opened later, too. */
  pause(infoHash: string): void;
  resume(infoHash: string): void;
  /** Takes it from memory and disk. False: somebody reads it, and it is not forced; forced, their reading ends with 410. */
  remove(infoHash: string, isForced: boolean): Promise<boolean>;
  /** What lies on disk now. */
  found(): Promise<readonly FoundTorrent[]>;
  /** What may be kept there with the disk as full as it is, where `usedBytes` are. */
  limitBytes(usedBytes: number): Promise<number>;
};
