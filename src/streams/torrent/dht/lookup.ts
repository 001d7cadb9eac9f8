import type { PeerAddress } from '../engine.ts';
import { type Answer, type DhtNode, distance, type NodeAddress, type Query } from './messages.ts';

/** The closest that have to have answered (BEP 5: k). */
const CLOSEST = 8;
/** Asked at a time; whoever lets us wait this long is not counted among them any more. */
const [ALPHA, LATE_MS, MAX_IN_FLIGHT] = [4, 500, 16];
/** A lookup among ten million nodes takes some 50; a liar could name closer ones for ever. */
const [MAX_QUERIES, MAX_MS] = [120, 20_000];
const MAX_CANDIDATES = 200;
/** So many of those that were known are silent, and nobody has answered: they are of long ago. */
const MAX_SILENT_AT_FIRST = 4;
/** Nodes of one host, so that nobody is asked more for being named often. */
const MAX_PER_HOST = 4;
/** More than a swarm of one viewer will ever dial; and of one host, since nobody says who put it there. */
const [MAX_PEERS, MAX_PEERS_PER_HOST] = [500, 8];

export type LookupDeps = {
  ask(node: NodeAddress, query: Query, signal: AbortSignal): Promise<Answer | null>;
  /** Nodes that are known. */
  nodes: readonly DhtNode[];
  /** Whom to ask where no node that is known answers. */
  bootstrap(signal: AbortSignal): Promise<readonly NodeAddress[]>;
  onPeers(peers: readonly PeerAddress[]): void;
  onAnswered(node: DhtNode): void;
  onSilent(node: NodeAddress): void;
};

/** `closest`: where it is to be announced, with what has to be shown there. */
export type LookupResult = { answers: number; closest: { node: DhtNode; token: Buffer }[] };

type Candidate = DhtNode & {
  distance: Buffer;
  state: 'new' | 'asked' | 'late' | 'answered' | 'silent';
  token: Buffer | null;
};

/** Asks closer and closer nodes for the peers of a torrent (BEP 5, `get_peers`), and tells of them as they come. Never rejects. */
export async function lookUp(infoHash: Buffer, deps: LookupDeps, signal: AbortSignal): Promise<LookupResult> {
  const bounded = AbortSignal.any([signal, AbortSignal.timeout(MAX_MS)]);
  const lookup = new Lookup(infoHash, deps, bounded);
  for (const node of deps.nodes) lookup.add(node);
  await lookup.run(MAX_SILENT_AT_FIRST);
  if (lookup.answers === 0 && !bounded.aborted) {
    const entrances = await deps.bootstrap(bounded).catch(() => []);
    await Promise.all(entrances.map((entrance) => lookup.enter(entrance)));
    await lookup.run();
  }
  return { answers: lookup.answers, closest: lookup.closest() };
}

class Lookup {
  answers = 0;
  readonly #infoHash: Buffer;
  readonly #deps: LookupDeps;
  readonly #signal: AbortSignal;
  /** Closest first. */
  readonly #candidates: Candidate[] = [];
  readonly #places = new Set<string>();
  readonly #perHost = new Map<string, number>();
  readonly #peers = new Set<string>();
  readonly #peersPerHost = new Map<string, number>();
  #queries = 0;
  #wake: () => void = () => {};

  constructor(infoHash: Buffer, deps: LookupDeps, signal: AbortSignal) {
    this.#infoHash = infoHash;
    this.#deps = deps;
    this.#signal = signal;
  }

