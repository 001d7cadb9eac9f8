import { once } from 'node:events';
import express from 'express';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { z } from 'zod';
import { addonDoor, offerLimits, placeOf } from '../../src/doors.ts';
import { createGuard, usersIn } from '../../src/features/accounts/index.ts';
import { createKidPresence } from '../../src/features/family/index.ts';
import { mediaRoutes } from '../../src/features/media/index.ts';
import { createSettings } from '../../src/features/settings/index.ts';
import {
  isPlayable,
  linkRoutes,
  playlistRoutes,
  streamRoutes,
} from '../../src/features/stream-index/index.ts';
import { createBudget } from '../../src/platform/budget.ts';
import { createCache } from '../../src/platform/cache.ts';
import { loadConfig } from '../../src/platform/config.ts';
import { createCrypto } from '../../src/platform/crypto.ts';
import { command } from '../../src/platform/db.ts';
import { createLinks } from '../../src/platform/links.ts';
import { createMetrics } from '../../src/platform/metrics.ts';
import { createNotify } from '../../src/platform/notify.ts';
import { reportErrors } from '../../src/platform/problem.ts';
import { createRateLimiter, openRateLimitPool } from '../../src/platform/rate-limit.ts';
import { createSubtitleLinks } from '../../src/platform/subtitle-links.ts';
import { createAdmission } from '../../src/play/admission.ts';
import { createLeaseStore } from '../../src/play/lease-store.ts';
import { createLiveStreams } from '../../src/play/live.ts';
import { createPresentations } from '../../src/play/presentations.ts';
import { playRoutes } from '../../src/play/routes.ts';
import { createSources } from '../../src/play/sources.ts';
import { openSpaces } from '../../src/spaces.ts';
import type { KindDeps } from '../../src/streams/kind.ts';
import { createKinds } from '../../src/streams/registry.ts';
import { type AddonStream, streamsIn } from './addon-answers.ts';
import { ADMIN_TOKEN, type ApiAnswer } from './api.ts';
import { openKindDeps } from './kind-deps.ts';

const SECRET = 'a secret for tests that is long enough';
const Made = z.object({ id: z.string() });
const NOTHING = () => {};

/**
 * API, add-on and play links on one address and one database, emptied before each test, as a household has them. `clock`
 * moves only what play links are checked by. Registers the hooks.
 */
