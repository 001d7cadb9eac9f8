import { Counter, Gauge, type Registry } from 'prom-client';
import type { Budget } from './budget.ts';
import { createTalliedHistogram } from './tallied-histogram.ts';

/** What is asked when someone scrapes. */
export type WatchedStreams = { budget: Budget; runningByKind(): ReadonlyMap<string, number> };

/** Figures of the byte path, by stream kind (criterion 59). All labels are the program's own words, so there are few. */
export type PlayMetrics = {
  /** Bytes of a file that went out to a player. */
  onBytes(kind: string, sizeBytes: number): void;
  /** Bytes that came in from an origin, swarm or provider. */
  onReceived(kind: string, sizeBytes: number): void;
  /** The head goes out; its first byte is at `offset`: from elsewhere than 0 it is a seek. */
  onFirstByte(kind: string, offset: number, seconds: number): void;
  /** A lost source was taken up again at the exact byte. */
  onResumed(kind: string): void;
  /** A question to a cache of bytes (`hls` segments, pieces, articles). */
  onCacheAsked(kind: string, isHit: boolean): void;
  /** A stream that could not be sent, by the code of its error. */
  onStreamError(kind: string, code: string): void;
  watchStreams(watched: WatchedStreams): void;
  /** Before each scrape. */
  lookAtStreams(): void;
};

const FIRST_BYTE_SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
/** Codes are ours; a mistake that made them out of what strangers send must not grow the memory. */
const MAX_CODES = 100;

export function createPlayMetrics(registry: Registry): PlayMetrics {
  const own = instruments(registry);
  const codes = new Set<string>();
  /** Looked up once a kind: finding an instrument by its labels costs more than counting. */
  const kinds = new Map<string, ReturnType<typeof instrumentsOf>>();
  let watched: WatchedStreams | null = null;

  const instrumentsOf = (kind: string) => ({
    sent: own.sentBytes.labels(kind),
    received: own.receivedBytes.labels(kind),
    firstByte: own.firstByteSeconds.series(kind),
    seek: own.seekSeconds.series(kind),
    resumes: own.resumes.labels(kind),
  });

  function of(kind: string) {
    const known = kinds.get(kind);
    if (known !== undefined) return known;
    const made = instrumentsOf(kind);
    kinds.set(kind, made);
    return made;
  }

  function boundedCode(code: string): string {
    if (codes.size < MAX_CODES) codes.add(code);
    return codes.has(code) ? code : 'other';
  }

  return {
    onBytes: (kind, sizeBytes) => of(kind).sent.inc(sizeBytes),
    onReceived: (kind, sizeBytes) => of(kind).received.inc(sizeBytes),
    onFirstByte(kind, offset, seconds) {
      of(kind).firstByte.observe(seconds);
      if (offset > 0) of(kind).seek.observe(seconds);
    },
    onResumed: (kind) => of(kind).resumes.inc(),
    onCacheAsked: (kind, isHit) => own.byteCache.inc({ kind, answer: isHit ? 'hit' : 'miss' }),
    onStreamError: (kind, code) => own.errors.inc({ kind, code: boundedCode(code) }),
    watchStreams(streams) {
      watched = streams;
    },
    lookAtStreams() {
      if (watched === null) return;
      const { budget, runningByKind } = watched;
      own.running.reset();
      for (const kind of kinds.keys()) own.running.set({ kind }, 0);
      for (const [kind, count] of runningByKind()) own.running.set({ kind }, count);
      own.bufferBytes.set(budget.usedBytes());
      own.segmentCacheBytes.set(budget.cachedBytes());
      own.bufferLimit.set(budget.limitBytes());
      own.bufferShares.set(budget.shareCount());
    },
  };
}

function instruments(registry: Registry) {
  const registers = [registry];
  const gauge = <L extends string>(name: string, help: string, labelNames: L[] = []) =>
    new Gauge({ name: `tributary_${name}`, help, labelNames, registers });
  const counter = <L extends string>(name: string, help: string, labelNames: L[]) =>
    new Counter({ name: `tributary_${name}`, help, labelNames, registers });
  const histogram = (name: string, help: string) =>
    createTalliedHistogram({
      name: `tributary_${name}`,
      help,
      labelNames: ['kind'],
      registers,
      buckets: FIRST_BYTE_SECONDS,
    });
  return {
    sentBytes: counter('sent_bytes_total', 'Bytes of streams sent to players', ['kind']),
    receivedBytes: counter('received_bytes_total', 'Bytes of streams taken from their sources', ['kind']),
    firstByteSeconds: histogram('play_first_byte_seconds', 'Time to the first byte of a play request'),
    seekSeconds: histogram('play_seek_seconds', 'The same, of ranges that do not begin at 0'),
    resumes: counter('play_resumes_total', 'Lost sources taken up again', ['kind']),
    byteCache: counter('byte_cache_requests_total', 'Questions to caches of bytes', ['kind', 'answer']),
    errors: counter('stream_errors_total', 'Streams that could not be sent', ['kind', 'code']),
    running: gauge('streams_running', 'Bodies being sent now', ['kind']),
    bufferBytes: gauge('stream_buffer_bytes', 'Bytes streams hold in memory'),
    segmentCacheBytes: gauge(
      'segment_cache_bytes',
      'Bytes of segments, playlists and read-ahead of FTP in memory; they give way to streams',
    ),
    bufferLimit: gauge('stream_buffer_limit_bytes', 'Bytes streams and segments may hold together'),
    bufferShares: gauge('stream_buffer_shares', 'Streams that share the memory'),
  };
}
