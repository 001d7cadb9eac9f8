import type { Request, Response } from 'express';
import type { Budget } from '../platform/budget.ts';
import type { Links, PlayLink } from '../platform/links.ts';
import type { Log } from '../platform/log.ts';
import type { PlayMetrics } from '../platform/play-metrics.ts';
import type { Kinds } from '../streams/registry.ts';
import type { Admission } from './admission.ts';
import type { LiveEntry, LiveStreams } from './live.ts';
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
  /** The client's address, behind trusted proxies too. */
  trustProxyClientIp(req: Request): string;
  /** Once a request, when its first MiB (or the whole of a smaller file) has gone out. */
  onPlay(link: PlayLink, client: string): void;
  metrics: Pick<PlayMetrics, 'onBytes' | 'onReceived' | 'onFirstByte' | 'onResumed' | 'onStreamError'>;
};

/** A request that may go on. */
export type Asked = {
  req: Request;
  res: Response;
  link: PlayLink;
  kind: string;
  stopping: AbortController;
  /** `performance.now()` at its beginning. */
  begunAt: number;
  /** Absent: HEAD. */
  entry: LiveEntry | undefined;
};
