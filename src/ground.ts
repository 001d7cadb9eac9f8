import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { Early, EarlyOptions } from './early.ts';
import { createKidPresence } from './features/family/index.ts';
import { createEnricher } from './features/metadata/index.ts';
import { createSettings, type Settings } from './features/settings/index.ts';
import { noteInside } from './features/stream-index/index.ts';
import { createTorrentStorage } from './features/torrents/index.ts';
import { type DhtStatus, noteAnnounce } from './features/trackers/index.ts';
import { createUsenetUsage } from './features/usenet/index.ts';
import { concreteAddress } from './platform/address-rules.ts';
import { createBudget } from './platform/budget.ts';
import { createCache } from './platform/cache.ts';
import { BadSettings } from './platform/config.ts';
import type { MailSettings } from './platform/config-mail.ts';
import { createCrypto, loadSecrets } from './platform/crypto.ts';
import { createLinks } from './platform/links.ts';
import { createMailer, type Mailer } from './platform/mail.ts';
import { createMediaTools } from './platform/media-tools/index.ts';
import { createNet, type Net } from './platform/net.ts';
import { createNotify } from './platform/notify.ts';
import { createRateLimiter, openRateLimitPool } from './platform/rate-limit.ts';
import { createRedis } from './platform/redis.ts';
import { createSubtitleLinks } from './platform/subtitle-links.ts';
import { createLender } from './play/lend.ts';
import { openProviders } from './providers/index.ts';
import type { DhtState, TrafficLimits } from './streams/kind.ts';
import { createKinds } from './streams/registry.ts';
import { parseProviders } from './streams/usenet/providers/parse-providers.ts';
import type { Provider } from './streams/usenet/providers/provider.ts';

export const ROOT = resolve(import.meta.dirname, '..');
export const SHIPPED_FOLDER = resolve(ROOT, 'scripts/starter');

export type GroundOptions = EarlyOptions & { early: Promise<Early> };

