import type { Visibility } from '../catalogs/catalog.ts';

/** What one request brings along: where links point, what its install may see, in which language. */
export type AddonContext = {
  /** `https://films.example.org`, no slash at the end. */
  baseUrl: string;
  visibility: 'off' | Visibility;
  language: string;
};

/** Seconds a client or a shared cache may keep an answer (SDK: max-age, stale-while-revalidate, stale-if-error). */
export type Freshness = { cacheMaxAge: number; staleRevalidate: number; staleError: number };

/**
 * `asset:starter/x.jpg` (a file shipped with the product) as a URL of this server, others as a URL parser spells them:
 * image loaders of TVs stumble over the spaces that browsers forgive. What is no URL stays, for the schema to drop.
 */
export function absoluteUrl(baseUrl: string, url: string): string {
  if (url.startsWith('asset:')) return `${baseUrl}/assets/${url.slice('asset:'.length)}`;
  return URL.parse(url)?.href ?? url;
}
