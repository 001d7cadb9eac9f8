import type { NntpConnection, Sent } from '../nntp/connection.ts';
import type { StatAnswer } from './articles-of.ts';
import type { Pool } from './pool.ts';
import type { Scheduler } from './scheduler.ts';
import type { Wanting } from './waiting-line.ts';

export type StatDeps = { pools: readonly Pool[]; scheduler: Scheduler };
type OnAnswer = (answer: StatAnswer) => 'go-on' | 'stop';

/** STATs sent behind each other on one connection; their replies are lines, so a viewer waits little behind them. */
const DEPTH = 100;
/** Batches that wait or run at once; how many connections they get is up to the scheduler. */
const BATCHES_AT_ONCE = 8;
/** A provider that is being tried again is waited for no longer. */
const PATIENCE_MS = 5000;
/** Checks count to no viewer. */
const NOBODY = -1;

/** Asks provider after provider for what those before lack. Null: it could not be asked. */
export async function statAll(
  ids: readonly string[],
  { pools, scheduler }: StatDeps,
  signal: AbortSignal,
  onAnswer: OnAnswer = () => 'go-on',
): Promise<ReadonlyMap<string, boolean | null>> {
  const stopping = new AbortController();
  const either = AbortSignal.any([signal, stopping.signal]);
  const order = [...pools].sort((one, other) => rankOf(one) - rankOf(other));
  const answers = new Map<string, boolean | null>();
  const todo = [...new Set(ids)];

  async function ask(batch: readonly string[]): Promise<void> {
    const unsure = new Set<string>();
    let left: readonly string[] = batch;
    for (const pool of order) {
      if (left.length === 0 || either.aborted) return;
      left = lackingOf(left, await statAt(pool, left, scheduler, either), unsure);
    }
    for (const id of left) tell(id, unsure.has(id) || order.length === 0 ? null : false);
  }

  function lackingOf(asked: readonly string[], found: Map<string, boolean>, unsure: Set<string>): string[] {
    return asked.filter((id) => {
      const isThere = found.get(id);
      if (isThere === true) tell(id, true);
      else if (isThere === undefined) unsure.add(id);
      return isThere !== true;
    });
  }

  function tell(id: string, isThere: boolean | null): void {
    if (either.aborted) return;
    answers.set(id, isThere);
    if (onAnswer({ id, isThere }) === 'stop') stopping.abort();
  }

  async function worker(): Promise<void> {
    while (todo.length > 0 && !either.aborted) await ask(todo.splice(0, DEPTH));
  }

  await Promise.all(Array.from({ length: BATCHES_AT_ONCE }, worker));
  signal.throwIfAborted();
  return answers;
}

const rankOf = ({ provider }: Pool) => provider.priority + (provider.backup ? 1e6 : 0);

/** One batch at one provider; what could not be asked is left out. Never rejects: on abort it ends with what it has. */
function statAt(
  pool: Pool,
  batch: readonly string[],
  scheduler: Scheduler,
  signal: AbortSignal,
): Promise<Map<string, boolean>> {
  const found = new Map<string, boolean>();
  const ids: string[] = [];
  for (const id of batch) {
    if (pool.missing.has(id)) found.set(id, false);
    else ids.push(id);
  }
  const startedAt = performance.now();
  const mayWait = (now: number) => pool.health(now) === 'unproven' && now - startedAt < PATIENCE_MS;
  const isAble = (now: number) => pool.health(now) === 'ready' || mayWait(now);
  if (ids.length === 0 || signal.aborted || !isAble(startedAt)) return Promise.resolve(found);

  return new Promise((resolve) => {
    const sent: Sent[] = [];
    let connection: NntpConnection | null = null;
    let left = ids.length;
    const patience = setInterval(() => {
      if (connection === null && !isAble(performance.now())) end();
    }, 1000).unref();

    const wanting: Wanting = {
      ...{ viewer: NOBODY, lane: 'background', isCheck: true, waitingSince: startedAt },
      front: (now) => (pool.health(now) === 'ready' ? [pool] : []),
      avoids: () => false,
      sendTo(_pool, chosen) {
        connection = chosen;
        for (const id of ids) sent.push(chosen.stat(id, (isThere) => onStat(id, isThere)));
      },
    };

    function onStat(id: string, isThere: boolean | null): void {
      if (isThere !== null) {
        found.set(id, isThere);
        pool.standing.onAnswer();
      }
      if (isThere === false) pool.missing.add(id);
      left -= 1;
      if (left === 0) end();
    }

    function end(): void {
      signal.removeEventListener('abort', end);
      clearInterval(patience);
      scheduler.line.remove(wanting);
      if (connection !== null) {
        // Those answered already are no longer in its line.
        if (left > 0) for (const one of sent) connection.drop(one);
        scheduler.freeBackground();
      }
      connection = null;
      scheduler.wake();
      resolve(found);
    }

    signal.addEventListener('abort', end, { once: true });
    scheduler.line.add(wanting, startedAt);
    scheduler.wake();
  });
}
