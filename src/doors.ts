import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import express, { Router as createRouter, type Request, type RequestHandler, type Router } from 'express';
import { LRUCache } from 'lru-cache';
import { createAddon, FixedManifest } from './addon/addon.ts';
import type { AddonContext } from './addon/context.ts';
import { createKeptAnswers } from './addon/kept-answers.ts';
import { addonRoutes } from './addon/routes.ts';
import type { Stock, Visibility } from './catalogs/catalog.ts';
import { curatedLists, genreNames, stockOf } from './catalogs/registry.ts';
import type { Viewer } from './catalogs/viewer.ts';
import { contextFor, familyRules, mayWatch, notePlayOf, noteWatching } from './family-doors.ts';
import { createSubtitleTexts } from './features/file-facts/index.ts';
import type { LiveSearch } from './features/finders/index.ts';
import type { OnOpened } from './features/metadata/index.ts';
import { measuredSources } from './features/source-health/index.ts';
import { countPlay, isPlayable, type OfferLimits } from './features/stream-index/index.ts';
import { goneFiles } from './gone-files.ts';
import { type Ground, ROOT, SHIPPED_FOLDER } from './ground.ts';
import type { PlayLink } from './platform/links.ts';
import { visitorOf } from './platform/rate-limit.ts';
import { createAdmission } from './play/admission.ts';
import type { WatchedLink } from './play/deps.ts';
import { playDirectly } from './play/direct.ts';
import { createFilmParts } from './play/film-parts.ts';
import { filmRoutes } from './play/film-routes.ts';
import { createLeaseStore } from './play/lease-store.ts';
import { createLiveStreams } from './play/live.ts';
import { createLiveBoard } from './play/live-board.ts';
import { createPresentations } from './play/presentations.ts';
import { playRoutes } from './play/routes.ts';
import { createSources } from './play/sources.ts';
import { subtitleRoutes } from './play/subtitles.ts';
import type { OriginOf } from './request-origin.ts';
import type { Spaces } from './spaces.ts';
import { webRoutes } from './web/routes.ts';

/** Genres offered as filters of a catalogue; fewer when the manifest grows too large. */
const MAX_GENRES = 30;

/** What the add-on stands on: all a test has to lay for it. */
export type AddonGround = Pick<
  Ground,
  | 'config'
  | 'crypto'
  | 'db'
  | 'kids'
  | 'kinds'
  | 'limiter'
  | 'links'
  | 'metrics'
  | 'settings'
  | 'subtitleLinks'
>;

/** Where the links of an answer point, and what the install that asks may see. */
export function placeOf(
  { config, settings, kids }: Pick<Ground, 'config' | 'settings' | 'kids'>,
  req: Request,
  hasKids = kids.any(),
): AddonContext {
  const { publicCatalog, catalogLanguage, catalogRegion } = settings.get();
  return {
    baseUrl: config.http.publicUrl ?? `${req.protocol}://${req.host}`,
    // What everybody sees, a kid sees who leaves out its own part of the address.
    visibility: hasKids ? 'off' : publicCatalog,
    language: catalogLanguage,
    region: catalogRegion,
    watching: null,
  };
}

/** What the owner set for what is offered of one title. */
export function offerLimits({
  config,
  settings,
}: Pick<Ground, 'settings'> & { config: { usenet: { providers: string | undefined } } }): OfferLimits {
  const { streamsPerTitle: maxTotal, streamsPerResolution: maxPerResolution, ...limits } = settings.get();
  const { weakTorrents, weakPosts, hevc } = limits;
  const listedOnly = config.usenet.providers === undefined ? ['usenet'] : [];
  return { maxTotal, maxPerResolution, weakTorrents, weakPosts, hevc, listedOnly };
}

/** A limit a minute for each address. */
export function limitPerMinute(
  { limiter }: Pick<Ground, 'limiter'>,
  name: string,
  points: () => number,
): RequestHandler {
  return limiter.middleware({ name, points, perSeconds: 60, keyOf: addressOf });
}

export function addressOf(req: Request): string {
  return visitorOf(req.ip ?? '');
}

