import * as z from 'zod/mini';
import { ask, send } from './api.ts';

const Here = z.object({
  id: z.string(),
  title: z.string(),
  year: z.nullable(z.number()),
  posterUrl: z.nullable(z.string()),
});
const Doubt = z.object({
  id: z.number(),
  provider: z.string(),
  kind: z.enum(['match', 'ids']),
  ids: z.record(z.string(), z.string()),
  title: z.nullable(z.string()),
  year: z.nullable(z.number()),
  confidence: z.nullable(z.number()),
  reason: z.string(),
  posterUrl: z.nullable(z.string()),
  here: z.nullable(Here),
});
export type Doubt = z.infer<typeof Doubt>;

const WaitingTitle = z.object({
  id: z.string(),
  kind: z.string(),
  title: z.string(),
  year: z.nullable(z.number()),
  status: z.string(),
  confidence: z.nullable(z.number()),
  isHidden: z.boolean(),
  totalStreams: z.number(),
  posterUrl: z.nullable(z.string()),
  ids: z.array(z.object({ provider: z.string(), namespace: z.string(), id: z.string() })),
  files: z.array(z.object({ name: z.string(), source: z.nullable(z.string()) })),
  doubts: z.array(Doubt),
});
export type WaitingTitle = z.infer<typeof WaitingTitle>;

const Counts = z.object({ match: z.number(), ids: z.number(), unknown: z.number() });
export type Reason = keyof z.infer<typeof Counts>;

const Review = z.object({
  titles: z.array(WaitingTitle),
  nextCursor: z.nullable(z.string()),
  counts: Counts,
});
export type Review = z.infer<typeof Review>;

const PAGE = 20;

/** A page of titles that wait, newest first; of one reason, or (null) of any. */
export function fetchReview(
  { reason, cursor }: { reason: Reason | null; cursor: string | null },
  signal: AbortSignal,
): Promise<Review> {
  const query = new URLSearchParams({ limit: String(PAGE) });
  if (reason !== null) query.set('reason', reason);
  if (cursor !== null) query.set('cursor', cursor);
  return ask(Review, `/api/review?${query}`, { signal });
}

/** It is what it is called here, or what one of its doubts proposes. */
export function approveTitle(id: string, doubt: number | null, signal: AbortSignal): Promise<MergedInto> {
  return decide(id, 'approve', doubt === null ? {} : { doubt }, signal);
}

export type Correction = { ids?: Record<string, string | null>; title?: string; year?: number };

export function correctTitle(id: string, body: Correction, signal: AbortSignal): Promise<MergedInto> {
  return decide(id, 'correct', body, signal);
}

/** What was proposed is wrong; a title that was itself in doubt is hidden. */
export function rejectTitle(id: string, signal: AbortSignal): Promise<MergedInto> {
  return decide(id, 'reject', {}, signal);
}

const Merged = z.object({ mergedInto: z.object({ title: z.string(), year: z.nullable(z.number()) }) });
/** The title here that it turned out to be; null: it is one of its own. */
export type MergedInto = z.infer<typeof Merged>['mergedInto'] | null;

async function decide(id: string, verb: string, body: unknown, signal: AbortSignal): Promise<MergedInto> {
  const answer = await send(`/api/review/${encodeURIComponent(id)}/${verb}`, {
    signal,
    method: 'POST',
    body,
  });
  return answer.status === 200 ? Merged.parse(await answer.json()).mergedInto : null;
}
