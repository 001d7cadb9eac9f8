/**
 * `asset:starter/x.jpg` (a file shipped with the product) as a URL of this server, others as a URL parser spells them:
 * image loaders of TVs stumble over the spaces that browsers forgive. What is no URL stays, for the schema to drop.
 */
export function absoluteUrl(baseUrl: string, url: string): string {
  if (url.startsWith('asset:')) return `${baseUrl}/assets/${url.slice('asset:'.length)}`;
  return URL.parse(url)?.href ?? url;
}
