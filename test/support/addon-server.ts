import { once } from 'node:events';
import express from 'express';
import type { z } from 'zod';
import { openAccounts } from '../../src/account-doors.ts';
import { preferenceRoutes } from '../../src/addon/preference-routes.ts';
import { addonDoor, limitPerMinute, offerLimits, placeOf, shippedAssets } from '../../src/doors.ts';
import { createKidPresence } from '../../src/features/family/index.ts';
import { createLiveSearch } from '../../src/features/finders/index.ts';
import { TitleInput, upsertTitle } from '../../src/features/media/index.ts';
import type { OnOpened } from '../../src/features/metadata/index.ts';
import type { StreamPreferences } from '../../src/features/preferences/index.ts';
import { createSettings } from '../../src/features/settings/index.ts';
import {
  type LinkTarget,
  StreamInput,
  saveStream,
  streamRoutes,
} from '../../src/features/stream-index/index.ts';
import { createCache } from '../../src/platform/cache.ts';
import { loadConfig } from '../../src/platform/config.ts';
import { type Crypto, createCrypto } from '../../src/platform/crypto.ts';
import type { Pool } from '../../src/platform/db.ts';
import { createLinks, type Links } from '../../src/platform/links.ts';
import { createLog } from '../../src/platform/log.ts';
import { createMetrics, type Metrics } from '../../src/platform/metrics.ts';
import { createNet, type Net } from '../../src/platform/net.ts';
import { createNotify } from '../../src/platform/notify.ts';
import { reportErrors } from '../../src/platform/problem.ts';
import { createRateLimiter, openRateLimitPool } from '../../src/platform/rate-limit.ts';
import { createSubtitleLinks, type SubtitleLinks } from '../../src/platform/subtitle-links.ts';
import { openSpaces } from '../../src/spaces.ts';
import { createKinds, type Kinds } from '../../src/streams/registry.ts';
import { webRoutes } from '../../src/web/routes.ts';
import { freshDatabase } from './database.ts';

export const ADMIN_TOKEN = 'the-admin-token-of-tests';

export type AddonAnswer = {
  status: number;
  headers: Headers;
  text: string;
  body: unknown;
};

export type AddonServer = AsyncDisposable & {
  baseUrl: string;
  /** One request; the body is parsed where there is one. */
  ask(path: string, init?: RequestInit): Promise<AddonAnswer>;
  db: Pool;
  crypto: Crypto;
  kinds: Kinds;
  net: Net;
  links: Links;
  subtitleLinks: SubtitleLinks;
  /** A title with the given streams, in order; answers its number. */
  add(title: z.input<typeof TitleInput>, streams?: readonly StreamOf[]): Promise<number>;
  /** One stream of a title, or of an episode of it. */
  addStream(input: StreamOf, link: LinkTarget): Promise<number>;
  /** Preferences of whoever asks for streams from now on; null: none. */
  wish(preferences: StreamPreferences | null): void;
  /** Run-time settings, as `PATCH /api/settings` would change them. */
  set(changes: Readonly<Record<string, unknown>>): Promise<void>;
  /** Resolves once this server has forgotten what it kept from before every change made so far. */
  settled(): Promise<void>;
  /** `tributary_addon_dropped_total` by `resource reason`. */
  metrics: Pick<Metrics, 'finders' | 'render'>;
  dropped(): Promise<Record<string, number>>;
  close(): Promise<void>;
};

export type StreamOf = z.input<typeof StreamInput>;

