import type { ByteSource } from '../streams/kind.ts';
import type { PlayDeps, PlayRequest, PlayResponse } from './deps.ts';
import type { LiveEntry } from './live.ts';
import { sendSource } from './send.ts';

/** Less than this is a player looking at a file, not playing it. */
const PLAYED_BYTES = 1_048_576;
/** Between source and socket. More makes no stream faster, and 100 who stopped reading would cost 100 times as much. */
const WINDOW_BYTES = 512 * 1024;

export type Delivery = {
  request: PlayRequest;
  response: PlayResponse;
  kind: string;
  stopping: AbortController;
  /** `performance.now()` at its beginning. */
  begunAt: number;
  /** Absent: HEAD. */
  entry: LiveEntry | undefined;
  source: ByteSource;
  /** Its bytes are the film's, not a playlist's. */
  isMedia: boolean;
};

/** Sends a source and tells everyone who counts. */
export async function deliver(deps: PlayDeps, delivery: Delivery): Promise<void> {
  const { request, response, kind, source, stopping, begunAt, entry, isMedia } = delivery;
  const { budget, metrics, onPlay } = deps;
  const { link, client } = request;
  const playedBytes = Math.max(1, Math.min(PLAYED_BYTES, source.size ?? PLAYED_BYTES));
  const filename = link.filename ?? null;
  let delivered = 0;
  let hasBegun = false;
  const onStart = (offset: number) => {
    entry?.startAt(offset, source.size);
    if (!hasBegun) metrics.onFirstByte(kind, offset, (performance.now() - begunAt) / 1000);
    hasBegun = true;
  };
  const onDelivered = (sizeBytes: number) => {
    if (isMedia && delivered < playedBytes && delivered + sizeBytes >= playedBytes) onPlay(link, client);
    delivered += sizeBytes;
    entry?.add(sizeBytes);
    metrics.onBytes(kind, sizeBytes);
  };
  const onResumed = () => {
    entry?.resumed();
    metrics.onResumed(kind);
  };
  const share = budget.open(WINDOW_BYTES);
  entry?.watch(share);
  const window = {
    ...share,
    hold(sizeBytes: number) {
      share.hold(sizeBytes);
      metrics.onReceived(kind, sizeBytes);
    },
  };
  const { signal } = stopping;
  try {
    await sendSource(request, response, {
      ...{ source, filename, signal, onStart, onDelivered, onResumed, window },
    });
  } finally {
    share.close();
  }
}
