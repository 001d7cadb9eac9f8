import type { Visibility } from '../catalogs/catalog.ts';
import type { Viewer } from '../catalogs/viewer.ts';
import type { Standing } from '../features/family/index.ts';
import { type Offer, offersFor } from '../features/stream-index/index.ts';
import { absoluteUrl, isElsewhere } from '../kit/asset-url.ts';
import { languageOf } from '../kit/language.ts';
import { isTextSubtitle } from '../kit/media-facts.ts';
import type { CacheSpace } from '../platform/cache.ts';
import type { Db } from '../platform/db.ts';
import type { SubtitleLinks } from '../platform/subtitle-links.ts';
import type { StreamKind } from '../streams/kind.ts';
import { type AddonContext, type Freshness, freshFor } from './context.ts';
import type { AddonRequest } from './extra.ts';
import { type FoundTitle, findTitle, resolveTitle } from './find-title.ts';
import { keepValid, type OnDropped, Subtitle } from './objects.ts';
import { isFileOf } from './stream-text.ts';

export type SubtitleLinkDeps = {
  subtitleLinks: SubtitleLinks;
  /** Life of the links made here. */
  linkLifeSeconds(): number;
  kinds: { get(kind: string): StreamKind | undefined };
};
export type SubtitlesDeps = SubtitleLinkDeps & {
  db: Db;
  offers: CacheSpace<readonly Offer[]>;
  standingFor(viewer: Viewer, asked: { mediaId: number; episodeId: number | null }): Promise<Standing | null>;
  unmixed(viewer: Viewer, offers: readonly Offer[]): Promise<readonly Offer[]>;
  onDropped: OnDropped;
};

const FRESH: Freshness = { cacheMaxAge: 300, staleRevalidate: 3600, staleError: 86_400 };

/** `{subtitles}` of a title: those of the file the player names first (`filename`, `videoSize`), then the others'. */
export async function subtitlesAnswer(deps: SubtitlesDeps, request: AddonRequest, context: AddonContext) {
  const only = context.visibility;
  const viewer = context.watching?.viewer ?? null;
  const fresh = freshFor(context, FRESH);
  const title = only === 'off' ? null : await titleFor(deps, request, only, viewer);
  if (title === null || only === 'off') return { subtitles: [], ...fresh };
  const { mediaId, episodeId } = title;
  const key = JSON.stringify([mediaId, episodeId, only, 'subtitles']);
  const offers = await deps.offers.get(key, () => offersFor(deps.db, { mediaId, episodeId, only }));
  const seen = viewer === null ? offers : await deps.unmixed(viewer, offers);
  const played = playedFirst(seen, request.extra);
  // Two releases of one film often name the same file.
  const paths = new Set<string>();
  const subtitles = played.flatMap((offer) => {
    const fresh = offer.subtitles.filter(({ path, isInside }) => isInside || !paths.has(path));
    for (const { path } of fresh) paths.add(path);
    return subtitlesOf(deps, { ...offer, subtitles: fresh }, { context, title });
  });
  return { subtitles: keepValid(Subtitle, subtitles, 'subtitles', deps.onDropped), ...fresh };
}

/** The title a request means, where whoever asks may know of it. */
async function titleFor(
  { db, standingFor }: SubtitlesDeps,
  request: AddonRequest,
  only: Visibility,
  viewer: Viewer | null,
): Promise<FoundTitle | null> {
  if (viewer === null) return findTitle(db, request, only);
  const found = await resolveTitle(db, request);
  const standing = found === null ? null : await standingFor(viewer, found);
  return found === null || standing?.mayPlay !== true ? null : { ...found, isEmpty: standing.isEmpty };
}

/** Players name the file by what our streams' `behaviorHints` told them. */
function playedFirst(offers: readonly Offer[], extra: ReadonlyMap<string, string>): Offer[] {
  const isPlayed = (offer: Offer) =>
    isFileOf(offer, extra.get('filename')) || String(offer.sizeBytes) === extra.get('videoSize');
  return [...offers.filter(isPlayed), ...offers.filter((offer) => !isPlayed(offer))];
}

/**
 * The subtitles of one offer as Stremio wants them: an id, an absolute URL, an ISO 639-2 language. What lies elsewhere and what
 * lies inside the file comes from us, as WebVTT in UTF-8, which every player takes; the signs-only tracks come last.
 */
export function subtitlesOf(
  deps: SubtitleLinkDeps,
  offer: Offer,
  { context: { baseUrl, watching }, title }: { context: AddonContext; title: FoundTitle },
): unknown[] {
  const { streamId, fileIndex } = offer;
  const { mediaId, episodeId } = title;
  const whose =
    watching === null
      ? { subject: 'public' }
      : { subject: watching.subject, viewer: watching.link, title: { mediaId, episodeId } };
  const expiresAt = Math.floor(Date.now() / 1000) + deps.linkLifeSeconds();
  const urlOf = (which: { track: number } | { subtitleId: number }) =>
    deps.subtitleLinks.make({ streamId, fileIndex, ...whose, expiresAt, ...which }, baseUrl);
  // Files of the stream itself can be had where the kind reads them here.
  const isReadable = deps.kinds.get(offer.kind)?.open !== undefined;
  const beside = offer.subtitles
    .filter(({ isInside }) => isReadable || !isInside)
    .map(({ id, path, language, isInside }) => ({
      id: `tributary-${id}`,
      url:
        // Whatever its scheme: nobody is told where the owner's servers are.
        isInside || isElsewhere(path) ? urlOf({ subtitleId: id }) : absoluteUrl(baseUrl, path),
      lang: stremioLanguage(language),
    }));
  const inside = offer.embedded
    .filter(({ codec }) => isTextSubtitle({ type: 'subtitle', codec }))
    .sort((a, b) => Number(a.isForced) - Number(b.isForced))
    .map(({ index, language }) => ({
      id: `tributary-${streamId}-${fileIndex ?? 0}-${index}`,
      url: urlOf({ track: index }),
      lang: stremioLanguage(language),
    }));
  return [...beside, ...inside];
}

function stremioLanguage(language: string | null): string {
  return (language === null ? null : languageOf(language)?.iso6392) ?? 'und';
}