/** Everything long-lived that is made once and handed down. */
export async function layGround({ config, log, onClose, early }: GroundOptions) {
  const secrets = await loadSecrets(config);
  const crypto = createCrypto(secrets.secretKeys);
  const { metrics, database } = await early;
  const { db, url } = database;
  const redis = config.redisUrl === null ? null : await createRedis({ url: config.redisUrl, log });
  if (redis !== null) onClose(() => redis.close());
  const notify = createNotify({ url, log });
  onClose(() => notify.close());
  const cache = createCache({ redis, db, notify, log });
  onClose(() => cache.close());
  metrics.watch({ db, cache, redis, notify });
  const settings = await createSettings({ db, config, notify, log });
  const kids = await createKidPresence({ db, notify, log });
  onClose(() => kids.close());
  const limitPool = openRateLimitPool({ url, log });
  onClose(() => limitPool.end());
  const limiter = createRateLimiter({
    redis,
    pgPool: limitPool,
    log,
    hashKey: (text) => crypto.mac('rate-limit', text).toString('base64url'),
    onRejected: metrics.onRejected,
  });
  const ownPorts = new Set<number>([
    ...database.ports,
    // A port that peers dial; what streams from this server may not.
    ...(config.torrentListen.port === undefined ? [] : [config.torrentListen.port]),
    ...(config.redisUrl === null ? [] : [Number(new URL(config.redisUrl).port || 6379)]),
  ]);
  const { mode, allow } = config.outbound;
  const net = createNet({ mode, allow, ownPorts: () => ownPorts, publicUrl: config.http.publicUrl });
  onClose(() => net.close());
  const mailer = openMailer({ net, log, onClose }, config.mail);
  const providers = openProviders({ net }, config.metadata);
  const enricher = createEnricher({
    ...{ db, log, providers },
    isOn: () => settings.get().enrichment === 'on',
  });
  onClose(() => enricher.close());
  let dht: DhtStatus = { status: config.dht.isOn ? 'resting' : 'off', nodes: 0, lookups: 0 };
  let isToldAlone = false;
  function noteDht(state: DhtState): void {
    if (state.status === 'alone' && !isToldAlone)
      log.info(
        { outbound: mode },
        'no node of the DHT has answered; DHT_BOOTSTRAP names the first to ask, and OUTBOUND=listed lets only those of OUTBOUND_ALLOW',
      );
    // Once, and again only when it has been otherwise in between.
    if (state.status !== 'resting') isToldAlone = state.status === 'alone';
    dht = state;
  }
  // What is said of torrents goes out by the address the owner chose for them, as their peers do.
  const localAddress = concreteAddress(config.torrentListen.host);
  const torrentNet = localAddress === null ? net : createNet({ ...net.rules, localAddress });
  if (torrentNet !== net) onClose(() => torrentNet.close());
  const torrents = await createTorrentStorage({ db, notify, log, pieceCache: config.pieceCache });
  onClose(() => torrents.close());
  const budget = createBudget({ limitBytes: config.streamMemoryBytes });
  const kinds = createKinds({
    db,
    net,
    streamMemoryBytes: config.streamMemoryBytes,
    budget,
    pieceCache: config.pieceCache,
    pieceStore: torrents.store,
    torrentEngine: config.torrentEngine,
    utp: config.utp,
    usenet: {
      providers: usenetProviders(config.usenet.providers),
      cache: config.usenet.cache,
      fillsHoles: () => settings.get().missingArticles === 'fill',
    },
    onStored: torrents.note,
    onInside(streamId, files) {
      void noteInside({ db, kinds }, streamId, files).catch((err: unknown) =>
        log.warn({ err, streamId }, 'what is inside a stream was not noted'),
      );
    },
    torrentListen: config.torrentListen,
    torrentTraffic: {
      now: () => trafficLimits(settings.get()),
      onChange: (tell) => settings.onChange((changed) => tell(trafficLimits(changed))),
    },
    dht: config.dht.isOn
      ? {
          bootstrap: config.dht.bootstrap,
          port: config.torrentListen.port ?? null,
          onState: (state) => noteDht(state),
        }
      : null,
    onAnnounced({ url, ...outcome }) {
      metrics.torrents.onAnnounced(outcome);
      void noteAnnounce(db, url, outcome).catch((err: unknown) =>
        log.debug({ err }, 'an announce was not noted'),
      );
    },
    torrentMetrics: metrics.torrents,
    log,
    crypto,
    openSpace: cache.space,
    localFolders: config.localFolders,
    shippedFolder: SHIPPED_FOLDER,
  });
  onClose(() => kinds.close());
  const kept = kinds.get('torrent')?.storage;
  if (kept !== undefined) await torrents.begin(kept);
  const posts = kinds.get('usenet')?.posts;
  const usenet = { providers: () => posts?.providers() ?? [], checkPosts: posts?.checkDue ?? null };
  metrics.usenet.watchProviders(usenet.providers);
  const usage = createUsenetUsage({ db, log, states: usenet.providers });
  onClose(() => usage.close());
  const links = createLinks(crypto);
  const subtitleLinks = createSubtitleLinks(crypto);
  const tools = createMediaTools({ ffmpegPath: config.ffmpegPath, cores: config.cores, log });
  const lender = createLender({ ownPorts });
  onClose(() => lender.close());
  /**
   * Resolves once this instance has heard the database's notices of everything committed before (they come in the order
   * of the commits): a request that changed something answers after it, and whoever asks next, anywhere, sees the change.
   */
  const settled = async () => {
    await notify.publish('settled', '');
    await cache.settled();
  };
  return {
    settled,
    config,
    log,
    secrets,
    crypto,
    metrics,
    database,
    db,
    redis,
    notify,
    cache,
    settings,
    kids,
    /** Sources of metadata, most trusted first. */
    providers,
    enricher,
    limiter,
    net,
    torrentNet,
    kinds,
    /** Of this instance. */
    dht: () => dht,
    torrents,
    usenet,
    links,
    budget,
    subtitleLinks,
    tools,
    lend: lender.lend,
    ownPorts,
    /** Null: no mail is sent. */
    mailer,
    version: version(),
  };
}
export type Ground = Awaited<ReturnType<typeof layGround>>;

/** Null where no server for mail is set. */
function openMailer(
  { net, log, onClose }: Pick<GroundOptions, 'log' | 'onClose'> & { net: Net },
  settings: MailSettings | null,
): Mailer | null {
  if (settings === null) return null;
  const mailer = createMailer({ net, log, settings });
  onClose(() => mailer.close());
  return mailer;
}

/** KiB as the owner writes them, bytes as they are counted. */
function trafficLimits(settings: Settings): TrafficLimits {
  return {
    upload: settings.torrentUpload,
    uploadRatio: settings.torrentUploadRatio,
    uploadBytesPerSecond: 1024 * settings.torrentUploadLimit,
    downloadBytesPerSecond: 1024 * settings.torrentDownloadLimit,
  };
}

/** Throws BadSettings, which names no value. */
function usenetProviders(text = ''): Provider[] {
  try {
    return parseProviders(text, (path) => readFileSync(path, 'utf8'));
  } catch (error) {
    throw new BadSettings([error instanceof Error ? error.message : 'USENET_PROVIDERS cannot be read']);
  }
}

function version(): string {
  return z
    .object({ version: z.string() })
    .parse(JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8'))).version;
}
