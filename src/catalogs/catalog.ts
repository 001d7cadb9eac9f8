import { z } from 'zod';
import type { Db } from '../platform/db.ts';

export const MEDIA_KINDS = ['movie', 'series', 'tv', 'event'] as const;
export type MediaKind = (typeof MEDIA_KINDS)[number];

/** What a viewer may see: only titles with a stream under an open licence, or every published title. */
export type Visibility = 'licensed' | 'all';

/** Standard page of the Stremio protocol: clients take fewer than 100 as the end. */
export const PAGE_SIZE = 100;

export type CatalogQuery = {
  kind: MediaKind;
  visibility: Visibility;
  /** BCP 47; a title without that translation is shown under its own. */
  language: string;
  genre?: string | undefined;
  search?: string | undefined;
  skip: number;
};

/** One title as a poster; its kind is the one that was asked for. */
export const Card = z.object({
  canonicalId: z.string(),
  title: z.string(),
  overview: z.string().nullable(),
  year: z.int().nullable(),
  releaseDate: z.string().nullable(),
  endDate: z.string().nullable(),
  runtimeMinutes: z.int().nullable(),
  posterUrl: z.string().nullable(),
  backgroundUrl: z.string().nullable(),
  logoUrl: z.string().nullable(),
  genres: z.array(z.string()),
  rating: z.number().nullable(),
  imdbId: z.string().nullable(),
});
export type Card = z.infer<typeof Card>;

/** A list of titles: one folder in `catalogs/`, one line in `registry.ts`; its manifest entries are generated. */
export type Catalog = {
  /** Id in the manifest. */
  readonly id: string;
  readonly name: string;
  readonly kinds: readonly MediaKind[];
  /** The extras a client may send beside `skip`. */
  readonly extras: readonly ('genre' | 'search')[];
  /** Asked only with `search`, hidden from the board. */
  readonly isSearchOnly: boolean;
  /** At most `PAGE_SIZE` cards from `skip` on. */
  page(db: Db, query: CatalogQuery): Promise<readonly Card[]>;
};
