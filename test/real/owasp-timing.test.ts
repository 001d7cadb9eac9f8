import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type Household, openHousehold, type Person } from '../support/household-room.ts';

// How long an answer takes tells nothing: of names nobody has, of accounts without a password, of profiles without a PIN, of profiles there
// are not. Pairs in turns, so that what else the machine does falls on both; of their times the medians may differ by BOUND at most. Without the hash that
// is made for nobody the second is some fifteen times as quick.

const PAIRS = 60;
const BOUND = 0.25;

let house: Household;
let parent: Person;

beforeAll(async () => {
  house = await openHousehold({ TRUST_PROXY: '127.0.0.0/8' });
  parent = await house.person('parent');
  for (const n of [1, 2, 3]) {
    const someone = { username: `known${n}`, password: 'a password of theirs' };
    expect((await house.asAdmin('POST', '/api/users', someone)).status).toBe(201);
    expect((await house.asAdmin('POST', '/api/users', { username: `invited${n}` })).status).toBe(201);
  }
}, 120_000);
afterAll(() => house?.close());

let address = 0;
/** Milliseconds of one request from an address that asks for the first time; the status has to be `status`. */
async function timed(path: string, body: unknown, status: number): Promise<number> {
  address += 1;
  const from = { 'X-Forwarded-For': `10.3.${address >> 8}.${address & 255}` };
  const begun = performance.now();
  const answer = await house.ask(null, 'POST', `/api${path}`, body, from);
  const took = performance.now() - begun;
  expect(answer.status, JSON.stringify(answer.body)).toBe(status);
  return took;
}

const median = (times: readonly number[]) =>
  times.toSorted((a, b) => a - b)[Math.floor(times.length / 2)] ?? 0;

/** By how much the medians differ, as a share of the longer one. */
async function difference(one: (n: number) => Promise<number>, other: (n: number) => Promise<number>) {
  const times: [number[], number[]] = [[], []];
  // The first of each pays for what is made once.
  for (let pair = -3; pair < PAIRS; pair += 1) {
    const isOdd = pair % 2 !== 0;
    const first = isOdd ? await other(pair + 3) : await one(pair + 3);
    const second = isOdd ? await one(pair + 3) : await other(pair + 3);
    if (pair < 0) continue;
    times[0].push(isOdd ? second : first);
    times[1].push(isOdd ? first : second);
  }
  const [a, b] = times.map(median) as [number, number];
  return { differs: Math.abs(a - b) / Math.max(a, b), medians: `${a.toFixed(1)} and ${b.toFixed(1)} ms` };
}

test('a wrong password takes as long as a name nobody has', async () => {
  const login = (name: string) => timed('/auth/login', { login: name, password: 'not their password' }, 401);
  // An account has fifty failures in five minutes.
  const wrong = (n: number) => login(`known${(n % 3) + 1}`);
  const unknown = await difference(wrong, (n) => login(`nobody${n}`));
  expect(unknown.differs, unknown.medians).toBeLessThan(BOUND);
}, 120_000);

test('a wrong password takes as long as an account that was invited and has none yet', async () => {
  const login = (name: string) => timed('/auth/login', { login: name, password: 'not their password' }, 401);
  const invited = await difference(
    (n) => login(`known${(n % 3) + 1}`),
    (n) => login(`invited${(n % 3) + 1}`),
  );
  expect(invited.differs, invited.medians).toBeLessThan(BOUND);
}, 120_000);

test('a wrong PIN takes as long as a profile without one, and as a profile that is not there', async () => {
  const kid = { kind: 'kid', name: 'Kit', pin: '1234' };
  const { profileId } = z
    .object({ profileId: z.uuid() })
    .parse((await house.by(parent, 'POST', '/api/profiles', kid)).body);
  const Code = z.object({ code: z.string() });
  /** Each code has five wrong PINs, and five may be open. */
  const claimer = (profile: string) => {
    let code = '';
    let left = 0;
    return async () => {
      if (left === 0) {
        address += 1;
        const from = { 'X-Forwarded-For': `10.4.${address >> 8}.${address & 255}` };
        code = Code.parse((await house.ask(parent.token, 'POST', '/api/pairing-codes', {}, from)).body).code;
        left = 5;
      }
      left -= 1;
      return timed(`/pairing-codes/${code}/claim`, { name: 'TV', profileId: profile, pin: '9999' }, 401);
    };
  };
  const [wrong, without] = [claimer(profileId), claimer(parent.profileId)];
  const noPin = await difference(wrong, without);
  expect(noPin.differs, noPin.medians).toBeLessThan(BOUND);
  const [again, nobodys] = [claimer(profileId), claimer('00000000-0000-4000-8000-000000000000')];
  const notThere = await difference(again, nobodys);
  expect(notThere.differs, notThere.medians).toBeLessThan(BOUND);
}, 240_000);
