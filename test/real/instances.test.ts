import { once } from 'node:events';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { livesOfTitles, type Pair, send, startPair, stopPair } from '../support/instances.ts';
import { startOrigin } from '../support/origin.ts';
import { openRequest } from '../support/play-server.ts';
import { freePort } from '../support/processes.ts';
import type { Tributary } from '../support/product.ts';
import { startRedis } from '../support/redis.ts';
import { get, startTraffic } from '../support/traffic.ts';
import { clipUrl, titlesOf } from '../support/viewer.ts';
import { waitUntil } from '../support/wait-until.ts';

// Two servers on one Postgres, with and without Redis: whoever is asked, the answer is the same, at the very next request.

const ROUNDS = 30;

describe.each([
  { name: 'Postgres alone', withRedis: false },
  { name: 'Postgres and Redis', withRedis: true },
])('two instances on $name', ({ withRedis }) => {
  let pair: Pair;
  beforeAll(async () => {
    pair = await startPair(withRedis);
    // The limits of one address are far too small for what follows; that both know it at once is tested below.
    await send(pair.a, 'PATCH', '/api/settings', {
      publicCatalog: 'all',
      rateLimitAddonPerMinute: 1_000_000,
      rateLimitApiPerMinute: 1_000_000,
    });
  });
  afterAll(() => stopPair(pair));

  test('started together on an empty database they migrated and seeded it once', async () => {
    const counts = await Promise.all(
      [pair.a, pair.b].map(async (product) => {
        const Overview = z.object({ catalogue: z.object({ movies: z.int(), streams: z.int() }) });
        return Overview.parse(await (await get(`${product.baseUrl}/api/overview`)).json()).catalogue;
      }),
    );
    expect(counts[0]).toEqual(counts[1]);
    expect(counts[0]?.movies).toBeGreaterThanOrEqual(20);
    for (const product of [pair.a, pair.b]) expect(product.output()).not.toMatch(/"level":(50|60)/);
    const seeded = [pair.a, pair.b].map((product) => /"newTitles":(\d+)/.exec(product.output())?.[1]);
    expect(seeded.filter((newTitles) => newTitles !== undefined && Number(newTitles) > 0)).toHaveLength(1);
  });

  test('a title made, named, blocked and deleted at one is right at the other at the next request', async () => {
    expect(await livesOfTitles(pair, 0, ROUNDS)).toEqual([]);
  });

  test('a setting changed at one is valid at the other at the next request', async () => {
    const wrong: string[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const [from, at] = round % 2 === 0 ? [pair.a, pair.b] : [pair.b, pair.a];
      await send(from, 'PATCH', '/api/settings', { addonName: `Name ${round}`, streamsPerTitle: 5 + round });
      const { name } = z.object({ name: z.string() }).parse(await (await get(at.manifestUrl)).json());
      if (name !== `Name ${round}`) wrong.push(`${round}: the manifest says ${name}`);
      const { settings } = z
        .object({ settings: z.array(z.object({ key: z.string(), value: z.unknown() })) })
        .parse(await send(at, 'GET', '/api/settings'));
      const value = settings.find(({ key }) => key === 'streamsPerTitle')?.value;
      if (value !== 5 + round) wrong.push(`${round}: the settings say ${value}`);
    }
    expect(wrong).toEqual([]);
    await send(pair.a, 'PATCH', '/api/settings', { addonName: null, streamsPerTitle: null });
  });

  test('one visitor has one count at both', async () => {
    const limit = 30;
    await send(pair.a, 'PATCH', '/api/settings', { rateLimitAddonPerMinute: limit });
    try {
      // An address that nobody asked from before: its minute begins with the first request.
      const headers = { 'X-Forwarded-For': '203.0.113.7' };
      const answers: Response[] = [];
      for (let round = 0; round < limit + 20; round += 1)
        answers.push(await get(`${(round % 2 === 0 ? pair.a : pair.b).baseUrl}/manifest.json`, { headers }));
      expect(answers.filter(({ status }) => status === 200)).toHaveLength(limit);
      const refused = answers.filter(({ status }) => status === 429);
      expect(refused).toHaveLength(20);
      for (const { headers: told } of refused) expect(Number(told.get('retry-after'))).toBeGreaterThan(0);
      const other = { 'X-Forwarded-For': '203.0.113.8' };
      expect((await get(pair.b.manifestUrl, { headers: other })).status).toBe(200);
    } finally {
      await send(pair.a, 'PATCH', '/api/settings', { rateLimitAddonPerMinute: 1_000_000 });
    }
  });

  test('who signs in at one is signed in at the other, and wrong tries are counted together', async () => {
    const signIn = (product: Tributary, token: string, from: string) =>
      get(`${product.baseUrl}/api/admin-session`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json', 'X-Forwarded-For': from },
        body: JSON.stringify({ token }),
      });
    const cookie = (await signIn(pair.a, pair.a.adminToken, '203.0.113.20')).headers.get('set-cookie') ?? '';
    const session = await get(`${pair.b.baseUrl}/api/admin-session`, {
      headers: { Cookie: cookie.split(';')[0] ?? '' },
    });
    expect(await session.json()).toEqual({ admin: true });
    const tries: number[] = [];
    for (let round = 0; round < 14; round += 1) {
      const product = round % 2 === 0 ? pair.a : pair.b;
      tries.push((await signIn(product, 'a-wrong-admin-token', '203.0.113.21')).status);
    }
    expect(tries).toEqual([...Array(10).fill(401), ...Array(4).fill(429)]);
  });

  test('a play link made by one is played by the other, byte for byte', async () => {
    const url = await clipUrl(pair.a.baseUrl);
    const part = (link: string) => get(link, { headers: { Range: 'bytes=1000000-1000999' } });
    const [atA, atB] = [await part(url), await part(url.replace(pair.a.baseUrl, pair.b.baseUrl))];
    expect([atA.status, atB.status]).toEqual([206, 206]);
    expect(Buffer.from(await atB.arrayBuffer()).equals(Buffer.from(await atA.arrayBuffer()))).toBe(true);
    expect(atB.headers.get('etag')).toBe(atA.headers.get('etag'));
  });

  test('a stream that is taken down at one is refused by both at the next request, and plays again', async () => {
    const url = await clipUrl(pair.a.baseUrl);
    const statuses = async () => {
      const links = [url, url.replace(pair.a.baseUrl, pair.b.baseUrl)];
      const answers = await Promise.all(links.map((link) => get(link, { headers: { Range: 'bytes=0-9' } })));
      return answers.map(({ status }) => status);
    };
    const Listed = z.object({ streams: z.array(z.object({ streamId: z.string() })) });
    const clip = (await titlesOf(pair.a.baseUrl)).find(({ name }) => name === 'Confluence')?.id ?? '';
    const path = `/api/streams?mediaId=${encodeURIComponent(clip)}`;
    const { streams } = Listed.parse(await send(pair.b, 'GET', path));
    for (let round = 0; round < 3; round += 1)
      for (const [isBlocked, status] of [
        [true, 404],
        [false, 206],
      ] as const) {
        for (const { streamId } of streams)
          await send(pair.a, 'PATCH', `/api/streams/${streamId}`, { isBlocked });
        expect(await statuses()).toEqual([status, status]);
      }
  });

  test('a stream that runs at one is listed, counted and ended at the other', async () => {
    const url = await clipUrl(pair.a.baseUrl);
    await using origin = await startOrigin(Buffer.alloc(1000));
    const socket = openRequest(url);
    socket.on('error', () => {});
    await once(socket, 'data');
    socket.pause();
    try {
      const Listed = z.object({ streams: z.array(z.object({ id: z.string(), client: z.string() })) });
      const listed = async () => Listed.parse(await send(pair.b, 'GET', '/api/live')).streams;
      const [stream] = await waitUntil(async () => (await listed()).length === 1 && (await listed()), {
        what: 'the other lists it',
        timeoutMs: 10_000,
      });
      await send(pair.a, 'PATCH', '/api/settings', { streamsPerIp: 1 });
      const made = await send(pair.b, 'POST', '/api/links', { url: origin.url });
      const { playUrl } = z.object({ playUrl: z.string() }).parse(made);
      expect((await get(playUrl)).status).toBe(429);
      expect((await get(url, { headers: { Range: 'bytes=5-9' } })).status).toBe(206);
      const ended = once(socket, 'close');
      await send(pair.b, 'DELETE', `/api/live/${stream?.id}`);
      socket.resume();
      await ended;
    } finally {
      socket.destroy();
      await send(pair.a, 'PATCH', '/api/settings', { streamsPerIp: null });
    }
  });

  test('each job runs once, at one of them', async () => {
    const runs = async (product: Tributary) => {
      const metrics = await (await product.asAdmin('/metrics')).text();
      return [
        ...metrics.matchAll(
          /^tributary_job_seconds_count\{job="upkeep.forget_plays",outcome="(\w+)"\} (\d+)$/gm,
        ),
      ].reduce((sum, [, , count]) => sum + Number(count), 0);
    };
    const total = async () => (await runs(pair.a)) + (await runs(pair.b));
    const before = await total();
    await waitUntil(
      async () =>
        (
          await onDatabase(
            pair,
            `SELECT to_regprocedure('graphile_worker.add_job(text,json,text,timestamptz,integer,text,integer,text[],text)') IS NOT NULL AS yes`,
          )
        )[0]?.yes === true,
      { what: 'the queue is there', timeoutMs: 20_000 },
    );
    await onDatabase(
      pair,
      `SELECT graphile_worker.add_job('upkeep.forget_plays', '{}') FROM generate_series(1, 20)`,
    );
    await waitUntil(
      async () =>
        (
          await onDatabase(
            pair,
            'SELECT count(*)::int AS left FROM graphile_worker.jobs WHERE task_identifier = $1',
            ['upkeep.forget_plays'],
          )
        )[0]?.left === 0,
      { what: 'all are done', timeoutMs: 30_000 },
    );
    expect((await total()) - before).toBe(20);
  });
});

