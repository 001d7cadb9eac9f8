/**
 * A network between a news client and its server, in a process of its own: delay and rate, and a server that stalls, breaks off or
 * damages bodies, or is not there. Counts what is asked for. Usage: node nntp-relay.ts '[link, …]'; says `ready`; takes one command a
 * line on standard input, answers each with a line of JSON, and ends when it does.
 */
import { connect, createServer, type Server, type Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { flipByte, NntpFraming, type Piece } from './nntp-framing.ts';
import { NntpCommand, type NntpFaults, NntpLink, type NntpSeen, type NntpState } from './nntp-jobs.ts';
import { ShapedWay } from './shaped-way.ts';

class LinkServer {
  readonly #link: NntpLink;
  readonly #sockets = new Set<Socket>();
  readonly #ways = new Set<ShapedWay>();
  #faults: NntpFaults;
  #isFrozen = false;
  #server: Server | null = null;
  #bodies: [string, number][] = [];
  #bytes = 0;
  /** Bodies given since the faults were set. */
  #given = 0;

  constructor(link: NntpLink) {
    this.#link = link;
    this.#faults = link.faults;
  }

  async listen(): Promise<void> {
    const { host, port } = this.#link.listen;
    if (this.#server !== null) return;
    this.#server = createServer({ noDelay: true }, (client) => this.#serve(client));
    await new Promise<void>((resolve) => this.#server?.listen(port, host, resolve));
  }

  async take({ state, faults, isCleared }: NntpCommand): Promise<NntpSeen> {
    if (faults !== undefined) [this.#faults, this.#given] = [faults, 0];
    if (state !== undefined) await this.#become(state);
    const seen = { bodies: this.#bodies, connections: this.#sockets.size / 2, bytes: this.#bytes };
    if (isCleared === true) [this.#bodies, this.#bytes] = [[], 0];
    return seen;
  }

  async #become(state: NntpState): Promise<void> {
    this.#isFrozen = state === 'freeze';
    for (const way of this.#ways) way.freeze(this.#isFrozen);
    if (state === 'open' || state === 'freeze') return await this.listen();
    this.#server?.close();
    this.#server = null;
    if (state === 'kill') for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  #serve(client: Socket): void {
    const { to, delayMs, bytesPerSecond, isOpaque } = this.#link;
    const server = connect({ ...to, noDelay: true });
    const sockets = [client, server];
    const faulty = this.#faulty();
    const ways = [
      new ShapedWay(client, server, { delayMs, bytesPerSecond: null }, this.#watched()),
      new ShapedWay(server, client, { delayMs, bytesPerSecond }, (chunk, way) => {
        this.#bytes += chunk.length;
        if (isOpaque) way.send(chunk);
        else faulty(chunk, way);
      }),
    ];
    for (const socket of sockets) this.#sockets.add(socket);
    for (const way of ways) {
      this.#ways.add(way);
      way.freeze(this.#isFrozen);
    }
    const close = () => {
      for (const socket of sockets) {
        socket.destroy();
        this.#sockets.delete(socket);
      }
      for (const way of ways) this.#ways.delete(way);
    };
    client.on('close', close);
    server.on('close', () => setTimeout(close, delayMs));
  }

  /** Notes the bodies that are asked for, as they are. */
  #watched(): (chunk: Buffer, way: ShapedWay) => void {
    let rest = '';
    return (chunk, way) => {
      const lines = `${rest}${chunk.toString('latin1')}`.split('\r\n');
      rest = lines.pop() ?? '';
      for (const line of lines) {
        const id = /^(?:BODY|ARTICLE) <(.*)>$/i.exec(line)?.[1];
        if (id !== undefined) this.#bodies.push([id, performance.timeOrigin + performance.now()]);
      }
      way.send(chunk);
    };
  }

  /** What the server sends, with what goes wrong. */
  #faulty(): (chunk: Buffer, way: ShapedWay) => void {
    let [down, seen, isCut]: [ShapedWay | null, number, boolean] = [null, 0, false];
    let due: Partial<NntpFaults> = {};
    const give = ({ bytes, kind, isFirst }: Piece) => {
      if (down === null || isCut) return;
      if (kind === 'line') return down.send(bytes);
      if (isFirst) [seen, due] = [0, this.#due()];
      isCut = goWrong(bytes, seen, due, down);
      seen += bytes.length;
    };
    const framing = new NntpFraming(give);
    return (chunk, way) => {
      down = way;
      framing.take(chunk);
    };
  }

  /** What goes wrong with the body that begins now. */
  #due(): Partial<NntpFaults> {
    this.#given += 1;
    const isDue = ([, fault]: [string, { every: number } | null]) =>
      fault !== null && this.#given % fault.every === 0;
    return Object.fromEntries(Object.entries(this.#faults).filter(isDue));
  }
}

/** Sends a piece of a body, `seen` of which went before; whether the connection was cut in it. */
function goWrong(bytes: Buffer, seen: number, due: Partial<NntpFaults>, way: ShapedWay): boolean {
  const { flip, stall, cut } = due;
  const at = (fault: { afterBytes: number } | null = null) => {
    const place = (fault?.afterBytes ?? -1) - seen;
    return place >= 0 && place < bytes.length ? place : null;
  };
  const [flipAt, stallAt, cutAt] = [at(flip), at(stall), at(cut)];
  if (flipAt !== null) flipByte(bytes, flipAt);
  const stop = cutAt ?? stallAt ?? bytes.length;
  way.send(bytes.subarray(0, stop));
  if (cutAt !== null) way.cut(cut?.how ?? 'end');
  if (cutAt !== null || stallAt === null) return cutAt !== null;
  way.hold((stall?.seconds ?? 0) * 1000);
  way.send(bytes.subarray(stop));
  return false;
}

if (process.argv[2] !== undefined) {
  const links = z
    .array(NntpLink)
    .parse(JSON.parse(process.argv[2]))
    .map((link) => new LinkServer(link));
  for (const link of links) await link.listen();
  console.log('ready');
  const lines = createInterface({ input: process.stdin });
  for await (const line of lines) {
    const command = NntpCommand.parse(JSON.parse(line));
    console.log(JSON.stringify(await links[command.link]?.take(command)));
  }
  process.exit(0);
}
