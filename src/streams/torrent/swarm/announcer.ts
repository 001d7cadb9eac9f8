import type { Announced, PeerAddress } from '../engine.ts';
import { type Announce, type AnnounceAnswer, TrackerRefused } from '../trackers/index.ts';

export type AnnouncerDeps = {
  infoHash: string;
  peerId: Buffer;
  announce(url: string, request: Announce, signal: AbortSignal): Promise<AnnounceAnswer>;
  onPeers(peers: readonly PeerAddress[]): void;
  onAnnounced(announced: Announced): void;
  /** Where peers can dial us; null: nowhere. */
  listenPort(): number | null;
};

/** How far the torrent is, as trackers want to know it. */
export type Standing = { uploaded: number; downloaded: number; left: number };

/** More than this a swarm of one viewer never connects to. */
const NUM_WANT = 80;
/** Said where we take no connections: trackers refuse 0. */
const NO_PORT = 6881;
/** Of a tracker that does not answer, doubled each time. */
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [30_000, 1_800_000];
/** Asked out of turn when peers run out, where the tracker allows it. */
const HURRY_MS = 60_000;
const MAX_TRACKERS = 30;
const STOP_MS = 2000;

type Tracker = {
  url: string;
  notBefore: number;
  hurryAt: number;
  failures: number;
  isAsking: boolean;
  /** It knows of us. */
  isStarted: boolean;
  /** It has not been told yet that we have all. */
  isCompletedDue: boolean;
  /** What it wants to be told again. */
  trackerId: string | null;
};

/** Announces one torrent to its trackers, all of them at once: a viewer waits for the first that answers. */
export class Announcer {
  readonly #deps: AnnouncerDeps;
  readonly #trackers = new Map<string, Tracker>();
  #stop = new AbortController();
  /** BEP 3: trackers are told what went and came since they were told that we begin. */
  #before = { uploaded: 0, downloaded: 0 };

  constructor(deps: AnnouncerDeps) {
    this.#deps = deps;
  }

  add(urls: readonly string[]): void {
    for (const url of urls) {
      if (this.#trackers.size >= MAX_TRACKERS) return;
      if (this.#trackers.has(url)) continue;
      this.#trackers.set(url, {
        ...{ url, notBefore: 0, hurryAt: 0, failures: 0 },
        ...{ isAsking: false, isStarted: false, isCompletedDue: false, trackerId: null },
      });
    }
  }

  /** Every tracker has been asked, and none is being asked. */
  get isDone(): boolean {
    return [...this.#trackers.values()].every(({ isAsking, notBefore }) => !isAsking && notBefore > 0);
  }

  /** `isHungry`: peers are wanted sooner than the trackers would have it. */
  tick(now: number, standing: Standing, isHungry: boolean): void {
    for (const tracker of this.#trackers.values()) {
      const isNews = tracker.isCompletedDue && tracker.failures === 0;
      const isDue = isNews || now >= tracker.notBefore || (isHungry && now >= tracker.hurryAt);
      if (isDue && !tracker.isAsking) void this.#ask(tracker, standing);
    }
  }

  /** The last piece came: those that know us as one who lacks something are told. */
  completed(): void {
    for (const tracker of this.#trackers.values())
      tracker.isCompletedDue = tracker.isStarted || tracker.isAsking;
  }

  #request({ uploaded, downloaded, left }: Standing, numWant: number): Announce {
    const { infoHash, peerId, listenPort } = this.#deps;
    return {
      ...{ infoHash, peerId, port: listenPort() ?? NO_PORT, left, numWant },
      uploaded: uploaded - this.#before.uploaded,
      downloaded: downloaded - this.#before.downloaded,
    };
  }

  async #ask(tracker: Tracker, standing: Standing): Promise<void> {
    tracker.isAsking = true;
    const { announce, onPeers } = this.#deps;
    const { signal } = this.#stop;
    const begun = performance.now();
    const request = this.#request(standing, NUM_WANT);
    if (!tracker.isStarted) request.event = 'started';
    else if (tracker.isCompletedDue) request.event = 'completed';
    if (tracker.trackerId !== null) request.trackerId = tracker.trackerId;
    try {
      const { peers, intervalS, minIntervalS, latencyMs, trackerId } = await announce(
        tracker.url,
        request,
        signal,
      );
      const now = performance.now();
      tracker.isStarted = true;
      if (request.event === 'completed') tracker.isCompletedDue = false;
      tracker.failures = 0;
      tracker.trackerId = trackerId ?? tracker.trackerId;
      tracker.notBefore = now + 1000 * intervalS;
      tracker.hurryAt = now + Math.max(HURRY_MS, 1000 * (minIntervalS ?? 0));
      onPeers(peers);
      this.#tell(tracker.url, true, latencyMs, null);
    } catch (error) {
      this.#failed(tracker, error, Math.round(performance.now() - begun));
    } finally {
      tracker.isAsking = false;
    }
  }

  #failed(tracker: Tracker, error: unknown, latencyMs: number): void {
    if (this.#stop.signal.aborted) return;
    const pauseMs = Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** tracker.failures);
    tracker.failures += 1;
    tracker.notBefore = performance.now() + pauseMs;
    tracker.hurryAt = tracker.notBefore;
    const reason = error instanceof Error ? error.message : String(error);
    this.#tell(tracker.url, error instanceof TrackerRefused, latencyMs, reason);
  }

  #tell(url: string, ok: boolean, latencyMs: number, reason: string | null): void {
    this.#deps.onAnnounced({ url, ok, latencyMs, reason });
  }

  /** Says goodbye to those that know of us, for two seconds at most; `tick` begins anew. */
  stop(standing: Standing): void {
    this.#stop.abort(new Error('the torrent rests'));
    this.#stop = new AbortController();
    const request: Announce = { ...this.#request(standing, 0), event: 'stopped' };
    this.#before = { uploaded: standing.uploaded, downloaded: standing.downloaded };
    for (const tracker of this.#trackers.values()) {
      tracker.notBefore = 0;
      tracker.isCompletedDue = false;
      if (!tracker.isStarted) continue;
      tracker.isStarted = false;
      this.#deps.announce(tracker.url, request, AbortSignal.timeout(STOP_MS)).catch(() => {});
    }
  }
}
