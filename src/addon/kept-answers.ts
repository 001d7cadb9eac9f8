import { LRUCache } from 'lru-cache';
import type { Offer } from '../features/stream-index/index.ts';
import { JsonText } from '../kit/json-text.ts';
import { createKeptMemory, type KeptBytes } from '../platform/kept-memory.ts';

/** Play links of a kept answer are this much older at most than ones made anew. */
const LIFE_MS = 10_000;
const MAX_ANSWERS = 500;
const MAX_BYTES = 16 * 1024 * 1024;

/** A file whose bytes may begin to move at any moment. */
export type Played = { kind: string; resource: string };
type Kept = {
  offers: readonly Offer[];
  bytes: KeptBytes;
  etag: string;
  played: readonly Played[];
  /** Epoch ms. */
  goodUntil: number;
};

export type KeptAnswers = ReturnType<typeof createKeptAnswers>;

/**
 * Whole stream answers as JSON, for some seconds and in this process alone: they hold play links. One is good as long as the cache has the
 * very offers that it was made of, so whatever makes it forget those (a change in the database) ends it too, and while nothing of it is
 * being played, since an answer tells how that is going.
 */
export function createKeptAnswers() {
  const memory = createKeptMemory();
  const answers = new LRUCache<string, Kept>({
    ...{ max: MAX_ANSWERS, maxSize: MAX_BYTES, ttl: LIFE_MS },
    sizeCalculation: ({ bytes }, key) => bytes.sizeBytes + key.length + 1,
    dispose: ({ bytes }) => bytes.free(),
  });
  return {
    get(key: string, offers: readonly Offer[], isPlaying: (file: Played) => boolean): JsonText | null {
      const kept = answers.get(key);
      if (kept === undefined || kept.offers !== offers || kept.goodUntil <= Date.now()) return null;
      return kept.played.some(isPlaying) ? null : new JsonText(kept.bytes.read(), kept.etag);
    },
    put(key: string, { answer, ...about }: Omit<Kept, 'bytes' | 'etag'> & { answer: object }): JsonText {
      const json = new JsonText(JSON.stringify(answer));
      const kept = { ...about, bytes: memory.keep(json.bytes), etag: json.etag };
      answers.set(key, kept);
      // Too large a one is not taken.
      if (answers.peek(key) !== kept) kept.bytes.free();
      return json;
    },
  };
}
