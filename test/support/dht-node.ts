import { createHash } from 'node:crypto';
import { createSocket, type RemoteInfo } from 'node:dgram';
import { once } from 'node:events';
import bencode from 'bencode';
import { z } from 'zod';
import { type Bencodable, bencode as encode } from './bencode.ts';

const Text = z.instanceof(Uint8Array).transform((bytes) => Buffer.from(bytes));
const Query = z.object({
  t: Text,
  y: Text,
  q: Text.transform((bytes) => bytes.toString()),
  ro: z.number().optional(),
  a: z.object({
    id: Text,
    info_hash: Text.optional(),
    port: z.number().optional(),
    token: Text.optional(),
  }),
});
export type HeardQuery = z.infer<typeof Query>;

/** What a node answers to a query; null: nothing. Bytes go out as they are. */
export type Reply = (query: HeardQuery) => Bencodable | Buffer[] | null;

export type DhtNode = {
  id: Buffer;
  host: string;
  port: number;
  /** As they came, `garbage` those that are no query. */
  queries: HeardQuery[];
  datagrams: number;
  garbage: number;
  /** From which ports it was asked. */
  from: Set<string>;
  /** Changed while it runs. */
  reply: Reply;
  /** Says something to who asked last, out of turn. */
  send(datagram: Buffer): void;
  stop(): Promise<void>;
};

export type Contact = { id: Buffer; host: string; port: number };

/** An id that is `bits` bits away from `target`, by a number of its own: the smaller, the closer. */
export function idNear(target: string, equalBytes: number, number: number): Buffer {
  const id = createHash('sha1').update(`${target} ${equalBytes} ${number}`).digest();
  Buffer.from(target, 'hex').copy(id, 0, 0, equalBytes);
  return id;
}

export const compactPeer = ({ host, port }: { host: string; port: number }): Buffer =>
  Buffer.from([...host.split('.').map(Number), port >> 8, port & 0xff]);

export const compactNodes = (nodes: readonly Contact[]): Buffer =>
  Buffer.concat(nodes.map((node) => Buffer.concat([node.id, compactPeer(node)])));

/** The body of an honest answer: whom it knows, and who has the torrent. */
export function told(
  { id }: Contact,
  {
    nodes = [],
    peers = [],
  }: { nodes?: readonly Contact[]; peers?: readonly { host: string; port: number }[] },
): Record<string, Bencodable> {
  return {
    id,
    ...(nodes.length > 0 ? { nodes: compactNodes(nodes) } : {}),
    token: 'a token',
    ...(peers.length > 0 ? { values: peers.map(compactPeer) } : {}),
  };
}

/** One node of a DHT (BEP 5) at an address of loopback, for answers no real one gives. Shares no code with what it tests. */
export async function startDhtNode(
  id: Buffer,
  host: string,
  { reply, port = 0 }: { reply?: Reply; port?: number } = {},
): Promise<DhtNode> {
  const socket = createSocket('udp4');
  let last: RemoteInfo | null = null;
  const node: DhtNode = {
    ...{ id, host, port: 0, queries: [], datagrams: 0, garbage: 0, from: new Set() },
    reply: reply ?? (() => told(node, {})),
    send: (datagram) => last !== null && socket.send(datagram, last.port, last.address),
    stop: () => new Promise((resolve) => socket.close(() => resolve())),
  };
  socket.on('message', (datagram, from) => {
    node.datagrams += 1;
    last = from;
    node.from.add(`${from.address}:${from.port}`);
    const query = readQuery(datagram);
    if (query === null) {
      node.garbage += 1;
      return;
    }
    node.queries.push(query);
    answer(query, from);
  });

  function answer(query: HeardQuery, { address, port: to }: RemoteInfo): void {
    const body = node.reply(query);
    if (body === null) return;
    if (Array.isArray(body)) for (const raw of body) socket.send(Buffer.from(raw), to, address);
    else socket.send(encode({ r: body, t: query.t, y: 'r' }), to, address);
  }

  socket.bind(port, host);
  await once(socket, 'listening');
  node.port = socket.address().port;
  return node;
}

function readQuery(datagram: Buffer): HeardQuery | null {
  try {
    return Query.parse(bencode.decode(datagram));
  } catch {
    return null;
  }
}
