import * as z from 'zod/mini';
import { ask } from './api.ts';

const ProviderState = z.object({
  status: z.enum(['ready', 'resting', 'refused']),
  reason: z.nullable(z.string()),
  failure: z.nullable(
    z.enum(['unreachable', 'refused', 'busy', 'silent', 'cut', 'protocol', 'rejected', 'closed']),
  ),
  retryAt: z.nullable(z.number()),
  connections: z.number(),
  maxConnections: z.number(),
  inFlight: z.number(),
  bytes: z.number(),
  articles: z.number(),
  missing: z.number(),
  corrupt: z.number(),
  failures: z.number(),
  latencyMs: z.nullable(z.number()),
});
export type ProviderState = z.infer<typeof ProviderState>;

const Provider = z.object({
  name: z.string(),
  /** Null: it is in USENET_PROVIDERS no more. */
  state: z.nullable(ProviderState),
  usage: z.array(
    z.object({
      ...{ day: z.string(), bytes: z.number(), articles: z.number() },
      ...{ missing: z.number(), failures: z.number() },
    }),
  ),
});
export type Provider = z.infer<typeof Provider>;

const Providers = z.object({ providers: z.array(Provider) });

export async function fetchProviders(signal: AbortSignal): Promise<Provider[]> {
  return (await ask(Providers, '/api/usenet/providers', { signal })).providers;
}
