import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { type Pair, send, startPair, stopPair } from '../support/instances.ts';
import { type Origin, startOrigin } from '../support/origin.ts';
import { timed } from '../support/redis-instances.ts';
import { sharedLooksContract } from '../support/shared-looks-contract.ts';
import { get } from '../support/traffic.ts';
import { waitUntil } from '../support/wait-until.ts';

// Beside test/db/shared-looks.test.ts, which needs no Redis and no second process.
sharedLooksContract('Redis', true);

const BYTES = Buffer.from('the bytes of a film');

describe.each([
  { name: 'Postgres alone', withRedis: false },
  { name: 'Postgres and Redis', withRedis: true },
])('two servers on $name', ({ withRedis }) => {
  let pair: Pair;
  let origin: Origin;
  beforeAll(async () => {
    origin = await startOrigin(BYTES);
    pair = await startPair(withRedis);
  });
  afterAll(async () => {
    await stopPair(pair);
    await origin?.stop();
  });

  /** Looks by players; who makes a link looks too, and is told 404. */
  const looksAt = (path: string) =>
    origin.requests.filter((seen) => seen.method === 'HEAD' && seen.path === path).length - 1;

  /** A link's addresses at both; of a file that nobody could look at yet. */
  async function linkTo(path: string): Promise<[atA: string, atB: string]> {
    origin.behaviour.headStatus = 404;
    const made = await send(pair.a, 'POST', '/api/links', { url: `${origin.base}${path}` });
    origin.behaviour.headStatus = 200;
    const { playUrl } = z.object({ playUrl: z.string() }).parse(made);
    return [playUrl, playUrl.replace(pair.a.baseUrl, pair.b.baseUrl)];
  }

  const statusOf = async (link: string) => {
    const response = await get(link, { headers: { Range: 'bytes=4-8' } });
    return { status: response.status, text: await response.text() };
  };

  test('asked twenty times at once for a link, over both, the origin sees one look', async () => {
    // In the second of a start Redis may be too slow to be waited for (250 ms), and each looks itself.
    for (const link of await linkTo('/before.mp4')) await statusOf(link);
    const links = await linkTo('/together.mp4');
    const held = Promise.withResolvers<void>();
    origin.behaviour.answersAfter = held.promise;
    const answers = Array.from({ length: 20 }, (_, index) => statusOf(links[index % 2] ?? ''));
    await waitUntil(() => looksAt('/together.mp4') > 0, { what: 'a look', timeoutMs: 5000 });
    await sleep(300);
    origin.behaviour.answersAfter = null;
    held.resolve();
    expect(await Promise.all(answers)).toEqual(Array(20).fill({ status: 206, text: 'bytes' }));
    expect(looksAt('/together.mp4')).toBe(1);
  });

  test('what one has opened the other opens without a look', async () => {
    const [atA, atB] = await linkTo('/later.mp4');
    expect((await statusOf(atA)).status).toBe(206);
    await sleep(200);
    expect((await statusOf(atB)).status).toBe(206);
    expect(looksAt('/later.mp4')).toBe(1);
  });

  test('nothing of a link stands in Postgres', async () => {
    const client = new Client({ connectionString: pair.database.url });
    await client.connect();
    try {
      const { rows } = await client.query('SELECT * FROM shared_value');
      expect(rows.length > 0).toBe(!withRedis);
      expect(JSON.stringify(rows)).not.toMatch(/mp4|http:|127\.0\.0\.1/);
    } finally {
      await client.end();
    }
  });

  test('killed in the middle of a look, one costs the other two seconds', async () => {
    const [atA, atB] = await linkTo('/killed.mp4');
    const held = Promise.withResolvers<void>();
    origin.behaviour.answersAfter = held.promise;
    const lost = statusOf(atA).catch(() => null);
    await waitUntil(() => looksAt('/killed.mp4') > 0, { what: 'a look', timeoutMs: 5000 });
    origin.behaviour.answersAfter = null;
    const answer = timed(() => statusOf(atB));
    await sleep(100);
    pair.a.signal('SIGKILL');
    const { value, tookMs } = await answer;
    expect(value).toEqual({ status: 206, text: 'bytes' });
    expect(tookMs).toBeGreaterThan(1500);
    expect(tookMs).toBeLessThan(4000);
    expect(await lost).toBeNull();
    held.resolve();
    expect(pair.b.output()).not.toMatch(/nobody handled|"level":(50|60)/);
  });
});
