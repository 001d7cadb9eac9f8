import type { Db } from '../../platform/db.ts';
import type { Log } from '../../platform/log.ts';
import type { Notify } from '../../platform/notify.ts';
import { hasKids } from './queries/viewers.ts';

const CHANNEL = 'family-kids';
const RETRY_MS = 1000;

export type KidPresence = {
  /** Some profile of this server is a kid's: the add-on without an install shows nothing then. */
  any(): boolean;
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
  // Of two readings that cross the later one counts.
  let reading = 0;
  let isClosed = false;
  let retry: NodeJS.Timeout | undefined;
  const read = async (): Promise<void> => {
    reading += 1;
    const mine = reading;
    try {
      const kids = await hasKids(db);
      if (mine === reading) isAny = kids;
    } catch (error) {
      isAny = true;
      log.warn({ err: error }, 'whether there are profiles of kids could not be read; trying again');
      if (!isClosed) retry = setTimeout(() => void read(), RETRY_MS).unref();
    }
  };
  const readAnew = () => {
    isAny = true;
    void read();
  };
  notify.subscribe(CHANNEL, {
    // Closed until it is known: the change is in the database, and what it was is not.
    onMessage: readAnew,
    onGap: readAnew,
  });
  await read();
  return {
    any: () => isAny,
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
