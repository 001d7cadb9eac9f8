import { z } from 'zod';
import type { Db, Fragment } from '../platform/db.ts';
import type { Viewer } from './viewer.ts';

export const MEDIA_KINDS = ['movie', 'series', 'tv', 'event'] as const;
export type MediaKind = (typeof MEDIA_KINDS)[number];

/** What a viewer may see: only titles with a stream under an open licence, or every published title. */
export type Visibility = 'licensed' | 'all';

/** Standard page of the Stremio protocol: clients take fewer than 100 as the end. */
export const PAGE_SIZE = 100;

export type CatalogQuery = {
  kind: MediaKind;
  visibility: Visibility;
  /** Whose rules count besides; absent: nobody's. */
  viewer?: Viewer | null;
  /** BCP 47; a title without that translation is shown under its own. */
  language: string;
  genre?: string | undefined;
  /** Which shelf of a catalogue that has some: `1999`, `de`. */
  choice?: string | undefined;
  search?: string | undefined;
  skip: number;
};

/** One title as a poster; its kind is the one that was asked for. */
export type Card = {
  canonicalId: string;
  title: string;
  overview: string | null;
  year: number | null;
  /** ISO date. */
  releaseDate: string | null;
  endDate: string | null;
  runtimeMinutes: number | null;
  posterUrl: string | null;
  backgroundUrl: string | null;
  logoUrl: string | null;
  genres: readonly string[];
  rating: number | null;
  imdbId: string | null;
};

/** What the best titles of a catalogue depend on besides the database. */
export type FillAbout = {
  /** ISO date where the server stands. */
  today: string;
  /** ISO 3166-1 alpha-2: whose age ratings count. */
  country: string;
};

/** Parts of a SELECT over the shown titles, `title m` (see `fill/queries.ts` for its columns): each title once for a choice. */
export type ShelfContent = { from: Fragment; where: Fragment; choice: Fragment; score: Fragment };

/** A catalogue whose order stands in `shelf_item`, written by a job (`fill/`) as the database or the day changes. */
export type Shelving = {
  content(about: FillAbout): ShelfContent;
  /** `optional`: without one the first is taken; `required`: clients show it in Discover only, not on the board. */
  choice: 'none' | 'optional' | 'required';
  /** The largest shelf first, or the last by name (years). */
  order: 'largest' | 'last';
  /** How a choice is called in this language. */
  labelOf(choice: string, language: string): string;
};

/** A shelf that holds titles for such a viewer. */
export const FilledShelf = z.object({
  catalog: z.string(),
  choice: z.string(),
  kind: z.enum(MEDIA_KINDS),
  titles: z.int(),
});
export type FilledShelf = z.infer<typeof FilledShelf>;

/** What there is for such a viewer: kinds with a title, and shelves, the largest first. */
export const Stock = z.object({ kinds: z.array(z.enum(MEDIA_KINDS)), shelves: z.array(FilledShelf) });
export type Stock = z.infer<typeof Stock>;

/** A list of titles: one folder in `catalogs/`, one line in `registry.ts`; its manifest entries are generated. */
export type Catalog = {
  /** Id in the manifest. */
  readonly id: string;
  readonly name: string;
  /** Kinds it answers. */
  readonly kinds: readonly MediaKind[];
  /** Kinds for which it stands in the manifest; default: all it answers. */
  readonly boardKinds?: readonly MediaKind[];
  /** The extras a client may send beside `skip`. */
  readonly extras: readonly ('genre' | 'search')[];
  /** Asked only with `search`, hidden from the board. */
  readonly isSearchOnly: boolean;
  readonly shelving?: Shelving;
  /** At most `PAGE_SIZE` cards from `skip` on. */
  page(db: Db, query: CatalogQuery): Promise<readonly Card[]>;
};

/** A system catalogue of the manifest and the kinds it holds. */
export const CuratedList = z.object({
  slug: z.string(),
  name: z.string(),
  kinds: z.array(z.enum(MEDIA_KINDS)),
});
export type CuratedList = z.infer<typeof CuratedList>;
