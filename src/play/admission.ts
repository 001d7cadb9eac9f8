import { AppError } from '../kit/errors.ts';
import { visitorOf } from '../platform/rate-limit.ts';
import { LEASE_S, type LeaseStore } from './lease-store.ts';
import type { LeaseKeys, StreamLimits } from './queries.ts';

/** Who wants what: the link's subject, the client's address, and the bytes (stream and file; of HLS the playlist, not the segment). */
export type Viewer = { subject: string; client: string; target: string };

/** A body that is being sent, as the limits see it. */
export type Body = {
  /** Milliseconds without a byte going out. */
  stalledMs(): number;
  /** Another request takes its place. */
  end(): void;
};

export type Admission = {
  /**
   * Lets a GET begin, or throws 429 `limit.streams` with `Retry-After`. A viewer who asks again for the same target (a seek,
   * or players' parallel ranges: Kodi opens two at once) is one stream: no store is asked, and no older body ended unless it
   * has stalled for 30 s or the bodies would pass the limit. Call the result once, when the body has ended.
   */
  admit(viewer: Viewer, body: Body): Promise<() => void> | (() => void);
  /** Leases held here, those that rest included. */
  count(): number;
  /** Gives all back. */
  close(): Promise<void>;
};

export type AdmissionOptions = {
  store: LeaseStore;
  limits(): StreamLimits;
  /** Makes a stored key, so that neither address nor subject is kept: `crypto.mac`. */
  hashKey(text: string): string;
  onRejected(): void;
  /** How long a lease outlives its last body, for the viewer's next range. */
  restMs?: number;
};

type Lease = LeaseKeys & {
  id: string;
  bodies: Set<Body>;
  /** The store lets it end then (by our clock); 0 until it is granted. */
  endsAt: number;
  restsSince: number;
  asking: Promise<void> | null;
};

const RENEW_BEFORE_MS = 20_000;
const SWEEP_MS = 1000;
const STALLED_MS = 30_000;
const FEWEST_BODIES = 2;
/** Leases that rest here at most; beyond, they are given back at once. */
const MOST_RESTING = 2000;
const BATCH = 500;
/** Subjects many strangers share. */
const SHARED_SUBJECTS: ReadonlySet<string> = new Set(['public', 'api']);

/**
 * Limits of streams running at once, by subject and by address, over all instances. A lease is held for each viewer and
 * target, renewed while bodies run and kept for 5 s after the last: so the next range of the same viewer costs a look into
 * a map (1.0 µs here; 2.1 µs with its place on the list of running streams) instead of a question to the store. While no store answers each instance counts for itself.
 */
