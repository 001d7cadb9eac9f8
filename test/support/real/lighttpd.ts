import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, type RunningProcess, startProcess } from '../processes.ts';

/** Debian's lighttpd in the foreground on a free port; `settings` is what its configuration says besides port and root. Serves WebDAV at /dav/. */
export async function startLighttpd(
  folder: string,
  files: string,
): Promise<RunningProcess & { baseUrl: string }> {
  const port = await freePort();
  const config = join(folder, 'lighttpd.conf');
  await writeFile(
    config,
    `server.modules = ("mod_alias", "mod_dirlisting", "mod_webdav", "mod_staticfile")
server.bind = "127.0.0.1"
server.port = ${port}
server.document-root = "${files}"
server.upload-dirs = ("${folder}")
dir-listing.activate = "enable"
alias.url = ("/dav/" => "${files}/")
$HTTP["url"] =~ "^/dav/" { webdav.activate = "enable" webdav.is-readonly = "enable" }
`,
  );
  const baseUrl = `http://127.0.0.1:${port}/`;
  const running = await startProcess({
    command: '/usr/sbin/lighttpd',
    args: ['-D', '-f', config],
    readyWhen: async () => (await fetch(baseUrl).catch(() => null)) !== null,
  });
  return { ...running, baseUrl };
}
