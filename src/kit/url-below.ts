import { bytesOf } from './byte-names.ts';

/** The segments of a folder's path by the bytes they mean, the empty one before the first slash too. */
export function segmentsOf(pathname: string): string[] {
  return pathname.replace(/\/$/, '').split('/').map(bytesOf);
}

/** What stands in a path behind the segments of a folder, as it is written; `''`: the folder itself; null: it does not lie in it. */
export function restBelow(folder: readonly string[], pathname: string): string | null {
  const parts = pathname.split('/');
  if (parts.length <= folder.length || folder.some((segment, at) => segment !== bytesOf(parts[at] ?? '')))
    return null;
  return parts.slice(folder.length).join('/');
}

/**
 * What stands in a URL behind a base, as it is written: the same scheme, host and port, no login of its own, and the base's path as whole segments,
 * compared by the bytes they mean. `''`: the base itself; null: it lies elsewhere, as `http://nas.evil.example/` does of `http://nas`.
 */
export function pathBelow(base: URL, url: URL): string | null {
  if (url.protocol !== base.protocol || url.host !== base.host) return null;
  if (url.username !== '' || url.password !== '') return null;
  return restBelow(segmentsOf(base.pathname), url.pathname);
}
