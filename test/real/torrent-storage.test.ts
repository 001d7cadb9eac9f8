import { randomBytes } from 'node:crypto';
import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { freePort, openTempDir } from '../support/processes.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { type Place, type Running, startRelay, startSeeds } from '../support/real/swarm.ts';
import { waitUntil } from '../support/wait-until.ts';

// What is kept of torrents that libtorrent seeds, through the whole product: told, paused, resumed, removed, and right after a kill.

const MIB = 1024 * 1024;
const PIECE_BYTES = 256 * 1024;
const SIZE = 24 * MIB;
const PIECES = SIZE / PIECE_BYTES;

let dir: Awaited<ReturnType<typeof openTempDir>>;
let product: Tributary;
const running: Running[] = [];
const films: { infoHash: string; url: string; place: Place; bytes: Buffer }[] = [];

beforeAll(async () => {
  dir = await openTempDir();
  for (const index of [0, 1]) {
    const files = join(dir.path, `Film.${index}.mkv`);
    const bytes = randomBytes(SIZE);
    await writeFile(files, bytes);
    const seed = { host: `127.0.4.${index + 1}`, port: await freePort() };
    const made = await startSeeds({
      ...{ files, torrent: join(dir.path, `${index}.torrent`), pieceBytes: PIECE_BYTES, peers: [seed] },
    });
    // Slow enough to be stopped in the middle.
    const place = { host: `127.0.4.${index + 11}`, port: seed.port };
    running.push(made, await startRelay([{ listen: place, to: seed, bytesPerSecond: 4 * MIB }]));
    const url = `magnet:?xt=urn:btih:${made.infoHash}&x.pe=${place.host}:${place.port}`;
    films.push({ infoHash: made.infoHash, url, place, bytes });
  }
  product = await startTributary({ env: { RATE_LIMIT_API: '10000' } });
}, 180_000);
afterAll(async () => {
  await product?.stop();
  for (const one of running.reverse()) await one.stop();
  await dir?.remove();
});

function film(index: 0 | 1) {
  const found = films[index];
  if (found === undefined) throw new Error('there is no such film');
  return found;
}

async function play(index: 0 | 1, signal: AbortSignal | null = null): Promise<Response> {
  const answer = await product.asAdmin('/api/links', {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ url: film(index).url }),
  });
  const { playUrl } = z.object({ playUrl: z.string() }).parse(await answer.json());
  return await fetch(playUrl, { signal });
}

const Row = z.object({
  status: z.string(),
  progress: z.number(),
  piecesHeld: z.int(),
  pieceCount: z.int().nullable(),
});

async function rowOf(index: 0 | 1): Promise<z.infer<typeof Row> | null> {
  const answer = await product.asAdmin(`/api/torrents/${film(index).infoHash}`);
  return answer.status === 404 ? null : Row.parse(await answer.json());
}

const becomes = (index: 0 | 1, what: string, isIt: (row: z.infer<typeof Row>) => boolean) =>
  waitUntil(
    async () => {
      const row = await rowOf(index);
      return row !== null && isIt(row) ? row : false;
    },
    { what, timeoutMs: 40_000 },
  );

const ask = (method: string, index: 0 | 1, path = '') =>
  product.asAdmin(`/api/torrents/${film(index).infoHash}${path}`, { method });
const folderOf = (index: 0 | 1) => join(product.dataDir, 'torrents', film(index).infoHash);
const piecesIn = async (index: 0 | 1) =>
  (await readdir(folderOf(index)).catch(() => [])).filter((name) => /^\d+$/.test(name)).length;

/** Established connections to a port, whoever holds them. */
async function connectionsTo({ port }: Place): Promise<number> {
  const remote = `:${port.toString(16).toUpperCase().padStart(4, '0')}`;
  const lines = (await readFile('/proc/net/tcp', 'utf8')).split('\n').map((line) => line.trim().split(/\s+/));
  return lines.filter(([, , to = '', state]) => to.endsWith(remote) && state === '01').length;
}