/** What happens besides when a title is opened, and where it has no streams. */
export type AddonHooks = {
  onOpened?: OnOpened | undefined;
  searchLive?: LiveSearch['search'];
  /** Who asks; everyone by default. */
  contextOf?: (req: Request) => AddonContext | Promise<AddonContext>;
  /** Whether changes in the database are heard of as they come. */
  hearsChanges?: () => boolean;
};

export function addonDoor(
  ground: AddonGround,
  spaces: Spaces,
  { onOpened, searchLive = async () => 'off', ...hooks }: AddonHooks = {},
): Router {
  const { hearsChanges = () => true } = hooks;
  const contextOf =
    hooks.contextOf ?? (async (req: Request) => placeOf(ground, req, await ground.kids.now()));
  const { db, links, subtitleLinks, kinds, settings, metrics } = ground;
  const fixed = FixedManifest.parse(JSON.parse(readFileSync(join(ROOT, 'addon-manifest.json'), 'utf8')));
  const addon = createAddon({
    db,
    links,
    subtitleLinks,
    kinds,
    fixed,
    ...spaces,
    kept: createKeptAnswers(),
    ...boards(ground, spaces),
    ...familyRules(ground),
    torrentPlayer: () => settings.get().torrentPlayer,
    manifestSettings: () => ({ name: settings.get().addonName, revision: settings.revision() }),
    offerLimits: () => offerLimits(ground),
    linkLifeSeconds: () => settings.get().playLinkHours * 3600,
    onDropped: metrics.onDropped,
    ...(onOpened === undefined ? {} : { onOpened }),
    searchLive,
    hearsChanges,
  });
  return addonRoutes({
    addon,
    async contextOf(req, install) {
      const place = await contextOf(req);
      return install === null ? place : contextFor(ground, req, { install, place });
    },
    limit: limitPerMinute(ground, 'addon', () => settings.get().rateLimitAddonPerMinute),
  });
}

/** What stands in a manifest, for everybody and for a profile. */
function boards({ db }: Pick<Ground, 'db'>, spaces: Spaces) {
  return {
    async stock(visibility: Visibility, viewer: Viewer | null): Promise<Stock> {
      const { kinds, shelves } = await spaces.stock.get(visibility, () => stockOf(db, visibility));
      // Shelves hold the best thousand of everybody's: of what is allowed title by title they would show next to nothing.
      return { kinds, shelves: viewer?.mode === 'allow' ? [] : shelves };
    },
    lists: (visibility: Visibility, viewer: Viewer | null) =>
      spaces.lists.get(viewer === null ? visibility : JSON.stringify([visibility, viewer]), async () => [
        ...(await curatedLists(db, visibility, viewer)),
      ]),
    genres: (visibility: Visibility) =>
      spaces.genres.get(visibility, async () => [...(await genreNames(db, visibility, MAX_GENRES))]),
  };
}

