import { bytesOf, readableName } from '../kit/byte-names.ts';

/** Ends in `/`. */
type Place = { baseUrl: string };

const LOCAL = 'local:';

/** A path of segments as people read it; segments that are no UTF-8 by their Latin-1 characters. */
export function readablePath(path: string): string {
  if (!path.includes('%')) return path;
  return path
    .split('/')
    .map((segment) => readableName(bytesOf(segment)))
    .join('/');
}

/** Where a file of a source is: its URL, or for a folder of this machine `local:<folder>/<path>` as people read it. */
export function addressOf({ baseUrl }: Place, path: string): string {
  return `${baseUrl}${baseUrl.startsWith(LOCAL) ? readablePath(path) : path}`;
}

/** What the kind of a source is told of one of its files. */
export function detailInput(source: Place, path: string): object {
  const address = addressOf(source, path);
  return address.startsWith(LOCAL) ? { file: address.slice(LOCAL.length) } : { url: address };
}