export function createAdmission(options: AdmissionOptions): Admission {
  const { store, limits, hashKey, onRejected, restMs = 5000 } = options;
  const leases = new Map<string, Lease>();
  let resting = 0;
  /** Given back but not yet confirmed: a new lease of the same viewer must not be deleted by it. */
  let dropping: Promise<unknown> = Promise.resolve();
  let sweeper: NodeJS.Timeout | undefined;

  function begin(lease: Lease, body: Body): () => void {
    for (const older of lease.bodies) if (older.stalledMs() >= STALLED_MS) replace(lease, older);
    const most = mostBodies(limits());
    for (const oldest of lease.bodies) {
      if (lease.bodies.size < most) break;
      replace(lease, oldest);
    }
    wake(lease);
    lease.bodies.add(body);
    return () => {
      if (lease.bodies.delete(body) && lease.bodies.size === 0) rest(lease);
    };
  }

  function replace(lease: Lease, body: Body): void {
    lease.bodies.delete(body);
    body.end();
  }

  function wake(lease: Lease): void {
    if (lease.restsSince > 0) resting -= 1;
    lease.restsSince = 0;
  }

  function rest(lease: Lease): void {
    lease.restsSince = Date.now();
    resting += 1;
    if (resting > MOST_RESTING) void giveBack([lease]);
  }

  async function giveBack(given: readonly Lease[]): Promise<void> {
    for (const lease of given) {
      wake(lease);
      forget(lease);
    }
    dropping = Promise.all([dropping, inBatches(given, store.drop)]);
    await dropping;
  }

  async function ask(lease: Lease, limit: StreamLimits): Promise<void> {
    await dropping;
    let wait = await take(lease, limit);
    const idle = wait === 0 ? [] : restingBeside(lease);
    if (idle.length > 0) {
      await giveBack(idle);
      wait = await take(lease, limit);
    }
    if (wait > 0) {
      if (lease.bodies.size === 0) forget(lease);
      onRejected();
      throw tooMany(wait);
    }
    lease.endsAt = Date.now() + LEASE_S * 1000;
  }

  async function take(lease: Lease, limit: StreamLimits): Promise<number> {
    if (limit.perSubject === 0 && limit.perIp === 0) return 0;
    return (await store.take(lease, limit)) ?? takeHere(lease, limit);
  }

  /** No await between the count and the grant: nobody comes in between. */
  function takeHere(lease: Lease, { perSubject, perIp }: StreamLimits): number {
    const others = [...leases.values()].filter((other) => other !== lease && other.endsAt > 0);
    const reaches = (limit: number, isCounted: (other: Lease) => boolean) =>
      limit > 0 && others.filter(isCounted).length >= limit;
    const isFull =
      reaches(perSubject, ({ subjectKey }) => subjectKey === lease.subjectKey) ||
      reaches(perIp, ({ ipKey }) => ipKey === lease.ipKey);
    if (!isFull) lease.endsAt = Date.now() + LEASE_S * 1000;
    return isFull ? Math.ceil(restMs / 1000) : 0;
  }

  function restingBeside({ subjectKey, ipKey }: Lease): Lease[] {
    return [...leases.values()].filter(
      (lease) =>
        lease.restsSince > 0 &&
        lease.asking === null &&
        (lease.subjectKey === subjectKey || lease.ipKey === ipKey),
    );
  }

  function forget(lease: Lease): void {
    leases.delete(lease.id);
    if (leases.size > 0) return;
    clearInterval(sweeper);
    sweeper = undefined;
  }

  function create(id: string, { subject, target }: Viewer, ip: string): Lease {
    const owner = SHARED_SUBJECTS.has(subject) ? `${subject} ${ip}` : subject;
    const fresh: Lease = {
      id,
      key: hashKey(`lease ${owner}\n${ip}\n${target}`),
      subjectKey: hashKey(`subject ${owner}`),
      ipKey: hashKey(`ip ${ip}`),
      bodies: new Set(),
      endsAt: 0,
      restsSince: 0,
      asking: null,
    };
    leases.set(id, fresh);
    sweeper ??= setInterval(() => void sweep(), SWEEP_MS).unref();
    return fresh;
  }

  async function sweep(): Promise<void> {
    const now = Date.now();
    const all = [...leases.values()].filter(({ asking, endsAt }) => asking === null && endsAt > 0);
    const done = all.filter(({ restsSince }) => restsSince > 0 && now - restsSince >= restMs);
    if (done.length > 0) await giveBack(done);
    const { perSubject, perIp } = limits();
    if (perSubject === 0 && perIp === 0) return;
    const due = all.filter(({ bodies, endsAt }) => bodies.size > 0 && endsAt - now < RENEW_BEFORE_MS);
    // Before the answer: what cannot be renewed now is counted here, and tried again in 10 s.
    for (const lease of due) lease.endsAt = now + LEASE_S * 1000;
    await inBatches(due, store.renew);
  }

  return {
    admit(viewer, body) {
      const ip = visitorOf(viewer.client);
      const id = `${viewer.subject}\n${ip}\n${viewer.target}`;
      const lease = leases.get(id) ?? create(id, viewer, ip);
      if (lease.asking === null && lease.endsAt > Date.now()) return begin(lease, body);
      lease.asking ??= ask(lease, limits()).finally(() => {
        lease.asking = null;
      });
      return lease.asking.then(() => begin(lease, body));
    },
    count: () => leases.size,
    close: () => giveBack([...leases.values()]),
  };
}

async function inBatches(
  all: readonly Lease[],
  run: (some: readonly Lease[]) => Promise<void>,
): Promise<void> {
  for (let at = 0; at < all.length; at += BATCH) await run(all.slice(at, at + BATCH));
}

/** Bodies of one viewer and target at once. */
function mostBodies({ perSubject, perIp }: StreamLimits): number {
  const most = Math.min(perSubject || Number.POSITIVE_INFINITY, perIp || Number.POSITIVE_INFINITY);
  return Math.max(FEWEST_BODIES, most);
}

function tooMany(waitSeconds: number): AppError {
  return new AppError(
    'limit.streams',
    'Too many streams are running already. End one of them and try again.',
    { status: 429, headers: { 'Retry-After': String(waitSeconds) } },
  );
}