test('a torrent that is played goes from downloading to completed', async () => {
  const reading = play(0).then((answer) => answer.arrayBuffer());
  const row = await becomes(
    0,
    'it is being fetched',
    ({ status, piecesHeld }) => status === 'downloading' && piecesHeld > 0,
  );
  expect(row).toMatchObject({ pieceCount: PIECES, progress: row.piecesHeld / PIECES });
  expect(Buffer.from(await reading).equals(film(0).bytes)).toBe(true);
  await becomes(0, 'it is whole', ({ status, progress }) => status === 'completed' && progress === 1);
  expect(await piecesIn(0)).toBe(PIECES);
});

test('a pause hangs up on its seed and refuses at once what is not here; resumed, it goes on', async () => {
  const leaving = new AbortController();
  const answer = await play(1, leaving.signal);
  const reading = answer.arrayBuffer();
  const cut = expect(reading).rejects.toThrow();
  await becomes(1, 'some of it is here', ({ piecesHeld }) => piecesHeld > 4);
  expect(await connectionsTo(film(1).place)).toBeGreaterThan(0);
  expect((await ask('POST', 1, '/pause')).status).toBe(200);
  await cut;
  await waitUntil(async () => (await connectionsTo(film(1).place)) === 0, {
    ...{ what: 'nobody is connected', timeoutMs: 10_000 },
  });
  // The first pieces are here and play; what comes after them ends the answer.
  const again = await play(1);
  expect(again.status).toBe(200);
  await expect(again.arrayBuffer()).rejects.toThrow();
  // A look at the end, which is not here.
  const begun = performance.now();
  const end = await fetch(again.url, { headers: { Range: `bytes=${SIZE - 1000}-` } });
  expect(performance.now() - begun).toBeLessThan(5000);
  expect(end.status).toBe(409);
  expect(await end.json()).toMatchObject({
    code: 'torrent.paused',
    detail: expect.stringMatching(/^This torrent is paused\. Resume it/),
  });
  expect(await connectionsTo(film(1).place)).toBe(0);

  expect((await ask('POST', 1, '/resume')).status).toBe(200);
  const bytes = Buffer.from(await (await play(1)).arrayBuffer());
  expect(bytes.equals(film(1).bytes)).toBe(true);
  await becomes(1, 'it is whole', ({ status }) => status === 'completed');
});

test('removed, its folder and its row are gone; it can be played anew, be it that the page was not told', async () => {
  expect((await ask('DELETE', 1)).status).toBe(204);
  expect(await piecesIn(1)).toBe(0);
  expect(await readdir(join(product.dataDir, 'torrents'))).not.toContain(film(1).infoHash);
  expect(await rowOf(1)).toBeNull();
  expect((await ask('DELETE', 1)).status).toBe(404);
});

test('killed in the middle, its rows are those of the disk after the start, and a pause is still one', async () => {
  const reading = play(1)
    .then((answer) => answer.arrayBuffer())
    .catch(() => null);
  await becomes(
    1,
    'some of it is here',
    ({ status, piecesHeld }) => status === 'downloading' && piecesHeld > 4,
  );
  expect((await ask('POST', 0, '/pause')).status).toBe(200);
  const { dataDir, adminToken, baseUrl } = product;
  product.signal('SIGKILL');
  await reading;
  await waitUntil(async () => product.hasExited(), { what: 'it is gone', timeoutMs: 10_000 });
  // Meanwhile some of it goes.
  await rm(join(folderOf(1), '0'), { force: true });
  const here = await piecesIn(1);
  expect(here).toBeGreaterThan(2);
  const env = { RATE_LIMIT_API: '10000', PORT: new URL(baseUrl).port };
  product = await startTributary({ dataDir, adminToken, env });
  const row = await becomes(
    1,
    'it is looked at',
    ({ status, piecesHeld }) => status === 'idle' && piecesHeld === here,
  );
  expect(row.progress).toBeCloseTo(here / PIECES, 9);
  expect(await rowOf(0)).toMatchObject({ status: 'paused', progress: 1 });
});
