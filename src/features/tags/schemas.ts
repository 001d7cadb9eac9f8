import { z } from 'zod';

const number = z.coerce.number().int().min(0).max(100_000).optional();
/** A single episode; without both it is the title. */
export const EpisodeQuery = z.strictObject({ season: number, episode: number });
export const TagPath = z.object({ id: z.string().max(128), tag: z.string().max(60) });

const SOURCES = ['rule', 'moderator', 'report', 'provider'] as const;
export const SourceOfTag = z.enum(SOURCES);

export const Tag = z.object({ tag: z.string(), category: z.string(), name: z.string() });
export const TagsAnswer = z.object({ tags: z.array(Tag) });

export const GivenTag = Tag.extend({
  /** Who gave it: `rule` follows genres, ratings, keywords and words, and takes it back when those change. */
  source: SourceOfTag,
  /** Above 0; 1: somebody looked. */
  confidence: z.number(),
});
const EpisodeOfTitle = z.object({ season: z.int(), episode: z.int(), title: z.string().nullable() });
export const TitleTags = z.object({
  tags: z.array(GivenTag),
  /** Those that have tags of their own. */
  episodes: z.array(EpisodeOfTitle.extend({ tags: z.array(GivenTag) })),
});
export const TaggedEpisodes = Tag.extend({
  /** Whether the title as a whole has it. */
  isOnTitle: z.boolean(),
  episodes: z.array(EpisodeOfTitle.extend({ source: SourceOfTag, confidence: z.number() })),
});
