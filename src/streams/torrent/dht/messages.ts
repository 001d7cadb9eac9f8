import bencode from 'bencode';
import type { PeerAddress } from '../engine.ts';
import { compactPeers } from '../trackers/answer.ts';
import { type Bencoded, decode } from '../trackers/bencode.ts';

/** Of nodes, and of torrents: both live in one space (BEP 5). */
export const ID_BYTES = 20;
/** 20 bytes of id, 4 of address, 2 of port. */
const COMPACT_NODE_BYTES = 26;
/** A node gives its 8 closest; some give 16. What is beyond is there to be asked in somebody else's name. */
const MAX_NODES = 16;
/** What fits a datagram that no router cuts is about 150. */
const MAX_PEERS = 150;
/** Real ones have 4 to 20; it is sent back as it came. */
const MAX_TOKEN_BYTES = 64;

/** Where a node listens; always an IPv4 address (IPv6 has a DHT of its own, BEP 32). */
export type NodeAddress = { host: string; port: number };
export type DhtNode = NodeAddress & { id: Buffer };

export type Query =
  | { q: 'ping' }
  | { q: 'get_peers'; infoHash: Buffer }
  | { q: 'announce_peer'; infoHash: Buffer; port: number; token: Buffer };

/** What a node answered, with what is too much of it left out. */
export type Answer = {
  id: Buffer;
  nodes: readonly DhtNode[];
  peers: readonly PeerAddress[];
  /** To be shown again at `announce_peer`. */
  token: Buffer | null;
};

/** A query as a datagram. `ro` says that we answer none, so nobody needs to keep us (BEP 43). */
export function encodeQuery(transaction: Buffer, id: Buffer, query: Query): Uint8Array {
  return bencode.encode({ a: { id, ...argumentsOf(query) }, q: query.q, ro: 1, t: transaction, y: 'q' });
}

function argumentsOf(query: Query): object {
  if (query.q === 'ping') return {};
  const { infoHash: info_hash } = query;
  if (query.q === 'get_peers') return { info_hash };
  return { implied_port: 0, info_hash, port: query.port, token: query.token };
}

/** A datagram as an answer; `answer` is null where the node answered with an error. Null for all that is none. */
export function readAnswer(datagram: Buffer): { transaction: string; answer: Answer | null } | null {
  const message = decoded(datagram);
  if (!(message instanceof Map)) return null;
  const transaction = bytesOf(message.get('t'));
  const kind = bytesOf(message.get('y'))?.toString('latin1');
  if (transaction === null || (kind !== 'r' && kind !== 'e')) return null;
  return {
    transaction: transaction.toString('latin1'),
    answer: kind === 'r' ? answerOf(message.get('r')) : null,
  };
}

function answerOf(body: Bencoded | undefined): Answer | null {
  if (!(body instanceof Map)) return null;
  const id = bytesOf(body.get('id'));
  if (id?.length !== ID_BYTES) return null;
  const token = bytesOf(body.get('token'));
  return {
    id: Buffer.from(id),
    nodes: nodesOf(bytesOf(body.get('nodes'))),
    peers: peersOf(body.get('values')),
    token: token === null || token.length > MAX_TOKEN_BYTES ? null : Buffer.from(token),
  };
}

function nodesOf(compact: Buffer | null): DhtNode[] {
  const nodes: DhtNode[] = [];
  if (compact === null) return nodes;
  for (let at = 0; at + COMPACT_NODE_BYTES <= compact.length; at += COMPACT_NODE_BYTES) {
    if (nodes.length === MAX_NODES) break;
    const [place] = compactPeers(compact.subarray(at + ID_BYTES, at + COMPACT_NODE_BYTES), 4);
    if (place !== undefined) nodes.push({ id: Buffer.from(compact.subarray(at, at + ID_BYTES)), ...place });
  }
  return nodes;
}

function peersOf(values: Bencoded | undefined): PeerAddress[] {
  if (!Array.isArray(values)) return [];
  const compact = values.filter((value): value is Buffer => Buffer.isBuffer(value) && value.length === 6);
  return compactPeers(Buffer.concat(compact.slice(0, MAX_PEERS)), 4);
}

function bytesOf(value: Bencoded | undefined): Buffer | null {
  return Buffer.isBuffer(value) ? value : null;
}

function decoded(datagram: Buffer): Bencoded | undefined {
  try {
    return decode(datagram);
  } catch {
    return undefined;
  }
}

/** How far two ids are from each other: the closer, the smaller (`Buffer.compare`). */
export function distance(one: Buffer, other: Buffer): Buffer {
  const between = Buffer.allocUnsafe(ID_BYTES);
  for (let at = 0; at < ID_BYTES; at += 1) between[at] = (one[at] ?? 0) ^ (other[at] ?? 0);
  return between;
}
