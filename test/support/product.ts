import { randomBytes } from 'node:crypto';
import { readFile, readlink } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Env } from '../../src/platform/config.ts';
import {
  freePort,
  openTempDir,
  type ProcessExit,
  plainEnv,
  type RunningProcess,
  startProcess,
} from './processes.ts';
import { startArguments } from './start-command.ts';
import { waitUntil } from './wait-until.ts';

/** The checkout: programs of the product run here. */
export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

export type TributaryOptions = {
  /** Settings on top of the ones below. */
  env?: Readonly<Record<string, string>>;
  /** Kept on stop, for a second start on the same data; absent: a fresh folder that goes with the product. */
  dataDir?: string;
  role?: 'all' | 'web' | 'worker';
  /** Default: a fresh token of 43 characters. */
  adminToken?: string;
  /** Until the manifest answers. Default 90 s: the first start unpacks and creates the embedded database. */
  timeoutMs?: number;
};

export type Tributary = AsyncDisposable & {
  /** `http://127.0.0.1:port`, no slash at the end. */
  baseUrl: string;
  manifestUrl: string;
  adminToken: string;
  dataDir: string;
  pid: number;
  output(): string;
  hasExited(): boolean;
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM; the product promises to be gone within 10 s. `wasKilled` tells that it was not. */
  stop(): Promise<ProcessExit>;
  /** `fetch` on a path of the product with the admin token. */
  asAdmin(path: string, init?: RequestInit): Promise<Response>;
};

/** The environment of a program of this product on `dataDir`: loopback, nothing let out, none of this machine's settings. */
export function productEnv(dataDir: string): Record<string, string> {
  return {
    ...plainEnv(),
    // An empty value counts as absent and wins over the developer's own .env.
    ...Object.fromEntries(Object.keys(Env.shape).map((name) => [name, ''])),
    ...{ HOST: '127.0.0.1', DATA_DIR: dataDir, OUTBOUND: 'listed', OUTBOUND_ALLOW: '127.0.0.0/8,::1' },
  };
}

/** Starts the product as `npm start` does, on loopback with nothing let out, and waits until `/manifest.json` answers 200 (a worker: `/healthz`). */
export async function startTributary(options: TributaryOptions = {}): Promise<Tributary> {
  const { role = 'all', adminToken = randomBytes(32).toString('base64url') } = options;
  const port = Number(options.env?.PORT ?? (await freePort()));
  const baseUrl = `http://127.0.0.1:${port}`;
  const temp = options.dataDir === undefined ? await openTempDir() : undefined;
  const dataDir = options.dataDir ?? temp?.path ?? '';
  const afterwards = async () => {
    if (temp === undefined) return;
    await stopLeftPostgres(dataDir);
    await temp.remove();
  };
  try {
    const running = await startProcess({
      command: process.execPath,
      args: startArguments(),
      cwd: ROOT,
      env: {
        ...productEnv(dataDir),
        ...{ PORT: String(port), ROLE: role, ADMIN_TOKEN: adminToken },
        ...options.env,
      },
      readyWhen: () => answersOk(baseUrl + (role === 'worker' ? '/healthz' : '/manifest.json')),
      timeoutMs: options.timeoutMs ?? 90_000,
      stopTimeoutMs: 15_000,
    });
    return handleOf(running, { baseUrl, adminToken, dataDir, afterwards });
  } catch (error) {
    await afterwards();
    throw error;
  }
}

/** A product that was killed leaves its embedded Postgres to the next start on the same folder; there is none on a folder that goes. */
async function stopLeftPostgres(dataDir: string): Promise<void> {
  const cluster = join(dataDir, 'postgres');
  const pidFile = await readFile(join(cluster, 'postmaster.pid'), 'utf8').catch(() => '');
  const pid = Number(pidFile.split('\n')[0]);
  // A postmaster works in its cluster's folder: a process that got its number since does not.
  const isOurs = async () => (await readlink(`/proc/${pid}/cwd`).catch(() => '')) === cluster;
  if (!(pid > 1) || !(await isOurs())) return;
  process.kill(pid, 'SIGQUIT');
  await waitUntil(async () => !(await isOurs()), { what: 'a left-over Postgres ends', timeoutMs: 5_000 });
}

async function answersOk(url: string): Promise<boolean> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    await response.body?.cancel();
    return response.status === 200;
  } catch {
    return false; // not listening yet
  }
}

function handleOf(
  running: RunningProcess,
  about: { baseUrl: string; adminToken: string; dataDir: string; afterwards: () => Promise<void> },
): Tributary {
  const { baseUrl, adminToken, dataDir } = about;
  const stop = async () => {
    const exit = await running.stop();
    await about.afterwards();
    return exit;
  };
  const asAdmin = (path: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    headers.set('Authorization', `Bearer ${adminToken}`);
    return fetch(baseUrl + path, { signal: AbortSignal.timeout(30_000), ...init, headers });
  };
  const { pid, output, hasExited, signal } = running;
  const dispose = async () => void (await stop());
  return {
    ...{ baseUrl, adminToken, dataDir, manifestUrl: `${baseUrl}/manifest.json` },
    ...{ pid, output, hasExited, signal, stop, asAdmin, [Symbol.asyncDispose]: dispose },
  };
}
