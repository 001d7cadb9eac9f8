import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { rows } from '../../src/platform/db.ts';
import type { Answer, Signed } from '../support/account-room.ts';
import { type DeviceRoom, openDeviceRoom, type Profile } from '../support/device-room.ts';
import { problemIn } from '../support/problem-answer.ts';

let room: DeviceRoom;
let parent: Signed;
let other: Signed;
let ada: Profile;
let key: string;
let film: string;
beforeAll(async () => {
  room = await openDeviceRoom();
});
beforeEach(async () => {
  await room.empty();
  parent = await room.add('parent');
  other = await room.add('other');
  ada = await room.kid(parent, 'Ada', '1234');
  ({ key } = await room.pair(parent, ada));
  film = await title('A secret film');
});
afterAll(() => room.close());

const told = (answer: Answer) => [answer.status, problemIn(answer.body).code];
async function title(name: string, columns = 'is_public', value = 'true'): Promise<string> {
  await room.run(`INSERT INTO media (kind, title, ${columns}) VALUES ('movie', '${name}', ${value})`);
  const { id } = await room.db.one(rows('test.title', z.object({ id: z.uuid() }))`
    SELECT public_id AS id FROM media WHERE title = ${name} ORDER BY media.id DESC LIMIT 1`);
  return id;
}
const ask = (body: object, by = key) => room.ask('POST', '/requests', body, room.bearer(by));
const answer = (who: Signed, id: string, word: string) =>
  room.by(who, 'POST', `/requests/${id}/answer`, { answer: word });
const Asked = z.object({ requestId: z.uuid(), state: z.string() });
const rules = () =>
  room.db.any(rows('test.rules', z.object({ policy: z.string(), version: z.int() }))`
    SELECT a.policy, p.policy_version AS version FROM profile_policy a JOIN profile p ON p.id = a.profile_id`);

describe('a request', () => {
  test('is asked by a child, told without the title, and read by its parent only', async () => {
    const asked = await ask({ mediaId: film });
    expect(asked.status).toBe(201);
    expect(JSON.stringify(asked.body)).not.toContain('secret');
    const { requestId } = Asked.parse(asked.body);
    expect(await ask({ mediaId: film })).toMatchObject({ status: 200, body: { requestId } });
    const inbox = await room.by(parent, 'GET', '/requests');
    expect(inbox.body).toMatchObject({
      requests: [{ requestId, title: 'A secret film', state: 'pending', profile: { name: 'Ada' } }],
      pending: 1,
    });
    expect((await room.by(other, 'GET', '/requests')).body).toEqual({ requests: [], pending: 0 });
    expect(told(await answer(other, requestId, 'allow'))).toEqual([404, 'request.not_found']);
  });

  test('that is allowed writes the rule, which acts from then on; once', async () => {
    const { requestId } = Asked.parse((await ask({ mediaId: film })).body);
    expect((await answer(parent, requestId, 'allow')).body).toMatchObject({ state: 'allowed' });
    expect(await rules()).toEqual([{ policy: 'allow', version: 2 }]);
    expect(told(await answer(parent, requestId, 'deny'))).toEqual([409, 'request.answered']);
    expect((await room.audit()).at(-1)).toMatchObject({
      action: 'request.answered',
      actor: 'user',
      after: { state: 'allowed', mediaId: film },
    });
  });

  test('for an episode lets it be seen again; those of the series are loaded', async () => {
    await room.run(`UPDATE media SET kind = 'series' WHERE public_id = '${film}'`);
    for (const episode of [2, 3])
      await room.run(`INSERT INTO profile_blocked_episode (profile_id, media_id, season_number, episode_number)
        SELECT p.id, m.id, 1, ${episode} FROM profile p, media m WHERE p.name = 'Ada' AND m.public_id = '${film}'`);
    room.opened.length = 0;
    const { requestId } = Asked.parse((await ask({ mediaId: film, season: 1, episode: 2 })).body);
    expect(room.opened).toEqual([]);
    expect((await answer(parent, requestId, 'allow')).status).toBe(200);
    expect(await room.dump('profile_blocked_episode')).toMatch(/^\(\d+,\d+,1,3\b/);
    expect(room.opened).toHaveLength(1);
  });

  test('that is denied writes no rule', async () => {
    const { requestId } = Asked.parse((await ask({ mediaId: film, season: 1, episode: 2 })).body);
    expect((await answer(parent, requestId, 'deny')).body).toMatchObject({
      state: 'denied',
      season: 1,
      episode: 2,
    });
    expect(await rules()).toEqual([]);
  });

  test('is answered once by two who answer at once', async () => {
    const { requestId } = Asked.parse((await ask({ mediaId: film })).body);
    const both = await Promise.all(['allow', 'deny'].map((word) => answer(parent, requestId, word)));
    expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
  });

  test('is one of twenty that wait, those asked at once counted too', async () => {
    const films = [];
    for (let count = 0; count < 24; count += 1) films.push(await title(`Film ${count}`));
    const answers = await Promise.all(films.map((mediaId) => ask({ mediaId })));
    const statuses = answers.map(({ status }) => status).sort();
    expect(statuses).toEqual([...Array(20).fill(201), ...Array(4).fill(409)]);
  });

  test('is for what its parent could allow: not for adults, hidden or somebody else’s', async () => {
    for (const [name, column, value] of [
      ['Adult', 'is_adult', 'true'],
      ['Hidden', 'is_published', 'false'],
      ['Private', 'is_public', 'false'],
    ] as const)
      expect(told(await ask({ mediaId: await title(name, column, value) })), name).toEqual([
        404,
        'media.not_found',
      ]);
  });

  test('wants a device that is somebody’s, and no user', async () => {
    await room.dropProfile(ada);
    expect(told(await ask({ mediaId: film }))).toEqual([409, 'device.unassigned']);
    expect((await ask({ mediaId: film }, parent.accessToken)).status).toBe(401);
    expect(told(await ask({ mediaId: film, season: 1 }))).toEqual([400, 'request.invalid']);
  });
});
