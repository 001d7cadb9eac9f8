import { type Request, type RequestHandler, type Response, Router } from 'express';
import { z } from 'zod';
import type { Db } from '../../platform/db.ts';
import type { ProviderState } from '../../streams/usenet/providers/provider.ts';
import { UsageDay, usageOfMonth } from './queries.ts';

const ProviderAnswer = z.object({
  name: z.string(),
  /** Null: it is not configured any more. The rest is of the instance that answers, counts since its start. */
  state: z
    .object({
      status: z.enum(['ready', 'resting', 'refused']),
      reason: z.string().nullable(),
      /** Of what kind that is. */
      failure: z
        .enum(['unreachable', 'refused', 'busy', 'silent', 'cut', 'protocol', 'rejected', 'closed'])
        .nullable(),
      /** Epoch ms; it is asked again then. */
      retryAt: z.number().nullable(),
      connections: z.int(),
      maxConnections: z.int(),
      inFlight: z.int(),
      bytes: z.number(),
      articles: z.int(),
      missing: z.int(),
      corrupt: z.int(),
      failures: z.int(),
      latencyMs: z.number().nullable(),
    })
    .nullable(),
  /** Of the last 30 days those on which it was asked, all instances together, oldest first. */
  usage: z.array(UsageDay),
});
export const ProvidersAnswer = z.object({ providers: z.array(ProviderAnswer) });

export type UsenetRoutesDeps = {
  db: Db;
  requireAdmin: RequestHandler;
  /** Of the last second, in the order they are asked. */
  usenetProviders(): readonly ProviderState[];
};

/** `/api/usenet`: how the providers do. */
export function usenetRoutes({ db, requireAdmin, usenetProviders }: UsenetRoutesDeps): Router {
  const router = Router();
  router.get('/usenet/providers', requireAdmin, list);
  return router;

  async function list(_req: Request, res: Response) {
    const states = new Map(usenetProviders().map(({ name, ...state }) => [name, state]));
    const days = Map.groupBy(await usageOfMonth(db), ({ provider }) => provider);
    const names = [...new Set([...states.keys(), ...days.keys()])];
    const providers = names.map((name) => ({
      name,
      state: states.get(name) ?? null,
      usage: (days.get(name) ?? []).map(({ provider: _provider, ...day }) => day),
    }));
    res.json({ providers });
  }
}
