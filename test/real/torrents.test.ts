import { randomBytes } from 'node:crypto';
import { copyFile, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { streamsIn } from '../support/addon-answers.ts';
import { freePort, openTempDir } from '../support/processes.ts';
import { startTributary, type Tributary } from '../support/product.ts';
import { CLIP, remuxClip } from '../support/real/clip.ts';
import { mpvPlayAndSeek } from '../support/real/mpv.ts';
import { type Opentracker, startOpentracker } from '../support/real/opentracker.ts';
import { type Running, startAria2, startSeeds, startTransmission } from '../support/real/swarm.ts';
import { waitUntil } from '../support/wait-until.ts';

// A pack that real clients seed, known to a real tracker, through the whole product: added, listed, played, sought in.

const SHOW = 'tt0000071';
const [LIBTORRENT, TRANSMISSION, ARIA2, UTP_ONLY] = ['127.0.2.1', '127.0.2.2', '127.0.2.3', '127.0.2.4'];
const SUBTITLE = '1\n00:00:01,000 --> 00:00:03,000\nGood evening.\n';

let dir: Awaited<ReturnType<typeof openTempDir>>;
let tracker: Opentracker;
let product: Tributary;
let torrentFile: string;
let torrent: Buffer;
let infoHash: string;
const seeds: Running[] = [];
const files = ['The.Show.S01E01.mkv', 'The.Show.S01E02.mp4', 'The.Show.S01E03.1080p.WEB-DL.mkv'] as const;
const [LARGE, LARGE_BYTES] = ['The.Show.S01E04.mkv', 48 * 1024 * 1024];

const pack = () => join(dir.path, 'The.Show.S01');
const post = (path: string, body: object) =>
  product.asAdmin(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });

