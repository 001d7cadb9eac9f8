import { type Catalog, type CatalogQuery, PAGE_SIZE, type Visibility } from '../catalogs/catalog.ts';
import { type CuratedList, catalogsOf } from '../catalogs/registry.ts';
import { NotFound } from '../kit/errors.ts';
import { JsonText } from '../kit/json-text.ts';
import type { CacheSpace } from '../platform/cache.ts';
import type { Db } from '../platform/db.ts';
import type { AddonContext, Freshness } from './context.ts';
import { type AddonRequest, skipOf } from './extra.ts';
import { keepValid, MetaPreview, type OnDropped, ORNAMENTS } from './objects.ts';
import { previewer } from './preview.ts';
import { kindOf } from './stremio-type.ts';

export type CatalogDeps = {
  db: Db;
  /** Whole answers as JSON by query, for all installs that see the same: one from the cache costs no more than sending it. */
  pages: CacheSpace<JsonText>;
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

/** `{metas}` of one page, as `json`; 404 for a catalogue this add-on does not have. */
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
  const key = JSON.stringify([catalog.id, context.baseUrl, query]);
  const json = await deps.pages.get(key, () => pageOf(deps, catalog, query, context));
  return { json, ...FRESH };
}

async function pageOf(
  deps: CatalogDeps,
  catalog: Catalog,
  query: CatalogQuery,
  context: AddonContext,
): Promise<JsonText> {
  const cards = await catalog.page(deps.db, query);
  const toPreview = previewer(query.kind, context);
  const previews = cards.slice(0, PAGE_SIZE).map(toPreview);
  const metas = keepValid(MetaPreview, previews, 'catalog', deps.onDropped, ORNAMENTS);
  return new JsonText(JSON.stringify({ metas, ...FRESH }));
}
