import { type Express, Router } from 'express';
import { type AccountDoors, openAccounts } from './account-doors.ts';
import { preferenceRoutes } from './addon/preference-routes.ts';
import { createApp } from './app.ts';
import { type Background, runInBackground } from './background.ts';
import { openDevices } from './device-doors.ts';
import {
  addonDoor,
  addressOf,
  limitPerMinute,
  offerLimits,
  placeOf,
  playDoor,
  shippedAssets,
  webDoor,
} from './doors.ts';
import { familyRoutes } from './family-doors.ts';
import type { Guard } from './features/accounts/index.ts';
import { activityRoutes } from './features/activity/index.ts';
import { auditRoutes } from './features/audit/index.ts';
import { reportRoutes } from './features/content-reports/index.ts';
import { serviceRoutes } from './features/deep-links/index.ts';
import { POLICY_CHANGED, undoPolicy } from './features/family/index.ts';
import { fileFactsRoutes, PROBE_JOB } from './features/file-facts/index.ts';
import { createLiveSearch, finderRoutes, nabServerRoutes } from './features/finders/index.ts';
import { mediaRoutes } from './features/media/index.ts';
import { ENRICH_JOB, metadataRoutes, onOpened, reviewRoutes } from './features/metadata/index.ts';
import { SETTINGS_CHANGED, settingsRoutes } from './features/settings/index.ts';
import {
  createCountOnce,
  LINK_JOB,
  sourceHealthRoutes,
  sourceReportRoutes,
} from './features/source-health/index.ts';
import {
  DROP_JOB,
  MATCH_JOB,
  resultsRoutes,
  SCAN_JOB,
  scanRoutes,
  sourceRoutes,
} from './features/sources/index.ts';
import { probeRoutes, statsRoutes } from './features/stats/index.ts';
import { linkRoutes, playlistRoutes, streamRoutes } from './features/stream-index/index.ts';
import { tagRoutes } from './features/tags/index.ts';
import { torrentRoutes } from './features/torrents/index.ts';
import { CHECK_JOB, trackerRoutes } from './features/trackers/index.ts';
import { usenetRoutes } from './features/usenet/index.ts';
import { type Ground, type GroundOptions, layGround } from './ground.ts';
import { healthChecks } from './health-checks.ts';
import { healthJobs } from './health-jobs.ts';
import { openListers } from './listers.ts';
import { openApiRoutes } from './openapi.ts';
import { ownedParts, ownTitleDoors } from './own-doors.ts';
import { METADATA_PROVIDERS } from './platform/config-metadata.ts';
import type { Direct } from './platform/http1/direct-server.ts';
import { type LiveList, type LiveStreams, liveRoutes } from './play/live.ts';
import { originOf } from './request-origin.ts';
import { openSpaces, type Spaces } from './spaces.ts';

/** A page asks for one after each pause in typing. */
const PREVIEWS_PER_MINUTE = 120;

export type Program = {
  app: Express;
  /** Play links, answered before Express. */
  direct: Direct;
  /** Printed once, on the start that made it. */
  newAdminToken: string | null;
  /** Tells the parts which port they are reached at. */
  listening(port: number): void;
  /** What need not be done before the first answer: jobs, the starter catalogue, a stale web page. */
  afterListening(): Promise<void>;
};

