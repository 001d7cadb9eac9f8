import * as z from 'zod/mini';
import { ask, send, Tested } from './api.ts';

export const SOURCE_FINDERS = ['http-index', 'webdav', 'ftp-listing', 'local-folder'] as const;
export const OFFERS = ['proxied', 'direct', 'both'] as const;

const Source = z.object({
  sourceId: z.string(),
  name: z.string(),
  baseUrl: z.string(),
  finder: z.enum(SOURCE_FINDERS),
  username: z.nullable(z.string()),
  hasPassword: z.boolean(),
  priority: z.number(),
  isActive: z.boolean(),
  allowsPrivate: z.boolean(),
  offers: z.enum(OFFERS),
  healthScore: z.number(),
  failures: z.number(),
  lastError: z.nullable(z.string()),
  scanEveryMinutes: z.number(),
  nextScanAt: z.nullable(z.string()),
  lastScanAt: z.nullable(z.string()),
  waiting: z.number(),
  unmatched: z.number(),
});
export type Source = z.infer<typeof Source>;
const Sources = z.object({ sources: z.array(Source) });

/** The server gives a file server 20 s. */
const TEST_MS = 25_000;

export async function fetchSources(signal: AbortSignal): Promise<Source[]> {
  return (await ask(Sources, '/api/sources', { signal })).sources;
}

/** What is left out stays, or is as it is for a new one. */
export type SourceDraft = Partial<
  Pick<Source, 'name' | 'baseUrl' | 'finder' | 'username' | 'priority' | 'allowsPrivate' | 'offers'> & {
    /** Null takes it away. */
    password: string | null;
    isActive: boolean;
    /** 0: only when somebody says so. */
    scanEveryMinutes: number;
  }
>;

/** It is added inactive. */
export async function addSource(body: SourceDraft, signal: AbortSignal): Promise<void> {
  await send('/api/sources', { signal, method: 'POST', body });
}

export async function changeSource(id: string, body: SourceDraft, signal: AbortSignal): Promise<void> {
  await send(`/api/sources/${id}`, { signal, method: 'PATCH', body });
}

/** Its files leave the catalogue. */
export async function removeSource(id: string, signal: AbortSignal): Promise<void> {
  await send(`/api/sources/${id}`, { signal, method: 'DELETE' });
}

/** How a server does just now; nothing of it is kept. */
export function testSource(id: string, signal: AbortSignal): Promise<Tested> {
  return ask(Tested, `/api/sources/${id}/test`, { signal, method: 'POST', body: {}, deadlineMs: TEST_MS });
}

/** The same before it is added. */
export function testDraft(body: SourceDraft, signal: AbortSignal): Promise<Tested> {
  return ask(Tested, '/api/sources/test', { signal, method: 'POST', body, deadlineMs: TEST_MS });
}
