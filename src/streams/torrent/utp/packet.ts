/** The datagrams of uTP (BEP 29): a head of 20 bytes, extensions, and what the stream carries. */

export const KIND = { data: 0, fin: 1, state: 2, reset: 3, syn: 4 } as const;
export type PacketKind = (typeof KIND)[keyof typeof KIND];

export type Packet = {
  kind: number;
  connectionId: number;
  /** When it was sent, in microseconds of the sender's clock; wraps around after 71 minutes. */
  timestamp: number;
  /** How long the last one took to get to the sender of this one, both clocks' difference included. */
  timestampDifference: number;
  windowBytes: number;
  sequence: number;
  ack: number;
  /** Which packets after the next missing one have come: bit 0 of byte 0 is `ack` + 2. */
  selective: Buffer | null;
  payload: Buffer;
};

const VERSION = 1;
const HEAD_BYTES = 20;
const SELECTIVE_ACK = 1;

/** What a datagram says; null where it is no packet of uTP. Nothing is copied. */
export function readPacket(datagram: Buffer): Packet | null {
  if (datagram.length < HEAD_BYTES) return null;
  const first = datagram.readUInt8(0);
  const kind = first >> 4;
  if ((first & 0x0f) !== VERSION || kind > KIND.syn) return null;
  let extension = datagram.readUInt8(1);
  let at = HEAD_BYTES;
  let selective: Buffer | null = null;
  while (extension !== 0) {
    if (at + 2 > datagram.length) return null;
    const end = at + 2 + datagram.readUInt8(at + 1);
    if (end > datagram.length) return null;
    if (extension === SELECTIVE_ACK) selective = datagram.subarray(at + 2, end);
    extension = datagram.readUInt8(at);
    at = end;
  }
  return {
    kind,
    connectionId: datagram.readUInt16BE(2),
    timestamp: datagram.readUInt32BE(4),
    timestampDifference: datagram.readUInt32BE(8),
    windowBytes: datagram.readUInt32BE(12),
    sequence: datagram.readUInt16BE(16),
    ack: datagram.readUInt16BE(18),
    selective,
    payload: datagram.subarray(at),
  };
}

/** A packet whose clock and acknowledgement `stamp` fills in, each time it is sent. */
export function makePacket(
  kind: PacketKind,
  connectionId: number,
  sequence: number,
  payload: Buffer | null = null,
  selective: Buffer | null = null,
): Buffer {
  const extensionBytes = selective === null ? 0 : 2 + selective.length;
  const packet = Buffer.allocUnsafe(HEAD_BYTES + extensionBytes + (payload?.length ?? 0));
  packet.writeUInt8((kind << 4) | VERSION, 0);
  packet.writeUInt8(selective === null ? 0 : SELECTIVE_ACK, 1);
  packet.writeUInt16BE(connectionId, 2);
  packet.fill(0, 4, 16);
  packet.writeUInt16BE(sequence, 16);
  packet.writeUInt16BE(0, 18);
  if (selective !== null) {
    packet.writeUInt8(0, HEAD_BYTES);
    packet.writeUInt8(selective.length, HEAD_BYTES + 1);
    selective.copy(packet, HEAD_BYTES + 2);
  }
  payload?.copy(packet, HEAD_BYTES + extensionBytes);
  return packet;
}

export function stamp(
  packet: Buffer,
  { timestampDifference, windowBytes, ack }: Pick<Packet, 'timestampDifference' | 'windowBytes' | 'ack'>,
): void {
  packet.writeUInt32BE(microseconds(), 4);
  packet.writeUInt32BE(timestampDifference, 8);
  packet.writeUInt32BE(windowBytes, 12);
  packet.writeUInt16BE(ack, 18);
}

/** This process's clock as it is written into packets. */
export function microseconds(): number {
  return Math.floor(performance.now() * 1000) >>> 0;
}

/** How far one number of 16 bits is ahead of another, from -32768 to 32767. */
export function ahead(one: number, other: number): number {
  return ((one - other) << 16) >> 16;
}

export function after(sequence: number, count = 1): number {
  return (sequence + count) & 0xffff;
}
