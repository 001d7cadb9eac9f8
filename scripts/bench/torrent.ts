/**
 * A film from a swarm, by this program's play link and by libtorrent in order (`sequential_download`), over the same relays from
 * the same libtorrent seeds: round trips and rates that loopback does not have. Interleaved and turned; each reading is of a
 * torrent that nobody has seen (the same film under another info hash), by a magnet with the peers' addresses, its metadata fetched
 * from them; libtorrent has the `.torrent`. Whole films are compared by SHA-256. Ratios are medians of the rounds' pairs.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { downloadByAria2, downloadByLibtorrent, type Yardstick } from '../../test/support/real/swarm.ts';
import type { Bench, BenchRow } from '../bench.ts';
import { median, quantile, startServer } from './measure.ts';
import { type Film, makeFilm, type Reading, rssMib, type Server, seekTo } from './play-client.ts';
import { linkTo, readFilm } from './torrent-client.ts';
import { type BenchSwarm, type Link, openSwarm, startPeerList } from './torrent-swarm.ts';

const MIB = 1024 * 1024;
/** libtorrent's first half second (its tick) is little of a long film. */
const [LONG, SHORT] = [400 * MIB, 100 * MIB];
const ADMIN_TOKEN = 'admin-token-of-the-benchmark-only';
const SEEK_BYTES = 256 * 1024;

type Scene = {
  name: string;
  film: 'long' | 'short';
  pieceBytes: number;
  links: readonly Link[];
  roundTripMs: number;
  goal: number | null;
  isAria2Asked?: boolean;
  /** In turns with the same peers where none of them damages anything, and how much of their rate is left. */
  isBesideClean?: boolean;
};

const of = (count: number, link: Link): Link[] => Array.from({ length: count }, () => link);
const SCENES: readonly Scene[] = [
  {
    name: 'loopback, 4 peers',
    ...{ film: 'long', pieceBytes: MIB, links: of(4, {}), roundTripMs: 0, goal: 0.9 },
  },
  {
    name: '4 peers, 60 ms',
    ...{ film: 'long', pieceBytes: MIB, links: of(4, { delayMs: 30 }), roundTripMs: 60, goal: 0.9 },
  },
  {
    name: '10 peers, 100 ms, 1 MB/s each, 4 MiB pieces',
    ...{ film: 'short', pieceBytes: 4 * MIB, links: of(10, { delayMs: 50, bytesPerSecond: 1e6 }) },
    ...{ roundTripMs: 100, goal: 1.4 },
  },
  {
    name: '4 fast peers, 4 of 40 KB/s and 150 ms',
    ...{ film: 'long', pieceBytes: MIB, roundTripMs: 60, goal: 0.9, isAria2Asked: true },
    links: [...of(4, { delayMs: 30 }), ...of(4, { delayMs: 75, bytesPerSecond: 40_000 })],
  },
  {
    name: '4 peers, 60 ms, one of them damages blocks',
    ...{ film: 'long', pieceBytes: MIB, roundTripMs: 60, goal: null, isBesideClean: true },
    links: [...of(3, { delayMs: 30 }), { delayMs: 30, damageEvery: 50_000 }],
  },
];

type Ground = { server: Server; folder: string; films: { long: Film; short: Film }; quick: boolean };

export const benchTorrent: Bench = async ({ quick }) => {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-bench-'));
  const started = await startServer({ DATA_DIR: join(folder, 'data'), ADMIN_TOKEN });
  try {
    const server = { baseUrl: started.baseUrl, pid: started.pid, adminToken: ADMIN_TOKEN };
    const films = {
      long: await makeFilm(folder, 'long.mkv', LONG),
      short: await makeFilm(folder, 'short.mkv', SHORT),
    };
    const ground = { server, folder, films, quick };
    const rows: BenchRow[] = [];
    for (const [index, scene] of SCENES.entries()) rows.push(await measureScene(scene, index, ground));
    rows.push(await tenAtOnce(SCENES.length, ground));
    rows.push(await besideUtp(SCENES.length + 1, ground));
    return rows;
  } finally {
    await started.stop();
    await rm(folder, { recursive: true, force: true });
  }
};

