import { afterAll, beforeAll, expect, test } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { createNotify } from '../../src/platform/notify.ts';
import { createLiveStreams } from '../../src/play/live.ts';
import { createLiveBoard } from '../../src/play/live-board.ts';
import { otherLiveLists, putLiveList } from '../../src/play/queries.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { waitUntil } from '../support/wait-until.ts';

const log = createLog('silent');
let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.close());

/** What one instance of the program has of it. */
async function instance() {
  const notify = createNotify({ url: database.url, log });
  await waitUntil(() => notify.isConnected(), { what: 'it listens', timeoutMs: 5000 });
  const live = createLiveStreams();
  const board = createLiveBoard({ live, db: database.db, notify, log });
  const close = async () => {
    await board.close();
    await notify.close();
  };
  return { live, board, close, [Symbol.asyncDispose]: close };
}

const shown = async (board: { list(): unknown }) => (await board.list()) as { id: string; title?: string }[];
const film = (title: string) => ({
  ...{ kind: 'http', resource: 'r', title, client: '192.0.2.1', subject: 'public' },
});

test('every instance lists the streams of all, and a stop reaches the one that runs it', async () => {
  await using one = await instance();
  await using other = await instance();
  const stopped: string[] = [];
  const entries = ['a', 'b'].map((title) => {
    const entry = one.live.begin(film(title), () => {
      stopped.push(title);
      entry.end();
    });
    return entry;
  });
  const own = other.live.begin(film('c'), () => {});
  const titles = async () => (await shown(other.board)).map(({ title }) => title).sort();
  await waitUntil(async () => (await titles()).length === 3, { what: 'all are shown', timeoutMs: 8000 });
  expect(await titles()).toEqual(['a', 'b', 'c']);
  const { id = '' } = (await shown(other.board)).find(({ title }) => title === 'b') ?? {};
  expect(await other.board.stop(id)).toBe(true);
  expect(stopped).toEqual(['b']);
  await waitUntil(async () => (await titles()).length === 2, { what: 'it is gone', timeoutMs: 1000 });
  expect(await other.board.stop(id)).toBe(false);
  expect(await other.board.stop('nobody.1')).toBe(false);
  entries[0]?.end();
  await waitUntil(async () => (await titles()).length === 1, { what: 'the last is gone', timeoutMs: 8000 });
  own.end();
});

test('an instance that is alone writes nothing', async () => {
  await using alone = await instance();
  const entry = alone.live.begin(film('a'), () => {});
  // Connections of the instances before go a moment after they were closed.
  await waitUntil(
    async () => {
      await putLiveList(database.db, 'probe', []);
      const isWritten = (await otherLiveLists(database.db, 'x', 60)).length > 0;
      return !isWritten;
    },
    { what: 'nobody else listens', timeoutMs: 5000 },
  );
  await putLiveList(database.db, alone.live.instance, alone.live.list());
  expect(await otherLiveLists(database.db, 'x', 60)).toEqual([]);
  expect(await shown(alone.board)).toHaveLength(1);
  entry.end();
});
