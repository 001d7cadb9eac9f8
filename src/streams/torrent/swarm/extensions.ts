import bencode from 'bencode';
import { z } from 'zod';
import type { PeerAddress } from '../engine.ts';
import { UNSAID_QUEUE } from './peer.ts';

/** Under which numbers peers speak to us (BEP 10). */
export const METADATA_ID = 1;
export const PEX_ID = 2;
export const METADATA_PIECE_BYTES = 16 * 1024;
/** A `.torrent` we take may have 10 MiB, so may this. */
const MAX_METADATA_BYTES = 10 * 1024 * 1024;
const MAX_PEX_PEERS = 200;

const Count = z.int().min(0);
const Handshake = z.object({
  m: z.object({ ut_metadata: Count.max(255).optional(), ut_pex: Count.max(255).optional() }).catch({}),
  metadata_size: Count.max(MAX_METADATA_BYTES).optional().catch(undefined),
  reqq: Count.optional().catch(undefined),
  p: Count.max(65_535).optional().catch(undefined),
});

export type ExtendedHandshake = {
  metadataId: number;
  pexId: number;
  metadataBytes: number;
  maxQueue: number;
  /** Where it can be dialled; 0: it does not say. */
  listenPort: number;
};

/** What we say of ourselves; `listenPort` null: nobody can dial us. */
export function extendedHandshake(options: {
  hasPex: boolean;
  metadataBytes: number | null;
  listenPort: number | null;
}): Uint8Array {
  const { hasPex, metadataBytes, listenPort } = options;
  return bencode.encode({
    m: { ut_metadata: METADATA_ID, ...(hasPex ? { ut_pex: PEX_ID } : {}) },
    ...(metadataBytes === null ? {} : { metadata_size: metadataBytes }),
    ...(listenPort === null ? {} : { p: listenPort }),
    reqq: 250,
    v: 'Tributary',
  });
}

/** Null where it is not readable. */
export function readExtendedHandshake(payload: Uint8Array): ExtendedHandshake | null {
  const parsed = Handshake.safeParse(decoded(payload));
  if (!parsed.success) return null;
  const { m, metadata_size: metadataBytes = 0, reqq = UNSAID_QUEUE, p: listenPort = 0 } = parsed.data;
  const maxQueue = Math.max(1, reqq);
  return { metadataId: m.ut_metadata ?? 0, pexId: m.ut_pex ?? 0, metadataBytes, maxQueue, listenPort };
}

const MetadataMessage = z.object({ msg_type: z.int(), piece: Count });

/** BEP 9: asks for one piece of the `info` dictionary. */
export function metadataRequest(piece: number): Uint8Array {
  return bencode.encode({ msg_type: 0, piece });
}

/** BEP 9: says that we do not have it (yet). */
export function metadataReject(piece: number): Uint8Array {
  return bencode.encode({ msg_type: 2, piece });
}

/** BEP 9: one piece of the `info` dictionary. */
export function metadataData(info: Uint8Array, piece: number): Uint8Array {
  const from = piece * METADATA_PIECE_BYTES;
  const head = bencode.encode({ msg_type: 1, piece, total_size: info.length });
  return Buffer.concat([head, info.subarray(from, from + METADATA_PIECE_BYTES)]);
}

/** 0 asks, 1 gives (the bytes follow the dictionary), 2 refuses. */
export function readMetadataMessage(payload: Uint8Array): { type: number; piece: number } | null {
  const parsed = MetadataMessage.safeParse(decoded(payload));
  return parsed.success ? { type: parsed.data.msg_type, piece: parsed.data.piece } : null;
}

const Pex = z.object({
  added: z.instanceof(Uint8Array).optional(),
  added6: z.instanceof(Uint8Array).optional(),
});

/** BEP 11: peers that a peer knows. */
export function readPex(payload: Uint8Array): PeerAddress[] {
  const parsed = Pex.safeParse(decoded(payload));
  if (!parsed.success) return [];
  const { added = new Uint8Array(), added6 = new Uint8Array() } = parsed.data;
  return [...compactPeers(added, 4), ...compactPeers(added6, 16)].slice(0, MAX_PEX_PEERS);
}

/** Addresses of 4 or 16 bytes with a port behind each (BEP 23, BEP 7). */
function compactPeers(bytes: Uint8Array, addressBytes: 4 | 16): PeerAddress[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const peers: PeerAddress[] = [];
  for (let at = 0; at + addressBytes + 2 <= view.length; at += addressBytes + 2) {
    const port = view.readUInt16BE(at + addressBytes);
    const host =
      addressBytes === 4 ? [...view.subarray(at, at + 4)].join('.') : ipv6Of(view.subarray(at, at + 16));
    if (port > 0) peers.push({ host, port });
  }
  return peers;
}

function ipv6Of(bytes: Buffer): string {
  return Array.from({ length: 8 }, (_, group) => bytes.readUInt16BE(group * 2).toString(16)).join(':');
}

/** What is malformed, or nested until the stack ends, is undefined. */
function decoded(payload: Uint8Array): unknown {
  try {
    return bencode.decode(payload);
  } catch {
    return undefined;
  }
}

/** BEP 11 flag: it can be dialled. */
const REACHABLE = 0x10;

/** BEP 11: who joined and who left, as `host:port`. */
export function pexMessage(added: readonly string[], dropped: readonly string[]): Uint8Array {
  const [joined, joined6] = compacted(added);
  const [left, left6] = compacted(dropped);
  return bencode.encode({
    added: joined,
    'added.f': Buffer.alloc(joined.length / 6, REACHABLE),
    added6: joined6,
    'added6.f': Buffer.alloc(joined6.length / 18, REACHABLE),
    dropped: left,
    dropped6: left6,
  });
}

function compacted(addresses: readonly string[]): [v4: Buffer, v6: Buffer] {
  const all = addresses.map(compactAddress).filter((bytes) => bytes !== null);
  return [
    Buffer.concat(all.filter(({ length }) => length === 6)),
    Buffer.concat(all.filter(({ length }) => length === 18)),
  ];
}

/** `host:port` in 6 bytes (BEP 23) or 18 (BEP 7); null where the host is no IP address. */
export function compactAddress(address: string): Buffer | null {
  const colon = address.lastIndexOf(':');
  const host = address.slice(0, colon);
  const port = Number(address.slice(colon + 1));
  if (!Number.isInteger(port) || port < 1 || port > 65_535) return null;
  const bytes = /^\d+\.\d+\.\d+\.\d+$/.test(host) ? host.split('.').map(Number) : bytesOfIpv6(host);
  if (bytes === null || bytes.some((byte) => byte > 255)) return null;
  return Buffer.from([...bytes, port >> 8, port & 255]);
}

/** Null where it is none; `::` stands for as many zeros as are missing. */
function bytesOfIpv6(host: string): number[] | null {
  const [front = '', back, ...more] = host.split('::');
  const groups = (part: string) => (part === '' ? [] : part.split(':'));
  const [first, last] = [groups(front), groups(back ?? '')];
  const missing = 8 - first.length - last.length;
  const isWhole = back === undefined ? missing === 0 : missing > 0;
  const all = [...first, ...Array(Math.max(0, missing)).fill('0'), ...last];
  if (!isWhole || more.length > 0 || !all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return null;
  return all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 255]);
}
