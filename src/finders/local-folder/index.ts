import { joined } from '../../kit/byte-paths.ts';
import { describeFolder } from '../describe-folder.ts';
import { bytesOfPath } from '../listed-name.ts';
import { type ListedEntry, type Lister, ListingFailed, type ListingPlace } from '../lister.ts';
import { realRoot } from './inside.ts';
import { readFolder } from './read-folder.ts';
import { watchFolders } from './watch-folders.ts';

const CONNECTIONS = 4;

/** Lists a folder of this machine that LOCAL_FOLDERS names (`local:<name>/`, and a folder in it), and tells when it changes. */
export function localFolder(
  { localFolders }: { localFolders: ReadonlyMap<string, string> },
  place: ListingPlace,
): Lister {
  const { name, below } = partsOf(place.baseUrl);

  function rootOf(): string {
    const root = localFolders.get(name);
    if (root === undefined)
      throw new ListingFailed('server', 'The folder of this source is no longer in LOCAL_FOLDERS.', {
        isLasting: true,
      });
    return root;
  }

  const inRoot = (path: string) => [below, path].filter((part) => part !== '').join('/');

  async function* list(
    path: string,
    signal: AbortSignal,
    onRefused = () => {},
  ): AsyncGenerator<readonly ListedEntry[], void> {
    yield* readFolder({ root: rootOf(), path: inRoot(path), isBase: path === '', signal, onRefused });
  }

  const lister: Lister = {
    connections: place.config.connections ?? CONNECTIONS,
    list,
    test: async (signal) => `A folder of this machine. ${await describeFolder(list('', signal))}`,
    watch: (onChange, signal) => watchFolders({ lister, placeOf, onChange, signal }),
    close: async () => {},
  };
  return lister;

  async function placeOf(path: string): Promise<Buffer> {
    const root = await realRoot(rootOf());
    return inRoot(path) === '' ? root : joined(root, bytesOfPath(inRoot(path)));
  }
}

/** Throws ListingFailed for what is no `local:` address. */
function partsOf(baseUrl: string): { name: string; below: string } {
  const [, name, below] = /^local:([^/]+)\/(.*?)\/?$/.exec(baseUrl) ?? [];
  if (name === undefined || below === undefined)
    throw new ListingFailed(
      'server',
      'The address of a folder here is local: and its name in LOCAL_FOLDERS.',
      { isLasting: true },
    );
  return { name, below };
}