/** Puts the program together. Nothing listens yet. */
export async function compose(options: GroundOptions): Promise<Program> {
  const ground = await layGround(options);
  const { config, secrets, log, metrics, settings } = ground;
  const baseUrl = (req: Parameters<typeof placeOf>[1]) => placeOf(ground, req).baseUrl;
  const accounts = openAccounts(ground, baseUrl, ownedParts(config.catalogLanguage));
  const { guard } = accounts;
  const spaces = openSpaces(ground);
  const background = runInBackground({ ground, signal: options.signal, onClose: options.onClose });
  const search = createLiveSearch({ ...ground, openSpace: ground.cache.space });
  options.onClose(() => search.close());
  const play = playDoor(ground, spaces, options.onClose, (streamId) =>
    background.addJob(LINK_JOB, { streamId }, `${LINK_JOB} ${streamId}`),
  );
  const app = createApp({
    log,
    trustProxy: config.http.trustProxy,
    countRequests: metrics.countRequests,
    limitApi: limitPerMinute(ground, 'api', () => settings.get().rateLimitApiPerMinute),
    requireAdmin: guard.requireAdmin,
    routers: {
      probes: probeRoutes(ground),
      metrics: metricsRoutes(ground),
      play: play.router,
      addon: addonDoor(ground, spaces, { onOpened: onOpened(ground.enricher), searchLive: search.search }),
      nabServer: nabServerRoutes({
        ...ground,
        limit: limitPerMinute(ground, 'nab', () => settings.get().rateLimitApiPerMinute),
        baseUrl: (req) => placeOf(ground, req).baseUrl,
      }),
      shippedAssets: shippedAssets(),
      web: webDoor(ground, background.isBuildingPage),
      publicApi: [
        ...publicApi(ground, spaces, accounts, play.live),
        ...openDevices(ground, accounts, baseUrl),
        resultsRoutes({
          ...{ db: ground.db, ...guard },
          isOpen: () => settings.get().anonymousScan === 'on',
          limitResults: ground.limiter.middleware({
            ...{ name: 'scan-results', points: 6, perSeconds: 3600 },
            keyOf: addressOf,
          }),
          matchLater: () => matchLater(background),
        }),
      ],
      adminApi: [...accounts.adminApi, ...adminApi(ground, accounts, play.board, background)],
    },
  });
  return {
    app,
    direct: play.direct(originOf(app)),
    newAdminToken: secrets.adminTokenIsNew ? secrets.adminToken : null,
    listening: (port) => void ground.ownPorts.add(port),
    async afterListening() {
      await background.begin();
      // Trackers that were noted before there was a queue need not wait for the next full minute.
      checkTrackersLater(background).catch((error: unknown) =>
        log.warn({ err: error }, 'the first check of trackers could not be queued'),
      );
    },
  };
}

function publicApi(ground: Ground, spaces: Spaces, accounts: AccountDoors, live: LiveStreams): Router[] {
  const { limiter, metrics } = ground;
  return [
    openApiRoutes(ground),
    ...accounts.publicApi,
    ...familyRoutes(ground, accounts, (req) => placeOf(ground, req).baseUrl),
    ...communityRoutes(ground, accounts.guard),
    preferenceRoutes({
      ...{ ...ground, guard: accounts.guard, offers: spaces.offers },
      offerLimits: () => offerLimits(ground),
      torrentPlayer: () => ground.settings.get().torrentPlayer,
      addonName: () => ground.settings.get().addonName,
      contextOf: (req) => placeOf(ground, req),
      limitPreviews: limitPerMinute(ground, 'previews', () => PREVIEWS_PER_MINUTE),
    }),
    ...ownTitleDoors(ground, accounts.guard),
    activityRoutes({
      ...{ db: ground.db, guard: accounts.guard, spaces },
      baseUrl: (req) => placeOf(ground, req).baseUrl,
    }),
    statsRoutes({
      ...ground,
      counts: spaces.counts,
      placeOf: (req) => placeOf(ground, req),
      startedAt: Date.now(),
      checks: () => healthChecks(ground),
      jobs: () => healthJobs(ground),
      history: metrics.history,
      liveStreams: () => live.count(),
    }),
    sourceReportRoutes({
      ...ground,
      once: createCountOnce(ground),
      clientOf: addressOf,
      limitReports: limiter.middleware({
        name: 'source-reports',
        points: 30,
        perSeconds: 3600,
        keyOf: addressOf,
      }),
      areSourcesShown: () => ground.settings.get().publicCatalog === 'all' && !ground.kids.any(),
    }),
  ];
}

/** What users and moderators say of titles. */
function communityRoutes(ground: Ground, guard: Guard): Router[] {
  const { db, kinds, settings, settled } = ground;
  const deps = { db, guard, settled, keepsAddresses: () => settings.get().auditAddresses === 'keep' };
  return [tagRoutes(deps), reportRoutes(deps), serviceRoutes({ ...deps, kinds })];
}

