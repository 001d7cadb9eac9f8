import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { freePort, plainEnv, type RunningProcess, startProcess } from '../processes.ts';

/** Debian's Caddy in the foreground on a free port, which lists `files`. */
export async function startCaddy(
  folder: string,
  files: string,
): Promise<RunningProcess & { baseUrl: string }> {
  const port = await freePort();
  const config = join(folder, 'Caddyfile');
  await writeFile(
    config,
    `{
  admin off
  auto_https off
}
http://127.0.0.1:${port} {
  bind 127.0.0.1
  root * ${files}
  file_server browse
}
`,
  );
  const baseUrl = `http://127.0.0.1:${port}/`;
  const running = await startProcess({
    command: '/usr/bin/caddy',
    args: ['run', '--config', config, '--adapter', 'caddyfile'],
    env: plainEnv(folder),
    readyWhen: async () => (await fetch(baseUrl).catch(() => null)) !== null,
  });
  return { ...running, baseUrl };
}
