import type { Db } from '../../platform/db.ts';
import type { Log } from '../../platform/log.ts';
import type { Notify } from '../../platform/notify.ts';
import { hasKids } from './queries/viewers.ts';

const CHANNEL = 'family-kids';
const RETRY_MS = 1000;
/** While neither notices nor the database are reached, what was known is good so long: nobody else may reach them either. */
const GOOD_MS = 30_000;

export type KidPresence = {
  /** Some profile of this server is a kid's, or one may be while notices do not reach this instance: what is for everybody shows nothing then. */
  any(): boolean;
  /** Whether one is, for what must go on then: while notices do not come, each call asks the database. Rejects where that does not answer for long. */
  now(): boolean | Promise<boolean>;
  /** Told after a kid's profile came or went; resolves when every instance knows. */
  changed(): Promise<void>;
  /** Nothing is read again. */
  close(): void;
};

/** Kept in memory, since every request of the public add-on asks; while it is not known, it is taken for yes. */
export async function createKidPresence({
  db,
  notify,
  log,
}: {
  db: Db;
  notify: Notify;
  log: Log;
}): Promise<KidPresence> {
  let isAny = true;
  /** When it was surely so; `performance.now()`. */
  let knownAt = Number.NEGATIVE_INFINITY;
  // Of two readings that cross the later one counts.
  let reading = 0;
  /** False from a notice on until what it is about was read. */
  let isSure = false;
  let isClosed = false;
  let retry: NodeJS.Timeout | undefined;
  const read = async (): Promise<void> => {
    reading += 1;
    const mine = reading;
    try {
      const kids = await hasKids(db);
      if (mine === reading) know(kids);
    } catch (error) {
      isAny = true;
      isSure = false;
      log.warn({ err: error }, 'whether there are profiles of kids could not be read; trying again');
      if (!isClosed) retry = setTimeout(() => void read(), RETRY_MS).unref();
    }
  };
  const readAnew = () => {
    isAny = true;
    isSure = false;
    void read();
  };
  function know(kids: boolean): void {
    isAny = kids;
    isSure = true;
    knownAt = performance.now();
  }
  async function look(): Promise<boolean> {
    const before = isSure && performance.now() - knownAt < GOOD_MS ? isAny : null;
    try {
      const kids = await hasKids(db);
      // It may only close: what was not heard of may have changed since.
      if (kids) isAny = true;
      return kids;
    } catch (error) {
      if (before === null) throw error;
      return before;
    }
  }
  notify.subscribe(CHANNEL, {
    // Closed until it is known: the change is in the database, and what it was is not.
    onMessage: readAnew,
    onGap: readAnew,
  });
  await read();
  return {
    any: () => isAny || !notify.isConnected(),
    now() {
      if (!notify.isConnected() || !isSure) return look();
      knownAt = performance.now();
      return isAny;
    },
    async changed() {
      // Behind the database's own word (migration 0066), which every instance has dealt with then.
      await notify.publish(CHANNEL, 'changed');
    },
    close() {
      isClosed = true;
      clearTimeout(retry);
    },
  };
}
