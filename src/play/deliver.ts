import type { ByteSource } from '../streams/kind.ts';
import type { PlayDeps, PlayRequest, PlayResponse } from './deps.ts';
import type { LiveEntry } from './live.ts';
import type { Told } from './response-sink.ts';
import { sendSource } from './send.ts';

/** Less than this is a player looking at a file, not playing it. */
const PLAYED_BYTES = 1_048_576;
/** Less than a minute, so that each one in which bytes go out is told of. */
const WATCHING_MS = 30_000;
/** Subtitles and pictures come as parts of a stream too. */
const BESIDE_A_FILM = /^(text|image)\//i;
/** Between source and socket. More makes no stream faster, and 100 who stopped reading would cost 100 times as much. */
const WINDOW_BYTES = 512 * 1024;

export type Delivery = {
  request: PlayRequest;
  response: PlayResponse;
  kind: string;
  signal: AbortSignal;
  /** `performance.now()` at its beginning. */
  begunAt: number;
  /** Absent: HEAD. */
  entry: LiveEntry | undefined;
  source: ByteSource;
  /** Its bytes are the film's, not a playlist's. */
  isMedia: boolean;
};

/** Sends a source and tells everyone who counts. */
export function deliver(deps: PlayDeps, delivery: Delivery): Promise<void> {
  const { request, response, source, signal, entry } = delivery;
  const filename = request.link.filename ?? null;
  const window = deps.budget.open(WINDOW_BYTES);
  entry?.watch(window, source);
  const told = new Counting(deps, delivery);
  let sending: Promise<void>;
  try {
    sending = sendSource(request, response, { source, filename, signal, told, window });
  } catch (error) {
    sending = Promise.reject(error);
  }
  return sending.finally(() => window.close());
}

/** A class, as each range of a film makes one. */
class Counting implements Told {
  readonly #deps: PlayDeps;
  readonly #delivery: Delivery;
  readonly #playedBytes: number;
  /** When that it is watched is to be told next; never where nobody counts. */
  #watchingFromMs: number;
  #delivered = 0;
  #hasBegun = false;

  constructor(deps: PlayDeps, delivery: Delivery) {
    const { request, source, isMedia } = delivery;
    this.#deps = deps;
    this.#delivery = delivery;
    const playedBytes = Math.max(1, Math.min(PLAYED_BYTES, source.size ?? PLAYED_BYTES));
    this.#playedBytes = isMedia ? playedBytes : Number.POSITIVE_INFINITY;
    const isWatched = isMedia && request.link.viewer !== undefined && !BESIDE_A_FILM.test(source.contentType);
    this.#watchingFromMs = isWatched ? 0 : Number.POSITIVE_INFINITY;
  }

  onStart(offset: number): void {
    const { entry, source, kind, begunAt } = this.#delivery;
    entry?.startAt(offset, source.size);
    if (!this.#hasBegun) this.#deps.metrics.onFirstByte(kind, offset, (performance.now() - begunAt) / 1000);
    this.#hasBegun = true;
  }

  onReceived(sizeBytes: number): void {
    this.#deps.metrics.onReceived(this.#delivery.kind, sizeBytes);
  }

  onDelivered(sizeBytes: number): void {
    const { request, entry, kind } = this.#delivery;
    const before = this.#delivered;
    this.#delivered += sizeBytes;
    if (before < this.#playedBytes && this.#delivered >= this.#playedBytes)
      this.#deps.onPlay(request.link, request.client);
    if (this.#watchingFromMs !== Number.POSITIVE_INFINITY) this.#tellWatching();
    entry?.add(sizeBytes);
    this.#deps.metrics.onBytes(kind, sizeBytes);
  }

  #tellWatching(): void {
    const now = performance.now();
    if (now < this.#watchingFromMs) return;
    this.#watchingFromMs = now + WATCHING_MS;
    this.#deps.onWatching(this.#delivery.request.link);
  }

  onResumed(): void {
    this.#delivery.entry?.resumed();
    this.#deps.metrics.onResumed(this.#delivery.kind);
  }
}
