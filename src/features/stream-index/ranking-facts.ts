import { LRUCache } from 'lru-cache';
import { z } from 'zod';
import { hdrRank, qualityRank, soundRank, speakersIn } from '../../kit/quality-rank.ts';

/** What is the stream's own of that by which it is ranked. */
export type RankingFacts = {
  kind: string;
  resolution: string | null;
  quality: string | null;
  codec: string | null;
  audio: readonly string[];
  channels: readonly string[];
  hdrFormats: readonly string[];
  visualTags: readonly string[];
  /** Of its resolution and source. */
  rank: number;
  /** Place of its best HDR format, from 1; 0: none that is known. */
  hdrRank: number;
  /** The same of its sound. */
  soundRank: number;
  /** Of the sound that has the most. */
  speakers: number;
};

const texts = z.array(z.string());
/** In the order of the function `ranking_facts` of migration 0047. */
const Stored = z.tuple([
  z.string(),
  ...([z.string().nullable(), z.string().nullable(), z.string().nullable()] as const),
  ...([texts, texts, texts, texts] as const),
]);

/** Few texts stand for all streams; those of long lists are let go first. */
const known = new LRUCache<string, RankingFacts>({
  ...{ max: 10_000, maxSize: 4_000_000 },
  sizeCalculation: (_facts, text) => text.length,
});

/** The facts of a stream's `ranking_facts`. Equal texts give the same object, which is frozen. */
export function readFacts(text: string): RankingFacts {
  const facts = known.get(text);
  if (facts !== undefined) return facts;
  const [kind, resolution, quality, codec, audio, channels, hdrFormats, visualTags] = Stored.parse(
    JSON.parse(text),
  );
  const read = Object.freeze({
    ...{ kind, resolution, quality, codec, audio, channels, hdrFormats, visualTags },
    ...ranksOf({ resolution, quality, audio, channels, hdrFormats }),
  });
  // A copy: the text may be a piece of that of all streams of a title, which it would keep in memory.
  known.set(Buffer.from(text).toString(), read);
  return read;
}

/** What is compared of a picture and its sound. */
export function ranksOf({
  audio,
  channels,
  hdrFormats,
  ...picture
}: Pick<RankingFacts, 'resolution' | 'quality' | 'audio' | 'channels' | 'hdrFormats'>) {
  return {
    rank: qualityRank(picture),
    hdrRank: hdrRank(hdrFormats),
    soundRank: soundRank(audio),
    speakers: speakersIn(channels),
  };
}
