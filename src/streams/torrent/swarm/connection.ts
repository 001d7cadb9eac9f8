import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { PeerAddress } from '../engine.ts';
import { dialPeer, type PeerDial, type PeerNet } from './dial-peer.ts';
import { wireLink } from './link.ts';
import { Peer } from './peer.ts';
import { BadPeer, type BlockRequest, handshake, KEEP_ALIVE, WireParser, type WireReader } from './wire.ts';

/** What a torrent hears of its peers. What throws closes the connection. */
export type PeerListener = {
  readonly infoHash: string;
  readonly peerId: Buffer;
  /** The torrent is public, and the DHT runs. */
  readonly hasDht: boolean;
  onReady(peer: Peer, hasExtensions: boolean): void;
  onChoke(peer: Peer): void;
  onInterest(peer: Peer): void;
  onHave(peer: Peer, index: number): void;
  onBitfield(peer: Peer, bits: Uint8Array): void;
  onRequest(peer: Peer, request: BlockRequest): void;
  onCancel(peer: Peer, request: BlockRequest): void;
  placeFor(peer: Peer, index: number, begin: number, length: number): Uint8Array | null;
  onBlock(peer: Peer, index: number, begin: number, length: number): void;
  onExtended(peer: Peer, id: number, payload: Buffer): void;
  onDhtPort(peer: Peer, port: number): void;
  /** All that was read has been told: time to ask for more. */
  onReadEnd(peer: Peer): void;
  onGone(peer: Peer, error: Error): void;
};

/** All connections of this thread read into it: what comes is put in its place before the next read. */
const READ_BUFFER = Buffer.allocUnsafe(256 * 1024);

/**
 * A peer's system may hold back the small end of what it sends (RFC 896) until ours acknowledges the rest, for which ours waits 40 ms
 * (RFC 1122 4.2.3.2). When a peer that owes blocks has said nothing for this long, what is sent to it carries the acknowledgement.
 */
const OWED_MS = 2;

/** Dials a peer, guarded; resolves when it is connected, and from then on `listener` hears. Rejects when it cannot be reached. */
export async function connectPeer(
  address: PeerAddress,
  net: PeerNet,
  listener: PeerListener,
  { signal, onTcpFailed }: Pick<PeerDial, 'signal' | 'onTcpFailed'>,
): Promise<Peer> {
  let feed: ((bytes: Buffer) => void) | null = null;
  const onread = {
    buffer: READ_BUFFER,
    callback(count: number) {
      feed?.(READ_BUFFER.subarray(0, count));
      return true;
    },
  };
  const { stream, isUtp } = await dialPeer(address, net, { onread, onTcpFailed, signal });
  if (stream.destroyed) throw new Error('the peer left at once');
  const peer = new Peer(wireLink(stream), `${address.host}:${address.port}`);
  peer.isUtp = isUtp;
  feed = readFrom(stream, peer, listener);
  if (isUtp) stream.on('data', feed);
  // Nothing behind it before theirs has come, though it would save a round trip: aria2 bans who sends more.
  stream.write(handshake(listener.infoHash, listener.peerId, listener.hasDht));
  return peer;
}

/**
 * A peer that dialled us; `feed` it what it said so far, and from then on `listener` hears. It reads by events: Node gives a
 * server's sockets no buffer of ours to read into.
 */
export function acceptPeer(
  socket: Socket,
  host: string,
  listener: PeerListener,
): { peer: Peer; feed: (bytes: Buffer) => void } {
  const peer = new Peer(wireLink(socket), `${host}:${socket.remotePort ?? 0}`);
  peer.isIncoming = true;
  const feed = readFrom(socket, peer, listener);
  socket.on('data', feed);
  socket.write(handshake(listener.infoHash, listener.peerId, listener.hasDht));
  return { peer, feed };
}

function readFrom(socket: Duplex, peer: Peer, listener: PeerListener): (bytes: Buffer) => void {
  const parser = new WireParser(readerOf(peer, listener));
  peer.dropPlace = () => parser.dropPlace();
  const owed = setTimeout(() => {
    if (peer.outstanding.size > 0 && !peer.isClosed) peer.link.send(KEEP_ALIVE);
  }, OWED_MS).unref();
  const close = (error: Error) => {
    if (peer.isClosed) return;
    peer.isClosed = true;
    clearTimeout(owed);
    socket.destroy();
    listener.onGone(peer, error);
  };
  socket.on('error', close);
  socket.on('end', () => close(new Error('the peer left')));
  socket.on('close', () => close(new Error('the connection was closed')));
  return (bytes) => {
    if (peer.isClosed) return;
    peer.heardAt = performance.now();
    try {
      parser.feed(bytes);
      listener.onReadEnd(peer);
      if (peer.outstanding.size > 0 && !peer.isUtp) owed.refresh();
    } catch (error) {
      close(error instanceof Error ? error : new Error(String(error)));
    }
  };
}

function readerOf(peer: Peer, listener: PeerListener): WireReader {
  return {
    onHandshake(infoHash, peerId, hasExtensions) {
      if (infoHash !== listener.infoHash) throw new BadPeer('another torrent');
      if (peerId.equals(listener.peerId)) throw new BadPeer('this is ourselves');
      peer.id = peerId.toString('hex');
      peer.isReady = true;
      listener.onReady(peer, hasExtensions);
    },
    onChoke(isChoking) {
      peer.isChoking = isChoking;
      listener.onChoke(peer);
    },
    onInterest(isInterested) {
      peer.isInterested = isInterested;
      listener.onInterest(peer);
    },
    onHave: (index) => listener.onHave(peer, index),
    onBitfield: (bits) => listener.onBitfield(peer, bits),
    onRequest: (request) => listener.onRequest(peer, request),
    onCancel: (request) => listener.onCancel(peer, request),
    placeFor: (index, begin, length) => listener.placeFor(peer, index, begin, length),
    onBlock: (index, begin, length) => listener.onBlock(peer, index, begin, length),
    onExtended: (id, payload) => listener.onExtended(peer, id, payload),
    onDhtPort: (port) => listener.onDhtPort(peer, port),
  };
}
