import type { Net } from '../../../platform/net.ts';
import type { Dht } from '../dht/index.ts';
import { PeerSearch } from '../dht/peer-search.ts';
import type { Announced, PeerAddress, TorrentSpec } from '../engine.ts';
import { namedIn } from '../exact-source.ts';
import { infoOf } from '../info-hash.ts';
import { Announcer, type AnnouncerDeps, type Standing } from './announcer.ts';
import { ExactSources } from './exact-sources.ts';
import { Gossip } from './gossip.ts';
import type { Peer } from './peer.ts';
import { hostOf, type Swarm } from './swarm.ts';
import type { Traffic } from './traffic.ts';

export type PeerSourcesDeps = {
  net: Pick<Net, 'request'>;
  peerId: Buffer;
  /** To a tracker, guarded. */
  announce: AnnouncerDeps['announce'];
  onAnnounced(announced: Announced): void;
  /** Null: it is off. */
  dht: Dht | null;
  /** What may go out and in. */
  traffic: Traffic;
  /** Where peers can dial us; null: nowhere. */
  listenPort(): number | null;
};

/** The torrent whose peers are looked for. */
type Sought = {
  swarm: Swarm;
  /** Null until the metadata is here. */
  info(): Uint8Array | null;
  onInfo(info: Uint8Array): void;
  standing(): Standing;
};

/** Where the peers of one torrent come from: its trackers, the DHT, other peers, and what links and viewers bring. Who rests asks none. */
export class PeerSources {
  readonly #deps: PeerSourcesDeps;
  readonly #sought: Sought;
  readonly #announcer: Announcer;
  /** Null: the DHT is off, or none of this torrent's business (BEP 27). */
  #search: PeerSearch | null = null;
  readonly #exact: ExactSources;
  readonly #gossip: Gossip;
  #isPrivate: boolean;

  constructor({ infoHash, isPrivate }: TorrentSpec, deps: PeerSourcesDeps, sought: Sought) {
    const { net, peerId, announce, onAnnounced, listenPort, dht } = deps;
    const onPeers = (peers: readonly PeerAddress[]) => sought.swarm.add(peers);
    this.#deps = deps;
    this.#sought = sought;
    this.#isPrivate = isPrivate;
    this.#announcer = new Announcer({ infoHash, peerId, announce, onAnnounced, listenPort, onPeers });
    if (dht !== null && !isPrivate) this.#search = new PeerSearch({ infoHash, dht, onPeers });
    this.#exact = new ExactSources(net, infoHash, (file) => this.#onTorrent(file));
    this.#gossip = new Gossip(sought.swarm.peers);
  }

  get isPrivate(): boolean {
    return this.#isPrivate;
  }

  /** BEP 27, as the metadata says: from now on no peers but those of its own trackers. */
  makePrivate(): void {
    this.#isPrivate = true;
    this.#search?.stop();
    this.#search = null;
  }

  /** Peers should know that we would like to hear of their nodes. */
  get hasDht(): boolean {
    return this.#search?.hasDht === true;
  }

  /** A peer told where its node is. */
  noteNode(peer: Peer, port: number): void {
    this.#search?.noteNode({ host: hostOf(peer.address), port });
  }

  /** Everybody has been asked, and nobody they told of is left to try. */
  get isAlone(): boolean {
    const isDone = this.#announcer.isDone && this.#search?.isDone !== false && !this.#exact.isAsking;
    return isDone && this.#sought.swarm.isAlone;
  }

  /** Somebody came with more trackers or peers. */
  learn({ trackers, peers, webSeeds = [], exactSources = [] }: TorrentSpec): void {
    const { swarm, info } = this.#sought;
    this.#announcer.add(trackers);
    swarm.webSeeds.add(webSeeds);
    if (info() === null && !swarm.isResting) this.#exact.ask(exactSources);
    swarm.add(peers);
  }

  #onTorrent(file: Uint8Array): void {
    const { swarm, info, onInfo } = this.#sought;
    const { trackers, webSeeds } = namedIn(file);
    if (info() === null) onInfo(infoOf(file));
    this.#announcer.add(trackers);
    if (!this.#isPrivate) swarm.webSeeds.add(webSeeds);
  }

  tick(now: number): void {
    const { swarm, standing } = this.#sought;
    if (swarm.isResting) return;
    this.#announcer.tick(now, standing(), swarm.isHungry);
    this.#search?.tick(now, swarm.hasFewPeers);
    if (!this.#isPrivate && !this.#deps.traffic.isOff) this.#gossip.tick(now);
  }

  /** The last piece came. */
  completed(): void {
    this.#announcer.completed();
  }

  /** Nobody is asked, and trackers hear that we are gone; `tick` and `learn` begin anew. */
  stop(): void {
    this.#announcer.stop(this.#sought.standing());
    this.#search?.stop();
    this.#exact.stop();
  }
}