async function episodeUrl(season: number, episode: number): Promise<string> {
  const answer = await fetch(`${product.baseUrl}/stream/series/${SHOW}:${season}:${episode}.json`);
  const [stream] = streamsIn(await answer.json());
  expect(stream?.url, JSON.stringify(stream)).toMatch(/\/play\//);
  return stream?.url ?? '';
}

beforeAll(async () => {
  dir = await openTempDir();
  await mkdir(pack());
  await remuxClip(join(pack(), files[0]));
  await copyFile(CLIP, join(pack(), files[1]));
  await remuxClip(join(pack(), files[2]));
  // Three files of the same pictures must not be the same bytes.
  for (const name of [files[0], files[2]]) {
    const at = join(pack(), name);
    await writeFile(at, Buffer.concat([await readFile(at), Buffer.from(name.padEnd(5000, ' '))]));
  }
  await writeFile(join(pack(), 'The.Show.S01E03.1080p.WEB-DL.en.srt'), SUBTITLE);
  await writeFile(join(pack(), 'sample.mkv'), Buffer.alloc(100_000, 7));
  // More than the kernel takes of a viewer who does not read.
  await writeFile(join(pack(), LARGE), randomBytes(LARGE_BYTES));
  torrentFile = join(dir.path, 'show.torrent');
  const port = await freePort();
  const announceUrl = `udp://127.0.0.1:${port}/announce`;
  const made = await startSeeds({
    ...{ files: pack(), torrent: torrentFile, pieceBytes: 256 * 1024, trackers: [announceUrl] },
    peers: [],
  });
  ({ torrent, infoHash } = made);
  await made.stop();
  tracker = await startOpentracker({ infoHashes: [infoHash], port });
  const peers = [{ host: LIBTORRENT, port: await freePort() }];
  seeds.push(await startSeeds({ files: pack(), torrent: torrentFile, peers }));
  product = await startTributary({ env: { PUBLIC_CATALOG: 'all', TRACKER_CHECK_INTERVAL: '5s' } });
  const added = await post('/api/media', {
    ...{ kind: 'series', title: 'The Show', ids: { imdb: SHOW } },
    seasons: [{ number: 1, episodes: [{ number: 1 }, { number: 2 }] }],
  });
  const { id: mediaId } = z.object({ id: z.string() }).parse(await added.json());
  const stored = await post('/api/streams', {
    mediaId,
    kind: 'torrent',
    torrent: torrent.toString('base64'),
  });
  expect(stored.status, await stored.clone().text()).toBe(201);
});
afterAll(async () => {
  await product?.stop();
  for (const seed of seeds) await seed.stop();
  await tracker?.stop();
  await dir?.remove();
});

test('an episode of a pack is its own file, found by the tracker alone, the one the catalogue lacked too', async () => {
  for (const [index, name] of files.entries()) {
    const answer = await fetch(await episodeUrl(1, index + 1));
    expect(answer.status).toBe(200);
    const bytes = Buffer.from(await answer.arrayBuffer());
    expect(bytes.equals(await readFile(join(pack(), name))), name).toBe(true);
  }
});

test('any part of it is had at once, and is answered as every other file is', async () => {
  const url = await episodeUrl(1, 2);
  const clip = await readFile(CLIP);
  for (const start of [0, 1, 262_143, clip.length - 1000]) {
    const answer = await fetch(url, { headers: { Range: `bytes=${start}-${start + 999}` } });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([206, 'video/mp4']);
    const end = Math.min(start + 1000, clip.length);
    expect(Buffer.from(await answer.arrayBuffer()).equals(clip.subarray(start, end))).toBe(true);
  }
  const head = await fetch(url, { method: 'HEAD' });
  expect(head.headers.get('etag')).toMatch(new RegExp(`^"${infoHash}-\\d"$`));
});

test('mpv plays an episode and seeks in it', async () => {
  const played = await mpvPlayAndSeek(await episodeUrl(1, 3), 90);
  expect(played.playedOnToSeconds).toBeGreaterThan(90);
});

test('the live list, the add-on and the metrics tell how its swarm does, while it plays', async () => {
  const stop = new AbortController();
  const answer = await fetch(await episodeUrl(1, 4), { signal: stop.signal });
  const reader = answer.body?.getReader();
  await reader?.read();
  const Live = z.object({
    streams: z.array(
      z.object({
        kind: z.string(),
        swarm: z.object({ peers: z.number(), piecesHeld: z.number(), pieceCount: z.number() }).optional(),
      }),
    ),
  });
  const swarm = await waitUntil(
    async () => {
      const { streams } = Live.parse(await (await product.asAdmin('/api/live')).json());
      return streams.find(({ kind }) => kind === 'torrent')?.swarm ?? false;
    },
    { what: 'the swarm is told of', timeoutMs: 5000 },
  );
  // Those who look at what there is see that it runs, in the same entry; and the owner's monitoring sees its figures.
  const listed = streamsIn(await (await fetch(`${product.baseUrl}/stream/series/${SHOW}:1:4.json`)).json());
  expect(listed[0]?.description).toMatch(/\n▶️ Running · \d peer/u);
  const { piecesHeld } = swarm;
  const figures = await (await product.asAdmin('/metrics')).text();
  const figure = (name: string) =>
    Number(
      figures
        .split('\n')
        .find((line) => line.startsWith(`tributary_${name} `))
        ?.split(' ')[1],
    );
  expect(figure('torrents_open')).toBe(1);
  expect(figure('torrent_peers{state="connected"}')).toBeGreaterThan(0);
  expect(figure('torrent_downloaded_bytes_total')).toBeGreaterThan(LARGE_BYTES / 4);
  expect(figure('torrent_announces_total{outcome="answered"}')).toBeGreaterThan(0);
  expect(figure('torrent_memory_bytes')).toBeGreaterThan(0);
  expect(figure('torrent_memory_bytes')).toBeLessThanOrEqual(figure('torrent_memory_limit_bytes'));
  expect(figure('torrent_cache_limit_bytes')).toBeGreaterThan(figure('torrent_cache_bytes'));
  expect(figure('torrent_dead_total')).toBe(0);
  stop.abort();
  expect(piecesHeld).toBeGreaterThan(0);
  expect(swarm.pieceCount).toBeGreaterThan(LARGE_BYTES / (256 * 1024));
  expect(swarm.peers).toBeGreaterThan(0);
});

test('the subtitle beside an episode is offered with it, as WebVTT', async () => {
  const answer = await fetch(`${product.baseUrl}/stream/series/${SHOW}:1:3.json`);
  const [stream] = streamsIn(await answer.json());
  const [subtitle] = stream?.subtitles ?? [];
  expect(subtitle?.lang).toBe('eng');
  const text = await (await fetch(subtitle?.url ?? '')).text();
  expect(text).toMatch(/^WEBVTT[\s\S]*Good evening\./);
});

test.each([
  ['Transmission', TRANSMISSION],
  ['aria2', ARIA2],
  ['libtorrent by uTP alone', UTP_ONLY],
])('%s gives too: a magnet with its address plays bit for bit', async (name, host) => {
  // A file of its own, so that nothing of it lies here yet.
  const single = join(dir.path, `${name}.mkv`);
  await copyFile(join(pack(), files[0]), single);
  const singleTorrent = join(dir.path, `${name}.torrent`);
  const made = await startSeeds({ files: single, torrent: singleTorrent, pieceBytes: 128 * 1024, peers: [] });
  await made.stop();
  const at = { host, port: await freePort() };
  const start = {
    [TRANSMISSION]: async () => startTransmission(dir.path, singleTorrent, at, await freePort()),
    [ARIA2]: () => startAria2(dir.path, singleTorrent, at),
    [UTP_ONLY]: () => startSeeds({ files: single, torrent: singleTorrent, peers: [at], transport: 'utp' }),
  }[host];
  if (start !== undefined) seeds.push(await start());
  const url = `magnet:?xt=urn:btih:${made.infoHash}&x.pe=${host}:${at.port}`;
  const link = z.object({ playUrl: z.string() }).parse(await (await post('/api/links', { url })).json());
  const bytes = Buffer.from(await (await fetch(link.playUrl)).arrayBuffer());
  expect(bytes.equals(await readFile(single))).toBe(true);
});

test('a real announce is a check: the tracker works, and is failing within an interval of its end', async () => {
  const status = async () => {
    const answer = await product.asAdmin('/api/trackers');
    const { trackers } = z
      .object({ trackers: z.array(z.object({ url: z.string(), status: z.string() })) })
      .parse(await answer.json());
    return trackers.find(({ url }) => url === tracker.udpUrl)?.status;
  };
  await waitUntil(async () => (await status()) === 'working', { what: 'it works', timeoutMs: 10_000 });
  await tracker.stop();
  await waitUntil(async () => (await status()) === 'failing', { what: 'it fails', timeoutMs: 20_000 });
});

test('killed in the middle, it starts again with what it had, and needs no peer for that', async () => {
  for (const seed of seeds.splice(0)) await seed.stop();
  const url = await episodeUrl(1, 2);
  const { dataDir, adminToken, baseUrl } = product;
  product.signal('SIGKILL');
  await waitUntil(async () => product.hasExited(), { what: 'it is gone', timeoutMs: 5000 });
  const port = new URL(baseUrl).port;
  product = await startTributary({ dataDir, adminToken, env: { PUBLIC_CATALOG: 'all', PORT: port } });
  const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
  expect(bytes.equals(await readFile(CLIP))).toBe(true);
});
