import * as z from 'zod/mini';
import { ask, send } from './api.ts';

const Source = z.object({
  name: z.string(),
  isAsked: z.boolean(),
  perDay: z.nullable(z.number()),
  asked: z.number(),
  askedToday: z.number(),
  failures: z.number(),
  lastAskedAt: z.nullable(z.string()),
  lastError: z.nullable(z.string()),
  restUntil: z.nullable(z.string()),
});
export type Source = z.infer<typeof Source>;

const Progress = z.object({
  isOn: z.boolean(),
  titles: z.object({ waiting: z.number(), failed: z.number(), lately: z.number() }),
  sources: z.array(Source),
});
export type MetadataProgress = z.infer<typeof Progress>;

export function fetchProgress(signal: AbortSignal): Promise<MetadataProgress> {
  return ask(Progress, '/api/metadata', { signal });
}

/** What failed is tried again at once. */
export async function retryFailed(signal: AbortSignal): Promise<void> {
  await send('/api/metadata/retry', { signal, method: 'POST', body: {} });
}
