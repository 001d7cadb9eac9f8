import type { Db } from '../../platform/db.ts';
import type { Log } from '../../platform/log.ts';
import type { ProviderState } from '../../streams/usenet/providers/provider.ts';
import { addUsage, type UsageDelta } from './queries.ts';

type Counts = Omit<UsageDelta, 'provider'>;

/** Writes down what providers gave since the last time. */
export type UsenetUsage = {
  flush(): Promise<void>;
  /** After a last flush. */
  close(): Promise<void>;
};

const FLUSH_MS = 60_000;

/** Each minute, and at the end. `states` counts from the start of its thread: one that begins anew counts from 0 again. */
export function createUsenetUsage({
  db,
  log,
  states,
}: {
  db: Db;
  log: Pick<Log, 'debug'>;
  states(): readonly ProviderState[];
}): UsenetUsage {
  const before = new Map<string, Counts>();
  let running = Promise.resolve();

  async function write(): Promise<void> {
    const now = states();
    const deltas = now.map((state) => deltaOf(state, before.get(state.name)));
    const told = deltas.filter(
      ({ bytes, articles, missing, failures }) => bytes + articles + missing + failures > 0,
    );
    if (told.length > 0) await addUsage(db, told);
    // Only after it was written: what failed is told again.
    for (const state of now) before.set(state.name, countsOf(state));
  }

  function flush(): Promise<void> {
    running = running
      .then(write)
      .catch((err: unknown) => log.debug({ err }, 'the use of Usenet was not noted'));
    return running;
  }

  const timer = setInterval(() => void flush(), FLUSH_MS).unref();
  return {
    flush,
    async close() {
      clearInterval(timer);
      await flush();
    },
  };
}

function countsOf({ bytes, articles, missing, failures, corrupt }: ProviderState): Counts {
  return { bytes, articles, missing, failures: failures + corrupt };
}

function deltaOf(state: ProviderState, before: Counts | undefined): UsageDelta {
  const now = countsOf(state);
  const isAnew = before === undefined || now.bytes < before.bytes || now.articles < before.articles;
  const since = (key: keyof Counts) => Math.max(0, now[key] - (isAnew ? 0 : before[key]));
  return {
    provider: state.name,
    ...{ bytes: since('bytes'), articles: since('articles') },
    ...{ missing: since('missing'), failures: since('failures') },
  };
}