async function onDatabase(
  { database }: Pair,
  statement: string,
  values: unknown[] = [],
): Promise<Record<string, unknown>[]> {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  try {
    return (await client.query(statement, values)).rows;
  } finally {
    await client.end();
  }
}

describe('when Redis goes', () => {
  test('killed under load every answer is still 200 and right, and so it is once Redis is back', async () => {
    const pair = await startPair(true);
    try {
      await send(pair.a, 'PATCH', '/api/settings', {
        publicCatalog: 'all',
        rateLimitAddonPerMinute: 1_000_000,
        rateLimitApiPerMinute: 1_000_000,
      });
      const places = [
        '/manifest.json',
        '/catalog/movie/popular.json',
        '/meta/movie/tt1254207.json',
        '/stream/movie/tt1254207.json',
        '/api/overview',
      ];
      const traffic = startTraffic((round) => {
        const product = round % 2 === 0 ? pair.a : pair.b;
        const path =
          round % 7 === 0
            ? `/catalog/movie/search/search=x${round}.json`
            : (places[round % places.length] ?? '');
        return get(product.baseUrl + path);
      }, 4);
      expect(await livesOfTitles(pair, 100, 3)).toEqual([]);
      pair.redis?.process.signal('SIGKILL');
      await pair.redis?.process.exited;
      expect(await livesOfTitles(pair, 200, 6)).toEqual([]);
      await pair.redis?.stop();
      pair.redis = await startRedis({ port: pair.redis?.port ?? (await freePort()) });
      for (const product of [pair.a, pair.b])
        await waitUntil(
          async () => /^tributary_redis_up 1$/m.test(await (await product.asAdmin('/metrics')).text()),
          { what: 'Redis is in use again', timeoutMs: 20_000 },
        );
      expect(await livesOfTitles(pair, 300, 6)).toEqual([]);
      const seen = await traffic.stop();
      expect(seen.length).toBeGreaterThan(100);
      expect(seen.filter(({ status }) => status !== 200)).toEqual([]);
      for (const product of [pair.a, pair.b]) {
        expect(product.output()).toContain('Redis does not answer; going on without it');
        expect(product.output()).not.toMatch(/nobody handled|"level":(50|60)/);
      }
    } finally {
      await stopPair(pair);
    }
  });
});
