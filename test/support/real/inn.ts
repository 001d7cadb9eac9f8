import { once } from 'node:events';
import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import {
  freePort,
  openTempDir,
  plainEnv,
  type RunningProcess,
  runProcess,
  startProcess,
} from '../processes.ts';
import { emptyDatabase, FOLDERS, type InnSettings, settingsFiles } from './inn-settings.ts';
import type { Place, Running } from './swarm.ts';

export type InnOptions = {
  /** An address of loopback. Default 127.0.0.1. */
  host?: string;
  /** Default: free ones. */
  ports?: { plain: number; auth: number; tls: number };
  /** Has from the start what another has by then. */
  copyOf?: Inn;
};

export type Inn = Running & {
  root: string;
  /** For anybody, and for posting. */
  plain: Place;
  /** With a login. */
  auth: Place;
  /** With a login, TLS from the first byte. */
  tls: Place;
  user: string;
  password: string;
  /** PEM of what signed its certificate: itself. */
  ca: string;
  /** The articles are gone: BODY and STAT answer 430. */
  remove(ids: readonly string[]): Promise<void>;
};

const BIN = '/usr/lib/news/bin';
const [USER, PASSWORD] = ['tester', 'sekret-of-the-tests'];
const asNews = ['--reuid=news', '--regid=news', '--init-groups'];

/** Debian's INN as user news: innd for anybody, nnrpd with a login, and with TLS. Needs root; everything lies in a folder of its own. */
export async function startInn(options: InnOptions = {}): Promise<Inn> {
  const folder = await openTempDir();
  // 0700 of root is where news could not go in.
  await chmod(folder.path, 0o755);
  const root = join(folder.path, 'news');
  const host = options.host ?? '127.0.0.1';
  const ports = options.ports ?? { plain: await freePort(), auth: await freePort(), tls: await freePort() };
  const hash = await runProcess({ command: 'openssl', args: ['passwd', '-6', PASSWORD] });
  const settings = {
    ...{ root, host, plain: ports.plain, user: USER, passwordHash: hash.stdout.toString().trim() },
  };
  const parts: RunningProcess[] = [];
  const stop = async () => {
    // innd takes minutes over a SIGTERM while clients are connected; what it holds goes with its folder.
    await Promise.all(parts.splice(0).map((part) => part.stop()));
    await folder.remove();
  };
  try {
    await lay(settings, options.copyOf);
    const env = innEnv(root);
    const login = (port: number, more: string[]) => [
      'nnrpd',
      '-D',
      '-f',
      ...more,
      '-b',
      host,
      '-p',
      String(port),
      '-c',
      'readers-auth.conf',
    ];
    for (const [port, args] of [
      [ports.plain, ['innd', '-f', '-P', String(ports.plain)]],
      [ports.auth, login(ports.auth, [])],
      [ports.tls, login(ports.tls, ['-S'])],
    ] as const) {
      const [program, ...rest] = args;
      parts.push(
        await startProcess({
          command: 'setpriv',
          args: [...asNews, `${BIN}/${program}`, ...rest],
          env,
          readyWhen: () => listens(host, port),
          stopTimeoutMs: 300,
        }),
      );
    }
  } catch (error) {
    await stop();
    throw error;
  }
  const at = (port: number) => ({ host, port });
  return {
    ...{ root, plain: at(ports.plain), auth: at(ports.auth), tls: at(ports.tls) },
    ...{ user: USER, password: PASSWORD, ca: await readFile(`${root}/etc/cert.pem`, 'utf8') },
    remove: (ids) => remove(root, ids),
    ...{ stop, [Symbol.asyncDispose]: stop },
  };
}

function innEnv(root: string): Record<string, string> {
  return { ...plainEnv(root), INNCONF: `${root}/etc/inn.conf` };
}

async function lay(settings: InnSettings, original: Inn | undefined): Promise<void> {
  const { root, host } = settings;
  for (const name of FOLDERS) await mkdir(join(root, name), { recursive: true });
  const [key, cert] = [join(root, 'etc/key.pem'), join(root, 'etc/cert.pem')];
  await runProcess({
    command: 'openssl',
    args: [
      ...['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-days', '30', '-subj', '/CN=localhost'],
      ...['-addext', `subjectAltName=DNS:localhost,IP:${host}`, '-keyout', key, '-out', cert],
    ],
  });
  for (const [name, text] of Object.entries(settingsFiles(settings)))
    await writeFile(join(root, 'etc', name), text, { mode: 0o640 });
  if (original === undefined) {
    for (const [name, text] of Object.entries(emptyDatabase())) await writeFile(join(root, 'db', name), text);
  } else await copy(original.root, root);
  await runProcess({ command: 'chown', args: ['-R', 'news:news', root], timeoutMs: 120_000 });
  if (original === undefined)
    await news(root, 'makedbz', ['-i', '-o', '-s', '100000', '-f', `${root}/db/history`]);
}

/** History names articles by places relative to the spool. */
async function copy(from: string, to: string): Promise<void> {
  // Throttled, innd has written and closed its history.
  await news(from, 'ctlinnd', ['-t', '10', 'throttle', 'copied']);
  const args = ['-a', '-t', to, join(from, 'db'), join(from, 'spool')];
  await runProcess({ command: 'cp', args, timeoutMs: 120_000 });
  await news(from, 'ctlinnd', ['-t', '10', 'go', 'copied']);
}

async function remove(root: string, ids: readonly string[]): Promise<void> {
  for (const id of ids) {
    const token = (await news(root, 'grephistory', [`<${id}>`])).trim();
    if (token === '' || token === '/dev/null') throw new Error(`INN has no article <${id}>`);
    await news(root, 'sm', ['-d', token]);
  }
}

/** One of INN's programs, as it would run it. */
async function news(root: string, program: string, args: readonly string[]): Promise<string> {
  const run = await runProcess({
    command: 'setpriv',
    args: [...asNews, `${BIN}/${program}`, ...args],
    env: innEnv(root),
  });
  return run.stdout.toString();
}

async function listens(host: string, port: number): Promise<boolean> {
  const socket = connect(port, host);
  try {
    await once(socket, 'connect');
    return true;
  } catch {
    return false; // not yet
  } finally {
    socket.destroy();
  }
}
