import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, type RunningProcess, runProcess, startProcess } from '../processes.ts';

const MODULES = '/usr/lib/apache2/modules';
const LOGIN = { username: 'viewer', password: 'p:ä' } as const;

/** Debian's Apache in the foreground on a free port: listings at /, as a table at /table/, by WebDAV with a login at /dav/. */
export async function startApache(
  folder: string,
  files: string,
): Promise<RunningProcess & { baseUrl: string; login: typeof LOGIN }> {
  const port = await freePort();
  const config = join(folder, 'apache.conf');
  const users = join(folder, 'apache.users');
  const hash = await runProcess({ command: 'openssl', args: ['passwd', '-apr1', LOGIN.password] });
  await writeFile(users, `${LOGIN.username}:${hash.stdout.toString().trim()}\n`);
  const modules = [
    'mpm_event',
    'authz_core',
    'authn_core',
    'authn_file',
    'auth_basic',
    'authz_user',
    'dir',
    'autoindex',
    'alias',
    'mime',
    'dav',
    'dav_fs',
  ];
  await writeFile(
    config,
    `ServerRoot "${folder}"
ServerName 127.0.0.1
Listen 127.0.0.1:${port}
PidFile "${folder}/apache.pid"
ErrorLog "${folder}/apache.log"
DefaultRuntimeDir "${folder}"
${modules.map((name) => `LoadModule ${name}_module ${MODULES}/mod_${name}.so`).join('\n')}
TypesConfig /dev/null
User www-data
Group www-data
DocumentRoot "${files}"
Alias /table/ "${files}/"
Alias /dav/ "${files}/"
DAVLockDB "${folder}/dav-locks"
IndexOptions FancyIndexing NameWidth=20
<Directory "${files}">
  Options Indexes FollowSymLinks
  Require all granted
</Directory>
<Location /table/>
  IndexOptions HTMLTable FancyIndexing
</Location>
<Location /dav/>
  Dav On
  AuthType Basic
  AuthName films
  AuthUserFile "${users}"
  Require valid-user
</Location>
`,
  );
  const baseUrl = `http://127.0.0.1:${port}/`;
  const running = await startProcess({
    command: '/usr/sbin/apache2',
    args: ['-D', 'FOREGROUND', '-f', config],
    readyWhen: async () => (await fetch(baseUrl).catch(() => null)) !== null,
  });
  return { ...running, baseUrl, login: LOGIN };
}