  /** Somebody to be asked. False: there is one at this place already, too many at its host, or closer ones. */
  add({ id, host, port }: DhtNode): boolean {
    const place = `${host}:${port}`;
    const neighbours = this.#perHost.get(host) ?? 0;
    if (this.#places.has(place) || neighbours >= MAX_PER_HOST) return false;
    const between = distance(id, this.#infoHash);
    const at = this.#candidates.findIndex((other) => Buffer.compare(between, other.distance) < 0);
    if (at < 0 && this.#candidates.length >= MAX_CANDIDATES) return false;
    this.#places.add(place);
    this.#perHost.set(host, neighbours + 1);
    const candidate: Candidate = { id, host, port, distance: between, state: 'new', token: null };
    this.#candidates.splice(at < 0 ? this.#candidates.length : at, 0, candidate);
    // What is dropped was far away, and stays among the places: it is not taken again.
    this.#candidates.length = Math.min(this.#candidates.length, MAX_CANDIDATES);
    return true;
  }

  /** Asks one whose id nobody knows; what it knows is gone on with. */
  async enter(place: NodeAddress): Promise<void> {
    const answer = await this.#deps.ask(place, this.#query, this.#signal);
    if (answer === null) return;
    const node = { id: answer.id, ...place };
    this.add(node);
    const candidate = this.#candidates.find(({ host, port }) => host === place.host && port === place.port);
    if (candidate !== undefined) candidate.state = 'answered';
    this.#heard(node, answer);
    if (candidate !== undefined) candidate.token = answer.token;
  }

  /** Goes on until the closest have answered, or nobody is left to ask; or so many were silent before the first answer. */
  async run(maxSilent = Number.POSITIVE_INFINITY): Promise<void> {
    for (;;) {
      if (this.#signal.aborted || this.#peers.size >= MAX_PEERS) return;
      if (this.answers === 0 && this.#countOf('silent') >= maxSilent) return;
      this.#askNext();
      if (!this.#isWaiting()) return;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  closest(): LookupResult['closest'] {
    return this.#candidates
      .filter(({ state }) => state === 'answered')
      .slice(0, CLOSEST)
      .flatMap(({ id, host, port, token }) => (token === null ? [] : [{ node: { id, host, port }, token }]));
  }

  get #query(): Query {
    return { q: 'get_peers', infoHash: this.#infoHash };
  }

  /** Of the closest, those that may still answer. */
  #isWaiting(): boolean {
    return this.#nearest().some(({ state }) => state === 'asked' || state === 'late');
  }

  /** Those that count: the closest 8 that were not silent, and for each of them that is late another. */
  #nearest(): Candidate[] {
    const nearest: Candidate[] = [];
    let count = 0;
    for (const candidate of this.#candidates) {
      if (candidate.state === 'silent') continue;
      nearest.push(candidate);
      if (candidate.state !== 'late') count += 1;
      if (count === CLOSEST) break;
    }
    return nearest;
  }

  #askNext(): void {
    let prompt = this.#countOf('asked');
    let inFlight = prompt + this.#countOf('late');
    for (const candidate of this.#nearest()) {
      if (prompt >= ALPHA || inFlight >= MAX_IN_FLIGHT || this.#queries >= MAX_QUERIES) return;
      if (candidate.state !== 'new') continue;
      void this.#ask(candidate);
      prompt += 1;
      inFlight += 1;
    }
  }

  #countOf(state: Candidate['state']): number {
    return this.#candidates.filter((candidate) => candidate.state === state).length;
  }

  async #ask(candidate: Candidate): Promise<void> {
    this.#queries += 1;
    candidate.state = 'asked';
    const late = setTimeout(() => {
      candidate.state = 'late';
      this.#wake();
    }, LATE_MS).unref();
    const answer = await this.#deps.ask(candidate, this.#query, this.#signal);
    clearTimeout(late);
    // Another id than it was named with: whoever named it, or it, makes itself look close.
    if (answer?.id.equals(candidate.id)) {
      candidate.state = 'answered';
      candidate.token = answer.token;
      this.#heard(candidate, answer);
    } else {
      candidate.state = 'silent';
      if (!this.#signal.aborted) this.#deps.onSilent(candidate);
    }
    this.#wake();
  }

  #heard({ id, host, port }: DhtNode, { nodes, peers }: Answer): void {
    this.answers += 1;
    if (this.#signal.aborted) return;
    this.#deps.onAnswered({ id, host, port });
    for (const node of nodes) this.add(node);
    const fresh = peers.filter((peer) => this.#isNewPeer(peer));
    if (fresh.length > 0) this.#deps.onPeers(fresh);
  }

  #isNewPeer({ host, port }: PeerAddress): boolean {
    const ofHost = this.#peersPerHost.get(host) ?? 0;
    const place = `${host}:${port}`;
    if (this.#peers.has(place) || this.#peers.size >= MAX_PEERS || ofHost >= MAX_PEERS_PER_HOST) return false;
    this.#peers.add(place);
    this.#peersPerHost.set(host, ofHost + 1);
    return true;
  }
}
