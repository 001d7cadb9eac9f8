import type { Net } from '../../../platform/net.ts';
import type { PeerAddress } from '../engine.ts';
import { connectPeer, type PeerListener } from './connection.ts';
import type { PeerNet } from './dial-peer.ts';
import type { Peer } from './peer.ts';
import { WebSeeds } from './web-seeds/web-seeds.ts';
import { KEEP_ALIVE } from './wire.ts';

/** Criterion 30: at least 50 at a time. */
const MAX_PEERS = 60;
const MAX_DIALLING = 20;
/**
 * Most addresses that a tracker tells of are behind a router and answer nothing for the five seconds of a dial: who has not
 * answered by then holds up nobody else (80 such before the one seed cost 15 s).
 */
const PROMPT_MS = 500;
const MAX_UNANSWERED = 150;
const FEW_PEERS = 5;
/** Known and not connected; PEX and trackers tell more than anyone can use. */
const MAX_CANDIDATES = 2000;
/** A peer that left or cannot be reached is tried again after these pauses, then no more. */
const RETRY_MS = [1000, 5000, 15_000, 60_000, 300_000] as const;
/** Who dials us gets so many of the places, and each address so many of those: strangers cannot keep us from whom we want to dial. */
const [MAX_INCOMING, MAX_INCOMING_OF_ONE] = [40, 5];
/** BEP 3: one that says nothing for two minutes, not even that it is there, may be hung up on. */
const SILENT_MS = 180_000;
/** Two connections of one peer begun at about the same time are told apart by who began them. */
const CROSSED_MS = 5000;
const HANDSHAKE_MS = 10_000;
/** Peers hang up on who says nothing for two minutes (BEP 3). */
const KEEP_ALIVE_MS = 60_000;
/** Bad pieces until an address is not spoken to any more. */
const MAX_BAD_PIECES = 3;

type Candidate = PeerAddress & { failures: number; notBefore: number };

/** The peers of one torrent: who is known, dialled, connected, banned. */
export class Swarm {
  readonly peers = new Set<Peer>();
  readonly webSeeds: WebSeeds;
  readonly #net: PeerNet & Pick<Net, 'http1'>;
  readonly #listener: PeerListener;
  readonly #candidates = new Map<string, Candidate>();
  readonly #dialling = new Map<string, { giveUp: AbortController; since: number }>();
  readonly #connected = new Map<string, Peer>();
  readonly #badPieces = new Map<string, number>();
  readonly #banned = new Set<string>();
  #isActive = true;
  #keptAliveAt = 0;

  constructor(net: PeerNet & Pick<Net, 'http1'>, listener: PeerListener) {
    this.#net = net;
    this.#listener = listener;
    this.webSeeds = new WebSeeds({ net, listener, peers: this.peers });
  }

  get bannedCount(): number {
    return this.#banned.size + this.webSeeds.bannedCount;
  }

  /** Few peers, and nobody left to dial. */
  get isHungry(): boolean {
    return this.#isActive && this.peers.size < FEW_PEERS && this.#candidates.size + this.#dialling.size === 0;
  }

  /** Others would help, whoever is known and cannot be reached. */
  get hasFewPeers(): boolean {
    return this.#isActive && this.peers.size < FEW_PEERS;
  }

