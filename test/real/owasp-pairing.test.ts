import { once } from 'node:events';
import { Agent, type IncomingMessage, request } from 'node:http';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import { FRONT_PROXY } from '../support/cluster.ts';
import { type Household, openHousehold, type Person } from '../support/household-room.ts';
import { startTributary, type Tributary } from '../support/product.ts';

// A bot that guesses codes as fast as two servers answer, from one address and from hundreds: in the ten minutes a code lives it is answered ten
// times an address and a hundred times in all, which is one chance in ten thousand for each code that stands open, and then it needs a PIN.

const SECRET_KEY = 'secret-key-of-two-instances-0123456789abc';
/** Of one address, and of all. */
const [OF_ADDRESS, OF_ALL] = [10, 100];

let house: Household;
let other: Tributary;
let parent: Person;
let kid: string;
let code: string;
const agent = new Agent({ keepAlive: true, maxSockets: 40, localAddress: FRONT_PROXY });
const direct = new Agent({ keepAlive: true, maxSockets: 40 });

beforeAll(async () => {
  const env = { SECRET_KEY, TRUST_PROXY: FRONT_PROXY };
  house = await openHousehold(env);
  other = await startTributary({
    env: {
      ...{ ...env, DATABASE_URL: house.databaseUrl, STARTER_CATALOG: 'off', METADATA_PROVIDERS: 'none' },
      RATE_LIMIT_API: '1000000',
    },
  });
  parent = await house.person('parent');
  const { body } = await house.by(parent, 'POST', '/api/profiles', { kind: 'kid', name: 'Kit', pin: '1234' });
  kid = z.object({ profileId: z.uuid() }).parse(body).profileId;
}, 120_000);
afterAll(async () => {
  agent.destroy();
  direct.destroy();
  await other?.stop();
  await house?.close();
});

beforeEach(async () => {
  const made = await house.by(parent, 'POST', '/api/pairing-codes', {});
  code = z.object({ code: z.string() }).parse(made.body).code;
});

type Guess = { status: number; retryAfter: number };
/** One code entered at one of the two servers; `address`: as the proxy before them tells, null: without a proxy that is known. */
async function guess(
  number: number,
  address: string | null,
  headers: Record<string, string> = {},
): Promise<Guess> {
  const base = number % 2 === 0 ? house.product.baseUrl : other.baseUrl;
  const wrong = String((Number(code) + 1 + number) % 1_000_000).padStart(6, '0');
  const sent = request(`${base}/api/pairing-codes/${wrong}/claim`, {
    method: 'POST',
    agent: address === null ? direct : agent,
    headers: {
      'Content-Type': 'application/json',
      ...(address === null ? {} : { 'X-Forwarded-For': address }),
      ...headers,
    },
  });
  sent.end(JSON.stringify({ name: 'Bot', profileId: kid, pin: '1234' }));
  const [answer] = (await once(sent, 'response')) as [IncomingMessage];
  answer.resume();
  await once(answer, 'end');
  return { status: answer.statusCode ?? 0, retryAfter: Number(answer.headers['retry-after'] ?? 0) };
}

/** Forty at a time. */
async function attack(
  count: number,
  addressOf: (n: number) => string | null,
  headers?: Record<string, string>,
) {
  const numbers = Array.from({ length: count }, (_, n) => n).values();
  const answers: Guess[] = [];
  const work = async () => {
    for (const n of numbers) answers.push(await guess(n, addressOf(n), headers));
  };
  await Promise.all(Array.from({ length: 40 }, work));
  return {
    answered: answers.filter(({ status }) => status === 404).length,
    refused: answers.filter(({ status }) => status === 429),
    others: answers.filter(({ status }) => status !== 404 && status !== 429),
  };
}
const devices = async () => (await house.by(parent, 'GET', '/api/devices')).body as { devices: unknown[] };

test('one address at both servers is answered ten times, however fast it asks', async () => {
  const { answered, refused, others } = await attack(600, () => '203.0.113.1');
  expect([answered, refused.length, others]).toEqual([OF_ADDRESS, 590, []]);
  expect(Math.min(...refused.map(({ retryAfter }) => retryAfter))).toBeGreaterThan(500);
  expect((await devices()).devices).toEqual([]);
});

test('a /64 of IPv6 is one address, and what is no proxy of ours names no other', async () => {
  const network = await attack(200, (n) => `2001:db8:1:2:${n.toString(16)}::${(n + 1).toString(16)}`);
  expect([network.answered, network.others]).toEqual([OF_ADDRESS, []]);
  const claimed = await attack(200, () => null, { 'X-Forwarded-For': '198.51.100.1, 198.51.100.2' });
  expect([claimed.answered, claimed.others]).toEqual([OF_ADDRESS, []]);
});

test('hundreds of addresses behind a proxy that is known are answered a hundred times in all, and none is paired', async () => {
  // What the tests above have spent is of the same ten minutes.
  const spent = 3 * OF_ADDRESS;
  const { answered, refused, others } = await attack(
    4000,
    (n) => `198.51.${Math.floor(n / 10) >> 8}.${Math.floor(n / 10) & 255}`,
  );
  expect(others).toEqual([]);
  expect(answered + spent).toBeLessThanOrEqual(OF_ALL);
  expect(answered + spent).toBeGreaterThan(OF_ALL - 10);
  expect(refused.length).toBe(4000 - answered);
  expect((await devices()).devices).toEqual([]);
  // Whoever has it right is not let in either, until the ten minutes are over.
  expect((await guess(-1, '192.0.2.7')).status).toBe(429);
}, 120_000);
