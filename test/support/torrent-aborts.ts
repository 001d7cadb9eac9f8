import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { openRequest, rawRequest, startPlayServer } from './play-server.ts';
import { makeTorrent, startSeedPeer } from './seed-peer.ts';
import { waitUntil } from './wait-until.ts';

const MIB = 1024 * 1024;
const [FILM_BYTES, PIECE_BYTES, FILMS] = [12 * MIB + 4711, 256 * 1024, 3];
/** All of the pieces' memory was in use by then. */
const WARM_UP = 100;
/** Pieces get half of it: less than the films have, so that what leaks stays where it should have made room. */
const MEMORY_BYTES = 32 * MIB;
const AT_ONCE = 4;

/** What is open in this process; the peers are in it too, so each connection of the engine's thread counts here. */
export type Opened = { sockets: number; timers: number; rssMb: number };

export type AbortFigures = {
  before: Opened;
  after: Opened;
  closed: Opened;
  /** Of node: too many listeners on one emitter. */
  warnings: readonly string[];
  /** Bytes of pieces in memory beyond what may be there, as the live list tells once a viewer of each film has come. */
  excessBytes: number;
  /** The films once more, bit for bit, after all that. */
  isWhole: boolean;
};

/**
 * `cycles` viewers of play links who leave at any moment: of three films that peers have, of magnets nobody has, while files
 * are looked for, pieces waited for or bytes sent. Everything real: door, thread, engine, peers.
 */
export async function leaveTorrents(cycles: number): Promise<AbortFigures> {
  const warnings: string[] = [];
  const onWarning = (warning: Error) => void warnings.push(`${warning.name} ${warning.message}`);
  process.on('warning', onWarning);
  const films = Array.from({ length: FILMS }, () => makeTorrent(randomBytes(FILM_BYTES), PIECE_BYTES));
  const seeds = await Promise.all(
    films.flatMap((film) => [startSeedPeer(film), startSeedPeer(film, '127.0.1.1', { delayMs: 2 })]),
  );
  const magnets = films.map(({ infoHash }, n) => {
    const peers = seeds.slice(2 * n, 2 * n + 2).map(({ host, port }) => `&x.pe=${host}:${port}`);
    return `magnet:?xt=urn:btih:${infoHash}${peers.join('')}`;
  });
  const server = await startPlayServer('torrent', { url: magnets[0] }, {}, {}, MEMORY_BYTES);
  const urlOf = (url: string) => server.urlOf({ detail: server.kinds.get('torrent')?.parse({ url }) });
  const known = magnets.map(urlOf);
  // Nobody has it, but there is somebody to ask.
  const unknown = () =>
    urlOf(`magnet:?xt=urn:btih:${randomBytes(20).toString('hex')}&x.pe=127.0.0.1:${seeds[0]?.port}`);

  async function comeAndGo(): Promise<void> {
    const url = Math.random() < 0.1 ? unknown() : (known[Math.floor(Math.random() * FILMS)] ?? '');
    const start = Math.floor(Math.random() * FILM_BYTES);
    const socket = openRequest(url, { headers: { Range: `bytes=${start}-` } });
    socket.on('error', () => {});
    const moment = Math.random();
    if (moment < 0.5) await sleep(moment * 20);
    // It has the head and reads nothing, so that parts lie ready for it when it leaves.
    else await Promise.race([once(socket, 'readable').then(() => sleep(moment * 40)), sleep(100)]);
    socket.destroy();
    await once(socket, 'close');
  }
  async function run(count: number): Promise<void> {
    for (let done = 0; done < count; done += AT_ONCE)
      await Promise.all(Array.from({ length: AT_ONCE }, comeAndGo));
    await waitUntil(() => server.live.count() === 0, { what: 'nobody watches', timeoutMs: 10_000 });
    await waitUntil(() => server.admission.count() === 0, { what: 'no lease is left', timeoutMs: 15_000 });
    // Unknown torrents hang up on their peers when these hang up on them.
    await sleep(500);
  }
  /** Of all films together, each with a viewer who reads nothing. */
  async function piecesHeld(): Promise<number> {
    const sockets = known.map((url) => openRequest(url).on('error', () => {}));
    try {
      // Each second they are told anew, those of one moment together: what was told before is of other moments.
      await sleep(2500);
      return await waitUntil(
        () => {
          const swarms = server.live.list().flatMap(({ swarm }) => swarm ?? []);
          return swarms.length === FILMS && swarms.reduce((sum, { piecesHeld: held }) => sum + held, 0);
        },
        { what: 'the state of each film is told', timeoutMs: 20_000 },
      );
    } finally {
      for (const socket of sockets) socket.destroy();
    }
  }
  try {
    await run(WARM_UP);
    const before = opened();
    await run(cycles);
    const after = opened();
    const excessBytes = (await piecesHeld()) * PIECE_BYTES - MEMORY_BYTES / 2;
    const answers = await Promise.all(known.map((url) => rawRequest(url)));
    const isWhole = answers.every(({ body }, n) => films[n]?.bytes.equals(body) === true);
    await server.close();
    await Promise.all(seeds.map((seed) => seed.stop()));
    return { before, after, closed: opened(), excessBytes, warnings, isWhole };
  } finally {
    process.off('warning', onWarning);
  }
}

function opened(): Opened {
  const open = process.getActiveResourcesInfo();
  const count = (name: string) => open.filter((one) => one === name).length;
  const rssMb = Math.round(process.memoryUsage.rss() / MIB);
  return { sockets: count('TCPSocketWrap'), timers: count('Timeout'), rssMb };
}
