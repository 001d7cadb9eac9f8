import type { Viewer } from '../catalogs/viewer.ts';
import type { Asked, Standing } from '../features/family/index.ts';
import { type MediaDetail, mediaDetail } from '../features/media/index.ts';
import { absoluteUrl } from '../kit/asset-url.ts';
import { NotFound } from '../kit/errors.ts';
import { languageOf } from '../kit/language.ts';
import type { CacheSpace } from '../platform/cache.ts';
import type { Db } from '../platform/db.ts';
import { type AddonContext, type Freshness, freshFor } from './context.ts';
import type { AddonRequest } from './extra.ts';
import { resolveTitle } from './find-title.ts';
import { NOTICE_ID, noticeMeta } from './notice.ts';
import { nowAndNext } from './now-and-next.ts';
import { keepValid, Meta, MetaLink, type OnDropped, ORNAMENTS, Video } from './objects.ts';
import { isoDay, linker, posterShape, releaseInfo } from './preview.ts';
import { stremioType } from './stremio-type.ts';

export type MetaDeps = {
  db: Db;
  details: CacheSpace<MediaDetail | null>;
  onDropped: OnDropped;
  /** A title is opened; true: more is known of it by now. */
  onOpened?(detail: MediaDetail): Promise<boolean>;
  /** What a profile may see of a title or an episode; null: there is none such. */
  standingFor(viewer: Viewer, asked: Asked): Promise<Standing | null>;
  blockedEpisodes(viewer: Viewer, mediaId: number): Promise<readonly { season: number; episode: number }[]>;
};

const FRESH: Freshness = { cacheMaxAge: 300, staleRevalidate: 3600, staleError: 86_400 };
/** What runs now is old in a minute. */
const FRESH_GUIDE: Freshness = { cacheMaxAge: 60, staleRevalidate: 300, staleError: 3600 };
const MAX_CAST = 12;

/** `{meta}` of one title; 404 for one this install does not have. */
export async function metaAnswer(deps: MetaDeps, request: AddonRequest, context: AddonContext) {
  if (request.id === NOTICE_ID && context.watching !== null)
    return { meta: noticeMeta(request.type, context), ...freshFor(context, FRESH) };
  const found = context.visibility === 'off' ? null : await resolveTitle(deps.db, request);
  // An episode has no page of its own.
  if (found === null || found.episodeId !== null) throw noTitle();
  const { mediaId } = found;
  // Before anything is looked up elsewhere: what a profile may not see is not asked about for it.
  await requireSeen(deps, mediaId, context);
  const detail = await detailOf(deps, mediaId, context);
  if (detail === null || stremioType(detail.kind) !== request.type) throw noTitle();
  const seen = await partSeen(deps, detail, mediaId, context);
  // A bad meta is refused whole by clients, so its lists are cleaned one by one and the rest must hold.
  const [meta] = keepValid(
    Meta,
    [metaOf(deps, seen, context, request.id)],
    'meta',
    deps.onDropped,
    ORNAMENTS,
  );
  if (meta === undefined)
    throw new NotFound('addon.no_title', 'This title cannot be shown: what is stored of it is not valid.');
  return { meta, ...freshFor(context, detail.programmes.length === 0 ? FRESH : FRESH_GUIDE) };
}

function noTitle(): NotFound {
  return new NotFound('addon.no_title', 'This add-on has no such title.');
}

async function requireSeen(deps: MetaDeps, mediaId: number, { watching }: AddonContext): Promise<void> {
  if (watching === null) return;
  const standing = await deps.standingFor(watching.viewer, { mediaId, episodeId: null });
  if (standing?.standing !== 'allowed') throw noTitle();
}

/** What of it whoever asks may know of: all or nothing, or a series without the episodes that are blocked. */
async function partSeen(
  deps: MetaDeps,
  detail: MediaDetail,
  mediaId: number,
  context: AddonContext,
): Promise<MediaDetail> {
  const viewer = context.watching?.viewer ?? null;
  if (viewer === null) {
    if (!isVisible(detail, context)) throw noTitle();
    return detail;
  }
  const blocked = new Set(
    (await deps.blockedEpisodes(viewer, mediaId)).map(({ season, episode }) => `${season}:${episode}`),
  );
  if (blocked.size === 0) return detail;
  const seasons = detail.seasons.map((season) => ({
    ...season,
    episodes: season.episodes.filter(({ number }) => !blocked.has(`${season.number}:${number}`)),
  }));
  return { ...detail, seasons };
}

