import {
  type Card,
  type Catalog,
  type CatalogQuery,
  PAGE_SIZE,
  type Visibility,
} from '../catalogs/catalog.ts';
import { type CuratedList, catalogsOf } from '../catalogs/registry.ts';
import { absoluteUrl } from '../kit/asset-url.ts';
import { NotFound } from '../kit/errors.ts';
import type { CacheSpace } from '../platform/cache.ts';
import type { Db } from '../platform/db.ts';
import type { AddonContext, Freshness } from './context.ts';
import { type AddonRequest, skipOf } from './extra.ts';
import { keepValid, MetaPreview, type OnDropped, ORNAMENTS } from './objects.ts';
import { kindOf, stremioType } from './stremio-type.ts';

export type CatalogDeps = {
  db: Db;
  /** Cards by query, for all installs that see the same. */
  pages: CacheSpace<readonly Card[]>;
  /** The system lists that hold something for such a viewer. */
  lists(visibility: Visibility): Promise<readonly CuratedList[]>;
  onDropped: OnDropped;
};

const FRESH: Freshness = { cacheMaxAge: 300, staleRevalidate: 3600, staleError: 86_400 };
/** Nobody scrolls past this; an offset walks every row it skips. */
const MAX_SKIP = 100_000;

/** The catalogues of the manifest for such a viewer; the owner's lists are nobody's business while it is off. */
export async function catalogsFor(
  deps: Pick<CatalogDeps, 'lists'>,
  visibility: AddonContext['visibility'],
): Promise<readonly Catalog[]> {
  return catalogsOf(visibility === 'off' ? [] : await deps.lists(visibility));
}

/** `{metas}` of one page; 404 for a catalogue this add-on does not have. */
export async function catalogAnswer(deps: CatalogDeps, request: AddonRequest, context: AddonContext) {
  const kind = kindOf(request.type);
  const catalog = (await catalogsFor(deps, context.visibility)).find(
    (entry) => entry.id === request.id && kind !== null && entry.kinds.includes(kind),
  );
  // An installed manifest outlives a list that was removed or emptied: its row is empty then, not an error.
  if (catalog === undefined && kind !== null && request.id.startsWith('list-'))
    return { metas: [], ...FRESH };
  if (catalog === undefined || kind === null)
    throw new NotFound('addon.no_catalog', 'This add-on has no such catalogue.');
  const skip = skipOf(request.extra);
  if (context.visibility === 'off' || skip > MAX_SKIP) return { metas: [], ...FRESH };
  const query: CatalogQuery = {
    kind,
    visibility: context.visibility,
    language: context.language,
    // An empty one means "any": some clients send it when the viewer takes the filter away.
    genre: catalog.extras.includes('genre') ? request.extra.get('genre') || undefined : undefined,
    search: catalog.extras.includes('search') ? request.extra.get('search') : undefined,
    skip,
  };
  const key = JSON.stringify([
    catalog.id,
    kind,
    query.visibility,
    query.language,
    query.genre ?? null,
    query.search ?? null,
    skip,
  ]);
  const cards = await deps.pages.get(key, () => catalog.page(deps.db, query));
  const metas = keepValid(
    MetaPreview,
    cards.slice(0, PAGE_SIZE).map((card) => previewOf(card, context)),
    'catalog',
    deps.onDropped,
    ORNAMENTS,
  );
  return { metas, ...FRESH };
}

/** A card as Stremio shows it on the board. */
function previewOf(card: Card, context: AddonContext): unknown {
  const url = (value: string | null) => (value === null ? undefined : absoluteUrl(context.baseUrl, value));
  return {
    id: card.canonicalId,
    type: stremioType(card.kind),
    name: card.title,
    poster: url(card.posterUrl),
    posterShape: card.kind === 'tv' ? 'square' : 'poster',
    background: url(card.backgroundUrl),
    logo: url(card.logoUrl),
    description: card.overview ?? undefined,
    releaseInfo: releaseInfo(card),
    released: card.releaseDate === null ? undefined : `${card.releaseDate}T00:00:00.000Z`,
    runtime: card.runtimeMinutes === null ? undefined : `${card.runtimeMinutes} min`,
    links: cardLinks(card, context),
  };
}

/** `2008`, or `2013–2016` and `2013–` for what runs over years. */
export function releaseInfo(title: {
  kind: string;
  year: number | null;
  endYear: number | null;
}): string | undefined {
  if (title.year === null) return undefined;
  if (title.kind !== 'series' || title.endYear === title.year) return String(title.year);
  return `${title.year}–${title.endYear ?? ''}`;
}

/**
 * Once `links` is sent Stremio ignores imdbRating and genres, and without it points genres at Cinemeta's own
 * catalogue: so rating and genres always go as links, the genres to our discover page.
 */
export function cardLinks(title: Pick<Card, 'kind' | 'rating' | 'imdbId' | 'genres'>, context: AddonContext) {
  const manifest = encodeURIComponent(`${context.baseUrl}/manifest.json`);
  const type = stremioType(title.kind);
  return [
    ...(title.rating === null || title.imdbId === null
      ? []
      : [{ name: title.rating.toFixed(1), category: 'imdb', url: `https://imdb.com/title/${title.imdbId}` }]),
    ...title.genres.map((genre) => ({
      name: genre,
      category: 'Genres',
      url: `stremio:///discover/${manifest}/${type}/popular?genre=${encodeURIComponent(genre)}`,
    })),
  ];
}
