import { truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { localKind } from '../../src/streams/local/index.ts';
import { resourceKey } from '../../src/streams/resource.ts';
import { openKindDeps } from '../support/kind-deps.ts';
import { openTempDir } from '../support/processes.ts';
import { openableKindContract, storedKindContract } from './stream-kind.ts';

const badInputs = [
  {},
  { file: 'film.mkv' },
  { file: 'films/../secret' },
  { file: 'films//secret' },
  { folder: 'films', path: '/etc/passwd' },
  { folder: 'films', path: 'a/%2e%2e/%2e%2e/secret' },
  { folder: 'films', path: '..%2fsecret' },
  { folder: 'films', path: 'a\\..\\secret' },
  { folder: 'films', path: 'film.mkv\0.txt' },
  { folder: '../films', path: 'film.mkv' },
];

openableKindContract('local', async (bytes) => {
  const dir = await openTempDir();
  const file = join(dir.path, 'Film (2008).mkv');
  await writeFile(file, bytes);
  const held = await openKindDeps({ films: dir.path });
  return {
    kind: localKind(held.deps),
    input: { file: 'films/Film (2008).mkv' },
    badInputs,
    dieAfter: (count) => truncate(file, count),
    async close() {
      await held.close();
      await dir.remove();
    },
  };
});

storedKindContract('local', localKind, {
  input: { folder: 'films', path: 'a/Film.mkv' },
  sameInput: { file: 'films/a/Film.mkv' },
  otherInput: { file: 'films/b/Film.mkv' },
  badInputs,
  target: (fileIndex) => ({
    via: 'play',
    fileIndex,
    resource: resourceKey('local', 'films/a/Film.mkv'),
    contentType: 'video/x-matroska',
  }),
});
