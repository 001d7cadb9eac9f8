/**
 * A network between uTP peers, in a process of its own: delay, loss, reordering and doubled datagrams.
 * Usage: node udp-relay.ts '[{"listen": {"host", "port"}, "to": {"host", "port"}, "delayMs"?, "loss"?, "reorder"?, "double"?}]';
 * says `ready` and ends when standard input does. Each client is known to the peer by a port of its own, as behind a router.
 */
import { createSocket, type Socket } from 'node:dgram';
import { z } from 'zod';

const Place = z.object({ host: z.string(), port: z.int() });
const Link = z.object({
  listen: Place,
  to: Place,
  /** One way; a round trip is twice that. */
  delayMs: z.number().default(0),
  /** Shares of the datagrams, each way: never there, late by up to 15 ms, there twice. */
  loss: z.number().default(0),
  reorder: z.number().default(0),
  double: z.number().default(0),
});
export type UdpLink = z.input<typeof Link>;
type Link = z.infer<typeof Link>;

const LATE_MS = 15;
/** What a router's queue has room for. */
const MAX_WAITING = 4000;
const BUFFER_BYTES = 4 * 1024 * 1024;

/** One direction. */
class Way {
  readonly #link: Link;
  readonly #send: (datagram: Buffer) => void;
  #waiting: { due: number; datagram: Buffer }[] = [];
  #timer: NodeJS.Timeout | null = null;

  constructor(link: Link, send: (datagram: Buffer) => void) {
    this.#link = link;
    this.#send = send;
  }

  take(datagram: Buffer): void {
    const { delayMs, loss, reorder, double } = this.#link;
    if (Math.random() < loss || this.#waiting.length > MAX_WAITING) return;
    const late = Math.random() < reorder ? Math.random() * LATE_MS : 0;
    this.#wait(datagram, delayMs + late);
    if (Math.random() < double) this.#wait(datagram, delayMs + late + 1);
  }

  #wait(datagram: Buffer, ms: number): void {
    this.#waiting.push({ due: performance.now() + ms, datagram });
    this.#timer ??= setTimeout(() => this.#flush(), 1);
  }

  #flush(): void {
    this.#timer = null;
    const now = performance.now();
    const due = this.#waiting.filter((one) => one.due <= now).sort((a, b) => a.due - b.due);
    if (due.length > 0) this.#waiting = this.#waiting.filter((one) => one.due > now);
    for (const { datagram } of due) this.#send(datagram);
    if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#flush(), 1);
  }
}

async function open(place: { host: string; port: number }): Promise<Socket> {
  const socket = createSocket('udp4');
  socket.on('error', () => {});
  await new Promise<void>((resolve) => socket.bind(place.port, place.host, resolve));
  socket.setRecvBufferSize(BUFFER_BYTES);
  return socket;
}

async function serve(link: Link): Promise<void> {
  const front = await open(link.listen);
  const clients = new Map<string, Promise<Way>>();
  front.on('message', (datagram, from) => {
    const key = `${from.address}:${from.port}`;
    const known = clients.get(key) ?? enter(from.address, from.port);
    clients.set(key, known);
    known.then((way) => way.take(datagram));
  });

  async function enter(host: string, port: number): Promise<Way> {
    const behind = await open({ host: '127.0.0.1', port: 0 });
    const back = new Way(link, (datagram) => front.send(datagram, port, host));
    behind.on('message', (datagram) => back.take(datagram));
    return new Way(link, (datagram) => behind.send(datagram, link.to.port, link.to.host));
  }
}

if (process.argv[2] !== undefined) {
  const links = z.array(Link).parse(JSON.parse(process.argv[2]));
  await Promise.all(links.map(serve));
  console.log('ready');
  process.stdin.resume().on('end', () => process.exit(0));
}
