import type { Duplex } from 'node:stream';
import { type BlockRequest, cancels, requests } from './wire.ts';

/** How a peer is asked for blocks. What it gives is told to its torrent's listener. */
export type PeerLink = {
  request(blocks: readonly BlockRequest[]): void;
  cancel(blocks: readonly BlockRequest[]): void;
  /** A message of the wire protocol, as it goes out. */
  send(message: Uint8Array): void;
  /**
   * Parts of one message in one write, from where they lie; `done` when they may be overwritten. False: it is full, until `onDrain`.
   * Absent where nobody asks us for anything.
   */
  give?(parts: readonly Uint8Array[], done: () => void): boolean;
  onDrain?(listener: () => void): void;
  destroy(): void;
};

/** Over a connection that speaks the wire protocol (BEP 3). */
export function wireLink(socket: Duplex): PeerLink {
  return {
    request: (blocks) => void socket.write(requests(blocks)),
    cancel: (blocks) => void socket.write(cancels(blocks)),
    send: (message) => void socket.write(message),
    give(parts, done) {
      socket.cork();
      let hasRoom = true;
      for (const [place, part] of parts.entries())
        hasRoom = socket.write(part, place === parts.length - 1 ? done : undefined);
      socket.uncork();
      return hasRoom;
    },
    onDrain: (listener) => void socket.on('drain', listener),
    destroy: () => void socket.destroy(),
  };
}
