import { z } from 'zod';

const KINDS = [
  'wrong_title',
  'wrong_episode',
  'wrong_details',
  'not_for_children',
  'wrong_tag',
  'missing_tag',
  'broken',
  'takedown',
  'other',
] as const;
const STATES = ['pending', 'resolved', 'dismissed'] as const;
const ReportKind = z.enum(KINDS);
const ReportState = z.enum(STATES);
const TargetKind = z.enum(['title', 'episode', 'stream']);

const number = z.int().min(0).max(100_000).optional();
const text = (most: number) => z.string().trim().min(1).max(most);
const slug = z.string().min(1).max(60);

/** What is wrong with what: a title, with both numbers an episode of it, or a stream; links to services are streams. */
export const ReportBody = z
  .strictObject({
    kind: ReportKind,
    mediaId: z.string().max(128).optional(),
    season: number,
    episode: number,
    streamId: z.string().max(128).optional(),
    /** Of the title or episode: the tag that is wrong, or lacks. */
    tag: slug.optional(),
    description: text(2000).optional(),
  })
  .refine(({ mediaId, streamId }) => (mediaId === undefined) !== (streamId === undefined), {
    error: 'needs either a mediaId or a streamId',
    path: ['mediaId'],
  })
  .refine(
    ({ streamId, season, episode, tag }) =>
      streamId === undefined || (season ?? episode ?? tag) === undefined,
    {
      error: 'goes with a mediaId only',
      path: ['streamId'],
    },
  )
  .refine(({ kind, tag }) => !['wrong_tag', 'missing_tag'].includes(kind) || tag !== undefined, {
    error: 'needs the tag that is meant',
    path: ['tag'],
  });

export const ReportQuery = z.strictObject({
  state: ReportState.optional(),
  kind: ReportKind.optional(),
  target: TargetKind.optional(),
  /** Only one's own; who is no moderator sees no others. */
  mine: z.enum(['true', 'false']).optional(),
  limit: z.coerce.number().int().min(1).max(100).default(20),
  cursor: z.uuid().optional(),
});

/** What is done besides; each of them only where it fits what was reported, and only with `resolved`. */
const Act = z.strictObject({
  hideStream: z.literal(true).optional(),
  giveTag: slug.optional(),
  takeTag: slug.optional(),
});
export const ReportDecision = z.strictObject({
  state: z.enum(['resolved', 'dismissed']),
  note: text(1000).optional(),
  act: Act.optional(),
});

export const Report = z.object({
  id: z.uuid(),
  kind: ReportKind,
  state: ReportState,
  description: z.string().nullable(),
  note: z.string().nullable(),
  createdAt: z.string(),
  resolvedAt: z.string().nullable(),
  /** Told by whoever asks: decided by somebody else then. */
  isOwn: z.boolean(),
  /** Names, for moderators. */
  reporter: z.string().nullable(),
  reviewer: z.string().nullable(),
  target: TargetKind,
  title: z
    .object({ id: z.uuid(), title: z.string(), year: z.int().nullable(), posterUrl: z.string().nullable() })
    .nullable(),
  season: z.int().nullable(),
  episode: z.int().nullable(),
  stream: z
    .object({
      id: z.uuid(),
      kind: z.string(),
      name: z.string(),
      isHidden: z.boolean(),
      /** Of a link to a service. */
      service: z.string().nullable(),
      url: z.string().nullable(),
    })
    .nullable(),
  tag: z.object({ tag: z.string(), name: z.string() }).nullable(),
});
export const ReportsAnswer = z.object({
  reports: z.array(Report),
  nextCursor: z.uuid().nullable(),
  /** Of all that this user sees; a thousand stands for that and more. */
  counts: z.object({ pending: z.int(), resolved: z.int(), dismissed: z.int() }),
});
