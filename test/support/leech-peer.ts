import { connect, type Socket } from 'node:net';
import { type Bencodable, bencode } from './bencode.ts';
import { readMessages, type TestTorrent } from './seed-peer.ts';
import { waitUntil } from './wait-until.ts';

/** Their numbers for what we speak beyond BEP 3. */
const [METADATA, PEX] = [7, 9];
export const BLOCK = 16 * 1024;

export type LeechOptions = {
  /** Where it comes from; each at an address of its own. */
  from?: string;
  peerId?: string;
  infoHash?: string;
  /** Instead of a handshake. */
  garbage?: Buffer;
  /** What it says of itself (BEP 10). */
  extensions?: Record<string, Bencodable>;
  /** Reads nothing of what it is sent after its handshake. */
  isDeaf?: boolean;
};

export type LeechPeer = {
  socket: Socket;
  /** Pieces it was told of, by a bitfield or a have. */
  has: Set<number>;
  hasBitfield: boolean;
  isUnchoked: boolean;
  /** It was told that the other wants something. */
  isWanted: boolean;
  isClosed: boolean;
  /** Blocks that came, and their bytes in all. */
  blocks: Map<string, Buffer>;
  bytes: number;
  /** Extended messages that came, by our number for them. */
  metadata: Buffer[];
  pex: Buffer[];
  greeting: string;
  /** The 68 bytes that the other began with. */
  handshake: Buffer;
  say(id: number, ...parts: Buffer[]): void;
  ask(index: number, begin?: number, length?: number): void;
  askMetadata(piece: number): void;
  /** Says that it wants something, and waits until it may ask. */
  becomeUnchoked(): Promise<void>;
  /** All of a torrent, from who has all of it, piece by piece. */
  download(torrent: TestTorrent): Promise<Buffer>;
  leave(): void;
};

export const uint32 = (...values: number[]) => {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [index, value] of values.entries()) bytes.writeUInt32BE(value, index * 4);
  return bytes;
};

/** A peer that dials and takes, byte by byte as it is told to; shares no code with what it tests. */
export async function startLeechPeer(
  torrent: TestTorrent,
  port: number,
  options: LeechOptions = {},
): Promise<LeechPeer> {
  const socket = connect({ host: '127.0.0.1', port, localAddress: options.from ?? '127.0.0.1' });
  const leech: LeechPeer = {
    ...{ socket, has: new Set(), hasBitfield: false, isUnchoked: false, isWanted: false, isClosed: false },
    ...{ blocks: new Map(), bytes: 0, metadata: [], pex: [], greeting: '', handshake: Buffer.alloc(0) },
    say: (id, ...parts) => void socket.write(message(id, ...parts)),
    ask: (index, begin = 0, length = BLOCK) => leech.say(6, uint32(index, begin, length)),
    askMetadata: (piece) => leech.say(20, Buffer.from([1]), bencode({ msg_type: 0, piece })),
    async becomeUnchoked() {
      leech.say(2);
      await waitUntil(() => leech.isUnchoked, { what: 'it may ask', timeoutMs: 10_000, everyMs: 10 });
    },
    download: (wanted) => download(leech, wanted),
    leave: () => void socket.destroy(),
  };
  const close = () => {
    leech.isClosed = true;
  };
  socket.on('error', close).on('close', close).on('end', close);
  readMessages(
    socket,
    (handshake) => {
      leech.handshake = Buffer.from(handshake);
    },
    (body) => hear(leech, Buffer.from(body)),
  );
  await waitUntil(() => !socket.connecting, { what: 'it is connected', timeoutMs: 5000, everyMs: 5 });
  if (options.garbage !== undefined) socket.write(options.garbage);
  else
    socket.write(
      Buffer.concat([handshakeOf(torrent, options), message(20, Buffer.from([0]), greetingOf(options))]),
    );
  if (options.isDeaf === true) socket.pause();
  return leech;
}

function handshakeOf(torrent: TestTorrent, { infoHash = torrent.infoHash, from = '', peerId }: LeechOptions) {
  const bytes = Buffer.alloc(68);
  bytes.write('\x13BitTorrent protocol', 'latin1');
  bytes[25] = 0x10;
  bytes.write(infoHash, 28, 'hex');
  const name = peerId ?? `-LEECH0-${from}${Math.random()}`;
  bytes.write(name.padEnd(20, '-').slice(-20), 48, 'latin1');
  return bytes;
}

function greetingOf({ extensions = {} }: LeechOptions): Buffer {
  return bencode({ m: { ut_metadata: METADATA, ut_pex: PEX }, ...extensions });
}

function message(id: number, ...parts: Buffer[]): Buffer {
  const body = Buffer.concat(parts);
  return Buffer.concat([uint32(body.length + 1), Buffer.from([id]), body]);
}

function hear(leech: LeechPeer, body: Buffer): void {
  const [id = 0] = body;
  if (id === 0 || id === 1) leech.isUnchoked = id === 1;
  if (id === 2 || id === 3) leech.isWanted = id === 2;
  if (id === 4) leech.has.add(body.readUInt32BE(1));
  if (id === 5) hearBitfield(leech, body.subarray(1));
  if (id === 7) {
    leech.blocks.set(`${body.readUInt32BE(1)}/${body.readUInt32BE(5)}`, body.subarray(9));
    leech.bytes += body.length - 9;
  }
  if (id === 20) hearExtended(leech, body[1] ?? 0, body.subarray(2));
}

function hearExtended(leech: LeechPeer, id: number, payload: Buffer): void {
  if (id === 0) leech.greeting = payload.toString('latin1');
  if (id === METADATA) leech.metadata.push(payload);
  if (id === PEX) leech.pex.push(payload);
}

function hearBitfield(leech: LeechPeer, bits: Buffer): void {
  leech.hasBitfield = true;
  for (const [place, byte] of bits.entries())
    for (let bit = 0; bit < 8; bit += 1) if ((byte & (0x80 >> bit)) !== 0) leech.has.add(8 * place + bit);
}

async function download(leech: LeechPeer, { bytes, pieceBytes }: TestTorrent): Promise<Buffer> {
  const got: Buffer[] = [];
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const index = at / pieceBytes;
    const end = Math.min(bytes.length - at, pieceBytes);
    const begins = Array.from({ length: Math.ceil(end / BLOCK) }, (_, block) => block * BLOCK);
    for (const begin of begins) leech.ask(index, begin, Math.min(BLOCK, end - begin));
    const keys = begins.map((begin) => `${index}/${begin}`);
    await waitUntil(() => keys.every((key) => leech.blocks.has(key)), {
      ...{ what: `piece ${index} came`, timeoutMs: 10_000, everyMs: 2 },
    });
    got.push(...keys.map((key) => leech.blocks.get(key) ?? Buffer.alloc(0)));
  }
  return Buffer.concat(got);
}