async function detailOf(
  { db, details, onOpened }: MetaDeps,
  mediaId: number,
  { language, region }: AddonContext,
): Promise<MediaDetail | null> {
  const load = () => mediaDetail(db, mediaId, language, region);
  const known = await details.get(`${mediaId}:${language}:${region}`, load);
  // Not from the cache, which hears of the change a moment later.
  return known !== null && (await onOpened?.(known)) ? load() : known;
}

function isVisible(detail: MediaDetail, context: AddonContext): boolean {
  return detail.isPublished && detail.isPublic && (context.visibility === 'all' || detail.openStreams > 0);
}

function metaOf(deps: MetaDeps, detail: MediaDetail, context: AddonContext, askedId: string): unknown {
  const url = (value: string | null) => (value === null ? undefined : absoluteUrl(context.baseUrl, value));
  return {
    // The id the client asked with: another would make it a second title in its library.
    id: askedId,
    type: stremioType(detail.kind),
    name: detail.title,
    poster: url(detail.posterUrl),
    posterShape: posterShape(detail.kind),
    background: url(detail.backgroundUrl),
    logo: url(detail.logoUrl),
    description:
      [nowAndNext(detail.programmes, new Date()), detail.tagline, detail.overview]
        .filter((part) => part !== null)
        .join('\n\n') || undefined,
    releaseInfo: releaseInfo(detail.kind, detail),
    released: isoDay(detail.releaseDate),
    runtime: detail.runtimeMinutes === null ? undefined : `${detail.runtimeMinutes} min`,
    country: detail.countries.join(', ') || undefined,
    language: detail.languages.map((code) => languageOf(code)?.name ?? code).join(', ') || undefined,
    links: keepValid(MetaLink, linksOf(detail, context), 'link', deps.onDropped),
    trailerStreams:
      detail.trailerYoutubeId === null ? undefined : [{ ytId: detail.trailerYoutubeId, title: detail.title }],
    videos:
      detail.kind === 'series'
        ? keepValid(Video, videosOf(detail, context, askedId), 'video', deps.onDropped, ORNAMENTS)
        : undefined,
    behaviorHints: detail.kind === 'series' ? {} : { defaultVideoId: askedId },
  };
}

/** Rating, genres, then the people, each leading to a search for more of them, and where else it may be watched. */
function linksOf(detail: MediaDetail, context: AddonContext): unknown[] {
  const people = (names: readonly string[], category: string) =>
    [...new Set(names)].map((name) => ({
      name,
      category,
      url: `stremio:///search?search=${encodeURIComponent(name)}`,
    }));
  return [
    ...linker(detail.kind, context)(detail),
    ...people(
      detail.cast.slice(0, MAX_CAST).map((credit) => credit.name),
      'Cast',
    ),
    ...people(
      detail.directors.map((credit) => credit.name),
      'Directors',
    ),
    ...people(
      detail.writers.map((credit) => credit.name),
      'Writers',
    ),
    ...watchLinks(detail),
  ];
}

/** As TMDB's terms ask: whose data it is. Nobody else tells where to watch. */
const WATCH_CATEGORY = 'Where to watch (JustWatch)';
const MAX_SERVICES = 12;

/** One link a service with all it offers: `Apple TV (buy, rent)`. */
function watchLinks({ watch }: MediaDetail): unknown[] {
  const services = Map.groupBy(watch, ({ service }) => service);
  return [...services].slice(0, MAX_SERVICES).flatMap(([service, offers]) => {
    const url = offers.find((offer) => offer.url !== null)?.url;
    if (url === undefined) return [];
    return [
      { name: `${service} (${offers.map(({ offer }) => offer).join(', ')})`, category: WATCH_CATEGORY, url },
    ];
  });
}

function videosOf(detail: MediaDetail, context: AddonContext, askedId: string): unknown[] {
  return detail.seasons.flatMap((season) =>
    season.episodes.map((episode) => ({
      id: `${askedId}:${season.number}:${episode.number}`,
      title: episode.title || `Episode ${episode.number}`,
      released: isoDay(episode.airDate),
      season: season.number,
      episode: episode.number,
      overview: episode.overview ?? undefined,
      thumbnail:
        episode.thumbnailUrl === null ? undefined : absoluteUrl(context.baseUrl, episode.thumbnailUrl),
    })),
  );
}
