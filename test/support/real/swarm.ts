import { type ChildProcess, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { plainEnv, startProcess } from '../processes.ts';
import type { RelayLink } from './peer-relay.ts';
import type { UdpLink } from './udp-relay.ts';

export type Place = { host: string; port: number };
export type Running = AsyncDisposable & { stop(): Promise<void> };

const path = (name: string) => fileURLToPath(new URL(name, import.meta.url));
const PYTHON = '/usr/bin/python3';

/** What python3-libtorrent is told, and its first line; it ends when its input does. */
export async function talk(script: string, job: object): Promise<{ child: ChildProcess; said: unknown }> {
  const child = spawn(PYTHON, ['-X', 'faulthandler', path(script)], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: plainEnv(),
  });
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = `${errors}${chunk}`.slice(-4000)));
  child.stdin.write(`${JSON.stringify(job)}\n`);
  const lines = createInterface({ input: child.stdout });
  const said = await new Promise<string>((resolve, reject) => {
    lines.once('line', resolve);
    child.once('close', (code, signal) =>
      reject(new Error(`${script} ended with ${code ?? signal}: ${errors}`)),
    );
  });
  return { child, said: JSON.parse(said) };
}

/** Ends one of those; killed after five seconds. */
export async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exited = new Promise((resolve) => child.once('exit', resolve));
  child.stdin?.end();
  const timer = setTimeout(() => child.kill('SIGKILL'), 5000);
  await exited;
  clearTimeout(timer);
}

export type SeedJob = {
  /** A file, or a folder of files. */
  files: string;
  /** Where the `.torrent` is written; one that is there is seeded as it is. */
  torrent: string;
  pieceBytes?: number;
  /** Torrents of the same files with info hashes of their own, in `torrent.1` and so on: nobody has anything of a new one. */
  copies?: number;
  peers: readonly (Place & { uploadBytes?: number })[];
  trackers?: readonly string[];
  /** BEP 19. */
  webSeeds?: readonly string[];
  /** What they speak, in and out. */
  transport?: 'tcp' | 'utp' | 'both';
};

/** libtorrent seeds, each at its own address; their `.torrent` is written on the way. */
export async function startSeeds(
  job: SeedJob,
): Promise<Running & { infoHash: string; infoHashes: readonly string[]; torrent: Buffer }> {
  const { child, said } = await talk('libtorrent-seeds.py', job);
  const { infoHashes } = z.object({ infoHashes: z.array(z.string()).min(1) }).parse(said);
  const [infoHash = ''] = infoHashes;
  const stop = () => end(child);
  return { infoHash, infoHashes, torrent: await readFile(job.torrent), stop, [Symbol.asyncDispose]: stop };
}

export type Yardstick = { firstMs: number; seconds: number; cpuSeconds: number };

/** One whole download by libtorrent in order, from adding the torrent on; what came stays in `into`. */
export async function downloadByLibtorrent(
  torrent: string,
  peers: readonly Place[],
  into: string,
): Promise<Yardstick> {
  const folder = await mkdtemp(join(into, 'leech-'));
  const { child, said } = await talk('libtorrent-download.py', { torrent, folder, peers });
  await end(child);
  return z.object({ firstMs: z.number(), seconds: z.number(), cpuSeconds: z.number() }).parse(said);
}

