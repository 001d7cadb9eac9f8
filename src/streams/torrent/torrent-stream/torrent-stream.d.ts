/** The package brings no types; this is what we use of version 1.2.1, and of the wires and the swarm it gives out. */
declare module 'torrent-stream' {
  import type { EventEmitter } from 'node:events';
  import type { Socket } from 'node:net';

  type Callback = (error?: Error | null) => void;

  /** A `.torrent` already read; with an info hash alone peers are connected to, and that is all. */
  export type Link = {
    infoHash: string;
    infoBuffer?: Buffer;
    length?: number;
    pieceLength?: number;
    /** 40 hex characters each. */
    pieces?: string[];
    files?: { path: string; length: number; offset: number }[];
  };

  /** An abstract chunk store. */
  export type Storage = {
    put(index: number, bytes: Buffer, done: Callback): void;
    get(
      index: number,
      part: { offset?: number; length?: number } | null,
      done: (error: Error | null, bytes?: Buffer) => void,
    ): void;
    close(done?: Callback): void;
  };

  /** A peer from its handshake on. What begins with `_` is its own, and replaced by `guardWire`. */
  export type Wire = EventEmitter & {
    readonly peerAddress: string;
    readonly peerChoking: boolean;
    /** The library asks it for no other; read at each choice. */
    readonly peerPieces: boolean[];
    readonly requests: readonly { piece: number; offset: number; length: number }[];
    extended(id: number, payload: Buffer): void;
    setKeepAlive(isOn: boolean): void;
    destroy(): void;
    _parse(bytes: number, parser: (message: Buffer) => void): void;
    _onhave(index: number): void;
    _onbitfield(bits: Buffer): void;
    _onpiece(index: number, offset: number, block: Buffer): void;
    _onextended(id: number, payload: Buffer): void;
  };

  export type Swarm = EventEmitter & {
    readonly wires: readonly Wire[];
    readonly connections: readonly Socket[];
    readonly downloaded: number;
    downloadSpeed(): number;
    pause(): void;
    resume(): void;
    /** Whom it dials again by itself when a connection ends. */
    readonly _peers: Readonly<Record<string, { reconnect: boolean } | undefined>>;
  };

  export type Engine = EventEmitter & {
    readonly swarm: Swarm;
    readonly bitfield: { get(index: number): boolean } | null;
    readonly store: Storage | null;
    connect(address: string): void;
    disconnect(address: string): void;
    /** Called for a peer that gave to four wrong pieces. */
    block: (address: string) => void;
    /** Pieces `from` to `to`, both included; `deselect` takes the same words. */
    select(from: number, to: number, isFirst: boolean, notify: () => void): void;
    deselect(from: number, to: number, isFirst: boolean, notify: () => void): void;
    destroy(done: () => void): void;
  };

  export type Options = {
    /** 20 characters of ASCII. */
    id: string;
    tmp: string;
    path: string;
    connections: number;
    uploads: false;
    verify: true;
    tracker: false;
    dht: false;
    hotswap: false;
    /** A request that lies longer closes the connection. */
    timeout: number;
    storage(pieceLength: number): Storage;
  };

  export default function torrentStream(link: Link, options: Options): Engine;
}
