/**
 * A network between peers, in a process of its own: delay, rate and damage that this kernel's loopback does not have (no netem).
 * Usage: node peer-relay.ts '[{"listen": {"host", "port"}, "to": {"host", "port"}, "delayMs"?, "bytesPerSecond"?, "damageEvery"?}]';
 * says `ready` and ends when standard input does. Delays both ways, limits what the peer behind it sends.
 */
import { connect, createServer, type Socket } from 'node:net';
import { z } from 'zod';

const Place = z.object({ host: z.string(), port: z.int() });
const Link = z.object({
  listen: Place,
  to: Place,
  /** One way; a round trip is twice that. */
  delayMs: z.number().default(0),
  bytesPerSecond: z.number().nullable().default(null),
  /** Each so-manyth byte that the peer sends is another one. */
  damageEvery: z.int().nullable().default(null),
});
export type RelayLink = z.input<typeof Link>;
type Link = z.infer<typeof Link>;

const PART_BYTES = 16 * 1024;
/** What a home router holds back before the sender's window stops it. */
const MAX_HELD_BYTES = 4 * 1024 * 1024;

/** One direction of a connection. */
class Forward {
  readonly #from: Socket;
  readonly #to: Socket;
  readonly #link: Link;
  readonly #queue: { due: number; bytes: Buffer }[] = [];
  #held = 0;
  #lastDue = 0;
  #seen = 0;
  #timer: NodeJS.Timeout | null = null;
  #isEnded = false;

  constructor(from: Socket, to: Socket, link: Link) {
    this.#from = from;
    this.#to = to;
    this.#link = link;
    const isPlain = link.delayMs === 0 && link.bytesPerSecond === null;
    from.on('data', (chunk: Buffer) => (isPlain ? this.#pass(chunk) : this.#delay(chunk)));
    from.on('end', () => this.#end());
    from.on('error', () => to.destroy());
  }

  /** Neither late nor slow: as fast as the other side takes it. */
  #pass(chunk: Buffer): void {
    this.#damage(chunk);
    if (this.#to.write(chunk)) return;
    this.#from.pause();
    this.#to.once('drain', () => this.#from.resume());
  }

  #delay(chunk: Buffer): void {
    const { delayMs, bytesPerSecond } = this.#link;
    this.#damage(chunk);
    this.#held += chunk.length;
    for (let at = 0; at < chunk.length; at += PART_BYTES) {
      const bytes = chunk.subarray(at, at + PART_BYTES);
      const seconds = bytesPerSecond === null ? 0 : bytes.length / bytesPerSecond;
      this.#lastDue = Math.max(performance.now(), this.#lastDue) + seconds * 1000;
      this.#queue.push({ due: this.#lastDue + delayMs, bytes });
    }
    if (this.#held >= MAX_HELD_BYTES) this.#from.pause();
    this.#waitForNext();
  }

  #waitForNext(): void {
    const [next] = this.#queue;
    if (next === undefined) return;
    this.#timer ??= setTimeout(() => this.#flush(), Math.max(0, next.due - performance.now()));
  }

  #flush(): void {
    this.#timer = null;
    const now = performance.now();
    const later = this.#queue.findIndex(({ due }) => due > now);
    for (const { bytes } of this.#queue.splice(0, later < 0 ? this.#queue.length : later)) {
      this.#held -= bytes.length;
      if (!this.#to.destroyed) this.#to.write(bytes);
    }
    if (this.#held < MAX_HELD_BYTES && this.#from.isPaused()) this.#from.resume();
    if (this.#queue.length > 0) this.#waitForNext();
    else if (this.#isEnded) this.#to.end();
  }

  #end(): void {
    this.#isEnded = true;
    if (this.#queue.length === 0) this.#to.end();
  }

  #damage(bytes: Buffer): void {
    const { damageEvery: every } = this.#link;
    if (every === null) return;
    // The handshake and the bitfield stay as they are: damage is to blocks.
    for (let at = every - (this.#seen % every); at < bytes.length; at += every)
      if (this.#seen + at > 4096) bytes[at] = (bytes[at] ?? 0) ^ 0xff;
    this.#seen += bytes.length;
  }
}

function serve(link: Link): Promise<void> {
  const server = createServer({ noDelay: true }, (client) => {
    const peer = connect({ ...link.to, noDelay: true });
    new Forward(client, peer, { ...link, bytesPerSecond: null, damageEvery: null });
    new Forward(peer, client, link);
    const close = () => {
      client.destroy();
      peer.destroy();
    };
    client.on('close', close);
    peer.on('close', () => setTimeout(close, link.delayMs));
  });
  return new Promise((resolve) => server.listen(link.listen.port, link.listen.host, resolve));
}

if (process.argv[2] !== undefined) {
  const links = z.array(Link).parse(JSON.parse(process.argv[2]));
  await Promise.all(links.map(serve));
  console.log('ready');
  process.stdin.resume().on('end', () => process.exit(0));
}