export function playDoor(
  ground: Ground,
  spaces: Spaces,
  onClose: (closer: () => Promise<void> | void) => void,
  checkLater: (streamId: number) => Promise<void>,
) {
  const { db, links, kinds, log, metrics, redis, notify, settings, crypto, budget, net } = ground;
  const sources = createSources();
  onClose(() => sources.close());
  const presentations = createPresentations({
    net,
    links,
    budget,
    onSegmentAsked: (isHit) => metrics.onCacheAsked('segments', isHit),
  });
  onClose(() => presentations.close());
  const live = createLiveStreams((kind, resource) => kinds.get(kind)?.progress?.(resource) ?? null);
  metrics.watchStreams({ budget, runningByKind: live.byKind });
  const board = createLiveBoard({ live, db, notify, log });
  onClose(() => board.close());
  const admission = createAdmission({
    store: createLeaseStore({ redis, db, log }),
    limits() {
      const { streamsPerSubject, streamsPerIp } = settings.get();
      return { perSubject: streamsPerSubject, perIp: streamsPerIp };
    },
    hashKey: (text) => crypto.mac('stream-lease', text).toString('base64url'),
    onRejected: () => metrics.onRejected('streams'),
  });
  onClose(() => admission.close());
  // A film in segments would be noted some hundred times.
  const noted = new LRUCache<string, true>({ max: 10_000, ttl: 600_000 });
  const deps = {
    links,
    kinds,
    sources,
    presentations,
    live,
    admission,
    budget,
    log,
    mayWatch: (link: WatchedLink) => mayWatch(ground, link),
    isPublicClosed: () => ground.kids.now(),
    isPlayable: (streamId: number) => spaces.playable.get(String(streamId), () => isPlayable(db, streamId)),
    onPlay(link: PlayLink, client: string) {
      const key = `${link.subject} ${client} ${link.streamId}:${link.mediaId}`;
      if (!noted.has(key)) void notePlay(ground, spaces, link, client);
      noted.set(key, true);
    },
    onWatching: (link: WatchedLink) => noteWatching(ground, link),
    onGone: goneFiles((streamId) => {
      checkLater(streamId).catch((err: unknown) =>
        log.debug({ err, streamId }, 'a look for a file could not be queued'),
      );
    }),
    metrics,
  };
  const doorway = {
    links,
    clientOf: (req: Request) => req.ip ?? '',
    baseUrlOf: (req: Request) => placeOf(ground, req).baseUrl,
  };
  const router = createRouter();
  router.use(
    subtitleRoutes({ ...deps, subtitleLinks: ground.subtitleLinks, texts: createSubtitleTexts(ground) }),
  );
  router.use(filmRoutes({ ...deps, ...doorway, films: createFilmParts(ground) }));
  router.use(playRoutes({ ...deps, ...doorway }));
  const direct = (originOf: OriginOf) =>
    playDirectly({
      ...deps,
      onAnswered: metrics.onAnswered,
      originOf(request, socket) {
        const origin = originOf(request, socket);
        return origin && { client: origin.client, baseUrl: () => doorway.baseUrlOf(origin.asExpress()) };
      },
    });
  return { router, direct, live, board };
}

/** Counts a play once per subject and title in 4 h; without an install the subject is the visitor's address, hashed. */
async function notePlay(ground: Ground, spaces: Spaces, link: PlayLink, client: string): Promise<void> {
  const { db, crypto, log } = ground;
  if (link.mediaId === undefined || link.streamId === undefined) return;
  const subject = link.subject === 'public' ? `public ${visitorOf(client)}` : link.subject;
  try {
    await notePlayOf(ground, spaces, link);
    await countPlay(db, {
      subjectHash: crypto.mac('play', subject),
      mediaId: link.mediaId,
      streamId: link.streamId,
    });
  } catch (error) {
    log.warn({ err: error }, 'a play could not be counted');
  }
}

export function webDoor(ground: Ground, isBuilding: () => boolean): Router {
  const distDir = join(ROOT, 'src/web/dist');
  return webRoutes({
    distDir,
    isBuilt: () => existsSync(join(distDir, 'index.html')),
    isBuilding,
    manifestUrl: (req) => `${placeOf(ground, req).baseUrl}/manifest.json`,
    async measuredOrigins() {
      if (ground.settings.get().publicCatalog !== 'all' || ground.kids.any()) return [];
      return (await measuredSources(ground.db)).map(({ origin }) => origin);
    },
  });
}

/** Pictures and subtitles that come with the product (`asset:starter/…`), the logo, and nothing else of the folder. */
export function shippedAssets(): Router {
  const router = createRouter();
  const files = express.static(SHIPPED_FOLDER, {
    index: false,
    dotfiles: 'ignore',
    redirect: false,
    maxAge: '1d',
  });
  router.use('/assets/starter', (req, res, next) => {
    res.set('Access-Control-Allow-Origin', '*');
    if (/^\/[a-z0-9.-]+\.(jpg|png|vtt)$/.test(req.path)) return files(req, res, next);
    next();
  });
  router.get(['/logo.png', '/background.jpg'], (req, res) => {
    res
      .set('Access-Control-Allow-Origin', '*')
      .sendFile(req.path.slice(1), { root: join(ROOT, 'src/addon/images'), maxAge: '1d' });
  });
  return router;
}
