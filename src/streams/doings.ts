import type { ByteSink, Progress } from './kind.ts';

/** Players read a film range by range: in between it still plays. */
const LINGER_MS = 5000;
/** Who chooses a stream is told that it gave nothing a while ago; by then it may give again. */
const FAILURE_KEPT_MS = 300_000;
const MAX_KEPT = 500;

type Failure = { at: Date; reason: string };

/** One that is opened or read. */
export type Doing = {
  /** Openings and reads under way. */
  users: number;
  hasGiven: boolean;
  /** `performance.now()` when the last of them ended. */
  restedAt: number;
  failure: Failure | null;
};

/** What is opened and read here, by resource: whether it starts, plays, or gave nothing lately. */
export type Doings = {
  /** Counts as being used while `run` goes on; `failureOf` says why that failed, in words for a viewer, or null: it is nobody's fault. */
  use<T>(
    resource: string,
    run: (doing: Doing) => Promise<T>,
    failureOf: (error: unknown) => string | null,
  ): Promise<T>;
  /** Its first bytes say that it runs. */
  telling(sink: ByteSink, doing: Doing): ByteSink;
  /** Null: nobody uses it, and nothing went wrong lately. */
  stateOf(resource: string): 'starting' | 'running' | Extract<Progress, { state: 'failed' }> | null;
};

export function createDoings(): Doings {
  /** The least lately used first. */
  const known = new Map<string, Doing>();

  function doingOf(resource: string): Doing {
    const doing = known.get(resource);
    if (doing !== undefined && !isOver(doing)) return doing;
    const fresh: Doing = {
      ...{ users: 0, hasGiven: false },
      ...{ restedAt: performance.now(), failure: doing?.failure ?? null },
    };
    known.delete(resource);
    known.set(resource, fresh);
    makeRoom();
    return fresh;
  }

  function makeRoom(): void {
    for (const [resource, doing] of known) {
      const isOld = isOver(doing) && !isFailed(doing);
      if (isOld || (known.size > MAX_KEPT && doing.users === 0)) known.delete(resource);
    }
  }

  return {
    async use(resource, run, failureOf) {
      const doing = doingOf(resource);
      doing.users += 1;
      try {
        return await run(doing);
      } catch (error) {
        const reason = failureOf(error);
        if (reason !== null) doing.failure = { at: new Date(), reason };
        throw error;
      } finally {
        doing.users -= 1;
        doing.restedAt = performance.now();
      }
    },
    telling: (sink, doing) => (doing.hasGiven && doing.failure === null ? sink : tellingFirst(sink, doing)),
    stateOf(resource) {
      const doing = known.get(resource);
      if (doing === undefined) return null;
      const { users, hasGiven, failure } = doing;
      if (users > 0 || (hasGiven && failure === null && !isOver(doing)))
        return hasGiven ? 'running' : 'starting';
      return failure !== null && isFailed(doing) ? { state: 'failed', ...failure } : null;
    },
  };
}

function tellingFirst(sink: ByteSink, doing: Doing): ByteSink {
  return {
    write(chunk, done) {
      doing.hasGiven = true;
      doing.failure = null;
      return sink.write(chunk, done);
    },
    onDrain: (listener) => sink.onDrain(listener),
    resumed: () => sink.resumed?.(),
  };
}

function isOver({ users, restedAt }: Doing): boolean {
  return users === 0 && performance.now() - restedAt > LINGER_MS;
}

function isFailed({ failure }: Doing): boolean {
  return failure !== null && Date.now() - failure.at.getTime() < FAILURE_KEPT_MS;
}
