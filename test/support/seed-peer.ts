import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Bencodable, bencode } from './bencode.ts';

/** A peer's manners, changed while it runs. */
export type Manners = {
  /** Other bytes than the file's, in every block. */
  isLiar: boolean;
  /** Takes requests and answers none. */
  isSilent: boolean;
  /** Never lets anyone ask. */
  isChoking: boolean;
  /** Blocks are sent so much later. */
  delayMs: number;
  /** Over each connection, one block after the other. */
  bytesPerSecond: number;
  /** Breaks off after so many bytes of blocks, in the middle of one. */
  cutAfter: number;
  /** The second half of a block goes out when something is heard after the first, as RFC 896 holds it until that is acknowledged. */
  isHoldingBack: boolean;
  /** Says that the metadata has so many bytes more, and gives what is not it. */
  isMetadataLiar: boolean;
  /** Sent at the beginning instead of a bitfield. */
  garbage: Buffer | null;
  /** Says that its DHT node listens there (BEP 5). */
  dhtPort: number | null;
};

export type SeedPeer = {
  host: string;
  port: number;
  manners: Manners;
  /** Bytes of blocks that it was asked for, and that it sent. */
  counts: { asked: number; sent: number; cancelled: number; connections: number };
  /** The pieces it was asked for, in the order in which it was first asked. */
  pieces: Set<number>;
  openConnections(): number;
  /** The last extension handshake it heard, as it came (BEP 10). */
  extensions: string;
  /** The last handshake's reserved bytes, in hex. */
  reserved: string;
  /** Hangs up and is gone, or is back on the same port. */
  leave(): Promise<void>;
  comeBack(): Promise<void>;
  /** Dials somebody who listens, as one that cannot be dialled itself. */
  dial(port: number): Promise<void>;
  stop(): Promise<void>;
};

export type TestTorrent = {
  infoHash: string;
  info: Buffer;
  torrent: Buffer;
  bytes: Buffer;
  pieceBytes: number;
};

/** A `.torrent` of files one behind the other in `bytes`. */
export function makeTorrent(
  bytes: Buffer,
  pieceBytes: number,
  files: readonly { path: string[]; length: number }[] = [],
  more: Record<string, Bencodable> = {},
): TestTorrent {
  const hashes: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes)
    hashes.push(
      createHash('sha1')
        .update(bytes.subarray(at, at + pieceBytes))
        .digest(),
    );
  const contents: Record<string, Bencodable> = files.length > 0 ? { files } : { length: bytes.length };
  const info = bencode({
    ...contents,
    name: 'Film.mkv',
    'piece length': pieceBytes,
    pieces: Buffer.concat(hashes),
    ...more,
  });
  const infoHash = createHash('sha1').update(info).digest('hex');
  const torrent = Buffer.concat([Buffer.from('d4:info'), info, Buffer.from('e')]);
  return { infoHash, info, torrent, bytes, pieceBytes };
}

const uint32 = (...values: number[]) => {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4);
  return bytes;
};
const message = (id: number, ...parts: Buffer[]) => {
  const body = Buffer.concat(parts);
  return Buffer.concat([uint32(body.length + 1), Buffer.from([id]), body]);
};

