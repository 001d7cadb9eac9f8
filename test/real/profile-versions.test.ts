import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type Household, openHousehold, type Person } from '../support/household-room.ts';
import { problemIn } from '../support/problem-answer.ts';
import { get } from '../support/traffic.ts';

// Two parents have the same profile open, and both save it.

let house: Household;
let ann: Person;
let at = '';
beforeAll(async () => {
  house = await openHousehold();
  ann = await house.person('ann');
  at = `/api/profiles/${ann.profileId}`;
}, 120_000);
afterAll(() => house?.close());

const Versioned = z.object({ version: z.string() });
async function patch(body: object, etag?: string) {
  const answer = await get(house.product.baseUrl + at, {
    method: 'PATCH',
    headers: {
      ...{ authorization: `Bearer ${ann.token}`, 'content-type': 'application/json' },
      ...(etag === undefined ? {} : { 'if-match': etag }),
    },
    body: JSON.stringify(body),
  });
  return { status: answer.status, etag: answer.headers.get('etag') ?? '', body: await answer.json() };
}

test('the second is told, and nothing of the first is lost', async () => {
  const loaded = await house.by(ann, 'GET', at);
  const etag = `"${Versioned.parse(loaded.body).version}"`;
  const first = await patch({ config: { note: 'Mum’s' } }, etag);
  expect(first.status).toBe(200);
  expect(first.etag).toBe(`"${Versioned.parse(first.body).version}"`);
  const second = await patch({ config: { note: 'Dad’s' } }, etag);
  expect([second.status, problemIn(second.body).code]).toEqual([412, 'family.changed_meanwhile']);
  expect((await house.by(ann, 'GET', at)).body).toMatchObject({ config: { note: 'Mum’s' } });
  expect((await patch({ config: { note: 'Dad’s' } }, first.etag)).status).toBe(200);
});

test('of two at once one is told', async () => {
  const { etag } = await patch({ age: 30 });
  const both = await Promise.all([31, 32].map((age) => patch({ age }, etag)));
  expect(both.map(({ status }) => status).toSorted()).toEqual([200, 412]);
});

test('a rule for a title is another matter, and who names no version is asked for none', async () => {
  const { etag } = await patch({ config: { note: 'by a script' } });
  const film = await house.title('Allowed');
  const rule = { mediaId: film, policy: 'allow' };
  expect((await house.by(ann, 'POST', `${at}/policies`, rule)).status).toBe(204);
  expect((await patch({ config: {} }, etag)).status).toBe(200);
  expect((await patch({ config: {} }, '*')).status).toBe(200);
});
