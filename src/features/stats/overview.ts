import { z } from 'zod';
import type { Db } from '../../platform/db.ts';
import { LINK_LIFE_S, type Links } from '../../platform/links.ts';
import { offerKey, type StreamKind } from '../../streams/kind.ts';
import { offersFor } from '../stream-index/index.ts';
import {
  episodeCount,
  licenceCounts,
  type NewestTitle,
  newestTitles,
  streamCounts,
  titleCounts,
} from './queries.ts';

const Count = z.object({ kind: z.string(), count: z.int() });
const Title = z.object({
  id: z.string(),
  kind: z.enum(['movie', 'series', 'tv', 'event']),
  title: z.string(),
  year: z.int().nullable(),
  posterUrl: z.string().nullable(),
  genres: z.array(z.string()),
  licence: z
    .object({
      code: z.string(),
      name: z.string(),
      attribution: z.string().nullable(),
      url: z.string().nullable(),
    })
    .nullable(),
  playUrl: z.string().nullable(),
  m3uUrl: z.string().nullable(),
  detailUrl: z.string(),
});

/** What the front page shows of this server. */
export const Overview = z.object({
  version: z.string(),
  publicUrl: z.string(),
  manifestUrl: z.string(),
  installUrl: z.string(),
  isHttps: z.boolean(),
  isLoopback: z.boolean(),
  publicCatalog: z.enum(['off', 'licensed', 'all']),
  catalogue: z.object({
    movies: z.int(),
    series: z.int(),
    tv: z.int(),
    events: z.int(),
    episodes: z.int(),
    streams: z.int(),
    byStreamKind: z.array(Count),
    byLicence: z.array(z.object({ code: z.string(), name: z.string(), count: z.int() })),
  }),
  newest: z.array(Title),
});
export type Overview = z.infer<typeof Overview>;

/** The part that costs queries and is the same for every visitor: kept for a minute. */
export const OverviewCounts = z.object({
  titles: z.array(Count),
  streams: z.array(Count),
  licences: z.array(z.object({ code: z.string(), name: z.string(), count: z.int() })),
  episodes: z.int(),
});

export type OverviewDeps = {
  db: Db;
  version: string;
  links: Links;
  kinds: { get(kind: string): StreamKind | undefined };
};

export type Place = { baseUrl: string; visibility: 'off' | 'licensed' | 'all'; language: string };

const NEWEST = 24;

export async function countAll(
  db: Db,
  visibility: 'licensed' | 'all',
): Promise<z.infer<typeof OverviewCounts>> {
  const [titles, streams, licences, episodes] = await Promise.all([
    titleCounts(db, visibility),
    streamCounts(db, visibility),
    licenceCounts(db, visibility),
    episodeCount(db, visibility),
  ]);
  return { titles: [...titles], streams: [...streams], licences: [...licences], episodes };
}

/** Puts the counts and the newest titles under the address the visitor came by. */
export async function overviewOf(
  deps: OverviewDeps,
  place: Place,
  counts: z.infer<typeof OverviewCounts> | null,
): Promise<Overview> {
  const base = new URL(place.baseUrl);
  const ofKind = (kind: string) => counts?.titles.find((entry) => entry.kind === kind)?.count ?? 0;
  const newest =
    place.visibility === 'off' ? [] : await newestTitles(deps.db, place.visibility, place.language, NEWEST);
  return {
    version: deps.version,
    publicUrl: place.baseUrl,
    manifestUrl: `${place.baseUrl}/manifest.json`,
    installUrl: `stremio://${base.host}${base.pathname === '/' ? '' : base.pathname}/manifest.json`,
    isHttps: base.protocol === 'https:',
    isLoopback: /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])$/.test(base.hostname),
    publicCatalog: place.visibility,
    catalogue: {
      movies: ofKind('movie'),
      series: ofKind('series'),
      tv: ofKind('tv'),
      events: ofKind('event'),
      episodes: counts?.episodes ?? 0,
      streams: counts?.streams.reduce((sum, entry) => sum + entry.count, 0) ?? 0,
      byStreamKind: counts?.streams ?? [],
      byLicence: counts?.licences ?? [],
    },
    newest: await Promise.all(newest.map((title) => shown(deps, place, title))),
  };
}

async function shown(deps: OverviewDeps, place: Place, title: NewestTitle): Promise<z.infer<typeof Title>> {
  const playUrl = await bestDirectLink(deps, place, title);
  const type = title.kind === 'event' ? 'events' : title.kind;
  return {
    id: title.publicId,
    kind: title.kind,
    title: title.title,
    year: title.year,
    posterUrl: title.posterUrl?.replace(/^asset:/, '/assets/') ?? null,
    genres: title.genres,
    licence:
      title.licenceCode === null || title.licenceName === null
        ? null
        : {
            code: title.licenceCode,
            name: title.licenceName,
            attribution: title.attribution,
            url: title.licenceUrl,
          },
    playUrl,
    m3uUrl: playUrl === null ? null : `${place.baseUrl}/api/titles/${title.publicId}/playlist.m3u`,
    detailUrl: `stremio:///detail/${type}/${encodeURIComponent(title.canonicalId)}${title.kind === 'series' ? '' : `/${encodeURIComponent(title.canonicalId)}`}`,
  };
}

/** A play link of the first stream whose bytes we serve ourselves; null when there is none (a torrent, YouTube). */
export async function bestDirectLink(
  deps: Omit<OverviewDeps, 'version'>,
  place: Place,
  title: { mediaId: number },
): Promise<string | null> {
  if (place.visibility === 'off') return null;
  const offers = await offersFor(deps.db, {
    mediaId: title.mediaId,
    episodeId: null,
    only: place.visibility,
  });
  for (const [kind, refs] of Map.groupBy(offers, (offer) => offer.kind)) {
    const targets = await deps.kinds.get(kind)?.targets(deps.db, refs);
    for (const offer of refs) {
      const target = targets?.get(offerKey(offer));
      if (target?.via !== 'play') continue;
      const expiresAt = Math.floor(Date.now() / 1000) + LINK_LIFE_S;
      const link = {
        streamId: offer.streamId,
        kind: offer.kind,
        mediaId: title.mediaId,
        fileIndex: target.fileIndex,
        filename: offer.fileName ?? offer.name,
        subject: 'public',
        expiresAt,
      };
      return deps.links.make(link, { baseUrl: place.baseUrl, resource: target.resource });
    }
  }
  return null;
}
