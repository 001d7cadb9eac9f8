import type { Db } from '../../platform/db.ts';
import { episodesOf } from '../media/index.ts';
import { SERVICES, type Service, searchUrl } from './platforms.ts';
import { linksOf, titleToSearch } from './queries/links.ts';

export type LaunchLink = {
  service: string;
  url: string;
  /** What it opens: the episode, the title, or the service's own search for the title. */
  opens: 'episode' | 'title' | 'search';
  isVerified: boolean;
  reportedCount: number;
};

/**
 * The best way into one of these services: a link to the episode (verified before not, then what most told of), else
 * one to the title, else the search of a service that is said to have the title, or of the first; null without services.
 * What the viewer may see is asked before.
 */
export async function launchLink(
  db: Db,
  asked: {
    mediaId: number;
    season?: number | undefined;
    episode?: number | undefined;
    services: readonly string[];
  },
): Promise<LaunchLink | null> {
  const { mediaId, season, episode } = asked;
  const services = SERVICES.filter(({ id }) => asked.services.includes(id));
  if (services.length === 0) return null;
  const numbered = season !== undefined && episode !== undefined ? [{ mediaId, season, episode }] : [];
  const [found] = await episodesOf(db, numbered);
  const ids = services.map(({ id }) => id);
  const [best] = await linksOf(db, { mediaId, episodeId: found?.episodeId ?? null }, ids, false);
  if (best === undefined) return searchFor(db, mediaId, services);
  const { service, url, isVerified, reportedCount } = best;
  return { service, url, opens: best.episode === null ? 'title' : 'episode', isVerified, reportedCount };
}

async function searchFor(db: Db, mediaId: number, services: readonly Service[]): Promise<LaunchLink | null> {
  const known = await titleToSearch(db, mediaId);
  if (known === null) return null;
  const offering = new Set(known.offeredBy.map(plain));
  const service = services.find(({ name }) => offering.has(plain(name))) ?? services[0];
  if (service === undefined) return null;
  const url = searchUrl(service, known.title);
  return { service: service.id, url, opens: 'search', isVerified: false, reportedCount: 0 };
}

/** `Amazon Prime Video` and `Disney Plus` of a metadata provider are the ones of ours. */
function plain(name: string): string {
  return name
    .toLowerCase()
    .replace(/\+/g, 'plus')
    .replace(/amazon|[^a-z0-9]/g, '');
}