/** A seed of one torrent for faults that no real client has; speaks BEP 3 and gives metadata (BEP 9). Shares no code with what it tests. */
export async function startSeedPeer(
  torrent: TestTorrent,
  host = '127.0.0.1',
  manners: Partial<Manners> = {},
): Promise<SeedPeer> {
  const sockets = new Set<Socket>();
  const seed: SeedPeer = {
    ...{ host, port: 0, leave, comeBack, dial, stop: leave },
    manners: {
      ...{ isLiar: false, isSilent: false, isChoking: false, delayMs: 0, isMetadataLiar: false },
      isHoldingBack: false,
      ...{ cutAfter: Number.POSITIVE_INFINITY, bytesPerSecond: Number.POSITIVE_INFINITY },
      ...{ garbage: null, dhtPort: null },
      ...manners,
    },
    counts: { asked: 0, sent: 0, cancelled: 0, connections: 0 },
    pieces: new Set(),
    openConnections: () => sockets.size,
    extensions: '',
    reserved: '',
  };
  let server = createServer((socket) => serve(socket));

  async function comeBack(): Promise<void> {
    server = createServer({ noDelay: true }, (socket) => serve(socket)).listen(seed.port, host);
    await once(server, 'listening');
    const address = server.address();
    if (address !== null && typeof address === 'object') seed.port = address.port;
  }

  async function leave(): Promise<void> {
    for (const socket of sockets) socket.destroy();
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }

  async function dial(port: number): Promise<void> {
    const socket = connect({ host: '127.0.0.1', port, localAddress: host });
    serve(socket, false);
    await once(socket, 'connect');
    greet(socket);
  }

  function serve(socket: Socket, isDialled = true): void {
    sockets.add(socket);
    seed.counts.connections += 1;
    socket.on('error', () => {}).on('close', () => sockets.delete(socket));
    /** Asked for and not yet answered: only that can be cancelled. */
    const owed = new Set<string>();
    readMessages(
      socket,
      (handshake) => {
        seed.reserved = handshake.toString('hex', 20, 28);
        if (isDialled) greet(socket);
      },
      (body) => void hear(socket, body, owed),
    );
  }

  const infoOf = () =>
    seed.manners.isMetadataLiar ? Buffer.concat([torrent.info, Buffer.alloc(40_000, 7)]) : torrent.info;

  function greet(socket: Socket): void {
    const handshake = Buffer.alloc(68);
    handshake.write('\x13BitTorrent protocol', 'latin1');
    handshake[25] = 0x10;
    handshake.write(torrent.infoHash, 28, 'hex');
    handshake.write(`-SEED00-${host}`.padEnd(20, '-').slice(0, 20), 48, 'latin1');
    if (seed.manners.garbage !== null) {
      socket.write(Buffer.concat([handshake, seed.manners.garbage]));
      return;
    }
    const count = Math.ceil(torrent.bytes.length / torrent.pieceBytes);
    const bits = Buffer.alloc(Math.ceil(count / 8));
    for (let index = 0; index < count; index += 1)
      bits[index >> 3] = (bits[index >> 3] ?? 0) | (0x80 >> (index & 7));
    const extended = bencode({ m: { ut_metadata: 3 }, metadata_size: infoOf().length });
    const { dhtPort } = seed.manners;
    const port = dhtPort === null ? [] : [message(9, Buffer.from([dhtPort >> 8, dhtPort & 0xff]))];
    const said = [message(5, bits), ...port, message(20, Buffer.from([0]), extended)];
    socket.write(Buffer.concat([handshake, ...said]));
  }

  async function hear(socket: Socket, body: Buffer, owed: Set<string>): Promise<void> {
    const [id] = body;
    if (id === 2 && !seed.manners.isChoking) socket.write(message(1));
    if (id === 20 && body[1] === 0) seed.extensions = body.toString('latin1', 2);
    else if (id === 20) giveMetadata(socket, body);
    if (id === 8) {
      seed.counts.cancelled += 1;
      owed.delete(body.subarray(1).toString('hex'));
    }
    if (id === 6) await giveBlock(socket, Buffer.from(body.subarray(1)), owed);
  }

  function giveMetadata(socket: Socket, body: Buffer): void {
    const piece = /5:piecei(\d+)e/.exec(body.toString('latin1'))?.[1];
    // Theirs is the handshake's 1, as every client's of this test.
    if (body[1] !== 3 || piece === undefined) return;
    const from = Number(piece) * 16_384;
    const head = bencode({ msg_type: 1, piece: Number(piece), total_size: infoOf().length });
    socket.write(message(20, Buffer.from([1]), head, infoOf().subarray(from, from + 16_384)));
  }

  async function giveBlock(socket: Socket, request: Buffer, owed: Set<string>): Promise<void> {
    const [index = 0, begin = 0, length = 0] = [0, 4, 8].map((at) => request.readUInt32BE(at));
    const key = request.toString('hex');
    owed.add(key);
    seed.counts.asked += length;
    seed.pieces.add(index);
    if (seed.manners.isSilent) return;
    if (seed.manners.delayMs > 0) await sleep(seed.manners.delayMs);
    if (Number.isFinite(seed.manners.bytesPerSecond)) await itsTurn(socket, length);
    if (owed.delete(key) && !socket.destroyed) sendBlock(socket, index, begin, length);
  }

  const turns = new WeakMap<Socket, number>();

  /** Resolves when a slow line has carried all that was asked for before, and this. */
  async function itsTurn(socket: Socket, length: number): Promise<void> {
    const from = Math.max(performance.now(), turns.get(socket) ?? 0);
    const until = from + (1000 * length) / seed.manners.bytesPerSecond;
    turns.set(socket, until);
    await sleep(until - performance.now());
  }

  function sendBlock(socket: Socket, index: number, begin: number, length: number): void {
    const from = index * torrent.pieceBytes + begin;
    const block = Buffer.from(torrent.bytes.subarray(from, from + length));
    if (seed.manners.isLiar) block[length >> 1] = (block[length >> 1] ?? 0) ^ 0xff;
    const left = seed.manners.cutAfter - seed.counts.sent;
    seed.counts.sent += Math.min(left, length);
    const answer = message(7, uint32(index, begin), block);
    if (seed.manners.isHoldingBack) holdBack(socket, answer);
    else if (left >= length) socket.write(answer);
    else socket.end(answer.subarray(0, 13 + Math.max(0, left)), () => socket.destroy());
  }

  function holdBack(socket: Socket, answer: Buffer): void {
    socket.write(answer.subarray(0, answer.length >> 1));
    socket.once('data', () => socket.write(answer.subarray(answer.length >> 1)));
  }

  await comeBack();
  return seed;
}

/** Calls back for the handshake, and for what each message holds. */
export function readMessages(
  socket: Socket,
  onHandshake: (handshake: Buffer) => unknown,
  onMessage: (body: Buffer) => void,
): void {
  let heard = Buffer.alloc(0);
  let isGreeted = false;
  const next = () => {
    if (heard.length < 4 || heard.length < 4 + heard.readUInt32BE(0)) return null;
    const body = heard.subarray(4, 4 + heard.readUInt32BE(0));
    heard = heard.subarray(4 + body.length);
    return body;
  };
  socket.on('data', (chunk) => {
    heard = Buffer.concat([heard, chunk]);
    if (!isGreeted && heard.length >= 68) {
      isGreeted = true;
      onHandshake(heard.subarray(0, 68));
      heard = heard.subarray(68);
    }
    if (isGreeted) for (let body = next(); body !== null; body = next()) if (body.length > 0) onMessage(body);
  });
}
