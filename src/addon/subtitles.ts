import { type Offer, offersFor } from '../features/stream-index/index.ts';
import { absoluteUrl } from '../kit/asset-url.ts';
import { languageOf } from '../kit/language.ts';
import type { CacheSpace } from '../platform/cache.ts';
import type { Db } from '../platform/db.ts';
import type { AddonContext, Freshness } from './context.ts';
import type { AddonRequest } from './extra.ts';
import { findTitle } from './find-title.ts';
import { keepValid, type OnDropped, Subtitle } from './objects.ts';
import { isFileOf } from './stream-text.ts';

export type SubtitlesDeps = { db: Db; offers: CacheSpace<readonly Offer[]>; onDropped: OnDropped };

const FRESH: Freshness = { cacheMaxAge: 300, staleRevalidate: 3600, staleError: 86_400 };

/** `{subtitles}` of a title: those of the file the player names first (`filename`, `videoSize`), then the others'. */
export async function subtitlesAnswer(deps: SubtitlesDeps, request: AddonRequest, context: AddonContext) {
  const only = context.visibility;
  const title = only === 'off' ? null : await findTitle(deps.db, request, only);
  if (title === null || only === 'off') return { subtitles: [], ...FRESH };
  const { mediaId, episodeId } = title;
  const key = JSON.stringify([mediaId, episodeId, only, 'subtitles']);
  const offers = await deps.offers.get(key, () => offersFor(deps.db, { mediaId, episodeId, only }));
  const found = playedFirst(offers, request.extra).flatMap((offer) => offer.subtitles);
  // Two releases of one film often name the same file.
  const first = new Map(found.toReversed().map(({ path, id }) => [path, id]));
  const subtitles = found
    .filter(({ path, id }) => first.get(path) === id)
    .map((subtitle) => subtitleOf(subtitle, context));
  return { subtitles: keepValid(Subtitle, subtitles, 'subtitles', deps.onDropped), ...FRESH };
}

/** Players name the file by what our streams' `behaviorHints` told them. */
function playedFirst(offers: readonly Offer[], extra: ReadonlyMap<string, string>): Offer[] {
  const isPlayed = (offer: Offer) =>
    isFileOf(offer, extra.get('filename')) || String(offer.sizeBytes) === extra.get('videoSize');
  return [...offers.filter(isPlayed), ...offers.filter((offer) => !isPlayed(offer))];
}

/** A stored subtitle as Stremio wants it: an id, an absolute URL, an ISO 639-2 language. */
export function subtitleOf(subtitle: Offer['subtitles'][number], context: AddonContext): unknown {
  return {
    id: `tributary-${subtitle.id}`,
    url: absoluteUrl(context.baseUrl, subtitle.path),
    lang: (subtitle.language === null ? null : languageOf(subtitle.language)?.iso6392) ?? 'und',
  };
}