async function measureScene(scene: Scene, index: number, ground: Ground): Promise<BenchRow> {
  const { server, folder, films, quick } = ground;
  const { name, pieceBytes, links, goal } = scene;
  const film = films[scene.film];
  const rounds = quick ? 1 : 5;
  const shared = { folder, pieceBytes, links };
  const copies = 3 * rounds + 1;
  await using swarm = await openSwarm({ ...shared, file: film.path, index: 3 * index, copies });
  const clean = links.map(({ damageEvery: _, ...link }) => link);
  await using beside =
    scene.isBesideClean === true
      ? await openSwarm({ ...shared, links: clean, file: film.path, index: 3 * index + 2, copies })
      : null;
  // The first is for warming up: the engine's thread starts with its first torrent.
  await readFilm(server, film, swarm.next().infoHash, swarm.peers);
  const { mine, theirs, aria2, unharmed } = await readInTurns(scene, film, { swarm, beside }, rounds, ground);
  const rate = (all: readonly { seconds: number }[]) =>
    median(all.map(({ seconds }) => film.bytes.length / seconds / 1e6));
  const each = <One>(all: readonly One[], read: (one: One) => number) => median(all.map(read));
  const ratioTo = (others: readonly { seconds: number }[]) =>
    Number(median(mine.map(({ seconds }, round) => (others[round]?.seconds ?? 0) / seconds)).toFixed(2));
  // Read from another film: nothing of it is here, and every peer is connected.
  await using sought = await openSwarm({
    ...{ ...shared, file: films.long.path, index: 3 * index + 1, copies: 2 },
  });
  const seeks = await coldSeeks(ground, sought, pieceBytes);
  const aim = 1.5 * ((pieceBytes / rate(mine) / 1e6) * 1000 + 2 * scene.roundTripMs);
  return {
    scene: name,
    'MB/s': Number(rate(mine).toFixed(1)),
    'libtorrent MB/s': Number(rate(theirs).toFixed(1)),
    ratio: ratioTo(theirs),
    goal: goal ?? '',
    ...(aria2.length > 0 ? { 'of aria2': ratioTo(aria2) } : {}),
    ...(unharmed.length > 0 ? { 'of the clean swarm': ratioTo(unharmed) } : {}),
    'first byte ms': Math.round(each(mine, ({ firstMs }) => firstMs)),
    'libtorrent, first piece ms': Math.round(each(theirs, ({ firstMs }) => firstMs)),
    'cold seek p50 ms': Number(median(seeks.cold).toFixed(1)),
    'at most': Number(aim.toFixed(1)),
    'p95 ms': Number(quantile(seeks.cold, 0.95).toFixed(1)),
    'while playing p50 ms': Math.round(median(seeks.busy)),
    'loop p99 ms': Number(each(mine, ({ loopP99Ms }) => loopP99Ms).toFixed(1)),
    'CPU s': Number(each(mine, ({ cpuSeconds }) => cpuSeconds).toFixed(2)),
    'RSS MiB': await rssMib(server.pid),
  };
}

type Swarms = { swarm: BenchSwarm; beside: BenchSwarm | null };

async function readInTurns(
  scene: Scene,
  film: Film,
  { swarm, beside }: Swarms,
  rounds: number,
  ground: Ground,
) {
  const { server, folder } = ground;
  const [mine, unharmed]: [Reading[], Reading[]] = [[], []];
  const [theirs, aria2]: [Yardstick[], Yardstick[]] = [[], []];
  await using list = await startPeerList(swarm.peers);
  // What the yardsticks got stays until all are done, as ours does: who writes where another has just freed memory is given it warm.
  const kept = await mkdtemp(join(folder, 'kept-'));
  const readings = [
    async () => mine.push(await readFilm(server, film, swarm.next().infoHash, swarm.peers)),
    async () => theirs.push(await downloadByLibtorrent(swarm.next().torrent, swarm.peers, kept)),
    async () => {
      const { torrent } = swarm.next();
      if (scene.isAria2Asked === true)
        aria2.push(await downloadByAria2(torrent, list.url, film.sha256, kept));
    },
    async () => {
      if (beside === null) return;
      unharmed.push(await readFilm(server, film, beside.next().infoHash, beside.peers));
    },
  ];
  for (let round = 0; round < rounds; round += 1) {
    for (const read of readings) await read();
    readings.push(...readings.splice(0, 1));
  }
  await rm(kept, { recursive: true });
  return { mine, theirs, aria2, unharmed };
}

