import { kindOf, type SourceFinder } from './place.ts';
import { readablePath } from './sort-files.ts';

type Place = { finder: SourceFinder; baseUrl: string };

/** Where a file of a source is: its URL, or for a folder of this machine `local:<folder>/<path>` as people read it. */
export function addressOf({ finder, baseUrl }: Place, path: string): string {
  return `${baseUrl}${kindOf(finder) === 'local' ? readablePath(path) : path}`;
}

/** What the kind of a source is told of one of its files. */
export function detailInput(source: Place, path: string): object {
  const address = addressOf(source, path);
  return kindOf(source.finder) === 'local' ? { file: address.slice('local:'.length) } : { url: address };
}
