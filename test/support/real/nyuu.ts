import { randomBytes } from 'node:crypto';
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { runProcess, withTempDir } from '../processes.ts';
import { GROUP } from './inn-settings.ts';
import type { Place } from './swarm.ts';

/** Where scripts/real-parts.sh puts it. */
const NYUU = '/usr/local/lib/tributary-real-parts/nyuu';

export type NyuuOptions = {
  /** Bytes of a part before yEnc; default 700 KiB. */
  articleBytes?: number;
  /** Names that say nothing, in subject and yEnc header. */
  isObfuscated?: boolean;
  login?: { user: string; password: string };
  /** From the first byte; the certificate is not checked. */
  isTls?: boolean;
  connections?: number;
};

/** Posts files, in their order, with the poster that people use; the NZB it wrote. */
export async function postByNyuu(
  files: readonly string[],
  { host, port }: Place,
  options: NyuuOptions = {},
): Promise<string> {
  const { articleBytes = 700 * 1024, connections = 4, login, isTls, isObfuscated } = options;
  return await withTempDir(async (dir) => {
    const nzb = join(dir, 'post.nzb');
    // Its own placeholders make a random subject, not a random name.
    const named = isObfuscated ? await copies(files, dir) : files;
    await runProcess({
      command: NYUU,
      args: [
        ...[
          '-h',
          host,
          '-P',
          String(port),
          '-n',
          String(connections),
          '-g',
          GROUP,
          '-a',
          String(articleBytes),
        ],
        ...['-f', 'poster <poster@test.invalid>', '--progress', 'none', '-q', '-o', nzb, '-O'],
        // Its timers end it where a reply is there before it looked for one, as on loopback.
        ...['--timeout', '0', '--post-timeout', '0'],
        ...(isTls ? ['-S', '--ignore-cert'] : []),
        ...(login === undefined ? [] : ['-u', login.user, '-p', login.password]),
        // biome-ignore lint/suspicious/noTemplateCurlyInString: nyuu's own placeholder.
        ...(isObfuscated ? ['-s', '${rand(40)}'] : []),
        ...named,
      ],
      timeoutMs: 180_000,
    });
    return await readFile(nzb, 'utf8');
  });
}

async function copies(files: readonly string[], dir: string): Promise<string[]> {
  const named = files.map(() => join(dir, randomBytes(16).toString('hex')));
  for (const [index, path] of named.entries()) await copyFile(files[index] ?? '', path);
  return named;
}
