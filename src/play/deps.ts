import type { RequestHeaders } from '../kit/conditional.ts';
import type { Budget } from '../platform/budget.ts';
import type { Links, PlayLink } from '../platform/links.ts';
import type { Log } from '../platform/log.ts';
import type { PlayMetrics } from '../platform/play-metrics.ts';
import type { Kinds } from '../streams/registry.ts';
import type { Admission } from './admission.ts';
import type { LiveStreams } from './live.ts';
import type { Presentations } from './presentations.ts';
import type { Sources } from './sources.ts';

export type PlayDeps = {
  links: Links;
  kinds: Pick<Kinds, 'get'>;
  sources: Sources;
  presentations: Presentations;
  live: Pick<LiveStreams, 'begin'>;
  admission: Pick<Admission, 'admit'>;
  budget: Pick<Budget, 'open'>;
  log: Log;
  /** False: blocked, switched off or gone. */
  isPlayable(streamId: number): Promise<boolean>;
  /** Throws the one refusal where the rules of the profile a link was made for do not let it be watched now. */
  mayWatch(link: WatchedLink): Promise<void>;
  /** Links for everybody open nothing while a kid watches here: what it could take along before it had rules is over too. */
  isPublicClosed(): boolean | Promise<boolean>;
  /** Once a request, when its first MiB (or the whole of a smaller file) has gone out. */
  onPlay(link: PlayLink, client: string): void;
  /** While bytes of a film go out by a profile's link: with the first ones, and each 30 s in which there are more. */
  onWatching(link: WatchedLink): void;
  /** Where its bytes were there is nothing any more (404, 410). */
  onGone?(streamId: number): void;
  metrics: Pick<PlayMetrics, 'onBytes' | 'onReceived' | 'onFirstByte' | 'onResumed' | 'onStreamError'>;
};

/** What of a link says who watches what. */
export type WatchedLink = Pick<PlayLink, 'viewer' | 'streamId' | 'fileIndex' | 'subject'> & {
  mediaId?: number;
  episodeId?: number | null;
};

/** A GET or HEAD of a play link that has been opened, however it was read off the wire. */
export type PlayRequest = {
  method: string;
  headers: RequestHeaders;
  /** As they came: `/play/:resource/:token…`, and from the `?` on. */
  path: string;
  search: string;
  resource: string;
  link: PlayLink;
  /** The client's address, behind trusted proxies too. */
  client: string;
  /** Public address of this server, as the client knows it. */
  baseUrl(): string;
};

export type PlayHeaders = Readonly<Record<string, string | number>>;

/** What an answer is written to: node's response or our own. */
export type PlayResponse = {
  /** `fixed` is the same object for the same file, so that what is made of it can be kept. Goes out with the first bytes. */
  writeHead(status: number, fixed: PlayHeaders, own: PlayHeaders): void;
  /** `done` runs when the bytes may change again. */
  write(bytes: Uint8Array | string, done?: (error?: Error | null) => void): void;
  end(tail?: string): void;
};
