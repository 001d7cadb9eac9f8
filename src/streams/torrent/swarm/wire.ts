/**
 * The peer wire protocol (BEP 3, extensions BEP 10) over one connection, read straight into pieces: a block's bytes are copied
 * once, from the socket's buffer to their place. `bittorrent-protocol` gathers each message first, three copies and four
 * objects a block.
 */

/** Message ids. */
const ID = {
  choke: 0,
  unchoke: 1,
  interested: 2,
  notInterested: 3,
  have: 4,
  bitfield: 5,
  request: 6,
  piece: 7,
  cancel: 8,
  port: 9,
  extended: 20,
} as const;

const PROTOCOL = Buffer.from('\x13BitTorrent protocol', 'latin1');
const HANDSHAKE_BYTES = 68;
const BLOCK_HEAD_BYTES = 13;
/** Reserved bit 20 from the right says that BEP 10 is spoken. */
const EXTENSION_BYTE = 25;
const EXTENSION_BIT = 0x10;
/** The last reserved bit says that we would like to hear where a peer's DHT node is (BEP 5). */
const [DHT_BYTE, DHT_BIT] = [27, 0x01];
export const MAX_BLOCK_BYTES = 16 * 1024;
/** A bitfield of two million pieces; a peer that announces more wants our memory. */
const MAX_MESSAGE_BYTES = 256 * 1024;

export type BlockRequest = { index: number; begin: number; length: number };

/** Told what a peer says. What throws in here closes the connection. */
export type WireReader = {
  onHandshake(infoHash: string, peerId: Buffer, hasExtensions: boolean): void;
  onChoke(isChoking: boolean): void;
  onInterest(isInterested: boolean): void;
  onHave(index: number): void;
  /** The bytes are overwritten after the call. */
  onBitfield(bits: Uint8Array): void;
  onRequest(request: BlockRequest): void;
  onCancel(request: BlockRequest): void;
  /** Where the block's bytes go, `length` long; null: nowhere. */
  placeFor(index: number, begin: number, length: number): Uint8Array | null;
  /** The bytes of the last `placeFor` are there. */
  onBlock(index: number, begin: number, length: number): void;
  /** The bytes are overwritten after the call. */
  onExtended(id: number, payload: Buffer): void;
  /** Its DHT node listens there (BEP 5). */
  onDhtPort(port: number): void;
};

export class BadPeer extends Error {}

/** Reads the bytes of one connection as they come. */
export class WireParser {
  readonly #reader: WireReader;
  #hasHandshake = false;
  /** A message that came in parts, up to its head's or its own end. */
  #carry = Buffer.allocUnsafe(128);
  #carried = 0;
  #block: { index: number; begin: number; length: number } | null = null;
  #place: Uint8Array | null = null;
  #placed = 0;

  constructor(reader: WireReader) {
    this.#reader = reader;
  }

  /** What is still to come of the block now being read goes nowhere. */
  dropPlace(): void {
    this.#place = null;
  }

