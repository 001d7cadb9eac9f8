import type { Duplex } from 'node:stream';
import { type BlockRequest, cancels, requests } from './wire.ts';

/** How a peer is asked for blocks. What it gives is told to its torrent's listener. */
export type PeerLink = {
  request(blocks: readonly BlockRequest[]): void;
  cancel(blocks: readonly BlockRequest[]): void;
  /** A message of the wire protocol, as it goes out. */
  send(message: Uint8Array): void;
  destroy(): void;
};

/** Over a connection that speaks the wire protocol (BEP 3). */
export function wireLink(socket: Duplex): PeerLink {
  return {
    request: (blocks) => void socket.write(requests(blocks)),
    cancel: (blocks) => void socket.write(cancels(blocks)),
    send: (message) => void socket.write(message),
    destroy: () => void socket.destroy(),
  };
}
