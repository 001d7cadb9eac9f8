import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { waitUntil } from '../wait-until.ts';

export type Nginx = AsyncDisposable & {
  /** The one worker: what its work costs is read off it. */
  workerPid(): Promise<number>;
  stop(): Promise<void>;
};

/** Debian's nginx with one worker in the foreground. `http`: what stands inside of `http {}`; it says its own `listen`s. */
export async function startNginx({ http, port }: { http: string; port: number }): Promise<Nginx> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-nginx-'));
  const config = join(folder, 'nginx.conf');
  await writeFile(
    config,
    `daemon off; worker_processes 1; pid ${folder}/pid; error_log ${folder}/error.log warn; user root;
events { worker_connections 4096; }
http {
  access_log off; sendfile on; tcp_nopush off; keepalive_requests 1000000; keepalive_timeout 60s; default_type video/mp4;
  client_body_temp_path ${folder}/body; proxy_temp_path ${folder}/proxy; fastcgi_temp_path ${folder}/fastcgi;
  uwsgi_temp_path ${folder}/uwsgi; scgi_temp_path ${folder}/scgi;
${http}
}
`,
  );
  const child = spawn('/usr/sbin/nginx', ['-c', config, '-p', folder], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr.on('data', (chunk: Buffer) => (said = `${said}${chunk}`.slice(-4000)));
  await waitUntil(
    async () => {
      if (child.exitCode !== null) throw new Error(`nginx stopped: ${said}`);
      return (await fetch(`http://127.0.0.1:${port}/`).catch(() => null)) !== null;
    },
    { what: 'nginx answers', timeoutMs: 10_000, everyMs: 20, detail: () => said },
  );
  const stop = async () => {
    if (child.exitCode === null) {
      const exited = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
      await exited;
      clearTimeout(timer);
    }
    await rm(folder, { recursive: true, force: true });
  };
  return { workerPid: () => childOf(child.pid ?? 0), stop, [Symbol.asyncDispose]: stop };
}

async function childOf(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return Number(text.trim().split(' ')[0]);
}
