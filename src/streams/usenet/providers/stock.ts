import { UpstreamFailed } from '../../../kit/errors.ts';
import type { NntpConnection } from '../nntp/connection.ts';
import type { NntpFailure } from '../nntp/failure.ts';
import { ArticleDamaged, ArticleMissing } from './articles-of.ts';
import type { Pool } from './pool.ts';

/** What came of asking each provider for one article, and so whom to ask next. */
export type Stock = {
  /**
   * Whom to ask now: of those that may have it the first group; backups only where no other is left. `asked`: those it is asked of already,
   * left out where there are others. `spills`: the first group has taken too long to connect.
   */
  front(now: number, asked: ReadonlySet<Pool>, spills: boolean): readonly Pool[];
  isMissing(pool: Pool): void;
  isDamaged(pool: Pool, fault: string): void;
  /** `isUnanswered`: nothing of it had come on this connection. */
  hasFailed(pool: Pool, failure: NntpFailure, connection: NntpConnection, isUnanswered: boolean): void;
  /** Nobody can be asked now. */
  isHopeless(now: number): boolean;
  /** One of those that failed is being tried again. */
  mayCome(now: number): boolean;
  /** Why it could not be had. */
  verdict(now: number): Error;
};

type Record = {
  pool: Pool;
  isMissing: boolean;
  damaged: number;
  cuts: number;
  isRejected: boolean;
  /** Connections as old as the first that was cut: what took that one may have taken them, and nobody knows yet. */
  stale: WeakSet<NntpConnection> | null;
  staleCuts: number;
};

/** A copy that came damaged is asked for once more, when everyone else has been asked. */
const MAX_DAMAGED = 2;
/** The first, and twice again. */
const MAX_CUTS = 3;
/** A router that forgot its connections, a provider that began anew: so many more; a server that breaks off at this very article costs no more than that. */
const MAX_STALE_CUTS = 8;
const NOBODY: ReadonlySet<Pool> = new Set();

export function createStock(id: string, pools: readonly Pool[]): Stock {
  const records: Record[] = pools.map((pool) => ({
    pool,
    isMissing: pool.missing.has(id),
    damaged: 0,
    cuts: 0,
    isRejected: false,
    stale: null,
    staleCuts: 0,
  }));
  let fault: string | null = null;
  let failure: NntpFailure | null = null;

  const of = (pool: Pool) => records.find((record) => record.pool === pool);

  function front(now: number, asked: ReadonlySet<Pool>, spills: boolean): readonly Pool[] {
    const able = records.filter((record) => mayHave(record) && record.pool.health(now) === 'ready');
    const usual = able.filter(({ pool }) => !pool.provider.backup);
    // A block account pays by the byte: never for speed.
    const tier = usual.length > 0 || asked.size > 0 ? usual : able;
    const others = asked.size === 0 ? tier : tier.filter(({ pool }) => !asked.has(pool));
    // One that would have to be dialled first is no faster than another connection of the same.
    return firstGroup(others.some(isConnected) ? others : tier, spills).map(({ pool }) => pool);
  }

  return {
    front,
    isMissing(pool) {
      pool.missing.add(id);
      const record = of(pool);
      if (record !== undefined) record.isMissing = true;
    },
    isDamaged(pool, said) {
      fault = said;
      const record = of(pool);
      if (record !== undefined) record.damaged += 1;
    },
    hasFailed(pool, why, connection, isUnanswered) {
      const record = of(pool);
      // Our own doing says nothing of the provider.
      if (record === undefined || why.reason === 'closed') return;
      failure = why;
      if (why.reason === 'rejected') record.isRejected = true;
      else if (!(why.reason === 'cut' && isUnanswered && isStale(record, connection))) record.cuts += 1;
      record.stale ??= new WeakSet(pool.connections);
    },
    isHopeless: (now) => front(now, NOBODY, false).length === 0,
    mayCome: (now) => records.some((record) => mayHave(record) && record.pool.health(now) === 'unproven'),
    verdict(now) {
      if (records.length === 0)
        return new UpstreamFailed('No Usenet provider is set up.', { retryable: false, status: 503 });
      if (records.every(({ isMissing }) => isMissing)) return new ArticleMissing(id);
      if (fault !== null && records.every(({ isMissing, damaged }) => isMissing || damaged > 0))
        return new ArticleDamaged(id, fault);
      return unreachable(records, failure, now);
    },
  };
}

function isStale(record: Record, connection: NntpConnection): boolean {
  if (record.stale?.has(connection) !== true || record.staleCuts >= MAX_STALE_CUTS) return false;
  record.staleCuts += 1;
  return true;
}

function mayHave({ isMissing, damaged, cuts, isRejected }: Record): boolean {
  return !isMissing && !isRejected && damaged < MAX_DAMAGED && cuts < MAX_CUTS;
}

/** Those with the fewest damaged copies, and of them those of the lowest priority. */
function firstGroup(records: readonly Record[], spills: boolean): readonly Record[] {
  if (records.length < 2) return records;
  const damaged = Math.min(...records.map((record) => record.damaged));
  const fewest = records.filter((record) => record.damaged === damaged);
  const groups = [...new Set(fewest.map(({ pool }) => pool.provider.priority))].sort((a, b) => a - b);
  const [first = 0, second = first] = groups;
  const group = fewest.filter(({ pool }) => pool.provider.priority === first);
  if (!spills || group.some(isConnected)) return group;
  return fewest.filter(({ pool }) => pool.provider.priority <= second);
}

const isConnected = ({ pool }: Record) => pool.connections.length > 0;

/** In words for a viewer: no names, nothing that a server said. */
function unreachable(records: readonly Record[], failure: NntpFailure | null, now: number): UpstreamFailed {
  const healths = records.map(({ pool }) => pool.health(now));
  const cause = failure ?? records.map(({ pool }) => pool.standing.lastFailure).find((one) => one !== null);
  if (healths.every((health) => health === 'refused'))
    return failed('The Usenet providers refuse the username or password.', 502, cause);
  if (cause?.reason === 'silent') return failed('The Usenet providers did not answer in time.', 504, cause);
  if (cause?.reason === 'busy')
    return failed('All connections of the Usenet providers are in use.', 503, cause);
  if (healths.every((health) => health !== 'ready'))
    return failed('No Usenet provider can be reached.', 503, cause);
  return failed('The Usenet providers could not give all of this file.', 502, cause);
}

function failed(
  message: string,
  status: 502 | 503 | 504,
  cause: NntpFailure | null | undefined,
): UpstreamFailed {
  return new UpstreamFailed(message, { retryable: true, status, cause });
}
