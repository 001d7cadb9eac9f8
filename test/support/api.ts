import { once } from 'node:events';
import express, { type Router } from 'express';
import { actorOf, createGuard } from '../../src/features/accounts/index.ts';
import type { Actor } from '../../src/features/audit/index.ts';
import { createCrypto } from '../../src/platform/crypto.ts';
import { createLog } from '../../src/platform/log.ts';
import { reportErrors } from '../../src/platform/problem.ts';

/** There are no accounts: the admin token is the only way in. */
const NOBODY = { ofSession: async () => null, ofToken: async () => null, noteTokenUse: async () => {} };
export const ADMIN_TOKEN = 'the-admin-token-of-tests';

export type ApiAnswer = {
  status: number;
  headers: Headers;
  body: unknown;
};

export type TestApi = AsyncDisposable & {
  baseUrl: string;
  /** One request with the admin token; an object as `body` goes as JSON. */
  ask(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<ApiAnswer>;
  /** How often a route waited for its change to be known everywhere. */
  settledCount(): number;
  close(): Promise<void>;
};

export type ApiPlace = {
  requireAdmin: express.RequestHandler;
  actorOf(req: express.Request): Promise<Actor>;
  baseUrl(req: express.Request): string;
  settled(): Promise<void>;
};

/** An app on a free port of 127.0.0.1 with the given routers under `/api`, the real admin guard and the real error reporter. */
export async function startApi(routersOf: (place: ApiPlace) => readonly Router[]): Promise<TestApi> {
  const guard = createGuard({
    users: NOBODY,
    adminToken: ADMIN_TOKEN,
    crypto: createCrypto(['a secret for tests that is long enough']),
  });
  let settled = 0;
  const app = express();
  app.set('query parser', 'simple');
  app.use('/api', express.json({ limit: '16mb' }));
  app.use(
    '/api',
    ...routersOf({
      requireAdmin: guard.requireAdmin,
      actorOf: (req) => actorOf(guard, req, true),
      baseUrl: (req) => `http://${req.get('host')}`,
      settled: async () => {
        settled += 1;
      },
    }),
  );
  app.use(reportErrors(createLog('silent')));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');
  const baseUrl = `http://127.0.0.1:${address.port}`;
  const close = async () => {
    server.close();
    server.closeAllConnections();
    await once(server, 'close');
  };
  return { baseUrl, ask, settledCount: () => settled, close, [Symbol.asyncDispose]: close };

  async function ask(
    method: string,
    path: string,
    body?: unknown,
    headers: Record<string, string> = {},
  ): Promise<ApiAnswer> {
    const isRaw = body === undefined || typeof body === 'string' || body instanceof FormData;
    const response = await fetch(`${baseUrl}${path}`, {
      method,
      headers: {
        Authorization: `Bearer ${ADMIN_TOKEN}`,
        ...(isRaw ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      ...(body === undefined ? {} : { body: isRaw ? body : JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? null : JSON.parse(text),
    };
  }
}