/** The add-on on a free port of 127.0.0.1, everything below it real: database, settings, caches, links, kinds, limits. */
export async function startAddonServer(
  env: Readonly<Record<string, string>> = {},
  kindsOf: (kinds: Kinds) => Kinds = (kinds) => kinds,
  openedOf?: (db: Pool) => OnOpened,
): Promise<AddonServer> {
  const log = createLog('silent');
  const { db, url, ...database } = await freshDatabase();
  const config = loadConfig({ RATE_LIMIT_ADDON: '1000000', ...env });
  const crypto = createCrypto(['a secret for tests that is long enough']);
  const notify = createNotify({ url, log });
  const cache = createCache({ redis: null, db, notify, log });
  const metrics = createMetrics();
  metrics.watch({ db, cache, redis: null, notify });
  const settings = await createSettings({ db, config, notify, log });
  const limitPool = openRateLimitPool({ url, log });
  const limiter = createRateLimiter({
    redis: null,
    pgPool: limitPool,
    log,
    hashKey: (text) => crypto.mac('rate-limit', text).toString('base64url'),
  });
  const net = createNet({ mode: 'listed', allow: ['127.0.0.0/8', '::1'], ownPorts: () => new Set() });
  const made = createKinds({
    ...{ db, net, log, crypto, openSpace: cache.space },
    ...{ localFolders: new Map(), shippedFolder: '/nonexistent' },
  });
  const kinds = kindsOf(made);
  const links = createLinks(crypto);
  const kids = await createKidPresence({ db, notify, log });
  const subtitleLinks = createSubtitleLinks(crypto);

  const settled = async () => {
    while (!(await notify.publish('settled', '')));
    await cache.settled();
  };
  const search = createLiveSearch({
    ...{ db, net, crypto, kinds, log, settled, metrics, openSpace: cache.space, firstMs: 3000 },
  });
  let wish: StreamPreferences | null = null;
  const spaces = openSpaces({ cache });
  const ground = { config, crypto, db, kids, links, subtitleLinks, kinds, settings, metrics, limiter };
  const baseUrlOf = (req: express.Request) => placeOf(ground, req).baseUrl;
  const { guard, publicApi } = openAccounts(
    { ...ground, log, net, mailer: null, secrets: { adminToken: ADMIN_TOKEN } },
    baseUrlOf,
  );
  const app = express();
  // As behind a reverse proxy: tests say by X-Forwarded-Proto and -Host which address they came by.
  app.set('trust proxy', 'loopback');
  app.use(
    addonDoor(ground, spaces, {
      ...{ onOpened: openedOf?.(db), searchLive: search.search },
      contextOf: (req) => ({ ...placeOf(ground, req), preferences: wish }),
    }),
  );
  app.use(
    '/api',
    ...publicApi,
    preferenceRoutes({
      ...{ ...ground, guard, offers: spaces.offers, offerLimits: () => offerLimits(ground) },
      torrentPlayer: () => settings.get().torrentPlayer,
      addonName: () => settings.get().addonName,
      contextOf: (req) => placeOf(ground, req),
      limitPreviews: limitPerMinute(ground, 'previews', () => 1000),
    }),
    streamRoutes({
      ...{ db, net, kinds, settled, requireAdmin: guard.requireAdmin, baseUrl: baseUrlOf },
      offerLimits: () => offerLimits(ground),
    }),
  );
  app.use(shippedAssets());
  app.use(webRoutes({ distDir: '/nonexistent', isBuilt: () => false }));
  app.use(reportErrors(log));
  const server = app.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('no TCP port');

  const addStream = async (input: StreamOf, link: LinkTarget) => {
    const { streamId } = await saveStream({ db, kinds }, StreamInput.parse(input), link);
    await settled();
    return streamId;
  };
  const close = async () => {
    server.close();
    server.closeAllConnections();
    await search.close();
    await made.close();
    await net.close();
    await limitPool.end();
    await cache.close();
    await notify.close();
    metrics.close();
    await database.close();
  };
  const baseUrl = `http://127.0.0.1:${address.port}`;
  return {
    baseUrl,
    ask: async (path, init) => answerOf(await fetch(`${baseUrl}${path}`, init)),
    ...{ db, crypto, kinds, net, links, subtitleLinks },
    async add(title, streams = []) {
      const { mediaId } = await upsertTitle(db, TitleInput.parse(title));
      for (const stream of streams) await addStream(stream, { mediaId });
      await settled();
      return mediaId;
    },
    addStream,
    wish(preferences) {
      wish = preferences;
    },
    set: async (changes) => void (await settings.patch(changes)),
    settled,
    metrics,
    async dropped() {
      const { body } = await metrics.render();
      const found = body.matchAll(
        /^tributary_addon_dropped_total\{resource="([^"]+)",reason="([^"]+)"\} (\d+)$/gm,
      );
      return Object.fromEntries(
        [...found].map(([, resource, reason, n]) => [`${resource} ${reason}`, Number(n)]),
      );
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

async function answerOf(response: Response): Promise<AddonAnswer> {
  const text = await response.text();
  const isJson = /^application\/(problem\+)?json/.test(response.headers.get('content-type') ?? '');
  const body = isJson && text !== '' ? JSON.parse(text) : null;
  return { status: response.status, headers: response.headers, text, body };
}
