import { Client } from 'pg';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { streamJobs } from '../../src/features/stream-index/index.ts';
import { command, rows } from '../../src/platform/db.ts';
import { type Jobs, startJobs } from '../../src/platform/jobs.ts';
import { createLog } from '../../src/platform/log.ts';
import {
  checkSwarms,
  type ScrapeSwarms,
  type SwarmCounts,
} from '../../src/streams/torrent/health/check-swarms.ts';
import { storedStreamsRoom } from '../support/stored-streams-room.ts';
import { scrapeUdp, startTracker } from '../support/swarms.ts';
import { waitUntil } from '../support/wait-until.ts';

const room = storedStreamsRoom();
const { db, hash, save } = room;
const log = createLog('silent');
const NEVER = new AbortController().signal;
const HOUR_S = 3600;

const Row = z.object({
  seeders: z.int().nullable(),
  leechers: z.int().nullable(),
  score: z.number(),
  intervalS: z.int(),
  /** Seconds from now. */
  dueInS: z.number(),
  isChecked: z.boolean(),
});
const rowOf = (streamId: number) =>
  db().one(rows('test.swarm', Row)`
    SELECT t.seeders, t.leechers, s.score, t.check_interval_s AS "intervalS", t.checked_at IS NOT NULL AS "isChecked",
      extract(epoch FROM t.next_check_at - now())::float8 AS "dueInS"
    FROM stream_torrent t JOIN stream s ON s.id = t.stream_id WHERE t.stream_id = ${streamId}
  `);
const makeDue = () =>
  db().query(command('test.due')`UPDATE stream_torrent SET next_check_at = now() - interval '1 second'`);
const check = (scrape: ScrapeSwarms, random = 0.5) =>
  checkSwarms({ db: db(), crypto: room.crypto(), log, scrape, random: () => random }, NEVER);
const swarm = (seeders: number, leechers = 0): SwarmCounts => ({ seeders, leechers, completed: 0 });
const torrent = (infoHash: string, trackers: readonly string[], more: object = {}) =>
  save({ kind: 'torrent', infoHash, name: 'Film.2008.1080p.x264', trackers: [...trackers], ...more });

describe('a swarm that is due', () => {
  test('is asked about at its trackers, and of several the one with most seeders counts, not the sum', async () => {
    await using one = await startTracker();
    await using two = await startTracker();
    const infoHash = hash();
    const { streamId } = await torrent(infoHash, [one.url, two.url, 'udp://127.0.0.1:9/announce']);
    await one.seed(infoHash, { seeders: 3, leechers: 4 });
    await two.seed(infoHash, { seeders: 5, leechers: 1 });
    const begun = Date.now();
    const scrape: ScrapeSwarms = (url, hashes, signal) =>
      scrapeUdp(url, hashes, AbortSignal.any([signal, AbortSignal.timeout(500)]));
    expect(await check(scrape)).toEqual([streamId]);
    expect(Date.now() - begun).toBeLessThan(5000);
    expect(await rowOf(streamId)).toMatchObject({ seeders: 5, leechers: 1, isChecked: true });
    expect(await check(scrape)).toEqual([]);
  });

  test('is looked at more often the more it changes, from 6 to 72 hours', async () => {
    const { streamId } = await torrent(hash(), ['udp://t.example:1/announce']);
    const steps: [seeders: number, hours: number][] = [
      [100, 6],
      [100, 12],
      [102, 24],
      [102, 48],
      [102, 72],
      [102, 72],
      [94, 72],
      [82, 54],
      [50, 27],
      [0, 6],
      [0, 12],
    ];
    for (const [seeders, hours] of steps) {
      await makeDue();
      await check(async (_url, [infoHash = '']) => new Map([[infoHash, swarm(seeders)]]), 1);
      const row = await rowOf(streamId);
      expect([row.seeders, row.intervalS / HOUR_S]).toEqual([seeders, hours]);
      expect(row.dueInS / HOUR_S).toBeCloseTo(Math.min(72, hours * 1.2), 1);
    }
  });

  test('keeps what is known while no tracker answers, and is asked about less and less', async () => {
    const { streamId } = await torrent(hash(), ['udp://t.example:1/announce'], { seeders: 7, leechers: 2 });
    const nobody: ScrapeSwarms = () => Promise.reject(new Error('no answer'));
    await check(nobody);
    expect(await rowOf(streamId)).toMatchObject({
      ...{ seeders: 7, leechers: 2, isChecked: false, intervalS: 12 * HOUR_S },
    });
    await makeDue();
    await check(nobody);
    expect((await rowOf(streamId)).intervalS).toBe(24 * HOUR_S);
    await makeDue();
    await check(async () => new Map());
    expect(await rowOf(streamId)).toMatchObject({ seeders: 0, leechers: 0, intervalS: 6 * HOUR_S });
  });

  test('is asked about once a tracker, however many share it, 70 at a time', async () => {
    const hashes = Array.from({ length: 150 }, hash);
    for (const infoHash of hashes)
      await torrent(infoHash, ['udp://t.example:1/announce', 'udp://down.example:1/announce']);
    const asked: [string, number][] = [];
    const checked = await check(async (url, part) => {
      asked.push([new URL(url).hostname, part.length]);
      if (url.includes('down')) throw new Error('down');
      return new Map(part.map((infoHash) => [infoHash, swarm(1)]));
    });
    expect(checked).toHaveLength(150);
    expect(asked.sort()).toEqual([
      ['down.example', 70],
      ['t.example', 10],
      ['t.example', 70],
      ['t.example', 70],
    ]);
  });

  test('that is private is known to its own trackers only, with the passkey, though others know the hash', async () => {
    const own = 'https://tracker.example/0123456789abcdef0123/announce';
    await torrent(hash(), [own], { isPrivate: true });
    await torrent(hash(), ['udp://open.example:1/announce']);
    const asked: [string, number][] = [];
    await check(async (url, part) => {
      asked.push([url, part.length]);
      return new Map();
    });
    expect(asked.sort()).toEqual([
      [own, 1],
      ['udp://open.example:1/announce', 1],
    ]);
  });

  test('without a tracker, or with failing ones only, costs no request and comes again later', async () => {
    const { streamId } = await torrent(hash(), [
      'udp://dead.example:1/announce',
      'wss://web.example/announce',
    ]);
    const bare = await torrent(hash(), []);
    await db().query(command('test.fail')`UPDATE tracker SET status = 'failing' WHERE url LIKE 'udp:%'`);
    const checked = await check(() => Promise.reject(new Error('nobody is to be asked')));
    expect([...checked].sort()).toEqual([streamId, bare.streamId].sort());
    expect(await rowOf(bare.streamId)).toMatchObject({ seeders: null, intervalS: 12 * HOUR_S });
  });

  test('takes no nonsense for a number', async () => {
    const { streamId } = await torrent(hash(), ['udp://t.example:1/announce']);
    await check(async (_url, [infoHash = '']) => new Map([[infoHash, swarm(1e12, Number.NaN)]]));
    expect(await rowOf(streamId)).toMatchObject({ seeders: 2_147_483_647, leechers: 0 });
  });

  test('is due again soon when the program stops in the middle', async () => {
    const { streamId } = await torrent(hash(), ['udp://t.example:1/announce']);
    const stop = new AbortController();
    const checking = checkSwarms(
      {
        ...{ db: db(), crypto: room.crypto(), log },
        scrape: (_url, _hashes, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener('abort', () => reject(signal.reason));
            stop.abort(new Error('stopped'));
          }),
      },
      stop.signal,
    );
    await expect(checking).rejects.toThrow('stopped');
    const row = await rowOf(streamId);
    expect(row).toMatchObject({ seeders: null, intervalS: 6 * HOUR_S });
    expect(row.dueInS).toBeLessThanOrEqual(300);
  });
});

