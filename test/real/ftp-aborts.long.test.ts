import { createHash, randomBytes } from 'node:crypto';
import { chmod, mkdir, readdir, readFile, readlink, writeFile } from 'node:fs/promises';
import { Agent, get } from 'node:http';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { openTempDir } from '../support/processes.ts';
import { startTributary } from '../support/product.ts';
import { loginsOf, startVsftpd } from '../support/real/ftp-servers.ts';
import { waitUntil } from '../support/wait-until.ts';

const MIB = 1024 * 1024;
const film = randomBytes(64 * MIB + 4711);
const ABORTS = 1000;
const STALLED = 100;

test('1,000 requests given up and 100 viewers who read nothing leave nothing behind, and one beside them is served', async () => {
  await using folder = await openFilm();
  await using server = await startVsftpd({ root: folder.root });
  await using product = await startTributary({ env: { RATE_LIMIT_API: '1000000' } });
  const setting = { method: 'PATCH', headers: { 'content-type': 'application/json' } };
  const body = JSON.stringify({ streamsPerSubject: 1000, streamsPerIp: 1000 });
  expect((await product.asAdmin('/api/settings', { ...setting, body })).ok).toBe(true);
  // Its database listens among the ports that the FTP server hands out for data.
  const others = await portsReached(product.pid);
  const quiet = () => nothingLeft(product.pid, server.port, others);
  const link = await product.asAdmin('/api/links', {
    ...{ ...setting, method: 'POST' },
    body: JSON.stringify({ url: `ftp://127.0.0.1:${server.port}/film.mkv` }),
  });
  const { playUrl } = z.object({ playUrl: z.string() }).parse(await link.json());
  const round = async () => {
    let isOver = false;
    const beside = watch(playUrl, () => isOver);
    await givenUp(playUrl, ABORTS);
    const stalled = await Promise.all(Array.from({ length: STALLED }, () => stall(playUrl)));
    for (const leave of stalled) leave();
    isOver = true;
    const told = await beside;
    await quiet();
    return { ...told, ...(await figuresOf(product.pid)) };
  };
  // What a crowd needs is kept for the next one: each further one needs no more.
  const first = await round();
  const loginsBefore = await loginsOf(server);
  const further = [await round(), await round()];
  const logins = (await loginsOf(server)) - loginsBefore;
  console.log(JSON.stringify({ first, further, logins }));
  for (const { wrong, films, descriptors } of [first, ...further]) {
    expect(wrong).toBe(0);
    expect(films).toBeGreaterThan(0);
    expect(descriptors - first.descriptors).toBeLessThanOrEqual(3);
  }
  expect(Math.max(...further.map(({ rssMib }) => rssMib)) - first.rssMib).toBeLessThan(100);
  expect(logins).toBeLessThan(20);
});

async function openFilm() {
  const dir = await openTempDir();
  const root = join(dir.path, 'root');
  await mkdir(root);
  await writeFile(join(root, 'film.mkv'), film);
  for (const path of [dir.path, root]) await chmod(path, 0o755);
  await chmod(join(root, 'film.mkv'), 0o644);
  return { root, [Symbol.asyncDispose]: () => dir.remove() };
}

/** So many requests, ten at once, each left after its first bytes. */
async function givenUp(url: string, count: number): Promise<void> {
  let next = 0;
  const leaving = async () => {
    for (let index = next++; index < count; index = next++) {
      const at = Math.floor((film.length - MIB) * ((index * 0.618) % 1));
      const { first, leave } = await begin(url, at);
      leave();
      if (!first.equals(film.subarray(at, at + first.length))) throw new Error(`other bytes at ${at}`);
    }
  };
  await Promise.all(Array.from({ length: 10 }, leaving));
}

function begin(url: string, at: number): Promise<{ first: Buffer; leave(): void }> {
  return new Promise((resolve, reject) => {
    get(url, { agent: false, headers: { range: `bytes=${at}-` } }, (response) => {
      if (response.statusCode !== 206) reject(new Error(`answered with ${response.statusCode}`));
      response.once('data', (first: Buffer) => {
        response.pause();
        resolve({ first, leave: () => response.destroy() });
      });
      response.on('error', () => {});
    }).on('error', reject);
  });
}

async function stall(url: string): Promise<() => void> {
  return (await begin(url, 0)).leave;
}

/** Watches the film again and again, at 4 MiB a range, until the last one after `isOver`. */
async function watch(url: string, isOver: () => boolean): Promise<{ films: number; wrong: number }> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const wanted = createHash('sha256').update(film).digest('hex');
  const told = { films: 0, wrong: 0 };
  while (!isOver()) {
    const hash = createHash('sha256');
    for (let at = 0; at < film.length; at += 4 * MIB)
      for (const chunk of await rangeOf(url, agent, at, Math.min(film.length, at + 4 * MIB)))
        hash.update(chunk);
    told.films += 1;
    if (hash.digest('hex') !== wanted) told.wrong += 1;
  }
  agent.destroy();
  return told;
}

function rangeOf(url: string, agent: Agent, start: number, end: number): Promise<Buffer[]> {
  return new Promise((resolve, reject) => {
    get(url, { agent, headers: { range: `bytes=${start}-${end - 1}` } }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () => resolve(chunks));
      response.on('error', reject);
    }).on('error', reject);
  });
}

/** Until no connection to the FTP server is left, nor one to a port that it gave for data. */
async function nothingLeft(pid: number, port: number, others: ReadonlySet<number>): Promise<void> {
  const isData = (to: number) => to >= 20_000 && to < 30_000 && !others.has(to);
  const isOver = async () => ![...(await portsReached(pid))].some((to) => to === port || isData(to));
  const what = 'no session and no data connection is left';
  await waitUntil(isOver, { what, timeoutMs: 150_000, everyMs: 1000 });
}

/** Where the connections of a program lead. */
async function portsReached(pid: number): Promise<Set<number>> {
  const own = new Set<string>();
  for (const fd of await readdir(`/proc/${pid}/fd`)) {
    const target = await readlink(`/proc/${pid}/fd/${fd}`).catch(() => '');
    const inode = /^socket:\[(\d+)\]$/.exec(target)?.[1];
    if (inode !== undefined) own.add(inode);
  }
  const lines = (await readFile(`/proc/${pid}/net/tcp`, 'utf8')).trim().split('\n').slice(1);
  const remote = lines
    .map((line) => line.trim().split(/\s+/))
    .filter((fields) => own.has(fields[9] ?? ''))
    .map(([, , address = '']) => Number.parseInt(address.split(':')[1] ?? '', 16));
  return new Set(remote);
}

async function figuresOf(pid: number): Promise<{ descriptors: number; rssMib: number }> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const rssMib = Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) / 1024);
  return { descriptors: (await readdir(`/proc/${pid}/fd`)).length, rssMib };
}
