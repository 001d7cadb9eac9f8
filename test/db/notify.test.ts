import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { createNotify, MAX_PAYLOAD_BYTES, type Notify } from '../../src/platform/notify.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { waitUntil } from '../support/wait-until.ts';

const log = createLog('silent');
let database: TestDatabase;
const opened: Notify[] = [];

beforeAll(async () => {
  database = await freshDatabase({ isEmpty: true });
});
afterAll(async () => {
  await Promise.all(opened.map((notify) => notify.close()));
  await database.close();
});

/** One instance of the program, as far as messages go. */
async function instance() {
  const before = await listeners();
  const notify = createNotify({ url: database.url, log });
  opened.push(notify);
  const heard: string[] = [];
  let gaps = 0;
  notify.subscribe('test', {
    onMessage: (payload) => heard.push(payload),
    onGap: () => {
      gaps += 1;
    },
  });
  await waitUntil(() => notify.isConnected(), { what: 'the instance listens', timeoutMs: 10_000 });
  const pid = (await listeners()).find((each) => !before.includes(each));
  if (pid === undefined) throw new Error('no new session');
  return { notify, heard, gaps: () => gaps, pid };
}

async function query(text: string): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

async function listeners(): Promise<number[]> {
  const rows = await query(
    `SELECT pid FROM pg_stat_activity WHERE application_name = 'tributary notify' AND datname = current_database()`,
  );
  return rows.map(({ pid }) => Number(pid));
}

/** Ends a session on the server's side, as a restart or a firewall would. */
async function cut({ pid }: { pid: number }): Promise<void> {
  await query(`SELECT pg_terminate_backend(${pid})`);
}

describe('a message', () => {
  test('is heard by every instance, and by its sender before publish answers', async () => {
    const [a, b] = [await instance(), await instance()];
    expect(await a.notify.publish('test', 'with spaces, "quotes"\nand a second line – 映画')).toBe(true);
    expect(a.heard).toEqual(['with spaces, "quotes"\nand a second line – 映画']);
    await waitUntil(() => b.heard.length === 1, { what: 'the other hears it', timeoutMs: 2000 });
    expect(b.heard).toEqual(a.heard);
    await a.notify.publish('another', 'not for this channel');
    await a.notify.publish('test', '');
    expect(a.heard).toHaveLength(2);
  });

  test('may be as long as promised, and a longer one is refused before it is sent', async () => {
    const { notify, heard } = await instance();
    const longest = 'ü'.repeat(MAX_PAYLOAD_BYTES / 2);
    expect(await notify.publish('test', longest)).toBe(true);
    expect(heard.at(-1)).toBe(longest);
    await expect(notify.publish('test', `${longest}x`)).rejects.toThrow(RangeError);
  });

  test('published at once after the start waits for the connection', async () => {
    const notify = createNotify({ url: database.url, log });
    opened.push(notify);
    expect(await notify.publish('test', 'early')).toBe(true);
  });
});

describe('whether an instance is alone', () => {
  test('is known by all at once when one comes, and at its next message when one has gone', async () => {
    await Promise.all(opened.splice(0).map((notify) => notify.close()));
    await waitUntil(async () => (await listeners()).length === 0, { what: 'all are gone', timeoutMs: 5000 });
    const a = await instance();
    expect(a.notify.isAlone()).toBe(true);
    const b = await instance();
    expect(b.notify.isAlone()).toBe(false);
    await waitUntil(() => a.notify.isAlone() === false, { what: 'the first hears it', timeoutMs: 1000 });
    await b.notify.close();
    await waitUntil(async () => !(await listeners()).includes(b.pid), { what: 'it goes', timeoutMs: 5000 });
    await a.notify.publish('test', '');
    expect(a.notify.isAlone()).toBe(true);
  });

  test('is known of two that come at once', async () => {
    await using empty = await freshDatabase({ isEmpty: true });
    for (let round = 0; round < 20; round += 1) {
      const both = [1, 2].map(() => createNotify({ url: empty.url, log }));
      try {
        await waitUntil(() => both.every((notify) => notify.isAlone() === false), {
          what: 'both know',
          timeoutMs: 3000,
          everyMs: 5,
        });
      } finally {
        await Promise.all(both.map((notify) => notify.close()));
      }
    }
  });

  test('is not known while the connection is away', async () => {
    const a = await instance();
    await cut(a);
    await waitUntil(() => !a.notify.isConnected(), { what: 'the loss', timeoutMs: 5000, everyMs: 1 });
    expect(a.notify.isAlone()).toBeNull();
    await waitUntil(() => a.notify.isAlone() !== null, { what: 'it is back', timeoutMs: 10_000 });
  });
});

describe('a lost connection', () => {
  test('comes back by itself, and every subscriber is told that it may have missed something', async () => {
    const a = await instance();
    const before = a.gaps();
    await cut(a);
    await waitUntil(() => a.gaps() > before && a.notify.isConnected(), {
      what: 'it listens again',
      timeoutMs: 10_000,
    });
    expect(await a.notify.publish('test', 'after')).toBe(true);
    expect(a.heard).toEqual(['after']);
  });

  test('makes publish say so, and later tells those who were there all along that they missed something', async () => {
    const [a, b] = [await instance(), await instance()];
    const before = b.gaps();
    await cut(a);
    await waitUntil(() => !a.notify.isConnected(), {
      what: 'the loss is noticed',
      timeoutMs: 5000,
      everyMs: 1,
    });
    expect(await a.notify.publish('test', 'into the void')).toBe(false);
    await waitUntil(() => b.gaps() > before, { what: 'the gap is passed on', timeoutMs: 10_000 });
    expect(b.gaps()).toBe(before + 1);
    expect([...a.heard, ...b.heard]).toEqual([]);
  });
});

test('closing ends the session on the server', async () => {
  const { notify, pid } = await instance();
  await notify.close();
  expect(notify.isConnected()).toBe(false);
  await waitUntil(async () => !(await listeners()).includes(pid), {
    what: 'the session ends',
    timeoutMs: 5000,
  });
});
