import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { z } from 'zod';
import type { Signed } from '../support/account-room.ts';
import { type DeviceRoom, openDeviceRoom, type Profile } from '../support/device-room.ts';

// A bot that guesses codes gets nothing: neither from one address nor from many, one by one or all at once.

let room: DeviceRoom;
let parent: Signed;
let ada: Profile;
beforeAll(async () => {
  room = await openDeviceRoom();
});
let round = 0;
beforeEach(async () => {
  await room.empty();
  parent = await room.add('parent');
  ada = await room.kid(parent, 'Ada', '1234');
  round += 1;
});
afterAll(() => room.close());

/** An address nobody has had in another test: this process remembers who is over a limit. */
const address = (number: number) => `203.0.${round}.${number}`;
const wrongOnes = (code: string, count: number) =>
  Array.from({ length: count }, (_, index) =>
    String((Number(code) + 1 + index) % 1_000_000).padStart(6, '0'),
  );
const guess = (from: string, code: string) =>
  room.askFrom(from, 'POST', `/pairing-codes/${code}/claim`, { name: 'Bot', ...ada });
const statuses = (answers: { status: number }[]) => answers.map(({ status }) => status);

test('ten wrong codes of one address, then 429 with Retry-After, for the right one too; others go on', async () => {
  const { code } = await room.code(parent);
  for (const wrong of wrongOnes(code, 10)) expect((await guess(address(1), wrong)).status).toBe(404);
  const refused = await guess(address(1), code);
  expect(refused.status).toBe(429);
  const wait = Number(refused.headers.get('retry-after'));
  expect(wait).toBeGreaterThan(500);
  expect(wait).toBeLessThanOrEqual(600);
  for (const [method, path] of [
    ['GET', `/pairing-codes/${code}`],
    ['POST', `/pairing-codes/${code}/claim`],
  ] as const)
    expect(
      (await room.askFrom(address(1), method, path, method === 'POST' ? { name: 'x' } : undefined)).status,
    ).toBe(429);
  expect((await guess(address(2), code)).status).toBe(201);
});

test('right codes do not count', async () => {
  for (let count = 0; count < 12; count += 1) {
    const { code } = await room.code(parent);
    expect((await guess(address(3), code)).status).toBe(201);
  }
});

test('of hundreds that come at once from one address ten are answered', async () => {
  const { code } = await room.code(parent);
  const wrong = wrongOnes(code, 300);
  const answers = await Promise.all([...wrong, code].map((one) => guess(address(4), one)));
  expect(statuses(answers).filter((status) => status !== 429).length).toBe(10);
  expect(await room.devices(parent)).toEqual([]);
});

test('of a thousand from a hundred addresses a hundred are answered, and a device that has entered its code goes on', async () => {
  const { code } = await room.code(parent);
  const entered = await room.claim(code, { name: 'TV' });
  const { secret } = z.object({ secret: z.string() }).parse(entered.body);
  const open = await room.code(parent);
  const answers = [];
  for (let number = 100; number < 200; number += 1)
    answers.push(...(await Promise.all(wrongOnes(open.code, 10).map((one) => guess(address(number), one)))));
  const answered = statuses(answers).filter((status) => status !== 429);
  expect(answered.length).toBeGreaterThan(95);
  expect(answered.length).toBeLessThanOrEqual(100);
  expect((await guess(address(250), open.code)).status).toBe(429);
  const paired = await room.claim(code, { name: 'TV', secret, ...ada });
  expect(paired.status).toBe(201);
}, 60_000);

test('codes are six digits of which none is likelier than another', async () => {
  const made: number[] = [];
  for (let count = 0; count < 30; count += 1) made.push(Number((await room.code(parent)).code));
  expect(new Set(made).size).toBe(30);
  // Of thirty that are spread evenly less than two thirds lie in one half, but once in ten thousand.
  expect(Math.abs(made.filter((code) => code < 500_000).length - 15)).toBeLessThan(12);
});
