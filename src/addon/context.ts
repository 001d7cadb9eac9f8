import type { Visibility } from '../catalogs/catalog.ts';
import type { StreamPreferences } from '../features/preferences/index.ts';

/** What one request brings along: where links point, what its install may see, in which language. */
export type AddonContext = {
  /** `https://films.example.org`, no slash at the end. */
  baseUrl: string;
  visibility: 'off' | Visibility;
  language: string;
  /** ISO 3166-1 country for where else a title may be watched; empty: none is named. */
  region: string;
  /** Which streams whoever asks wants, in which order and words; null: as everyone. */
  preferences?: StreamPreferences | null;
};

/** Seconds a client or a shared cache may keep an answer (SDK: max-age, stale-while-revalidate, stale-if-error). */
export type Freshness = { cacheMaxAge: number; staleRevalidate: number; staleError: number };
