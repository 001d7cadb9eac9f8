import { createHash } from 'node:crypto';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { plainEnv, runProcess, withTempDir } from '../processes.ts';
import type { Place } from './swarm.ts';

export type NewsServer = Place & { login?: { user: string; password: string }; isTls?: boolean };

/** What Debian's nzbget gets of an NZB: the SHA-256 of each file, under the names that yEnc gives them. The first server is asked first. */
export async function downloadByNzbget(
  nzb: string,
  servers: readonly NewsServer[],
): Promise<ReadonlyMap<string, string>> {
  return await withTempDir(async (dir) => {
    const file = join(dir, 'release.nzb');
    await writeFile(file, nzb);
    const settings = {
      ...{ MainDir: dir, DestDir: join(dir, 'got'), InterDir: join(dir, 'inter'), TempDir: join(dir, 'tmp') },
      ...{ QueueDir: join(dir, 'queue'), NzbDir: join(dir, 'nzb'), ScriptDir: join(dir, 'scripts') },
      ...{ LockFile: join(dir, 'lock'), WriteLog: 'none', OutputMode: 'log', ControlIP: '127.0.0.1' },
      // The files as they were posted.
      ...{ Unpack: 'no', DirectUnpack: 'no', ParCheck: 'manual', ParRename: 'no', RarRename: 'no' },
      ...{ DirectRename: 'no', ArticleTimeout: '10', ArticleRetries: '1', ArticleInterval: '0' },
      ...Object.assign({}, ...servers.map(serverSettings)),
    };
    await runProcess({
      command: 'nzbget',
      args: ['-n', ...Object.entries(settings).flatMap(([name, value]) => ['-o', `${name}=${value}`]), file],
      env: plainEnv(dir),
      timeoutMs: 120_000,
    });
    const got = join(dir, 'got', 'release');
    // One it gave up is not there.
    const names = await readdir(got).catch(() => []);
    const hashes = names.map(
      async (name) =>
        [
          name,
          createHash('sha256')
            .update(await readFile(join(got, name)))
            .digest('hex'),
        ] as const,
    );
    return new Map(await Promise.all(hashes));
  });
}

function serverSettings({ host, port, login, isTls }: NewsServer, index: number): Record<string, string> {
  const settings = {
    ...{ Active: 'yes', Level: String(index), Host: host, Port: String(port), Connections: '8' },
    ...{ Username: login?.user ?? '', Password: login?.password ?? '', Encryption: isTls ? 'yes' : 'no' },
  };
  return Object.fromEntries(
    Object.entries(settings).map(([name, value]) => [`Server${index + 1}.${name}`, value]),
  );
}
