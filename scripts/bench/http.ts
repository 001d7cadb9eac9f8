/**
 * The play links of HTTP streams beside nginx `proxy_pass` from the same origin: nginx with its defaults (`proxy_buffering off`), nginx
 * tuned (256 KiB buffers), and this program with everything on (sealed link, guarded dialer, limits, metrics). Interleaved, at
 * least 5 rounds, the order turned each round; ratios are medians of the rounds' pairs against tuned nginx.
 */
import { execFileSync, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Nginx, startNginx } from '../../test/support/real/nginx.ts';
import type { Bench, BenchRow } from '../bench.ts';
import type { Job, Result } from './http-client.ts';
import { freePort, median, startServer } from './measure.ts';

const MIB = 1024 * 1024;
const FILE_BYTES = 64 * MIB;
const ADMIN_TOKEN = 'admin-token-of-the-benchmark-only';
const CLIENT = fileURLToPath(new URL('http-client.ts', import.meta.url));

type Load = { name: string; connections: number; requests: number; rangeBytes: number };
const LOADS: readonly Load[] = [
  { name: '1 stream', connections: 1, requests: 16, rangeBytes: 0 },
  { name: '50 streams', connections: 50, requests: 50, rangeBytes: 0 },
  { name: '64 KiB ranges, 50 connections', connections: 50, requests: 15_000, rangeBytes: 64 * 1024 },
];
const TLS_LOADS: readonly Load[] = [
  { name: 'https origin, 50 streams', connections: 50, requests: 50, rangeBytes: 0 },
];

type System = { name: string; port: number; path: string; pid: number };
type Measured = { rate: number; p99Ms: number; cpuPerGb: number; rssMib: number };

export const benchHttp: Bench = async ({ quick }) => {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-bench-'));
  const closers: (() => Promise<void>)[] = [];
  try {
    return await compare(folder, quick, closers);
  } finally {
    for (const close of closers.reverse()) await close();
    await rm(folder, { recursive: true, force: true });
  }
};

async function compare(
  folder: string,
  quick: boolean,
  closers: (() => Promise<void>)[],
): Promise<BenchRow[]> {
  const file = join(folder, 'film.mp4');
  const block = randomBytes(8 * MIB);
  await writeFile(file, Buffer.concat(Array.from({ length: FILE_BYTES / block.length }, () => block)));
  const sha256 = createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
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
  const [plain, tls] = [await freePort(), await freePort()];
  const keep = async (nginx: Promise<Nginx>) => {
    const started = await nginx;
    closers.push(started.stop);
    return started;
  };
  await keep(
    startNginx({
      port: plain,
      http: `server { listen 127.0.0.1:${plain} backlog=4096; listen 127.0.0.1:${tls} ssl; root ${folder};
      ssl_certificate ${folder}/cert.pem; ssl_certificate_key ${folder}/key.pem; }`,
    }),
  );
  const proxy = async (name: string, scheme: string, settings: string): Promise<System> => {
    const port = await freePort();
    const origin = scheme === 'http' ? plain : tls;
    const nginx = await keep(
      startNginx({
        port,
        http: `upstream origin { server 127.0.0.1:${origin}; keepalive 128; }
        server { listen 127.0.0.1:${port} backlog=4096; location / { proxy_pass ${scheme}://origin; proxy_http_version 1.1;
          proxy_set_header Connection ""; proxy_buffering off; ${settings} } }`,
      }),
    );
    return { name, port, path: '/film.mp4', pid: await nginx.workerPid() };
  };
  const server = await startServer({
    DATA_DIR: join(folder, 'data'),
    ADMIN_TOKEN,
    NODE_EXTRA_CA_CERTS: join(folder, 'cert.pem'),
  });
  closers.push(server.stop);
  // The limits stay on, and are not reached by 50 connections from one address.
  await asAdmin(server.baseUrl, 'PATCH', '/api/settings', { streamsPerSubject: 1000, streamsPerIp: 1000 });
  const ours = async (name: string, url: string): Promise<System> => {
    const play = new URL(await playUrl(server.baseUrl, url));
    return { name, port: Number(play.port), path: play.pathname, pid: server.pid };
  };
  const http = [
    await proxy(
      'nginx, tuned',
      'http',
      'proxy_buffer_size 256k; proxy_buffers 8 256k; proxy_busy_buffers_size 512k;',
    ),
    await proxy('nginx, default', 'http', ''),
    await ours('Tributary', `http://127.0.0.1:${plain}/film.mp4`),
  ];
  const https = [
    await proxy('nginx, default', 'https', ''),
    await ours('Tributary', `https://127.0.0.1:${tls}/film.mp4`),
  ];
  const rounds = quick ? 1 : 5;
  return [
    ...(await measure(http, LOADS, { file, sha256, rounds, quick })),
    ...(await measure(https, TLS_LOADS, { file, sha256, rounds, quick })),
  ];
}

