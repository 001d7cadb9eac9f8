import type { PeerAddress } from '../engine.ts';
import { connectPeer, type PeerListener } from './connection.ts';
import type { PeerNet } from './dial-peer.ts';
import type { Peer } from './peer.ts';
import { KEEP_ALIVE } from './wire.ts';

/** Criterion 30: at least 50 at a time. */
const MAX_PEERS = 60;
const MAX_DIALLING = 20;
/** Beside them: who refused TCP is silent by uTP for 3 s, and must keep nobody from being dialled. */
const MAX_WAITING_FOR_UTP = 100;
const FEW_PEERS = 5;
/** Known and not connected; PEX and trackers tell more than anyone can use. */
const MAX_CANDIDATES = 2000;
/** A peer that left or cannot be reached is tried again after these pauses, then no more. */
const RETRY_MS = [1000, 5000, 15_000, 60_000, 300_000] as const;
const HANDSHAKE_MS = 10_000;
/** Peers hang up on who says nothing for two minutes (BEP 3). */
const KEEP_ALIVE_MS = 60_000;
/** Bad pieces until an address is not spoken to any more. */
const MAX_BAD_PIECES = 3;

type Candidate = PeerAddress & { failures: number; notBefore: number };

/** The peers of one torrent: who is known, dialled, connected, banned. */
export class Swarm {
  readonly peers = new Set<Peer>();
  readonly #net: PeerNet;
  readonly #listener: PeerListener;
  readonly #candidates = new Map<string, Candidate>();
  readonly #dialling = new Map<string, AbortController>();
  /** Of those, whom TCP has not reached: only uTP is left. */
  readonly #waitingForUtp = new Set<string>();
  readonly #connected = new Map<string, Peer>();
  readonly #badPieces = new Map<string, number>();
  readonly #banned = new Set<string>();
  #isActive = true;
  #keptAliveAt = 0;

  constructor(net: PeerNet, listener: PeerListener) {
    this.#net = net;
    this.#listener = listener;
  }

  get bannedCount(): number {
    return this.#banned.size;
  }

  /** Few peers, and nobody left to dial. */
  get isHungry(): boolean {
    return this.#isActive && this.peers.size < FEW_PEERS && this.#candidates.size + this.#diallingTcp === 0;
  }

  get #diallingTcp(): number {
    return this.#dialling.size - this.#waitingForUtp.size;
  }

  /** Nobody is connected or dialled, and nobody is known who was not tried. */
  get isAlone(): boolean {
    const isNew = [...this.#candidates.values()].some(({ failures }) => failures === 0);
    return this.peers.size + this.#dialling.size === 0 && !isNew;
  }

  get isResting(): boolean {
    return !this.#isActive;
  }

  add(addresses: readonly PeerAddress[]): void {
    for (const { host, port } of addresses) {
      const key = `${host}:${port}`;
      const isKnown = this.#candidates.has(key) || this.#connected.has(key) || this.#dialling.has(key);
      if (isKnown || this.#candidates.size >= MAX_CANDIDATES || this.#banned.has(host)) continue;
      this.#candidates.set(key, { host, port, failures: 0, notBefore: 0 });
    }
    this.dial();
  }

  /** Connects to whom it may, as far as there is room. */
  dial(): void {
    if (!this.#isActive) return;
    const now = performance.now();
    for (const [key, candidate] of this.#candidates) {
      if (this.#isFull) return;
      if (candidate.notBefore > now) continue;
      this.#candidates.delete(key);
      void this.#connect(key, candidate);
    }
  }

  get #isFull(): boolean {
    const dialling = this.#diallingTcp;
    const isBusy = dialling >= MAX_DIALLING || this.#waitingForUtp.size >= MAX_WAITING_FOR_UTP;
    return isBusy || this.peers.size + dialling >= MAX_PEERS;
  }

  async #connect(key: string, candidate: Candidate): Promise<void> {
    const giveUp = new AbortController();
    this.#dialling.set(key, giveUp);
    try {
      const peer = await connectPeer(candidate, this.#net, this.#listener, {
        signal: giveUp.signal,
        onTcpFailed: () => this.#onTcpFailed(key),
      });
      this.#dialled(key);
      // It may have gone already, and was told as gone.
      if (peer.isClosed) return;
      if (!this.#isActive) return void peer.link.destroy();
      peer.failures = candidate.failures;
      this.peers.add(peer);
      this.#connected.set(key, peer);
    } catch {
      this.#dialled(key);
      this.#failed(key, candidate);
    }
  }

  #onTcpFailed(key: string): void {
    if (!this.#dialling.has(key)) return;
    this.#waitingForUtp.add(key);
    this.dial();
  }

  #dialled(key: string): void {
    this.#dialling.delete(key);
    this.#waitingForUtp.delete(key);
  }

  #failed(key: string, { host, port, failures }: Candidate, isAtOnce = false): void {
    const pauseMs = RETRY_MS[failures];
    if (pauseMs === undefined || this.#banned.has(host)) return;
    const notBefore = isAtOnce ? 0 : performance.now() + pauseMs;
    this.#candidates.set(key, { host, port, failures: failures + 1, notBefore });
  }

  /** A connection ended. One that gave something is soon tried again. */
  gone(peer: Peer): void {
    this.peers.delete(peer);
    const key = peer.address;
    this.#connected.delete(key);
    const known = {
      host: hostOf(key),
      port: Number(key.slice(key.lastIndexOf(':') + 1)),
      failures: peer.downloadedBytes > 0 ? 0 : peer.failures,
      notBefore: 0,
    };
    // libtorrent takes a TCP connection and ends it when it is set to speak uTP alone.
    const isForUtp = this.#net.utp != null && !peer.isUtp && !peer.isReady;
    if (isForUtp) this.#net.utp?.first.set(key, true);
    this.#failed(key, known, isForUtp && known.failures === 0);
    if (isForUtp) this.dial();
  }

  /** It alone gave a piece with a wrong hash. True: it was once too often, and its address is banned. */
  gaveBadPiece(peer: Peer): boolean {
    const host = hostOf(peer.address);
    const count = (this.#badPieces.get(host) ?? 0) + 1;
    this.#badPieces.set(host, count);
    if (count < MAX_BAD_PIECES) return false;
    this.#banned.add(host);
    return true;
  }

  tick(now: number): void {
    const isKeepAliveDue = now - this.#keptAliveAt > KEEP_ALIVE_MS;
    if (isKeepAliveDue) this.#keptAliveAt = now;
    for (const peer of this.peers) {
      if (!peer.isReady && now - peer.connectedAt > HANDSHAKE_MS) peer.link.destroy();
      else if (isKeepAliveDue) peer.link.send(KEEP_ALIVE);
    }
    this.dial();
  }

  /** Without readers nobody is spoken to; who was known is known when it is resumed. False: it rested already. */
  pause(): boolean {
    if (!this.#isActive) return false;
    this.#isActive = false;
    for (const dialling of this.#dialling.values()) dialling.abort(new Error('the torrent rests'));
    for (const peer of [...this.peers]) peer.link.destroy();
    return true;
  }

  resume(): void {
    if (this.#isActive) return;
    this.#isActive = true;
    for (const candidate of this.#candidates.values()) candidate.notBefore = 0;
    this.dial();
  }
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':'));
}
