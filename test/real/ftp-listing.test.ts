import { chmod, mkdir, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ftpListing } from '../../src/finders/ftp-listing/index.ts';
import type { ListedEntry } from '../../src/finders/lister.ts';
import { createNet, type Net } from '../../src/platform/net.ts';
import { openTempDir } from '../support/processes.ts';
import { PURE_LOGIN, startPureFtpd, startVsftpd } from '../support/real/ftp-servers.ts';

const NEVER = new AbortController().signal;
const FOLDER = ' a folder (1)';
const LATIN1 = Buffer.from('caf\u00e9.mkv', 'latin1');
const NAMES = [' leading.mkv', 'a -> b.mkv', '100% #1?;x.mkv', 'quote\'".mkv', 'été.mkv', 'שלום.mkv'];
let dir: Awaited<ReturnType<typeof openTempDir>>;
let net: Net;

beforeAll(async () => {
  dir = await openTempDir();
  net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
  const folder = join(dir.path, FOLDER);
  await mkdir(folder);
  for (const path of [dir.path, folder]) await chmod(path, 0o755);
  for (const [at, name] of NAMES.entries()) await writeFile(join(folder, name), Buffer.alloc(at + 1));
  await writeFile(Buffer.concat([Buffer.from(`${folder}/`), LATIN1]), Buffer.alloc(99));
  await symlink('été.mkv', join(folder, 'link.mkv'));
  await symlink('..', join(folder, 'up'));
  // Refused: no server may be asked for them, and no half of them may become a file.
  for (const name of ['x\ny.mkv', 'x\r\nz.mkv']) await writeFile(join(folder, name), 'x');
});
afterAll(async () => {
  await net.close();
  await dir.remove();
});

const encoded = (name: string | Buffer) =>
  [...Buffer.from(name)]
    .map((byte) => {
      const char = String.fromCharCode(byte);
      return /[\w.~-]/.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');

test.each([
  ['vsftpd, by LIST', startVsftpd, null],
  ['pure-ftpd, by MLSD', startPureFtpd, PURE_LOGIN],
] as const)(
  '%s: every name by its bytes, with its size; links by what they lead to',
  async (_what, start, login) => {
    await using server = await start({ root: dir.path });
    const place = {
      ...{ baseUrl: `ftp://127.0.0.1:${server.port}/`, config: {} },
      ...{ username: login?.username ?? null, password: login?.password ?? null },
    };
    const lister = ftpListing({ net }, place);
    const all = async (path: string) => {
      const entries: ListedEntry[] = [];
      for await (const batch of lister.list(path, NEVER)) entries.push(...batch);
      return entries;
    };
    expect((await all('')).map(({ kind, segment }) => [kind, segment])).toEqual([
      ['folder', encoded(FOLDER)],
    ]);
    const inside = await all(encoded(FOLDER));
    const sizes = Object.fromEntries(inside.map(({ segment, sizeBytes }) => [segment, sizeBytes]));
    expect(sizes).toEqual({
      ...Object.fromEntries(NAMES.map((name, at) => [encoded(name), at + 1])),
      [encoded(LATIN1)]: 99,
      'link.mkv': 5,
      up: null,
    });
    expect(inside.find(({ segment }) => segment === 'up')?.kind).toBe('folder');
    await lister.close();
  },
);
