import {
  type Catalog,
  type CatalogQuery,
  type MediaKind,
  PAGE_SIZE,
  type Stock,
  type Visibility,
} from '../catalogs/catalog.ts';
import { boardOf, type CuratedList, catalogOf, choicesOf, type OnBoard } from '../catalogs/registry.ts';
import type { Viewer } from '../catalogs/viewer.ts';
import { NotFound } from '../kit/errors.ts';
import { JsonText } from '../kit/json-text.ts';
import type { CacheSpace } from '../platform/cache.ts';
import type { Db } from '../platform/db.ts';
import { type AddonContext, type Freshness, freshFor } from './context.ts';
import { type AddonRequest, skipOf } from './extra.ts';
import { noticeFor } from './notice.ts';
import { keepValid, MetaPreview, type OnDropped, ORNAMENTS } from './objects.ts';
import { isSurelyValid, previewer } from './preview.ts';
import { kindOf } from './stremio-type.ts';

export type CatalogDeps = {
  db: Db;
  /** Whole answers as JSON by query, for all installs that see the same: one from the cache costs no more than sending it. */
  pages: CacheSpace<JsonText>;
  /** The system lists that hold something for such a viewer. */
  lists(visibility: Visibility, viewer: Viewer | null): Promise<readonly CuratedList[]>;
  /** The kinds and shelves that hold something for such a viewer. */
  stock(visibility: Visibility, viewer: Viewer | null): Promise<Stock>;
  /** Whether changes in the database are heard of as they come: what is kept may be old otherwise. */
  hearsChanges(): boolean;
  onDropped: OnDropped;
};

const FRESH: Freshness = { cacheMaxAge: 300, staleRevalidate: 3600, staleError: 86_400 };
/** Nobody scrolls past this; an offset walks every row it skips. */
const MAX_SKIP = 100_000;

const NOTHING: Stock = { kinds: [], shelves: [] };

/** The catalogues of the manifest for such a viewer; what there is is nobody's business while it is off. */
export async function boardFor(
  deps: Pick<CatalogDeps, 'lists' | 'stock'>,
  { visibility, language, watching }: Pick<AddonContext, 'visibility' | 'language' | 'watching'>,
): Promise<readonly OnBoard[]> {
  if (visibility === 'off') return boardOf([], NOTHING, language);
  const viewer = watching?.viewer ?? null;
  const [lists, stock] = await Promise.all([deps.lists(visibility, viewer), deps.stock(visibility, viewer)]);
  return boardOf(lists, stock, language);
}

/** `{metas}` of one page, as `json`; 404 for a catalogue this add-on does not have. */
export async function catalogAnswer(deps: CatalogDeps, request: AddonRequest, context: AddonContext) {
  const viewer = context.watching?.viewer ?? null;
  const fresh = freshFor(context, FRESH);
  const asked = await askedCatalog(deps, request, context);
  if (asked === null) return { metas: [], ...fresh };
  const { kind, catalog } = asked;
  const skip = skipOf(request.extra);
  if (context.visibility === 'off' || skip > MAX_SKIP) return { metas: [], ...fresh };
  const choice = await choiceOf(deps, catalog, kind, request, { ...context, visibility: context.visibility });
  if (choice === null) return { metas: [], ...fresh };
  const { visibility, language } = context;
  const query: CatalogQuery = {
    ...{ kind, visibility, language, choice, skip, ...askedOf(catalog, request) },
    ...(viewer === null ? {} : { viewer }),
  };
  const notice = skip > 0 || catalog.isSearchOnly ? null : noticeFor(kind, context);
  const key = JSON.stringify([catalog.id, context.baseUrl, query, ...(notice === null ? [] : ['notice'])]);
  const load = () => pageOf(deps, catalog, query, context, notice);
  // A rating, a content tag, a title taken down: what closes a title to a kid is not all counted by its profile.
  const isKept = viewer?.isKid !== true || deps.hearsChanges();
  const json = isKept ? await deps.pages.get(key, load) : await load();
  return { json, ...fresh };
}

/** Null: an installed manifest outlives a list that was removed or emptied; its row is empty then, not an error. */
async function askedCatalog(
  deps: CatalogDeps,
  request: AddonRequest,
  { visibility, watching }: AddonContext,
): Promise<{ kind: MediaKind; catalog: Catalog } | null> {
  const kind = kindOf(request.type);
  const lists = visibility === 'off' ? [] : await deps.lists(visibility, watching?.viewer ?? null);
  const catalog = catalogOf(lists, request.id);
  if (kind !== null && catalog?.kinds.includes(kind)) return { kind, catalog };
  if (kind !== null && request.id.startsWith('list-')) return null;
  throw new NotFound('addon.no_catalog', 'This add-on has no such catalogue.');
}

/** An empty genre means "any": some clients send it when the viewer takes the filter away. */
function askedOf({ extras }: Catalog, { extra }: AddonRequest): Pick<CatalogQuery, 'genre' | 'search'> {
  return {
    genre: extras.includes('genre') ? extra.get('genre') || undefined : undefined,
    search: extras.includes('search') ? extra.get('search') : undefined,
  };
}

/**
 * The shelf that is meant by the `genre` that was sent: its name here and now, its name in English (from a manifest before the language
 * changed) or its code; the first where none was sent. Null: there is no such shelf.
 */
async function choiceOf(
  deps: Pick<CatalogDeps, 'stock'>,
  catalog: Catalog,
  kind: MediaKind,
  { extra }: AddonRequest,
  {
    visibility,
    language,
    watching,
  }: Pick<AddonContext, 'language' | 'watching'> & { visibility: Visibility },
): Promise<string | undefined | null> {
  const { shelving } = catalog;
  if (shelving === undefined || shelving.choice === 'none') return undefined;
  const choices = choicesOf(catalog, kind, await deps.stock(visibility, watching?.viewer ?? null), language);
  const sent = extra.get('genre') || undefined;
  const meant =
    sent === undefined
      ? choices[0]
      : (choices.find(({ label }) => label === sent) ??
        choices.find(({ code }) => code === sent || shelving.labelOf(code, 'en') === sent));
  return meant?.code ?? null;
}

async function pageOf(
  deps: CatalogDeps,
  catalog: Catalog,
  query: CatalogQuery,
  context: AddonContext,
  notice: MetaPreview | null,
): Promise<JsonText> {
  const cards = await catalog.page(deps.db, query);
  const toPreview = previewer(query.kind, context);
  const previews = cards.slice(0, PAGE_SIZE).map(toPreview);
  const titles = previews.every(isSurelyValid)
    ? previews
    : keepValid(MetaPreview, previews, 'catalog', deps.onDropped, ORNAMENTS);
  const metas = notice === null ? titles : [notice, ...titles];
  return new JsonText(JSON.stringify({ metas, ...freshFor(context, FRESH) }));
}
