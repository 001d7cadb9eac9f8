import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { request } from 'node:http';
import { join } from 'node:path';
import { freshDatabase } from './database.ts';
import { startDns } from './dns-server.ts';
import { freePort, openTempDir, type ProcessExit, type RunningProcess, startProcess } from './processes.ts';
import { productEnv, ROOT } from './product.ts';
import { startRedis } from './redis.ts';
import { startArguments } from './start-command.ts';

/** The reverse proxy with https before the balancer. */
export const FRONT_PROXY = '127.0.0.9';

export type Answer = { status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer };
export type Question = {
  method?: string;
  /** The client's address on this machine; default 127.0.0.1. */
  from?: string;
  headers?: Readonly<Record<string, string>>;
  /** Goes as JSON, with the admin token. */
  body?: unknown;
  isAdmin?: boolean;
};

export type Instance = {
  /** On this machine; the balancer knows it by DNS. */
  address: string;
  /** Past the balancer. */
  url: string;
  process: RunningProcess;
  /** Requests of play links it has answered. */
  plays(): Promise<number>;
};

/** What `docker/compose.scale.yaml` starts, on loopback addresses. */
export type Cluster = {
  /** The balancer's address. */
  baseUrl: string;
  databaseUrl: string;
  balancer: RunningProcess;
  /** Starts a process; a web one is found by the balancer through DNS as long as it is `announced`. */
  start(role: 'web' | 'worker', address: string): Promise<Instance>;
  announced: Set<string>;
  /** One request on a connection of its own, to the balancer unless `url` says otherwise. */
  ask(url: string, question?: Question): Promise<Answer>;
  stop(): Promise<ProcessExit[]>;
};

/** Postgres, Redis, DNS and HAProxy with the shipped `haproxy.cfg`, in which only addresses are replaced. `env`: settings of all processes. */
export async function startCluster(env: Readonly<Record<string, string>>): Promise<Cluster> {
  await using stack = new AsyncDisposableStack();
  const folder = stack.use(await openTempDir());
  const database = stack.use(await freshDatabase({ isEmpty: true }));
  const redis = stack.use(await startRedis());
  const announced = new Set<string>();
  const dns = stack.use(await startDns((name) => (name === 'web' ? [...announced] : undefined)));
  const [port, webPort] = [await freePort(), await freePort()];
  const adminToken = randomBytes(32).toString('base64url');
  const settings = {
    ...productEnv(folder.path),
    ...{ PORT: String(webPort), DATABASE_URL: database.url, REDIS_URL: redis.url, DB_POOL_MAX: '5' },
    ...{ SECRET_KEY: randomBytes(32).toString('base64url'), ADMIN_TOKEN: adminToken },
    ...{ TRUST_PROXY: '127.0.0.1', ...env },
  };
  const balancer = await startBalancer(folder.path, { port, webPort, dnsPort: dns.port });
  stack.use(balancer);
  const baseUrl = `http://127.0.0.1:${port}`;
  const ask = (url: string, question: Question = {}) => askFrom(new URL(url, baseUrl), adminToken, question);
  const instances: RunningProcess[] = [];
  const rest = stack.move();
  return {
    ...{ baseUrl, databaseUrl: database.url, balancer, announced, ask },
    async start(role, address) {
      const url = `http://${address}:${webPort}`;
      const running = await startInstance({ ...settings, ROLE: role, HOST: address }, `${url}/readyz`);
      instances.push(running);
      const plays = async () => playsIn(await ask(`${url}/metrics`, { isAdmin: true }));
      return { address, url, process: running, plays };
    },
    async stop() {
      const exits = await Promise.all(instances.map((instance) => instance.stop()));
      await rest.disposeAsync();
      return exits;
    },
  };
}

function startInstance(env: Record<string, string>, readyUrl: string): Promise<RunningProcess> {
  const isReady = async () => {
    const answer = await fetch(readyUrl, { signal: AbortSignal.timeout(2000) }).catch(() => null);
    return answer?.status === 200;
  };
  return startProcess({
    command: process.execPath,
    args: startArguments(),
    cwd: ROOT,
    env,
    readyWhen: isReady,
    timeoutMs: 60_000,
    stopTimeoutMs: 15_000,
  });
}

type Ports = { port: number; webPort: number; dnsPort: number };

async function startBalancer(folder: string, ports: Ports): Promise<RunningProcess> {
  const file = join(folder, 'haproxy.cfg');
  await writeFile(file, await onLoopback(ports));
  return startProcess({
    command: 'haproxy',
    // As in its image: a master that stays in the foreground.
    args: ['-W', '-db', '-f', file],
    env: { PATH: process.env.PATH ?? '', FRONT_PROXIES: FRONT_PROXY },
    readyWhen: async () => (await fetch(`http://127.0.0.1:${ports.port}/`).catch(() => null)) !== null,
  });
}

/** The shipped configuration with nothing replaced but where it listens, asks for names and finds the web processes. */
async function onLoopback({ port, webPort, dnsPort }: Ports): Promise<string> {
  let text = await readFile(join(ROOT, 'docker/haproxy.cfg'), 'utf8');
  for (const [from, to] of [
    ['bind :7000', `bind 127.0.0.1:${port}`],
    ['127.0.0.11:53', `127.0.0.1:${dnsPort}`],
    ['web 16 web:7000', `web 16 web:${webPort}`],
  ] as const) {
    if (!text.includes(from)) throw new Error(`docker/haproxy.cfg no longer says "${from}"`);
    text = text.replaceAll(from, to);
  }
  return text;
}

function playsIn({ body }: Answer): number {
  const counts = body
    .toString()
    .matchAll(/^tributary_http_request_seconds_count\{[^}]*route="\/play\/[^\n]*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

function askFrom(url: URL, adminToken: string, question: Question): Promise<Answer> {
  const { from = '127.0.0.1', body, isAdmin = body !== undefined, method = body ? 'POST' : 'GET' } = question;
  const headers = {
    ...(isAdmin ? { authorization: `Bearer ${adminToken}` } : {}),
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    ...question.headers,
  };
  return new Promise((resolve, reject) => {
    const signal = AbortSignal.timeout(15_000);
    const req = request(url, { method, headers, localAddress: from, agent: false, signal }, (res) => {
      const chunks: Buffer[] = [];
      res.on('data', (chunk: Buffer) => chunks.push(chunk));
      res.on('error', reject);
      res.on('end', () =>
        resolve({ status: res.statusCode ?? 0, headers: res.headers, body: Buffer.concat(chunks) }),
      );
    });
    req.on('error', reject);
    req.end(body === undefined ? undefined : JSON.stringify(body));
  });
}
