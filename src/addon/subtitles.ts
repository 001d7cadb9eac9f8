import { type Offer, offersFor } from '../features/stream-index/index.ts';
import { languageOf } from '../kit/language.ts';
import { parseMediaId } from '../kit/media-id.ts';
import type { CacheSpace } from '../platform/cache.ts';
import type { Db } from '../platform/db.ts';
import { type AddonContext, absoluteUrl, type Freshness } from './context.ts';
import type { AddonRequest } from './extra.ts';
import { findTitle } from './find-title.ts';
import { keepValid, type OnDropped, Subtitle } from './objects.ts';

export type SubtitlesDeps = { db: Db; offers: CacheSpace<readonly Offer[]>; onDropped: OnDropped };

const FRESH: Freshness = { cacheMaxAge: 300, staleRevalidate: 3600, staleError: 86_400 };

/** `{subtitles}` of a title: those of the file the player names first (`filename`, `videoSize`), then the others'. */
export async function subtitlesAnswer(deps: SubtitlesDeps, request: AddonRequest, context: AddonContext) {
  const id = parseMediaId(request.id);
  const title =
    id === null || context.visibility === 'off' ? null : await findTitle(deps.db, id, request.type);
  if (title === null || context.visibility === 'off') return { subtitles: [], ...FRESH };
  const only = context.visibility;
  const key = JSON.stringify([title.mediaId, title.episodeId, only, 'subtitles']);
  const offers = await deps.offers.get(key, () => offersFor(deps.db, { ...title, only }));
  const isPlayed = (offer: Offer) =>
    (offer.fileName ?? offer.name) === request.extra.get('filename') ||
    String(offer.sizeBytes) === request.extra.get('videoSize');
  const ordered = [...offers.filter(isPlayed), ...offers.filter((offer) => !isPlayed(offer))];
  const found = ordered.flatMap((offer) => offer.subtitles.map((subtitle) => subtitleOf(subtitle, context)));
  return { subtitles: keepValid(Subtitle, found, 'subtitles', deps.onDropped), ...FRESH };
}

/** A stored subtitle as Stremio wants it: an id, an absolute URL, an ISO 639-2 language. */
export function subtitleOf(subtitle: Offer['subtitles'][number], context: AddonContext): unknown {
  return {
    id: `tributary-${subtitle.id}`,
    url: absoluteUrl(context.baseUrl, subtitle.path),
    lang: (subtitle.language === null ? null : languageOf(subtitle.language)?.iso6392) ?? 'und',
  };
}
