import bencode from 'bencode';
import { z } from 'zod';
import type { PeerAddress } from '../engine.ts';

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
});

export type ExtendedHandshake = {
  metadataId: number;
  pexId: number;
  metadataBytes: number;
  maxQueue: number;
};

/** What we say of ourselves. */
export function extendedHandshake(options: { hasPex: boolean; metadataBytes: number | null }): Uint8Array {
  const { hasPex, metadataBytes } = options;
  return bencode.encode({
    m: { ut_metadata: METADATA_ID, ...(hasPex ? { ut_pex: PEX_ID } : {}) },
    ...(metadataBytes === null ? {} : { metadata_size: metadataBytes }),
    reqq: 250,
    v: 'Tributary',
  });
}

/** Null where it is not readable. */
export function readExtendedHandshake(payload: Uint8Array): ExtendedHandshake | null {
  const parsed = Handshake.safeParse(decoded(payload));
  if (!parsed.success) return null;
  const { m, metadata_size: metadataBytes = 0, reqq = 250 } = parsed.data;
  return { metadataId: m.ut_metadata ?? 0, pexId: m.ut_pex ?? 0, metadataBytes, maxQueue: Math.max(1, reqq) };
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
