import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startNginx } from '../../test/support/real/nginx.ts';
import { freePort, startServer } from './measure.ts';

const FILM_BYTES = 64 * 1024 * 1024;
const ADMIN_TOKEN = 'admin-token-of-the-benchmark-only';

/** What all parts of `bench http` stand on: files, the nginx that serves them, and this program as a user starts it. */
export type HttpGround = {
  /** Gone in the end. */
  folder: string;
  /** In it: what the origin nginx serves. */
  files: string;
  /** 64 MiB that do not repeat: a byte from a wrong place is another byte. */
  film: string;
  /** The origin nginx, kept alive. */
  origin: { http: string; https: string };
  /** Requests the origin nginx has taken so far, over all its connections; asking for it is one too. */
  originRequests(): Promise<number>;
  /** An nginx between the client and the origin. `location`, `http`: what its configuration says besides the proxying. */
  nginxProxy(to: 'http' | 'https', location: string, http?: string): Promise<{ port: number; pid: number }>;
  /** This program's process. */
  pid: number;
  playUrl(url: string): Promise<URL>;
  onClose(close: () => Promise<void>): void;
};

/** Runs `use` on the ground and takes everything away again. */
export async function onHttpGround<T>(use: (ground: HttpGround) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-bench-'));
  const closers: (() => Promise<void>)[] = [];
  try {
    return await use(await lay(folder, (close) => closers.push(close)));
  } finally {
    for (const close of closers.reverse()) await close();
    await rm(folder, { recursive: true, force: true });
  }
}

async function lay(folder: string, onClose: HttpGround['onClose']): Promise<HttpGround> {
  const files = join(folder, 'files');
  await mkdir(files);
  const film = join(files, 'film.mp4');
  await writeFile(film, randomBytes(FILM_BYTES));
  makeCertificate(folder);
  const startOne = async (port: number, http: string) => {
    const nginx = await startNginx({ port, http });
    onClose(nginx.stop);
    return nginx;
  };
  const [plain, tls] = [await freePort(), await freePort()];
  await startOne(
    plain,
    `types { video/mp4 mp4; application/vnd.apple.mpegurl m3u8; video/mp2t ts; }
    server { listen 127.0.0.1:${plain} backlog=4096; listen 127.0.0.1:${tls} ssl; root ${files};
    ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem; location = /status { stub_status; } }`,
  );
  const server = await startServer({
    DATA_DIR: join(folder, 'data'),
    ADMIN_TOKEN,
    NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem'),
  });
  onClose(server.stop);
  // The limits stay on, and are not reached by 50 connections from one address.
  await asAdmin(server.baseUrl, 'PATCH', '/api/settings', { streamsPerSubject: 1000, streamsPerIp: 1000 });
  return {
    folder,
    files,
    film,
    origin: { http: `http://127.0.0.1:${plain}`, https: `https://127.0.0.1:${tls}` },
    originRequests: () => requestsOf(plain),
    async nginxProxy(to, location, http = '') {
      const port = await freePort();
      const nginx = await startOne(
        port,
        `${http} upstream origin { server 127.0.0.1:${to === 'http' ? plain : tls}; keepalive 128; }
        server { listen 127.0.0.1:${port} backlog=4096; location / { proxy_pass ${to}://origin; proxy_http_version 1.1;
          proxy_set_header Connection ""; ${location} } }`,
      );
      return { port, pid: await nginx.workerPid() };
    },
    pid: server.pid,
    async playUrl(url) {
      const link = await asAdmin(server.baseUrl, 'POST', '/api/links', { url });
      if (typeof link === 'object' && link !== null && 'playUrl' in link)
        return new URL(String(link.playUrl));
      throw new Error(`no play link: ${JSON.stringify(link)}`);
    },
    onClose,
  };
}

function makeCertificate(folder: string): void {
  execFileSync(
    'openssl',
    ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1'].concat([
      '-addext',
      'subjectAltName=IP:127.0.0.1',
      '-keyout',
      join(folder, 'key.pem'),
      '-out',
      join(folder, 'cert.pem'),
    ]),
    { stdio: 'ignore' },
  );
}

async function requestsOf(port: number): Promise<number> {
  const status = await (await fetch(`http://127.0.0.1:${port}/status`)).text();
  const count = /^ \d+ \d+ (\d+) $/m.exec(status)?.[1];
  if (count === undefined) throw new Error(`not nginx's status: ${status}`);
  return Number(count);
}

async function asAdmin(baseUrl: string, method: string, path: string, body: object): Promise<unknown> {
  const answer = await fetch(`${baseUrl}${path}`, {
    method,
    headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  if (!answer.ok) throw new Error(`${path} answered ${answer.status}: ${await answer.text()}`);
  return await answer.json();
}