async function playUrl(baseUrl: string, url: string): Promise<string> {
  const link = await asAdmin(baseUrl, 'POST', '/api/links', { url });
  if (typeof link === 'object' && link !== null && 'playUrl' in link && typeof link.playUrl === 'string')
    return link.playUrl;
  throw new Error(`no play link: ${JSON.stringify(link)}`);
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

type How = { file: string; sha256: string; rounds: number; quick: boolean };

/** Rows of all loads; the first system is what the others' ratios are to. */
async function measure(systems: readonly System[], loads: readonly Load[], how: How): Promise<BenchRow[]> {
  for (const system of systems) await warmUp(system, loads, how);
  const measured = new Map<string, Measured[]>();
  const figuresOf = (load: Load, system: System) => {
    const key = `${load.name} ${system.name}`;
    const known = measured.get(key) ?? [];
    measured.set(key, known);
    return known;
  };
  for (let round = 0; round < how.rounds; round += 1) {
    const order = round % 2 === 0 ? systems : [...systems].reverse();
    for (const load of loads)
      for (const system of order) figuresOf(load, system).push(await once(system, load, how));
  }
  return loads.flatMap((load) =>
    systems.map((system) => rowOf(load, system, systems, (of) => figuresOf(load, of))),
  );
}

/** Not counted: connections are open after it, code is compiled, and every system has sent the very file. */
async function warmUp(system: System, loads: readonly Load[], { file, sha256 }: How): Promise<void> {
  const whole = await run(system, { connections: 1, requests: 1, rangeBytes: 0, file, hash: true });
  if (whole.sha256 !== sha256) throw new Error(`${system.name} sent other bytes`);
  for (const load of loads)
    await run(system, {
      ...load,
      file,
      requests: load.rangeBytes === 0 ? Math.ceil(load.requests / 4) : load.requests,
      hash: false,
    });
}

async function once(system: System, load: Load, { file, quick }: How): Promise<Measured> {
  const requests = quick ? Math.ceil(load.requests / 4) : load.requests;
  const cpuBefore = await cpuSeconds(system.pid);
  const { bytes, seconds, p99Ms } = await run(system, { ...load, file, requests, hash: false });
  const cpu = (await cpuSeconds(system.pid)) - cpuBefore;
  return {
    rate: load.rangeBytes === 0 ? bytes / seconds / 1e6 : requests / seconds,
    p99Ms,
    cpuPerGb: cpu / (bytes / 1e9),
    rssMib: await rssMib(system.pid),
  };
}

function rowOf(
  load: Load,
  system: System,
  systems: readonly System[],
  of: (system: System) => Measured[],
): BenchRow {
  const [yardstick = system] = systems;
  const [mine, theirs] = [of(system), of(yardstick)];
  const each = (read: (figures: Measured) => number) => median(mine.map(read));
  const ratio = (read: (figures: Measured) => number) =>
    Number(
      median(
        mine.map(
          (figures, round) =>
            read(figures) / (theirs[round] === undefined ? Number.NaN : read(theirs[round])),
        ),
      ).toFixed(2),
    );
  return {
    load: load.name,
    system: system.name,
    rate: `${Math.round(each(({ rate }) => rate))} ${load.rangeBytes === 0 ? 'MB/s' : 'ranges/s'}`,
    ratio: ratio(({ rate }) => rate),
    'p99 ms': Number(each(({ p99Ms }) => p99Ms).toFixed(1)),
    'CPU s/GB': Number(each(({ cpuPerGb }) => cpuPerGb).toFixed(2)),
    'CPU ratio': ratio(({ cpuPerGb }) => cpuPerGb),
    'RSS MiB': Math.round(each(({ rssMib: rss }) => rss)),
  };
}

type Run = Omit<Job, 'port' | 'path'>;

function run(
  { name, port, path }: System,
  { connections, requests, rangeBytes, file, hash }: Run,
): Promise<Result> {
  const job: Job = { port, path, connections, requests, rangeBytes, file, hash };
  const child = spawn(process.execPath, [CLIENT, JSON.stringify(job)], {
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 120_000,
    killSignal: 'SIGKILL',
  });
  let [out, said] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => (out += chunk));
  child.stderr.on('data', (chunk: Buffer) => (said += chunk));
  return new Promise((resolve, reject) => {
    child.once('close', (code) => {
      if (code !== 0) reject(new Error(`${name}: ${said || `the client ended with ${code}`}`));
      else resolve(JSON.parse(out));
    });
  });
}

/** User and system time of a process and all its threads. */
async function cpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function rssMib(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1]) / 1024;
}
