import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { freePort, openTempDir } from '../processes.ts';
import { startVsftpd } from './ftp-servers.ts';
import { startNginx } from './nginx.ts';

/** Paths of the files of each place; a subtitle is German and no UTF-8, all else 300,000 bytes of chance. */
export type HouseholdFiles = Readonly<Record<'ftp' | 'json' | 'html' | 'folder', readonly string[]>>;

/** The file servers of a household: vsftpd, nginx with a JSON and with an HTML listing, and a folder. */
export async function startHouseholdServers(files: HouseholdFiles) {
  const stack = new AsyncDisposableStack();
  const dir = stack.use(await openTempDir());
  const bytes = new Map<string, Buffer>();
  const folderOf = (place: keyof HouseholdFiles) => join(dir.path, place);
  for (const place of ['ftp', 'json', 'html', 'folder'] as const) {
    await mkdir(folderOf(place));
    for (const path of files[place]) bytes.set(path, await put(join(folderOf(place), path)));
  }
  // Visitors of vsftpd are nobody.
  for (const path of [dir.path, folderOf('ftp')]) await chmod(path, 0o755);
  const ftp = stack.use(await startVsftpd({ root: folderOf('ftp') }));
  const [json, html] = [await freePort(), await freePort()];
  const listing = (port: number, place: keyof HouseholdFiles, format: string) =>
    `server { listen 127.0.0.1:${port}; root ${folderOf(place)}; autoindex on; autoindex_format ${format}; }`;
  stack.use(
    await startNginx({ port: json, http: listing(json, 'json', 'json') + listing(html, 'html', 'html') }),
  );
  const stranger = { url: '', visits: 0 };
  const server = createServer((_req, res) => {
    stranger.visits += 1;
    res.end('secrets');
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  stack.defer(() => void server.close());
  stranger.url = `http://127.0.0.1:${z.object({ port: z.int() }).parse(server.address()).port}/`;
  return {
    bases: {
      ftp: `ftp://127.0.0.1:${ftp.port}/`,
      json: `http://127.0.0.1:${json}/`,
      html: `http://127.0.0.1:${html}/`,
    },
    folder: folderOf('folder'),
    /** What is in each file, by its path. */
    bytes,
    /** A web server that is no source: nobody may come by. */
    stranger,
    stopFtp: ftp.stop,
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}
export type HouseholdServers = Awaited<ReturnType<typeof startHouseholdServers>>;

async function put(path: string): Promise<Buffer> {
  const content = path.endsWith('.srt')
    ? Buffer.from('1\n00:00:01,000 --> 00:00:03,000\nGrüße\n', 'latin1')
    : randomBytes(300_000);
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, content);
  return content;
}
