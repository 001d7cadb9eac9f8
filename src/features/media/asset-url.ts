/** `asset:starter/x.jpg` (a file shipped with the product) as a URL of this server; other URLs as they are. */
export function absoluteUrl(baseUrl: string, url: string): string {
  return url.startsWith('asset:') ? `${baseUrl}/assets/${url.slice('asset:'.length)}` : url;
}