/** What libtorrent gets of a torrent of one file within the time: the hash of it where it has all, and the bytes that came. */
export async function takeByLibtorrent(
  torrent: string,
  peers: readonly Place[],
  timeout: number,
): Promise<{ sha256: string | null; got: number; seconds: number | null }> {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-leech-'));
  try {
    const job = { torrent, folder, peers, timeout, isHashed: true };
    const { child, said } = await talk('libtorrent-download.py', job);
    await end(child);
    return z
      .object({ sha256: z.string().nullable(), got: z.number(), seconds: z.number().nullable() })
      .parse(said);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/**
 * One whole download by aria2 as it is, its peers from `tracker`; compared by SHA-256, and stays in `into`. From its start on: what
 * it takes to start is measured and taken off.
 */
export async function downloadByAria2(
  torrent: string,
  tracker: string,
  sha256: string,
  into: string,
): Promise<Yardstick> {
  const folder = await mkdtemp(join(into, 'aria2-'));
  const startMs = await runAria2(['--version']);
  const wholeMs = await runAria2([
    ...['--no-conf', '--quiet', '--enable-dht=false', '--bt-enable-lpd=false', '--seed-time=0'],
    ...['--file-allocation=none', '--bt-max-peers=0', '--bt-request-peer-speed-limit=0'],
    ...[`--bt-tracker=${tracker}`, `--dir=${folder}`, '--interface=127.0.0.1', torrent],
  ]);
  const [name = ''] = await readdir(folder);
  const digest = createHash('sha256').update(await readFile(join(folder, name)));
  if (digest.digest('hex') !== sha256) throw new Error('aria2 has other bytes');
  return { firstMs: Number.NaN, seconds: (wholeMs - startMs) / 1000, cpuSeconds: Number.NaN };
}

async function runAria2(args: readonly string[]): Promise<number> {
  const begun = performance.now();
  const child = spawn('/usr/bin/aria2c', args, { stdio: 'ignore', env: plainEnv() });
  const timer = setTimeout(() => child.kill('SIGKILL'), 300_000);
  const code = await new Promise((resolve) => child.once('exit', resolve));
  clearTimeout(timer);
  if (code !== 0) throw new Error(`aria2c ended with ${code}`);
  return performance.now() - begun;
}

/** Links between peers that delay, limit and damage. */
export function startRelay(links: readonly RelayLink[]): Promise<Running> {
  return relay('peer-relay.ts', links);
}

/** Links of datagrams that delay, lose, reorder and double. */
export function startUdpRelay(links: readonly UdpLink[]): Promise<Running> {
  return relay('udp-relay.ts', links);
}

async function relay(program: string, links: readonly object[]): Promise<Running> {
  const args = [path(program), JSON.stringify(links)];
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'], env: plainEnv() });
  await new Promise<void>((resolve, reject) => {
    child.stdout.once('data', () => resolve());
    child.once('exit', (code) => reject(new Error(`the relay ended with ${code}`)));
  });
  const stop = () => end(child);
  return { stop, [Symbol.asyncDispose]: stop };
}

/** Debian's Transmission, seeding what lies in `folder`, at one address of loopback. */
export async function startTransmission(
  folder: string,
  torrent: string,
  { host, port }: Place,
  rpcPort: number,
  hasUtp = false,
): Promise<Running> {
  const config = await mkdtemp(join(tmpdir(), 'tributary-transmission-'));
  await writeFile(
    join(config, 'settings.json'),
    JSON.stringify({
      'bind-address-ipv4': host,
      'peer-port': port,
      'peer-port-random-on-start': false,
      'port-forwarding-enabled': false,
      'dht-enabled': false,
      'lpd-enabled': false,
      'pex-enabled': false,
      'utp-enabled': hasUtp,
      'rpc-port': rpcPort,
      'rpc-bind-address': '127.0.0.1',
      'rpc-authentication-required': false,
      'rpc-whitelist-enabled': false,
      'download-dir': folder,
    }),
  );
  const rpc = `http://127.0.0.1:${rpcPort}/transmission/rpc`;
  const running = await startProcess({
    command: '/usr/bin/transmission-daemon',
    args: ['--foreground', '--config-dir', config, '--log-error'],
    readyWhen: async () => (await fetch(rpc).catch(() => null))?.status === 409,
  });
  const session = (await fetch(rpc)).headers.get('x-transmission-session-id') ?? '';
  const metainfo = (await readFile(torrent)).toString('base64');
  await fetch(rpc, {
    method: 'POST',
    headers: { 'X-Transmission-Session-Id': session },
    body: JSON.stringify({ method: 'torrent-add', arguments: { metainfo, 'download-dir': folder } }),
  });
  const stop = async () => {
    await running.stop();
    await rm(config, { recursive: true, force: true });
  };
  return { stop, [Symbol.asyncDispose]: stop };
}

/** Debian's aria2, seeding what lies in `folder`, at one address of loopback. */
export async function startAria2(folder: string, torrent: string, { host, port }: Place): Promise<Running> {
  const running = await startProcess({
    command: '/usr/bin/aria2c',
    args: [
      ...['--no-conf', '--enable-dht=false', '--enable-peer-exchange=false', '--bt-enable-lpd=false'],
      ...[`--interface=${host}`, `--listen-port=${port}`, `--dir=${folder}`, '--seed-ratio=0.0'],
      ...['--check-integrity=true', '--bt-seed-unverified=false', '--console-log-level=notice', torrent],
    ],
    readyWhen: /Seeding is in progress|Verification finished|SEED\(/,
    timeoutMs: 30_000,
  });
  const stop = async () => void (await running.stop());
  return { stop, [Symbol.asyncDispose]: stop };
}
