import { afterAll, beforeAll, expect, test } from 'vitest';
import { createCountOnce } from '../../src/features/source-health/index.ts';
import { createCrypto } from '../../src/platform/crypto.ts';
import { createLog } from '../../src/platform/log.ts';
import { createRedis, type Redis } from '../../src/platform/redis.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';

// Who has reported is known to all instances that share a Redis, and to nobody once the mark has ended.

const crypto = createCrypto(['a secret for tests that is long enough']);
let server: TestRedis;
const clients: Redis[] = [];

beforeAll(async () => {
  server = await startRedis();
  for (let instance = 0; instance < 2; instance += 1) {
    const redis = await createRedis({ url: server.url, log: createLog('silent') });
    expect(await redis.ping()).toBe(true);
    clients.push(redis);
  }
});
afterAll(async () => {
  for (const redis of clients) redis.close();
  await server.stop();
});

test('a client counts once over two instances, by a mark that does not hold its address and ends by itself', async () => {
  const [one, other] = clients.map((redis) => createCountOnce({ redis, crypto }));
  expect(await one?.isFirst('192.0.2.7 5 hour', 3600)).toBe(true);
  expect(await one?.isFirst('192.0.2.7 5 hour', 3600)).toBe(false);
  expect(await other?.isFirst('192.0.2.7 5 hour', 3600)).toBe(false);
  expect(await other?.isFirst('192.0.2.8 5 hour', 3600)).toBe(true);
  const marks = await clients[0]?.attempt(async (client) => {
    const keys = await client.keys('trib:report:*');
    return await Promise.all(keys.map(async (key) => ({ key, endsInS: await client.ttl(key) })));
  });
  expect(marks).toHaveLength(2);
  for (const { key, endsInS } of marks ?? []) {
    expect(key).toMatch(/^trib:report:[\w-]{22}$/);
    expect(endsInS).toBeGreaterThan(3500);
  }
});

test('what is forgotten is counted anew, by every instance', async () => {
  const [one, other] = clients.map((redis) => createCountOnce({ redis, crypto }));
  expect(await one?.isFirst('a day', 60)).toBe(true);
  expect(await other?.isFirst('a day', 60)).toBe(false);
  await one?.forget('a day');
  expect(await one?.isFirst('a day', 60)).toBe(true);
});

test('without Redis each instance counts for itself', async () => {
  const [one, other] = [1, 2].map(() => createCountOnce({ redis: null, crypto }));
  expect(await one?.isFirst('a', 60)).toBe(true);
  expect(await one?.isFirst('a', 60)).toBe(false);
  expect(await other?.isFirst('a', 60)).toBe(true);
});
