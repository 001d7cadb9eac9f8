import { isIPv6 } from 'node:net';
import type { Net } from '../../../platform/net.ts';
import type { PeerAddress } from '../engine.ts';

/** More than this no viewer needs. */
const MAX_PEERS = 1000;
/** Dialled at a time; the library tells nobody when a dial fails, but gives up after 3 s. */
const MAX_AT_ONCE = 20;
const DIAL_MS = 3500;
/** Of one that was dialled, or left, until it is dialled again; the last for ever. */
const RETRY_MS = [4000, 15_000, 60_000, 300_000] as const;
const SOON_MS = 1000;
/** It gave wrong pieces; an address may be another's by then. */
const BAN_MS = 300_000;

type Known = PeerAddress & {
  tries: number;
  notBefore: number;
  /** Connecting, or found not to be there, until then. */
  busyUntil: number;
};

export type PeersDeps = {
  net: Pick<Net, 'addressesOf'>;
  /** To an address and port that have been checked. */
  connect(address: string): void;
};

/** The peers of one torrent: who is dialled when, each time through the guarded dialer's check, since the library dials by itself. */
export class KnownPeers {
  readonly #deps: PeersDeps;
  readonly #known = new Map<string, Known>();
  /** What was dialled, by the checked address. */
  readonly #dialled = new Map<string, Known>();
  readonly #connected = new Set<string>();
  readonly #banned = new Set<string>();
  #stop = new AbortController();
  #isResting = false;

  constructor(deps: PeersDeps) {
    this.#deps = deps;
  }

  get bannedCount(): number {
    return this.#banned.size;
  }

  get isResting(): boolean {
    return this.#isResting;
  }

  /** Nobody is connected or dialled, and nobody is known who was not tried. */
  get isAlone(): boolean {
    const now = performance.now();
    return (
      this.#connected.size === 0 &&
      [...this.#known.values()].every(({ tries, busyUntil }) => tries > 0 && busyUntil <= now)
    );
  }

  /** Nobody is connected and everybody was tried: more are wanted. */
  get isHungry(): boolean {
    return !this.#isResting && this.isAlone;
  }

  add(peers: readonly PeerAddress[]): void {
    for (const { host, port } of peers) {
      const key = `${host} ${port}`;
      if (this.#known.has(key) || this.#known.size >= MAX_PEERS) continue;
      this.#known.set(key, { host, port, tries: 0, notBefore: 0, busyUntil: 0 });
    }
    this.dial();
  }

  dial(): void {
    if (this.#isResting) return;
    const now = performance.now();
    let room = MAX_AT_ONCE;
    for (const { busyUntil } of this.#known.values()) if (busyUntil > now) room -= 1;
    for (const [key, peer] of this.#known) {
      if (room <= 0) return;
      if (peer.notBefore > now) continue;
      room -= 1;
      void this.#dial(key, peer, this.#stop.signal);
    }
  }

  async #dial(key: string, peer: Known, signal: AbortSignal): Promise<void> {
    const now = performance.now();
    peer.notBefore = now + (RETRY_MS[peer.tries] ?? RETRY_MS[RETRY_MS.length - 1] ?? 0);
    peer.tries += 1;
    peer.busyUntil = now + DIAL_MS;
    const checked = await this.#check(peer, signal).catch(() => null);
    if (signal.aborted) return;
    if (checked === null) {
      this.#known.delete(key);
      return;
    }
    const address = `${checked}:${peer.port}`;
    this.#dialled.set(address, peer);
    this.#banned.delete(address);
    if (!this.#connected.has(address)) this.#deps.connect(address);
  }

  /** Its address as the check found it. Null: it may not be reached, or not by IPv4, and the library knows nothing else. */
  async #check({ host, port }: PeerAddress, signal: AbortSignal): Promise<string | null> {
    const url = new URL(`udp://${isIPv6(host) ? `[${host}]` : host}:${port}`);
    if (Number(url.port) !== port) return null;
    const addresses = await this.#deps.net.addressesOf(url, signal);
    return addresses.find(({ family }) => family === 4)?.address ?? null;
  }

  /** It shook hands. */
  connected(address: string): void {
    this.#connected.add(address);
    const peer = this.#dialled.get(address);
    if (peer === undefined) return;
    peer.tries = 1;
    peer.notBefore = Number.POSITIVE_INFINITY;
    peer.busyUntil = 0;
  }

  gone(address: string, hasGiven: boolean): void {
    this.#connected.delete(address);
    const peer = this.#dialled.get(address);
    if (peer === undefined || this.#banned.has(address)) return;
    peer.notBefore = performance.now() + (hasGiven ? SOON_MS : (RETRY_MS[peer.tries] ?? BAN_MS));
  }

  ban(address: string): void {
    const peer = this.#dialled.get(address);
    this.#banned.add(address);
    if (peer !== undefined) peer.notBefore = performance.now() + BAN_MS;
  }

  /** All connections have ended, by us. */
  begin(): void {
    this.#stop.abort(new Error('it begins anew'));
    this.#stop = new AbortController();
    this.#isResting = false;
    this.#connected.clear();
    const now = performance.now();
    for (const peer of this.#known.values()) {
      peer.busyUntil = 0;
      peer.tries = 0;
      if (!this.#isBanned(peer)) peer.notBefore = now;
    }
    this.dial();
  }

  #isBanned(peer: Known): boolean {
    return [...this.#banned].some((address) => this.#dialled.get(address) === peer);
  }

  /** Nobody is dialled until `begin`. */
  rest(): void {
    this.#stop.abort(new Error('the torrent rests'));
    this.#isResting = true;
    this.#connected.clear();
  }
}
