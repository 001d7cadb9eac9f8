import * as z from 'zod/mini';
import { ask, send } from './api.ts';

const Tracker = z.object({
  url: z.string(),
  status: z.enum(['working', 'failing', 'unknown']),
  successRate: z.nullable(z.number()),
  successes: z.number(),
  failures: z.number(),
  latencyMs: z.nullable(z.number()),
  lastCheckAt: z.nullable(z.string()),
  nextCheckAt: z.string(),
  reason: z.nullable(z.string()),
  lists: z.array(z.string()),
});
export type Tracker = z.infer<typeof Tracker>;

const Dht = z.object({
  status: z.enum(['off', 'resting', 'running', 'alone']),
  nodes: z.number(),
  lookups: z.number(),
});
export type Dht = z.infer<typeof Dht>;

const Trackers = z.object({
  trackers: z.array(Tracker),
  dht: Dht,
  remoteList: z.nullable(
    z.object({
      url: z.string(),
      fetchedAt: z.nullable(z.string()),
      trackerCount: z.number(),
      reason: z.nullable(z.string()),
    }),
  ),
});
export type Trackers = z.infer<typeof Trackers>;

const History = z.object({
  health: z.array(
    z.object({
      at: z.number(),
      working: z.number(),
      failing: z.number(),
      unknown: z.number(),
      latencyMs: z.nullable(z.number()),
    }),
  ),
  /** Shares of answered checks, each half hour of the last day; now last. */
  checks: z.record(z.string(), z.array(z.nullable(z.number()))),
});
export type TrackerHistory = z.infer<typeof History>;

export function fetchTrackers(signal: AbortSignal): Promise<Trackers> {
  return ask(Trackers, '/api/trackers', { signal });
}

export function fetchTrackerHistory(signal: AbortSignal): Promise<TrackerHistory> {
  return ask(History, '/api/trackers/history', { signal });
}

/** All of them, by the queue: the answer comes before the checks are done. */
export async function checkTrackers(signal: AbortSignal): Promise<void> {
  await send('/api/trackers/check', { signal, method: 'POST', body: {} });
}
