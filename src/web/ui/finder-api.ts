import * as z from 'zod/mini';
import { ask, send, Tested } from './api.ts';

export const KINDS = ['torznab', 'newznab', 'rss'] as const;
const STATES = ['pending', 'approved', 'rejected'] as const;

const Pattern = z.object({ pattern: z.string(), catalog: z.nullable(z.string()) });
export type Pattern = z.infer<typeof Pattern>;

const Finder = z.object({
  finderId: z.string(),
  kind: z.enum(KINDS),
  name: z.string(),
  host: z.string(),
  hasKey: z.boolean(),
  categories: z.array(z.number()),
  state: z.enum(STATES),
  patterns: z.array(Pattern),
  asked: z.number(),
  found: z.number(),
  failures: z.number(),
  lastError: z.nullable(z.string()),
  lastFailure: z.nullable(z.object({ error: z.string(), at: z.string() })),
  lastAskedAt: z.nullable(z.string()),
  restUntil: z.nullable(z.string()),
  nextPollAt: z.nullable(z.string()),
});
export type Finder = z.infer<typeof Finder>;
const Finders = z.object({ finders: z.array(Finder) });

const FinderDays = z.array(
  z.object({
    finderId: z.string(),
    days: z.array(
      z.object({
        ...{ day: z.string(), asked: z.number(), failures: z.number() },
        ...{ found: z.number(), answerMs: z.number() },
      }),
    ),
  }),
);
export type FinderDays = z.infer<typeof FinderDays>;

const NabServer = z.object({ torznabUrl: z.string(), newznabUrl: z.string(), apiKey: z.string() });
export type NabServer = z.infer<typeof NabServer>;

/** The server gives an indexer 30 s. */
const TEST_MS = 35_000;

export async function fetchFinders(signal: AbortSignal): Promise<Finder[]> {
  return (await ask(Finders, '/api/finders', { signal })).finders;
}

/** Of the last 30 days those on which each was asked. */
export async function fetchFinderDays(signal: AbortSignal): Promise<FinderDays> {
  return (await ask(z.object({ finders: FinderDays }), '/api/finders/days', { signal })).finders;
}

/** By which address and key others search this catalogue. */
export function fetchNabServer(signal: AbortSignal): Promise<NabServer> {
  return ask(NabServer, '/api/finders/server', { signal });
}

/** What is left out stays, or is as it is for a new one. */
export type FinderDraft = {
  kind?: Finder['kind'];
  name?: string;
  url?: string;
  /** Null takes it away. */
  apiKey?: string | null;
  categories?: number[];
  state?: Finder['state'];
  patterns?: Pattern[];
};

export async function addFinder(body: FinderDraft, signal: AbortSignal): Promise<void> {
  await send('/api/finders', { signal, method: 'POST', body });
}

export async function changeFinder(id: string, body: FinderDraft, signal: AbortSignal): Promise<void> {
  await send(`/api/finders/${id}`, { signal, method: 'PATCH', body });
}

export async function removeFinder(id: string, signal: AbortSignal): Promise<void> {
  await send(`/api/finders/${id}`, { signal, method: 'DELETE' });
}

/** How it does just now. */
export function testFinder(id: string, signal: AbortSignal): Promise<Tested> {
  return ask(Tested, `/api/finders/${id}/test`, { signal, method: 'POST', body: {}, deadlineMs: TEST_MS });
}
