import { randomBytes } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { freePort, openTempDir } from '../support/processes.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { type Nginx, startNginx } from '../support/real/nginx.ts';
import { startRelay, startSeeds } from '../support/real/swarm.ts';

// A web seed as it is in the world: nginx, named in a .torrent that libtorrent wrote, through the whole product.

const MIB = 1024 * 1024;
const [FILM_BYTES, PIECE_BYTES] = [48 * MIB, MIB];
const FOLDER = 'My films & more (100%) [é]';
const FILES = ['one + two.mkv', 'Ünïcode #2?.srt', 'disc 3/三.mkv'] as const;

let dir: Awaited<ReturnType<typeof openTempDir>>;
let nginx: Nginx;
let port: number;
let product: Tributary;
const root = () => join(dir.path, 'root');
const log = () => join(dir.path, 'access.log');

beforeAll(async () => {
  dir = await openTempDir();
  await mkdir(join(root(), FOLDER, 'disc 3'), { recursive: true });
  for (const [index, name] of FILES.entries())
    await writeFile(join(root(), FOLDER, name), randomBytes(3 * MIB + 777 * index));
  await writeFile(join(root(), 'alone.mkv'), randomBytes(FILM_BYTES));
  await writeFile(join(root(), 'beside.mkv'), randomBytes(FILM_BYTES));
  port = await freePort();
  // archive.org answers every request with 302 to the machine that has the file.
  nginx = await startNginx({
    port,
    http: `log_format bytes '$uri $status $body_bytes_sent';
server { access_log ${log()} bytes; listen 127.0.0.1:${port}; listen 127.0.0.2:${port}; root ${root()}; 
  if ($request_uri ~ ^/download(/.*)$) { return 302 http://127.0.0.2:${port}$1; } }`,
  });
  product = await startTributary();
});
afterAll(async () => {
  await product?.stop();
  await nginx?.stop();
  await dir?.remove();
});

async function playUrls(name: string, webSeeds: readonly string[], pieceBytes = PIECE_BYTES, xpe = '') {
  const torrent = join(dir.path, `${name}.torrent`);
  const made = await startSeeds({ files: join(root(), name), torrent, pieceBytes, webSeeds, peers: [] });
  await made.stop();
  const body = { torrent: made.torrent.toString('base64') };
  const magnet = `magnet:?xt=urn:btih:${made.infoHash}${webSeeds.map((url) => `&ws=${encodeURIComponent(url)}`).join('')}${xpe}`;
  const answer = await product.asAdmin('/api/links', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(xpe === '' ? body : { url: magnet }),
  });
  expect(answer.status, await answer.clone().text()).toBe(201);
  const Made = z.object({
    playUrl: z.string(),
    files: z.array(z.object({ name: z.string(), playUrl: z.string() })).default([]),
  });
  return { ...Made.parse(await answer.json()), torrent };
}

const bytesAt = async (url: string) => Buffer.from(await (await fetch(url)).arrayBuffer());
const logged = async (uri: string) =>
  (await readFile(log(), 'utf8'))
    .split('\n')
    .map((line) => line.split(' '))
    .filter(([path]) => path === uri);

test('a film that only nginx has plays bit for bit, by few requests', async () => {
  const { playUrl } = await playUrls('alone.mkv', [`http://127.0.0.1:${port}/`]);
  expect((await bytesAt(playUrl)).equals(await readFile(join(root(), 'alone.mkv')))).toBe(true);
  expect((await logged('/alone.mkv')).length).toBeLessThan(60);
});

test('a folder behind redirects plays, whatever its files are called', async () => {
  const { files } = await playUrls(FOLDER, [`http://127.0.0.1:${port}/download`], 256 * 1024);
  expect(files).toHaveLength(FILES.length);
  for (const name of FILES) {
    const file = files.find((one) => one.name.endsWith(name));
    expect(
      (await bytesAt(file?.playUrl ?? '')).equals(await readFile(join(root(), FOLDER, name))),
      name,
    ).toBe(true);
  }
});

test('nginx and libtorrent both give, as far as each of them can', async () => {
  const peer = { host: '127.0.2.9', port: await freePort() };
  const [near, far] = [
    { host: '127.0.2.10', port: await freePort() },
    { host: '127.0.2.11', port: await freePort() },
  ];
  // Of each connection, of which the web seed has several.
  const [slow, slower] = [8 * MIB, 3 * MIB];
  await using _relay = await startRelay([
    { listen: near, to: peer, delayMs: 10, bytesPerSecond: slow },
    { listen: far, to: { host: '127.0.0.1', port }, delayMs: 10, bytesPerSecond: slower },
  ]);
  const torrent = join(dir.path, 'beside.mkv.torrent');
  await using _seeds = await startSeeds({
    ...{ files: join(root(), 'beside.mkv'), torrent, pieceBytes: PIECE_BYTES, peers: [peer] },
  });
  const webSeeds = [`http://${far.host}:${far.port}/beside.mkv`];
  const { playUrl } = await playUrls('beside.mkv', webSeeds, PIECE_BYTES, `&x.pe=${near.host}:${near.port}`);
  const startedAt = performance.now();
  expect((await bytesAt(playUrl)).equals(await readFile(join(root(), 'beside.mkv')))).toBe(true);
  const seconds = (performance.now() - startedAt) / 1000;
  const byNginx = (await logged('/beside.mkv')).reduce((sum, [, , sent]) => sum + Number(sent), 0);
  expect(byNginx).toBeGreaterThan(FILM_BYTES * 0.1);
  expect(byNginx).toBeLessThan(FILM_BYTES * 0.9);
  // Both together are sooner than the peer alone.
  expect(seconds).toBeLessThan(FILM_BYTES / slow);
});
