/** What somebody wants to watch: a film, or one episode of a series. */
export type FindQuery = {
  kind: 'movie' | 'series';
  ids: ReleaseIds;
  /** What it is called, the best known name first. */
  titles: readonly string[];
  year: number | null;
  season?: number | undefined;
  episode?: number | undefined;
};

/** Outside ids of a title as they are written everywhere: `tt0063350`, and numbers. */
export type ReleaseIds = {
  imdb?: string | undefined;
  tmdb?: string | undefined;
  tvdb?: string | undefined;
};

type ReleaseFacts = {
  /** As whoever found it writes it, unparsed. */
  name: string;
  /** What tells it from the others of its finder; an address without its key, else what it is. */
  guid: string;
  sizeBytes: number | null;
  /** ISO; when it was put up. */
  publishedAt: string | null;
  /** The title it stands at, where the finder says so. */
  ids: ReleaseIds;
};
/** How its bytes are reached. `torrentUrl` and `nzbUrl` may hold the owner's key: they are kept sealed and never shown. */
export type FoundTorrent = ReleaseFacts & {
  kind: 'torrent';
  /** 40 small hex characters. */
  infoHash: string | null;
  magnet: string | null;
  torrentUrl: string | null;
  seeders: number | null;
  leechers: number | null;
};
export type FoundPost = ReleaseFacts & {
  kind: 'usenet';
  nzbUrl: string;
  isPassworded: boolean;
};
/** A file on the web, as podcasts and video feeds enclose them. */
export type FoundFile = ReleaseFacts & { kind: 'http'; url: string };
export type FoundRelease = FoundTorrent | FoundPost | FoundFile;

/** What one look brought. */
export type Found = {
  releases: readonly FoundRelease[];
  /** Milliseconds it wants to be left alone from now on; null: it may be asked again. */
  restMs: number | null;
};

/** What a feed holds now; `isUnchanged`: it says that nothing has come since. */
export type Latest = Found & { isUnchanged: boolean; mark: FeedMark };
/** What a feed's last answer said of its age, to ask it only for what is newer. */
export type FeedMark = { etag: string | null; lastModified: string | null };

/** Where a finder is, and by which key it is asked. */
export type FinderPlace = {
  url: string;
  apiKey: string | null;
  /** Newznab's numbers; none: films and series. */
  categories: readonly number[];
};

/**
 * Finds streams elsewhere: one folder in `finders/`, one line in its registry. What it answers is not trusted: who asks
 * compares each name with the title. Rejects with FinderFailed, or AppError `net.refused` where the host may not be dialled.
 */
export type Finder = {
  /** What there is of one title; absent: it cannot be asked so. */
  find?(query: FindQuery, signal: AbortSignal): Promise<Found>;
  /** What was put up lately; absent: it cannot be asked so. */
  latest?(mark: FeedMark, signal: AbortSignal): Promise<Latest>;
  /** Whether it answers, and what it says of itself, in words for its owner. */
  test(signal: AbortSignal): Promise<string>;
};
