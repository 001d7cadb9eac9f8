import * as z from 'zod/mini';
import { ask, send } from './api.ts';

export const STATES = ['pending', 'resolved', 'dismissed'] as const;
export type State = (typeof STATES)[number];
export const TARGETS = ['title', 'episode', 'stream'] as const;
export type Target = (typeof TARGETS)[number];

const Report = z.object({
  ...{ id: z.string(), kind: z.string(), state: z.enum(STATES), target: z.enum(TARGETS) },
  ...{ description: z.nullable(z.string()), note: z.nullable(z.string()) },
  ...{ createdAt: z.string(), resolvedAt: z.nullable(z.string()), isOwn: z.boolean() },
  ...{ reporter: z.nullable(z.string()), reviewer: z.nullable(z.string()) },
  title: z.nullable(
    z.object({
      ...{ id: z.string(), title: z.string(), year: z.nullable(z.number()) },
      posterUrl: z.nullable(z.string()),
    }),
  ),
  ...{ season: z.nullable(z.number()), episode: z.nullable(z.number()) },
  stream: z.nullable(
    z.object({
      ...{ id: z.string(), kind: z.string(), name: z.string(), isHidden: z.boolean() },
      ...{ service: z.nullable(z.string()), url: z.nullable(z.string()) },
    }),
  ),
  tag: z.nullable(z.object({ tag: z.string(), name: z.string() })),
});
export type Report = z.infer<typeof Report>;

const Reports = z.object({
  reports: z.array(Report),
  nextCursor: z.nullable(z.string()),
  counts: z.object({ pending: z.number(), resolved: z.number(), dismissed: z.number() }),
});
export type Reports = z.infer<typeof Reports>;

const PAGE = 20;

export type Wanted = { state: State; target: Target | null; cursor: string | null };

/** A page of reports, newest first: a moderator's are everybody's. */
export function fetchReports({ state, target, cursor }: Wanted, signal: AbortSignal): Promise<Reports> {
  const query = new URLSearchParams({ limit: String(PAGE), state });
  if (target !== null) query.set('target', target);
  if (cursor !== null) query.set('cursor', cursor);
  return ask(Reports, `/api/content-reports?${query}`, { signal });
}

export type Decision = {
  state: 'resolved' | 'dismissed';
  note?: string;
  act?: { hideStream?: true; giveTag?: string; takeTag?: string };
};

export async function decideReport(id: string, body: Decision, signal: AbortSignal): Promise<void> {
  await send(`/api/content-reports/${encodeURIComponent(id)}`, { signal, method: 'PATCH', body });
}