  /** Nobody is connected or dialled, and nobody is known who was not tried. */
  get isAlone(): boolean {
    const isNew = [...this.#candidates.values()].some(({ failures }) => failures === 0);
    return this.peers.size + this.#dialling.size === 0 && !isNew;
  }

  get isResting(): boolean {
    return !this.#isActive;
  }

  /** Whether one more of that address may come by itself. */
  isWelcome(host: string): boolean {
    if (!this.#isActive || this.#banned.has(host)) return false;
    const incoming = [...this.peers].filter(({ isIncoming }) => isIncoming);
    const ofOne = incoming.filter(({ address }) => hostOf(address) === host).length;
    return (
      this.peers.size + this.#dialling.size < MAX_PEERS &&
      incoming.length < MAX_INCOMING &&
      ofOne < MAX_INCOMING_OF_ONE
    );
  }

  /** It came by itself. */
  admit(peer: Peer): void {
    this.peers.add(peer);
  }

  /** Where it could be dialled: it is not, while it is here. */
  knowAt(peer: Peer, port: number): void {
    const key = `${hostOf(peer.address)}:${port}`;
    this.#candidates.delete(key);
    if (!this.#connected.has(key)) this.#connected.set(key, peer);
  }

  /**
   * A peer that dialled us while we dialled it is there twice; true: this one stays. Both ends must hang up the same of the two, so
   * it is the one that the smaller name began; once one has lasted, the newcomer.
   */
  isKept(peer: Peer, ownId: string): boolean {
    for (const other of this.peers) {
      const isTwice = other !== peer && other.isReady && other.id === peer.id;
      if (!isTwice || !(other.isIncoming || peer.isIncoming)) continue;
      const isCrossed =
        other.isIncoming !== peer.isIncoming && peer.connectedAt - other.connectedAt < CROSSED_MS;
      if (!isCrossed || peer.isIncoming !== peer.id > ownId) return false;
      other.link.destroy();
    }
    return true;
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
    this.webSeeds.open(now);
    let room = this.#roomAt(now);
    for (const [key, candidate] of this.#candidates) {
      if (room <= 0) return;
      if (candidate.notBefore > now) continue;
      room -= 1;
      this.#candidates.delete(key);
      void this.#connect(key, candidate);
    }
  }

  /** How many more may be dialled. */
  #roomAt(now: number): number {
    const prompt = [...this.#dialling.values()].filter(({ since }) => now - since < PROMPT_MS).length;
    return Math.min(
      MAX_PEERS - this.peers.size - prompt,
      MAX_DIALLING - prompt,
      MAX_UNANSWERED - this.#dialling.size,
    );
  }

  async #connect(key: string, candidate: Candidate): Promise<void> {
    const giveUp = new AbortController();
    this.#dialling.set(key, { giveUp, since: performance.now() });
    try {
      const peer = await connectPeer(candidate, this.#net, this.#listener, {
        signal: giveUp.signal,
        onTcpFailed: () => this.#onTcpFailed(key),
      });
      this.#dialling.delete(key);
      // It may have gone already, and was told as gone.
      if (peer.isClosed) return;
      if (!this.#isActive || this.peers.size >= MAX_PEERS) return void peer.link.destroy();
      peer.failures = candidate.failures;
      this.peers.add(peer);
      this.#connected.set(key, peer);
    } catch {
      this.#dialling.delete(key);
      this.#failed(key, candidate);
    }
  }

  /** Only uTP is left, which is silent for 3 s where nobody listens: it keeps nobody from being dialled. */
  #onTcpFailed(key: string): void {
    const dialling = this.#dialling.get(key);
    if (dialling === undefined) return;
    dialling.since = Number.NEGATIVE_INFINITY;
    this.dial();
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
    if (this.webSeeds.has(peer)) return;
    for (const [key, other] of this.#connected) if (other === peer) this.#connected.delete(key);
    // The port it came from is not where it can be dialled.
    if (peer.isIncoming) return;
    const key = peer.address;
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

  /** It alone gave this piece with a wrong hash. True: it was once too often, and its address is banned. */
  gaveBadPiece(peer: Peer, index: number): boolean {
    if (this.webSeeds.has(peer)) return this.webSeeds.gaveBadPiece(peer, index);
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
      else if (peer.isIncoming && now - peer.heardAt > SILENT_MS) peer.link.destroy();
      else if (isKeepAliveDue) peer.link.send(KEEP_ALIVE);
    }
    this.dial();
  }

  /** Without readers nobody is spoken to; who was known is known when it is resumed. False: it rested already. */
  pause(): boolean {
    if (!this.#isActive) return false;
    this.#isActive = false;
    for (const { giveUp } of this.#dialling.values()) giveUp.abort(new Error('the torrent rests'));
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

/** Of `host:port`. */
export function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':'));
}