  /** Takes what was read; nothing of `bytes` is kept. Throws BadPeer where it is no protocol. */
  feed(bytes: Buffer): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#block !== null) at += this.#takeBlock(bytes, at);
      else at += this.#carried > 0 ? this.#takeCarried(bytes, at) : this.#takeWhole(bytes, at);
    }
  }

  /** How much must be there to go on: no more than `available` says that it is a whole message, or the head of a block. */
  #headLength(bytes: Buffer, at: number, available: number): number {
    if (!this.#hasHandshake) return HANDSHAKE_BYTES;
    if (available < 4) return 4;
    const length = bytes.readUInt32BE(at);
    if (length === 0) return 4;
    if (available < 5) return 5;
    if (bytes[at + 4] === ID.piece) {
      if (length < 10 || length > 9 + MAX_BLOCK_BYTES)
        throw new BadPeer('a block of a size nobody asked for');
      return 13;
    }
    if (length > MAX_MESSAGE_BYTES) throw new BadPeer('a message too large');
    return 4 + length;
  }

  /** What comes at once is read where it is. */
  #takeWhole(bytes: Buffer, at: number): number {
    const available = bytes.length - at;
    const needed = this.#headLength(bytes, at, available);
    if (available < needed) {
      this.#keep(bytes.subarray(at));
      return available;
    }
    this.#message(bytes.subarray(at, at + needed));
    return needed;
  }

  #takeCarried(bytes: Buffer, at: number): number {
    const needed = this.#headLength(this.#carry, 0, this.#carried);
    const taken = Math.min(needed - this.#carried, bytes.length - at);
    this.#keep(bytes.subarray(at, at + taken));
    // With its length known a message may need more.
    if (this.#carried < needed || this.#headLength(this.#carry, 0, this.#carried) > this.#carried)
      return taken;
    const message = this.#carry.subarray(0, this.#carried);
    this.#carried = 0;
    this.#message(message);
    return taken;
  }

  #keep(part: Buffer): void {
    const size = this.#carried + part.length;
    if (size > this.#carry.length) {
      const larger = Buffer.allocUnsafe(Math.max(size, this.#carry.length * 2));
      this.#carry.copy(larger, 0, 0, this.#carried);
      this.#carry = larger;
    }
    part.copy(this.#carry, this.#carried);
    this.#carried = size;
  }

  #takeBlock(bytes: Buffer, at: number): number {
    const block = this.#block;
    if (block === null) return 0;
    const size = Math.min(block.length - this.#placed, bytes.length - at);
    if (this.#place !== null) bytes.copy(this.#place, this.#placed, at, at + size);
    this.#placed += size;
    if (this.#placed === block.length) {
      const isWanted = this.#place !== null;
      this.#block = null;
      this.#place = null;
      if (isWanted) this.#reader.onBlock(block.index, block.begin, block.length);
    }
    return size;
  }

  #message(bytes: Buffer): void {
    if (!this.#hasHandshake) this.#handshake(bytes);
    else if (bytes.length > 4 && bytes[4] === ID.piece) this.#beginBlock(bytes);
    else if (bytes.length > 4) TELL[bytes[4] ?? 0]?.(this.#reader, bytes.subarray(5));
  }

  #handshake(bytes: Buffer): void {
    const said = readHandshake(bytes);
    if (said === null) return;
    this.#hasHandshake = true;
    const hasExtensions = ((bytes[EXTENSION_BYTE] ?? 0) & EXTENSION_BIT) !== 0;
    this.#reader.onHandshake(said.infoHash, said.peerId, hasExtensions);
  }

  #beginBlock(head: Buffer): void {
    const length = head.readUInt32BE(0) - 9;
    this.#block = { index: head.readUInt32BE(5), begin: head.readUInt32BE(9), length };
    this.#placed = 0;
    this.#place = this.#reader.placeFor(this.#block.index, this.#block.begin, length);
  }
}

/** What is not known is passed over, as BEP 3 clients do. */
const TELL: Readonly<Record<number, (reader: WireReader, body: Buffer) => void>> = {
  [ID.choke]: (reader) => reader.onChoke(true),
  [ID.unchoke]: (reader) => reader.onChoke(false),
  [ID.interested]: (reader) => reader.onInterest(true),
  [ID.notInterested]: (reader) => reader.onInterest(false),
  [ID.have]: (reader, body) => reader.onHave(whole(body, 4).readUInt32BE(0)),
  [ID.bitfield]: (reader, body) => reader.onBitfield(body),
  [ID.request]: (reader, body) => reader.onRequest(blockOf(body)),
  [ID.cancel]: (reader, body) => reader.onCancel(blockOf(body)),
  [ID.port]: (reader, body) => reader.onDhtPort(whole(body, 2).readUInt16BE(0)),
  [ID.extended](reader, body) {
    if (body.length > 0) reader.onExtended(body[0] ?? 0, body.subarray(1));
  },
};

function whole(body: Buffer, size: number): Buffer {
  if (body.length !== size) throw new BadPeer('a message of the wrong length');
  return body;
}

function blockOf(body: Buffer): BlockRequest {
  whole(body, 12);
  return { index: body.readUInt32BE(0), begin: body.readUInt32BE(4), length: body.readUInt32BE(8) };
}

/** The first 68 bytes of a connection. */
export function handshake(infoHash: string, peerId: Buffer, hasDht: boolean): Buffer {
  const bytes = Buffer.alloc(HANDSHAKE_BYTES);
  PROTOCOL.copy(bytes);
  bytes[EXTENSION_BYTE] = EXTENSION_BIT;
  if (hasDht) bytes[DHT_BYTE] = DHT_BIT;
  bytes.write(infoHash, 28, 'hex');
  peerId.copy(bytes, 48);
  return bytes;
}

/** Who began a connection and for which torrent; null: it has not said so yet. Throws BadPeer at the first byte of another protocol. */
export function readHandshake(bytes: Buffer): { infoHash: string; peerId: Buffer } | null {
  const seen = Math.min(bytes.length, PROTOCOL.length);
  if (bytes.compare(PROTOCOL, 0, seen, 0, seen) !== 0) throw new BadPeer('another protocol');
  if (bytes.length < HANDSHAKE_BYTES) return null;
  return { infoHash: bytes.toString('hex', 28, 48), peerId: Buffer.from(bytes.subarray(48, 68)) };
}

function plain(id: number): Buffer {
  return Buffer.from([0, 0, 0, 1, id]);
}

export const CHOKE = plain(ID.choke);
export const UNCHOKE = plain(ID.unchoke);
export const INTERESTED = plain(ID.interested);
export const NOT_INTERESTED = plain(ID.notInterested);
export const KEEP_ALIVE = Buffer.alloc(4);

function blockMessages(id: number, blocks: readonly BlockRequest[]): Buffer {
  const bytes = Buffer.allocUnsafe(17 * blocks.length);
  let at = 0;
  for (const { index, begin, length } of blocks) {
    bytes.writeUInt32BE(13, at);
    bytes[at + 4] = id;
    bytes.writeUInt32BE(index, at + 5);
    bytes.writeUInt32BE(begin, at + 9);
    bytes.writeUInt32BE(length, at + 13);
    at += 17;
  }
  return bytes;
}

/** Many in one write: a refill asks for a dozen. */
export function requests(blocks: readonly BlockRequest[]): Buffer {
  return blockMessages(ID.request, blocks);
}

export function cancels(blocks: readonly BlockRequest[]): Buffer {
  return blockMessages(ID.cancel, blocks);
}

/** What we have come to have, many in one write. */
export function haves(indexes: readonly number[]): Buffer {
  const bytes = Buffer.allocUnsafe(9 * indexes.length);
  for (const [place, index] of indexes.entries()) {
    bytes.writeUInt32BE(5, 9 * place);
    bytes[9 * place + 4] = ID.have;
    bytes.writeUInt32BE(index, 9 * place + 5);
  }
  return bytes;
}

/** What we have; only as the first message (BEP 3). */
export function bitfield(bits: Uint8Array): Buffer {
  const head = Buffer.from([0, 0, 0, 0, ID.bitfield]);
  head.writeUInt32BE(1 + bits.length, 0);
  return Buffer.concat([head, bits]);
}

/** Goes before the bytes of a block. */
export function blockHead({ index, begin, length }: BlockRequest): Buffer {
  const head = Buffer.allocUnsafe(BLOCK_HEAD_BYTES);
  head.writeUInt32BE(9 + length, 0);
  head[4] = ID.piece;
  head.writeUInt32BE(index, 5);
  head.writeUInt32BE(begin, 9);
  return head;
}

export function extended(id: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(6);
  head.writeUInt32BE(2 + payload.length, 0);
  head[4] = ID.extended;
  head[5] = id;
  return Buffer.concat([head, payload]);
}
