import * as z from 'zod/mini';
import { ask, send } from './api.ts';

const Provider = z.object({ id: z.string(), name: z.string() });
export type Provider = z.infer<typeof Provider>;
const Identity = z.object({
  ...{ identityId: z.string(), issuer: z.string(), name: z.nullable(z.string()), createdAt: z.string() },
  lastUsedAt: z.nullable(z.string()),
});
export type Identity = z.infer<typeof Identity>;

/** Accounts elsewhere that one may sign in with. */
export async function fetchProviders(signal: AbortSignal): Promise<Provider[]> {
  return (await ask(z.object({ providers: z.array(Provider) }), '/api/auth/providers', { signal })).providers;
}

export async function fetchIdentities(signal: AbortSignal): Promise<Identity[]> {
  const answer = z.object({ identities: z.array(Identity) });
  return (await ask(answer, '/api/auth/identities', { signal })).identities;
}

/** Where the browser goes to link one. */
export async function startLink(provider: string, signal: AbortSignal): Promise<string> {
  const path = `/api/auth/with/${encodeURIComponent(provider)}/link`;
  return (await ask(z.object({ url: z.string() }), path, { signal, method: 'POST', body: {} })).url;
}

export async function unlink(id: string, signal: AbortSignal): Promise<void> {
  await send(`/api/auth/identities/${encodeURIComponent(id)}`, { signal, method: 'DELETE' });
}

export function signInHref({ id }: Provider): string {
  return `/api/auth/with/${encodeURIComponent(id)}`;
}
