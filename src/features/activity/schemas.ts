import { z } from 'zod';
import { MEDIA_KINDS } from '../../catalogs/catalog.ts';

/** From here on a play counts as completed; C3 of the seeds. */
export const COMPLETED_SHARE = 0.9;
/** From here on it counts as watched, though its end was not seen. */
export const WATCHED_SHARE = 0.7;
const MAX_SECONDS = 6_000_000;
const MAX_MINUTES = MAX_SECONDS / 60;

const Timestamp = z.iso.datetime();
const Seconds = z.int().min(0).max(MAX_SECONDS);
const Minutes = z.number().min(0).max(MAX_MINUTES);
const Count = z.int().min(0).max(100_000);
const Word = z
  .string()
  .trim()
  .min(1)
  .max(60)
  .regex(/^[^\p{Cc}]*$/u, 'holds a control character');

export const MARK_KINDS = ['watchlist', 'favorite', 'library'] as const;
export type MarkKind = (typeof MARK_KINDS)[number];
const ORIGINS = ['play', 'stream', 'track', 'manual', 'import'] as const;
export type Origin = (typeof ORIGINS)[number];

/** A title as lists of a profile show it. */
export const ListedTitle = z.object({
  id: z.uuid(),
  canonicalId: z.string(),
  kind: z.enum(MEDIA_KINDS),
  title: z.string(),
  year: z.int().nullable(),
  posterUrl: z.string().nullable(),
});

export const HistoryEntry = z.object({
  entryId: z.uuid(),
  title: ListedTitle,
  season: z.int().nullable(),
  episode: z.int().nullable(),
  episodeTitle: z.string().nullable(),
  playedAt: Timestamp,
  /** Null: nobody said how far. */
  progressSeconds: z.int().nullable(),
  durationSeconds: z.int().nullable(),
  /** 0–100, where both are known. */
  progressPercent: z.number().nullable(),
  /** From 70 % on. */
  isWatched: z.boolean(),
  /** From 90 % on. */
  isCompleted: z.boolean(),
  origin: z.enum(ORIGINS),
  source: z.string().nullable(),
  context: z.string().nullable(),
});
export type HistoryEntry = z.infer<typeof HistoryEntry>;
export const HistoryEntries = z.object({ entries: z.array(HistoryEntry) });
export const HistoryPage = HistoryEntries.extend({
  /** For `cursor` of the next request; null on the last page. */
  nextCursor: z.string().nullable(),
});

export const Mark = z.object({ title: ListedTitle, addedAt: Timestamp });
export type Mark = z.infer<typeof Mark>;
export const MarkPage = z.object({ titles: z.array(Mark), nextCursor: z.string().nullable() });
export type MarkPage = z.infer<typeof MarkPage>;

export const PageQuery = z.strictObject({
  limit: z.coerce.number().int().min(1).max(100).default(50),
  cursor: z.string().max(200).optional(),
});

const named = {
  /** Our uuid or an outside id; `tt…:1:2` names the episode too. */
  mediaId: z.string().min(1).max(128),
  season: z.int().min(0).max(9999).optional(),
  episode: z.int().min(0).max(99_999).optional(),
};
const told = { source: Word.optional(), context: Word.optional() };

/** Somebody begins to watch. */
export const PlayBody = z.strictObject({ ...named, ...told, streamId: z.uuid().optional() });

/** How far somebody is: in seconds, minutes or percent. */
export const ProgressBody = z
  .strictObject({
    ...named,
    ...told,
    progressSeconds: Seconds.optional(),
    progressMinutes: Minutes.optional(),
    progressPercent: z.number().min(0).max(100).optional(),
    durationSeconds: Seconds.min(1).optional(),
    durationMinutes: Minutes.positive().optional(),
    pauses: Count.optional(),
    rewinds: Count.optional(),
  })
  .refine(
    (body) =>
      [body.progressSeconds, body.progressMinutes, body.progressPercent].filter(
        (given) => given !== undefined,
      ).length === 1,
    'needs progressSeconds, progressMinutes or progressPercent, and one of them only',
  )
  .refine(
    ({ durationSeconds, durationMinutes }) => durationSeconds === undefined || durationMinutes === undefined,
    'takes durationSeconds or durationMinutes, not both',
  );
export type ProgressBody = z.infer<typeof ProgressBody>;

/** Marked by hand, or brought from another service. */
export const WatchedBody = z.strictObject({
  ...named,
  ...told,
  playedAt: z.iso.datetime({ offset: true }).optional(),
  isCompleted: z.boolean().default(true),
  origin: z.enum(['manual', 'import']).default('manual'),
});