export function watchRoom(depsOf: () => Promise<Partial<KindDeps>> = async () => ({})) {
  const clock = { aheadMs: 0 };
  let server: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    server = await start(clock, await depsOf());
  });
  beforeEach(async () => {
    clock.aheadMs = 0;
    // Numbers are not given twice: what was opened stays known by them for a while.
    await server.db.query(command('test.empty')`TRUNCATE media, stream, tracker CASCADE`);
    await server.settled();
  });
  afterAll(() => server?.close());

  async function ask(method: string, path: string, body?: unknown): Promise<ApiAnswer> {
    const response = await fetch(`${server.baseUrl}${path}`, {
      method,
      headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    return {
      status: response.status,
      headers: response.headers,
      body: text === '' ? null : JSON.parse(text),
    };
  }

  return {
    get server() {
      return server;
    },
    clock,
    ask,
    /** A title of `POST /api/media`'s form; answers its id. */
    async addTitle(title: object): Promise<string> {
      return Made.parse((await ask('POST', '/api/media', title)).body).id;
    },
    async streamsOf(type: string, id: string): Promise<AddonStream[]> {
      return streamsIn((await ask('GET', `/stream/${type}/${encodeURIComponent(id)}.json`)).body);
    },
    /** What a player gets of a play link. */
    async play(url: string, range?: string): Promise<{ status: number; headers: Headers; bytes: Buffer }> {
      const response = await fetch(url, { headers: range === undefined ? {} : { Range: range } });
      const bytes = Buffer.from(await response.arrayBuffer());
      return { status: response.status, headers: response.headers, bytes };
    },
    /** Links as another server makes them, which has another key. */
    foreignLinks: () => createLinks(createCrypto(['another secret of another server'])),
  };
}

async function start(clock: { aheadMs: number }, more: Partial<KindDeps>) {
  const held = await openKindDeps();
  const { db, net, log } = held.deps;
  const config = loadConfig({ RATE_LIMIT_ADDON: '1000000', PUBLIC_CATALOG: 'all' });
  const crypto = createCrypto([SECRET]);
  const notify = createNotify({ url: held.url, log });
  const cache = createCache({ redis: null, db, notify, log });
  const metrics = createMetrics();
  const settings = await createSettings({ db, config, notify, log });
  const limitPool = openRateLimitPool({ url: held.url, log });
  const hashKey = (text: string) => crypto.mac('rate-limit', text).toString('base64url');
  const limiter = createRateLimiter({ redis: null, pgPool: limitPool, log, hashKey });
  const kinds = createKinds({ ...held.deps, openSpace: cache.space, ...more });
  const links = createLinks(crypto, () => Date.now() + clock.aheadMs);
  const subtitleLinks = createSubtitleLinks(crypto);
  const [live, sources] = [createLiveStreams(), createSources()];
  const budget = createBudget({ limitBytes: 2 ** 28 });
  const presentations = createPresentations({ net, links, budget });
  const admission = createAdmission({
    store: createLeaseStore({ redis: null, db, log }),
    limits: () => ({ perSubject: 0, perIp: 0 }),
    hashKey,
    onRejected: NOTHING,
  });
  const settled = async () => {
    while (!(await notify.publish('settled', '')));
    await cache.settled();
  };

  const kids = await createKidPresence({ db, notify, log });
  const spaces = openSpaces({ cache });
  const app = express();
  app.set('query parser', 'simple');
  app.use(
    addonDoor({ config, crypto, db, kids, links, subtitleLinks, kinds, settings, metrics, limiter }, spaces),
  );
  const { requireAdmin } = createGuard({ adminToken: ADMIN_TOKEN, crypto, users: usersIn(db) });
  const place = {
    requireAdmin,
    baseUrl: (req: express.Request) => placeOf({ config, settings, kids }, req).baseUrl,
    settled,
  };
  app.use(
    '/api',
    express.json({ limit: '16mb' }),
    mediaRoutes({ db, language: 'en', ...place }),
    playlistRoutes({ db, kinds, links, subtitleLinks, ...place }),
    streamRoutes({
      db,
      net,
      kinds,
      ...place,
      offerLimits: () => offerLimits({ settings, config: { usenet: { providers: undefined } } }),
    }),
    linkRoutes({ db, net, kinds, links, ...place }),
  );
  app.use(
    playRoutes({
      ...{ links, kinds, live, sources, admission, budget, presentations, log },
      mayWatch: async () => undefined,
      onWatching() {},
      isPublicClosed: () => false,
      isPlayable: (streamId) => spaces.playable.get(String(streamId), () => isPlayable(db, streamId)),
      onPlay: NOTHING,
      metrics: {
        ...{ onBytes: NOTHING, onFirstByte: NOTHING, onResumed: NOTHING },
        ...{ onReceived: NOTHING, onStreamError: NOTHING },
      },
      clientOf: () => '127.0.0.1',
      baseUrlOf: place.baseUrl,
    }),
  );
  app.use(reportErrors(log));
  const http = app.listen(0, '127.0.0.1');
  await once(http, 'listening');
  const address = http.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');

  async function close(): Promise<void> {
    http.close();
    http.closeAllConnections();
    sources.close();
    presentations.close();
    await admission.close();
    await kinds.close();
    await limitPool.end();
    await cache.close();
    await notify.close();
    metrics.close();
    await held.close();
  }
  const baseUrl = `http://127.0.0.1:${address.port}`;
  return { baseUrl, db, kinds, links, settings, settled, close };
}
