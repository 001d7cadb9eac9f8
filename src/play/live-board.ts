import { AppError } from '../kit/errors.ts';
import type { Pool } from '../platform/db.ts';
import type { Log } from '../platform/log.ts';
import type { Notify } from '../platform/notify.ts';
import { type LiveList, LiveStream, type LiveStreams } from './live.ts';
import { dropLiveList, otherLiveLists, putLiveList } from './queries.ts';

export type LiveBoard = LiveList & { close(): Promise<void> };

export type LiveBoardDeps = { live: LiveStreams; db: Pool; notify: Notify; log: Log };

const PUBLISH_MS = 2000;
/** An instance that has shown nothing for three rounds is gone. */
const MAX_AGE_S = 6;
const MOST_SHOWN = 500;
const CHANNEL = 'live.stop';

/**
 * The running streams of all instances: each writes its list every 2 s while it sends something and is not alone, and a stop
 * reaches the instance that runs the stream. Without the database the list is this instance's own.
 */
export function createLiveBoard({ live, db, notify, log }: LiveBoardDeps): LiveBoard {
  const { instance } = live;
  let isShown = false;
  let isBusy = false;
  let last: Promise<void> = Promise.resolve();

  async function publish(): Promise<void> {
    const streams = live.list().slice(0, MOST_SHOWN);
    if (isBusy || (streams.length === 0 && !isShown)) return;
    isBusy = true;
    try {
      if (streams.length > 0) await putLiveList(db, instance, streams);
      else await dropLiveList(db, instance);
      isShown = streams.length > 0;
    } catch (error) {
      log.debug({ err: error }, 'the running streams could not be shown to the other instances');
    } finally {
      isBusy = false;
    }
  }

  const timer = setInterval(() => {
    last = publish();
  }, PUBLISH_MS).unref();
  const unsubscribe = notify.subscribe(CHANNEL, {
    onMessage(id) {
      if (live.stop(id)) setImmediate(() => void publish());
    },
    // The admin whose stop was lost has been told so.
    onGap() {},
  });

  async function others(): Promise<LiveStream[]> {
    try {
      const streams = await otherLiveLists(db, instance, MAX_AGE_S);
      return streams.flatMap((stream) => {
        const parsed = LiveStream.safeParse(stream);
        return parsed.success ? [parsed.data] : [];
      });
    } catch (error) {
      log.warn({ err: error }, 'the running streams of the other instances are not known');
      return [];
    }
  }

  async function stopElsewhere(id: string): Promise<boolean> {
    if (!(await others()).some((stream) => stream.id === id)) return false;
    if (await notify.publish(CHANNEL, id)) return true;
    throw new AppError(
      'play.stop_unconfirmed',
      'The instance that sends this stream did not confirm. Try again.',
      {
        status: 503,
      },
    );
  }

  return {
    list: async () => [...live.list(), ...(await others())],
    stop: async (id) => live.stop(id) || (!id.startsWith(`${instance}.`) && (await stopElsewhere(id))),
    async close() {
      clearInterval(timer);
      unsubscribe();
      await last;
      if (isShown) await dropLiveList(db, instance).catch(() => {});
    },
  };
}