/** Of a torrent whose peers are connected: to fifty places nobody has, each range to its end; and ten of a player that was playing elsewhere. */
async function coldSeeks({ server, films, quick }: Ground, swarm: BenchSwarm, pieceBytes: number) {
  const film = films.long;
  const connected = async () => {
    const url = await linkTo(server, swarm.next().infoHash, swarm.peers);
    await seekTo(url, film, 0, SEEK_BYTES, SEEK_BYTES);
    return url;
  };
  const url = await connected();
  // A range lies in one piece or two: every other pair of pieces is used once.
  const places = Array.from(
    { length: Math.floor(film.bytes.length / pieceBytes / 2) - 1 },
    (_, pair) => 2 * pair + 2,
  )
    .map((piece) => ({ piece, at: Math.random() }))
    .sort((one, other) => one.at - other.at)
    .slice(0, quick ? 5 : 50);
  const cold: number[] = [];
  for (const { piece, at } of places) {
    const start = Math.floor((piece + at) * pieceBytes);
    cold.push(await seekTo(url, film, start, SEEK_BYTES, start + SEEK_BYTES));
  }
  const playing = await connected();
  const busy: number[] = [];
  // From behind to the front: what is read ahead lies behind the next place.
  for (let place = 9; place >= 0; place -= 1) {
    const start = Math.floor(((place + 0.5) / 10) * film.bytes.length);
    busy.push(await seekTo(playing, film, start, 2 * MIB, film.bytes.length));
  }
  return { cold, busy };
}

/** Ten torrents read whole at once by a process that has read one before, without latency: what memory that takes. */
async function tenAtOnce(index: number, { folder, films }: Ground): Promise<BenchRow> {
  const film = films.short;
  await using swarm = await openSwarm({
    ...{ file: film.path, folder, index: 3 * index, pieceBytes: MIB, links: of(4, {}), copies: 11 },
  });
  const own = await startServer({ DATA_DIR: join(folder, 'ten'), ADMIN_TOKEN });
  try {
    const server = { baseUrl: own.baseUrl, pid: own.pid, adminToken: ADMIN_TOKEN };
    await readFilm(server, film, swarm.next().infoHash, swarm.peers);
    let most = 0;
    const watch = setInterval(async () => {
      most = Math.max(most, await rssMib(server.pid));
    }, 100);
    const begun = performance.now();
    await Promise.all(
      Array.from({ length: 10 }, () => readFilm(server, film, swarm.next().infoHash, swarm.peers)),
    );
    clearInterval(watch);
    return {
      scene: '10 torrents at once, loopback',
      'MB/s': Number(((10 * film.bytes.length) / (performance.now() - begun) / 1000).toFixed(1)),
      'RSS MiB': most,
    };
  } finally {
    await own.stop();
  }
}

/** First bytes from peers that speak only TCP, where uTP is tried and where it is not. */
async function besideUtp(index: number, { server, folder, films, quick }: Ground): Promise<BenchRow> {
  const film = films.short;
  const pairs = quick ? 2 : 10;
  await using swarm = await openSwarm({
    ...{ file: film.path, folder, index: 3 * index, pieceBytes: MIB },
    ...{ links: of(4, { delayMs: 30 }), copies: 2 * pairs + 1 },
  });
  const plain = await startServer({ DATA_DIR: join(folder, 'plain'), ADMIN_TOKEN, UTP: 'off' });
  try {
    const withoutUtp = { baseUrl: plain.baseUrl, pid: plain.pid, adminToken: ADMIN_TOKEN };
    const firstByte = async (from: Server) => {
      const begun = performance.now();
      const url = await linkTo(from, swarm.next().infoHash, swarm.peers);
      await seekTo(url, film, 0, SEEK_BYTES, SEEK_BYTES);
      return performance.now() - begun;
    };
    await firstByte(withoutUtp);
    const [on, off]: [number[], number[]] = [[], []];
    for (let pair = 0; pair < pairs; pair += 1) {
      on.push(await firstByte(server));
      off.push(await firstByte(withoutUtp));
    }
    return {
      scene: 'TCP alone, 60 ms; uTP on and off',
      'first byte ms': Math.round(median(on)),
      'without uTP ms': Math.round(median(off)),
    };
  } finally {
    await plain.stop();
  }
}
