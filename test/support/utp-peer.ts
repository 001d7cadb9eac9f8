import { createSocket } from 'node:dgram';
import { once } from 'node:events';

/** A datagram of uTP as it came, read by a reader that shares no code with what is tested. */
export type Heard = {
  kind: number;
  id: number;
  window: number;
  sequence: number;
  ack: number;
  /** The bits of a selective acknowledgement, lowest first; '' without one. */
  selective: string;
  payload: Buffer;
  at: number;
};

export type UtpPeer = {
  host: string;
  port: number;
  heard: Heard[];
  /** Bytes of data, each once and in order. */
  received: Buffer;
  /** Where who connected last speaks from. */
  clientHost(): string;
  clientPort(): number;
  manners: { isSilent: boolean; isAcking: boolean };
  /** Data, the so-manyth packet of its own, counted from 0. */
  data(number: number, payload: Buffer): void;
  fin(number: number): void;
  reset(ack?: number): void;
  /** Any bytes, to who connected last. */
  send(bytes: Buffer): void;
  /** The head of a packet to who connected last. */
  head(kind: number, sequence: number, ack?: number): Buffer;
  stop(): Promise<void>;
};

const [DATA, FIN, STATE, RESET, SYN] = [0, 1, 2, 3, 4];

/** A peer that takes one connection of uTP (BEP 29) after the other and sends what it is told to. */
export async function startUtpPeer({
  host = '127.0.0.1',
  port = 0,
  first = 1000,
  isSilent = false,
} = {}): Promise<UtpPeer> {
  const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4');
  socket.on('error', () => {});
  socket.bind(port, host);
  await once(socket, 'listening');
  let client = { address: '', port: 0, id: 0 };
  let expected = 0;
  const peer: UtpPeer = {
    ...{ host, port: socket.address().port, heard: [], received: Buffer.alloc(0) },
    clientHost: () => client.address,
    clientPort: () => client.port,
    manners: { isSilent, isAcking: true },
    data: (number, payload) => send(Buffer.concat([head(DATA, first + number), payload])),
    fin: (number) => send(head(FIN, first + number)),
    reset: (ack = expected - 1) => send(head(RESET, first, ack)),
    ...{ send, head },
    stop: () => new Promise((resolve) => socket.close(() => resolve())),
  };

  function head(kind: number, sequence: number, ack = expected - 1): Buffer {
    const bytes = Buffer.alloc(20);
    bytes[0] = kind * 16 + 1;
    bytes.writeUInt16BE(client.id, 2);
    bytes.writeUInt32BE(Math.floor(Date.now() * 1000) % 2 ** 32, 4);
    bytes.writeUInt32BE(1_048_576, 12);
    bytes.writeUInt16BE((sequence + 65_536) % 65_536, 16);
    bytes.writeUInt16BE((ack + 65_536) % 65_536, 18);
    return bytes;
  }

  function send(bytes: Buffer): void {
    socket.send(bytes, client.port, client.address);
  }

  socket.on('message', (bytes, from) => {
    const packet = read(bytes);
    peer.heard.push(packet);
    if (peer.manners.isSilent) return;
    if (packet.kind === SYN) {
      client = { address: from.address, port: from.port, id: packet.id };
      expected = packet.sequence + 1;
      peer.received = Buffer.alloc(0);
      send(head(STATE, first));
    }
    if (packet.kind === DATA && peer.manners.isAcking) {
      if (packet.sequence === expected % 65_536) {
        expected += 1;
        peer.received = Buffer.concat([peer.received, packet.payload]);
      }
      send(head(STATE, first));
    }
  });
  return peer;
}

function read(bytes: Buffer): Heard {
  const hasSelective = bytes[1] === 1;
  const length = hasSelective ? (bytes[21] ?? 0) : 0;
  const bits = [...bytes.subarray(22, 22 + length)].map((byte) =>
    byte.toString(2).padStart(8, '0').split('').reverse().join(''),
  );
  return {
    kind: (bytes[0] ?? 0) >> 4,
    id: bytes.readUInt16BE(2),
    window: bytes.readUInt32BE(12),
    sequence: bytes.readUInt16BE(16),
    ack: bytes.readUInt16BE(18),
    selective: bits.join(''),
    payload: Buffer.from(bytes.subarray(hasSelective ? 22 + length : 20)),
    at: performance.now(),
  };
}
