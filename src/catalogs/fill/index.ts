import type { Db } from '../../platform/db.ts';
import { tellTitlesChanged } from '../../platform/queries.ts';
import type { Catalog, FillAbout } from '../catalog.ts';
import { fillShelves } from './queries.ts';

/**
 * Writes the best titles of each catalogue that has shelves anew, where they changed. Answers how many titles or shelves came or went;
 * the caches are told then. Where only places changed they are not, as with each play. Work for a job: it reads all titles.
 */
export async function fillCatalogs(
  db: Db,
  catalogs: readonly Catalog[],
  about: FillAbout,
  signal: AbortSignal,
): Promise<number> {
  signal.throwIfAborted();
  const shelved = catalogs.flatMap(({ id, kinds, shelving }) =>
    shelving === undefined ? [] : [{ id, kinds, content: shelving.content(about) }],
  );
  const moved = await fillShelves(db, shelved);
  if (moved > 0) await tellTitlesChanged(db);
  return moved;
}

/** What says where the household is: a country the owner named, else where the language is most spoken (`en`: `US`, `pt-BR`: `BR`). */
export type Household = { catalogLanguage: string; catalogRegion: string };

/** The country whose age ratings come first, ISO 3166-1 alpha-2. */
export function householdCountry({ catalogLanguage, catalogRegion }: Household): string {
  return catalogRegion || (new Intl.Locale(catalogLanguage).maximize().region ?? 'US');
}

/** The day it is where the server stands (`TZ`), as an ISO date. */
export function localDay(now = new Date()): string {
  const pad = (part: number) => String(part).padStart(2, '0');
  return `${now.getFullYear()}-${pad(now.getMonth() + 1)}-${pad(now.getDate())}`;
}