function adminApi(
  ground: Ground,
  { guard: { requireAdmin }, actorOf }: AccountDoors,
  live: LiveList,
  background: Background,
): Router[] {
  const probeLater = (streamId: number) =>
    background.addJob(PROBE_JOB, { streamId }, `${PROBE_JOB} ${streamId}`);
  const { db, config, settings, settled } = ground;
  const enrichLater = () => background.addJob(ENRICH_JOB, {}, `${ENRICH_JOB} now`);
  const baseUrl = (req: Parameters<typeof placeOf>[1]) => placeOf(ground, req).baseUrl;
  return [
    mediaRoutes({
      ...{ db, requireAdmin, baseUrl, settled, language: config.catalogLanguage },
      onOpened: onOpened(ground.enricher),
    }),
    reviewRoutes({ ...{ db, requireAdmin, settled }, enrichLater }),
    metadataRoutes({
      ...{ db, requireAdmin, enricher: ground.enricher, enrichLater },
      known: METADATA_PROVIDERS.map((name) => ({ name, perDay: config.metadata.perDay[name] })),
    }),
    playlistRoutes({ ...ground, requireAdmin, baseUrl }),
    streamRoutes({
      ...{ ...ground, requireAdmin, baseUrl, settled },
      offerLimits: () => offerLimits(ground),
      onAdded: probeIfReadable(ground, probeLater),
    }),
    fileFactsRoutes({ ...ground, requireAdmin, settled, probeLater }),
    linkRoutes({ ...ground, requireAdmin, baseUrl }),
    finderRoutes({ ...ground, requireAdmin, actorOf, baseUrl }),
    sourceHealthRoutes({ ...ground, requireAdmin }),
    scanRoutes({ db, requireAdmin, enricher: ground.enricher }),
    sourceRoutes({
      ...{ ...ground, requireAdmin, actorOf, settled, localFolders: config.localFolders },
      openLister: openListers(config.localFolders),
      scanLater: () => background.addJob(SCAN_JOB, {}, `${SCAN_JOB} now`),
      matchLater: () => matchLater(background),
      dropLater: () => background.addJob(DROP_JOB, {}, `${DROP_JOB} now`),
    }),
    trackerRoutes({
      ...ground,
      requireAdmin,
      checkLater: () => checkTrackersLater(background),
    }),
    torrentRoutes({ ...ground, requireAdmin }),
    usenetRoutes({ db, requireAdmin, usenetProviders: ground.usenet.providers }),
    liveRoutes({ live }),
    settingsRoutes({ settings, requireAdmin, actorOf }),
    // A room whose changes can be taken back brings its undo here.
    auditRoutes({
      db,
      requireAdmin,
      actorOf,
      undos: { [SETTINGS_CHANGED]: settings.undo, [POLICY_CHANGED]: undoPolicy(db) },
    }),
  ];
}

function matchLater({ addJob }: Background): Promise<void> {
  return addJob(MATCH_JOB, {}, `${MATCH_JOB} now`);
}

/** Not by the key of the check that waits for its moment: that one stays. */
function checkTrackersLater({ addJob }: Background): Promise<void> {
  return addJob(CHECK_JOB, {}, `${CHECK_JOB} now`);
}

/** What was added is looked into soon, where its bytes can be read; the answer does not wait, nor fail for it. */
function probeIfReadable({ kinds, log }: Ground, probeLater: (streamId: number) => Promise<void>) {
  return (streamId: number, kind: string) => {
    const { open, isSlow = false } = kinds.get(kind) ?? {};
    if (open === undefined || isSlow) return;
    probeLater(streamId).catch((error: unknown) => log.warn({ err: error }, 'a look could not be queued'));
  };
}

/** Prometheus' text; sampled when asked. */
function metricsRoutes({ metrics }: Ground): Router {
  const router = Router();
  router.get('/', async (_req, res) => {
    const { contentType, body } = await metrics.render();
    res.set({ 'Cache-Control': 'no-store', 'Content-Type': contentType }).send(body);
  });
  return router;
}
