/**
 * A film from a swarm, by this program's play link and by libtorrent in order (`sequential_download`), over the same relays from
 * the same libtorrent seeds: round trips and rates that loopback does not have. Interleaved and turned; each reading is of a
 * torrent that nobody has seen (the same film under another info hash), by a magnet with the peers' addresses, its metadata fetched
 * from them; libtorrent has the `.torrent`. Whole films are compared by SHA-256. Ratios are medians of the rounds' pairs.
 */
import { createHash, randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { get } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RelayLink } from '../../test/support/real/peer-relay.ts';
import { downloadByLibtorrent, type Place, startRelay, startSeeds } from '../../test/support/real/swarm.ts';
import type { Bench, BenchRow } from '../bench.ts';
import { freePort, median, quantile, startServer } from './measure.ts';

const MIB = 1024 * 1024;
const FILM_BYTES = 100 * MIB;
const ADMIN_TOKEN = 'admin-token-of-the-benchmark-only';

type Link = Omit<RelayLink, 'listen' | 'to'>;
type Scene = {
  name: string;
  pieceBytes: number;
  /** How each peer is reached; `{}` without any relay between. */
  links: readonly Link[];
  goal: number | null;
};

const of = (count: number, link: Link): Link[] => Array.from({ length: count }, () => link);
const SCENES: readonly Scene[] = [
  { name: 'loopback, 4 peers', pieceBytes: MIB, links: of(4, {}), goal: 0.9 },
  { name: '4 peers, 60 ms', pieceBytes: MIB, links: of(4, { delayMs: 30 }), goal: 0.9 },
  {
    name: '10 peers, 100 ms, 1 MB/s each, 4 MiB pieces',
    ...{ pieceBytes: 4 * MIB, links: of(10, { delayMs: 50, bytesPerSecond: 1e6 }), goal: 1.4 },
  },
  {
    name: '4 fast peers, 4 of 40 KB/s and 150 ms',
    pieceBytes: MIB,
    links: [...of(4, { delayMs: 30 }), ...of(4, { delayMs: 75, bytesPerSecond: 40_000 })],
    goal: 0.9,
  },
  {
    name: '4 peers, 60 ms, one of them damages blocks',
    pieceBytes: MIB,
    links: [...of(3, { delayMs: 30 }), { delayMs: 30, damageEvery: 50_000 }],
    goal: null,
  },
];

