import { AppError, Conflict } from '../../kit/errors.ts';
import type { Db, Pool } from '../../platform/db.ts';
import { countReport } from '../../streams/external/queries.ts';
import type { Place } from '../media/index.ts';
import { type SaveDeps, StreamInput, saveStream } from '../stream-index/index.ts';
import { linkUrl } from './link-url.ts';
import { type Service, serviceById } from './platforms.ts';
import { noteReporter, placesOfPage, type Reporter, toldToday } from './queries/links.ts';

export type ReportLinkDeps = { db: Pool; kinds: SaveDeps['kinds'] };
export type ToldLink = { service: string; url: string; region?: string | undefined };

const MOST_A_DAY = 200;

/**
 * A user or device tells where a title or an episode is on a service. The same page again counts once for each who tells;
 * a page leads to one title or episode, so that nobody can put what a kid may see over what it may not: Conflict for another.
 * BadInput where the address is no page of the service; 429 after 200 in a day.
 */
export async function reportLink(
  deps: ReportLinkDeps,
  place: Place,
  told: ToldLink,
  reporter: Reporter,
): Promise<{ streamId: number; isNew: boolean }> {
  const service = serviceById(told.service);
  if (service === undefined) throw new TypeError('the service is checked at the edge');
  const url = linkUrl(service, told.url);
  if ((await toldToday(deps.db, reporter.userId)) >= MOST_A_DAY) throw tooMany();
  return deps.db.transaction(async (tx) => {
    const link = await linkOf({ ...deps, db: tx }, place, { ...told, url }, service);
    if (await noteReporter(tx, link.streamId, reporter)) await countReport(tx, link.streamId);
    return link;
  });
}

async function linkOf(
  deps: { db: Db; kinds: SaveDeps['kinds'] },
  place: Place,
  { url, region }: ToldLink,
  service: Service,
): Promise<{ streamId: number; isNew: boolean }> {
  const known = await onlyPlace(deps.db, place, service, url);
  if (known !== null) return { streamId: known, isNew: false };
  const input = StreamInput.parse({ kind: 'external', name: service.name, service: service.id, url, region });
  const { streamId, isNew } = await saveStream(deps, input, place, { isSeen: true, origin: 'deep-link' });
  // Somebody may have told of it for another title just before this one's turn.
  await onlyPlace(deps.db, place, service, url);
  return { streamId, isNew };
}

async function onlyPlace(db: Db, place: Place, service: Service, url: string): Promise<number | null> {
  const places = await placesOfPage(db, service.id, url);
  const isOther = places.some(
    ({ mediaId, episodeId }) => mediaId !== place.mediaId || episodeId !== place.episodeId,
  );
  if (isOther)
    throw new Conflict(
      'deep_links.elsewhere',
      'This page is known as that of another title or episode. Report it if that is wrong.',
    );
  return places[0]?.streamId ?? null;
}

function tooMany(): AppError {
  return new AppError('deep_links.too_many', `More than ${MOST_A_DAY} links in a day. Go on tomorrow.`, {
    status: 429,
    headers: { 'Retry-After': '3600' },
  });
}