test('a score that moves forgets no cached page, what else changes does', async () => {
  const { streamId } = await torrent(hash(), []);
  const client = new Client({ connectionString: room.url() });
  await client.connect();
  try {
    let notices = 0;
    client.on('notification', () => {
      notices += 1;
    });
    await client.query('LISTEN tributary');
    await client.query('UPDATE stream SET score = 9 WHERE id = $1', [streamId]);
    await client.query('SELECT 1');
    expect(notices).toBe(0);
    await client.query('UPDATE stream SET score = 8, is_blocked = true WHERE id = $1', [streamId]);
    await waitUntil(() => notices > 0, { what: 'the notice came', timeoutMs: 5000 });
  } finally {
    await client.end();
  }
});

test('the scores of many are written in the time of a few: each row is looked at once', async () => {
  const client = new Client({ connectionString: room.url() });
  await client.connect();
  try {
    await client.query(
      `INSERT INTO stream (kind, name) SELECT 'torrent', 'Film ' || n FROM generate_series(1, 20000) n`,
    );
    await client.query(`SET statement_timeout = '25s'`);
    expect((await client.query('UPDATE stream SET score = 7')).rowCount).toBeGreaterThanOrEqual(20_000);
  } finally {
    await client.end();
  }
}, 60_000);

describe('the job', () => {
  const running: Jobs[] = [];
  let url: string;
  beforeEach(() => {
    url = room.url();
  });
  afterEach(async () => {
    await Promise.all(running.splice(0).map((jobs) => jobs.stop()));
  });

  test('of three instances looks at each swarm once, and its score follows', async () => {
    const hashes = Array.from({ length: 1200 }, hash);
    const { streamId } = await torrent(hashes[0] ?? '', ['udp://t.example:1/announce']);
    await db().query(command('test.many')`
      WITH s AS (
        INSERT INTO stream (kind, name, resolution, codec) SELECT 'torrent', 'Film', '1080p', 'AVC'
        FROM generate_series(1, 1199) RETURNING id
      ), t AS (
        INSERT INTO stream_torrent (stream_id, info_hash) SELECT id, lpad(to_hex(id), 40, '0') FROM s RETURNING stream_id
      ) INSERT INTO torrent_tracker (stream_id, tracker_id) SELECT t.stream_id, k.id FROM t, tracker k
    `);
    expect((await rowOf(streamId)).score).toBe(3.87);
    const asked = new Map<string, number>();
    const scrape: ScrapeSwarms = async (_url, part) => {
      for (const infoHash of part) asked.set(infoHash, (asked.get(infoHash) ?? 0) + 1);
      return new Map(part.map((infoHash) => [infoHash, swarm(100)]));
    };
    for (let n = 0; n < 3; n += 1) {
      running.push(
        startJobs({
          ...{ url, log, role: 'all' as const, pollIntervalMs: 100, jobs: streamJobs },
          deps: {
            db: db(),
            checkSwarms: (signal) => checkSwarms({ db: db(), crypto: room.crypto(), log, scrape }, signal),
          },
        }),
      );
    }
    await Promise.all(running.map((jobs) => jobs.add('streams.check_swarms', {})));
    await waitUntil(async () => asked.size === 1200 && (await rowOf(streamId)).score === 8.37, {
      what: 'all were looked at',
      timeoutMs: 20_000,
    });
    expect(new Set(asked.values())).toEqual(new Set([1]));
  });
});