export const benchTorrent: Bench = async ({ quick }) => {
  const rounds = quick ? 1 : 5;
  const seeks = quick ? 2 : 10;
  const folder = await mkdtemp(join(tmpdir(), 'tributary-bench-'));
  const server = await startServer({ DATA_DIR: join(folder, 'data'), ADMIN_TOKEN });
  try {
    const film = randomBytes(FILM_BYTES);
    await writeFile(join(folder, 'film.mkv'), film);
    const sha256 = createHash('sha256').update(film).digest('hex');
    const rows: BenchRow[] = [];
    const seen = new Set<string>();
    for (const [index, scene] of SCENES.entries()) {
      const place = { folder, index, baseUrl: server.baseUrl, pid: server.pid, film, sha256, seen };
      rows.push(await measureScene(scene, place, rounds, seeks));
    }
    rows.push(
      await tenAtOnce({
        folder,
        index: SCENES.length,
        baseUrl: server.baseUrl,
        pid: server.pid,
        film,
        sha256,
        seen,
      }),
    );
    return rows;
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
};

type Ground = {
  folder: string;
  index: number;
  baseUrl: string;
  pid: number;
  film: Buffer;
  sha256: string;
  /** Info hashes of the scenes before: nothing of a torrent may be here when it is read. */
  seen: Set<string>;
};
type Reading = { firstMs: number; seconds: number; cpuSeconds: number };

async function measureScene(scene: Scene, ground: Ground, rounds: number, seeks: number): Promise<BenchRow> {
  const { folder, index, film } = ground;
  const torrent = join(folder, `scene${index}.torrent`);
  const places = await Promise.all(
    scene.links.map(async (_, peer) => ({ host: `127.0.${10 + index}.${peer + 1}`, port: await freePort() })),
  );
  // The first is for warming up: the engine's thread starts with its first torrent.
  const copies = 2 * rounds + seeks + 1;
  await using seeds = await startSeeds({
    ...{ files: join(folder, 'film.mkv'), torrent, pieceBytes: scene.pieceBytes, copies, peers: places },
  });
  if (seeds.infoHashes.some((infoHash) => ground.seen.has(infoHash)))
    throw new Error('a torrent of another scene would be here already');
  for (const infoHash of seeds.infoHashes.slice(1)) ground.seen.add(infoHash);
  const links = scene.links.map((link, peer) => ({
    ...link,
    listen: { host: `127.0.${100 + index}.${peer + 1}`, port: places[peer]?.port ?? 0 },
    to: places[peer] ?? { host: '', port: 0 },
  }));
  const isPlain = scene.links.every((link) => Object.keys(link).length === 0);
  await using _relay = isPlain ? null : await startRelay(links);
  const peers = isPlain ? places : links.map(({ listen }) => listen);
  let copy = 0;
  const next = () => {
    copy += 1;
    return { infoHash: seeds.infoHashes[copy] ?? '', torrent: `${torrent}.${copy}` };
  };
  await ours(ground, next().infoHash, peers, { start: 0, end: film.length });
  const [mine, theirs]: [Reading[], Reading[]] = [[], []];
  for (let round = 0; round < rounds; round += 1) {
    const readings = [
      async () => mine.push(await ours(ground, next().infoHash, peers, { start: 0, end: film.length })),
      async () => theirs.push(await downloadByLibtorrent(next().torrent, peers)),
    ];
    for (const read of round % 2 === 0 ? readings : readings.reverse()) await read();
  }
  const sought: number[] = [];
  for (let seek = 0; seek < seeks; seek += 1) {
    const start = Math.floor(Math.random() * (film.length - MIB));
    sought.push((await ours(ground, next().infoHash, peers, { start, end: start + MIB })).firstMs);
  }
  const rate = (all: Reading[]) => median(all.map(({ seconds }) => film.length / seconds / 1e6));
  const each = (all: Reading[], read: (one: Reading) => number) => median(all.map(read));
  return {
    scene: scene.name,
    'MB/s': Number(rate(mine).toFixed(1)),
    'libtorrent MB/s': Number(rate(theirs).toFixed(1)),
    ratio: Number(
      median(mine.map(({ seconds }, round) => (theirs[round]?.seconds ?? 0) / seconds)).toFixed(2),
    ),
    goal: scene.goal ?? '',
    'first byte ms': Math.round(each(mine, ({ firstMs }) => firstMs)),
    'libtorrent, first piece ms': Math.round(each(theirs, ({ firstMs }) => firstMs)),
    'cold seek p50 ms': Math.round(median(sought)),
    'p95 ms': Math.round(quantile(sought, 0.95)),
    'CPU s': Number(each(mine, ({ cpuSeconds }) => cpuSeconds).toFixed(2)),
    'RSS MiB': await rssMib(ground.pid),
  };
}

/** Ten torrents read whole at once, without latency: what memory that takes. */
async function tenAtOnce(ground: Ground): Promise<BenchRow> {
  const { folder, index, film, pid } = ground;
  const torrent = join(folder, `scene${index}.torrent`);
  const peers = await Promise.all(
    [1, 2, 3, 4].map(async (peer) => ({ host: `127.0.${10 + index}.${peer}`, port: await freePort() })),
  );
  await using seeds = await startSeeds({
    ...{ files: join(folder, 'film.mkv'), torrent, pieceBytes: MIB, copies: 10, peers },
  });
  let most = 0;
  const watch = setInterval(async () => {
    most = Math.max(most, await rssMib(pid));
  }, 100);
  const begun = performance.now();
  await Promise.all(
    seeds.infoHashes
      .slice(1)
      .map((infoHash) => ours(ground, infoHash, peers, { start: 0, end: film.length })),
  );
  clearInterval(watch);
  return {
    scene: '10 torrents at once, loopback',
    'MB/s': Number(((10 * film.length) / (performance.now() - begun) / 1000).toFixed(1)),
    'RSS MiB': most,
  };
}

/** A link made and read by one GET; timed from the making of the link, which is when a viewer chose it. */
async function ours(
  { baseUrl, film, sha256, pid }: Ground,
  infoHash: string,
  peers: readonly Place[],
  { start, end }: { start: number; end: number },
): Promise<Reading> {
  const url = `magnet:?xt=urn:btih:${infoHash}${peers.map(({ host, port }) => `&x.pe=${host}:${port}`).join('')}`;
  const cpuBefore = await cpuSeconds(pid);
  const begun = performance.now();
  const made = await fetch(`${baseUrl}/api/links`, {
    method: 'POST',
    headers: { Authorization: `Bearer ${ADMIN_TOKEN}`, 'Content-Type': 'application/json' },
    body: JSON.stringify({ url }),
  });
  const link: unknown = await made.json();
  if (typeof link !== 'object' || link === null || !('playUrl' in link))
    throw new Error(`no play link: ${made.status}`);
  const body = Buffer.allocUnsafe(end - start);
  const { firstMs, seconds, size } = await readInto(body, String(link.playUrl), start, end, begun);
  const cpu = (await cpuSeconds(pid)) - cpuBefore;
  const isWhole = body.length === film.length;
  const isRight = isWhole
    ? createHash('sha256').update(body).digest('hex') === sha256
    : body.equals(film.subarray(start, end));
  if (size !== body.length || !isRight) throw new Error(`wrong bytes: ${size} of ${body.length}`);
  return { firstMs, seconds, cpuSeconds: cpu };
}

function readInto(body: Buffer, url: string, start: number, end: number, begun: number) {
  return new Promise<{ firstMs: number; seconds: number; size: number }>((resolve, reject) => {
    get(url, { headers: { Range: `bytes=${start}-${end - 1}` } }, (answer) => {
      if (answer.statusCode !== 206) reject(new Error(`answered ${answer.statusCode}`));
      let [size, firstMs] = [0, 0];
      answer.on('data', (chunk: Buffer) => {
        if (size === 0) firstMs = performance.now() - begun;
        size += chunk.copy(body, size);
      });
      answer.on('end', () => resolve({ firstMs, seconds: (performance.now() - begun) / 1000, size }));
      answer.on('error', reject);
    }).on('error', reject);
  });
}

async function cpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

async function rssMib(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/status`, 'utf8');
  return Math.round(Number(/^VmRSS:\s+(\d+) kB$/m.exec(text)?.[1]) / 1024);
}
