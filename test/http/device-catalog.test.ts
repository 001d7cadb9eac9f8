import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { DeviceCatalog, LaunchAnswer, OwnDeviceAnswer } from '../../src/features/devices/index.ts';
import { TitleInput, upsertTitle } from '../../src/features/media/index.ts';
import { rows } from '../../src/platform/db.ts';
import type { Answer, Signed } from '../support/account-room.ts';
import { type DeviceRoom, openDeviceRoom, type Profile } from '../support/device-room.ts';
import { problemIn } from '../support/problem-answer.ts';

// Names that must never reach a device that may not see them: Quagga, Kudu.

let room: DeviceRoom;
let parent: Signed;
let ada: Profile;
let bob: Profile;
let adas: string;
let bobs: string;
let ibex: string;
let quagga: string;
beforeAll(async () => {
  room = await openDeviceRoom();
});
beforeEach(async () => {
  await room.empty();
  await room.run('TRUNCATE media CASCADE');
  parent = await room.add('parent');
  ada = await room.kid(parent, 'Ada', '1234');
  bob = await room.kid(parent, 'Bob', '4321');
  adas = (await room.pair(parent, ada)).key;
  bobs = (await room.pair(parent, bob)).key;
  ibex = await title({
    kind: 'series',
    title: 'Ibex series',
    ids: { imdb: 'tt9100004' },
    seasons: [{ number: 1, episodes: [{ number: 1 }, { number: 2, title: 'Kudu comes' }] }],
  });
  quagga = await title({ kind: 'movie', title: 'Quagga film', ids: { imdb: 'tt9100002' } });
});
afterAll(() => room.close());

async function title(input: z.input<typeof TitleInput>): Promise<string> {
  const { mediaId } = await upsertTitle(room.db, TitleInput.parse(input));
  return (
    await room.db.one(rows('test.public_id', z.object({ id: z.uuid() }))`
      SELECT public_id AS id FROM media WHERE id = ${mediaId}`)
  ).id;
}
const told = (answer: Answer) => [answer.status, problemIn(answer.body).code];
const catalog = (key: string, query = 'kind=series') =>
  room.ask('GET', `/device/catalog?${query}`, undefined, room.bearer(key));
const titlesOf = async (key: string, query?: string) =>
  DeviceCatalog.parse((await catalog(key, query)).body).titles.map((one) => one.title);
const launch = (key: string, body: object) =>
  room.ask('POST', '/device/launch-check', body, room.bearer(key));
const launched = async (key: string, body: object) => LaunchAnswer.parse((await launch(key, body)).body);
const rule = (profile: Profile, mediaId: string, policy: 'allow' | 'deny') =>
  room.run(`INSERT INTO profile_policy (profile_id, media_id, policy, kind, rank, is_shown)
    SELECT p.id, m.id, '${policy}', m.kind, m.rank, true FROM profile p, media m WHERE p.public_id = '${profile.profileId}' AND m.public_id = '${mediaId}'
    ON CONFLICT (profile_id, media_id) DO UPDATE SET policy = EXCLUDED.policy`);
const block = (profile: Profile, mediaId: string, season: number, episode: number) =>
  room.run(`INSERT INTO profile_blocked_episode (profile_id, media_id, season_number, episode_number)
    SELECT p.id, m.id, ${season}, ${episode} FROM profile p, media m WHERE p.public_id = '${profile.profileId}' AND m.public_id = '${mediaId}'`);
const subscribe = (service: string) =>
  room.run(
    `INSERT INTO family_service (user_id, service) SELECT id, '${service}' FROM app_user WHERE username = 'parent'`,
  );
const NOT_ALLOWED = {
  allowed: false,
  reason: 'not-allowed',
  message: expect.stringContaining('Ask a parent'),
  link: null,
};

describe('A4: what is allowed to one child', () => {
  beforeEach(async () => {
    await rule(ada, ibex, 'allow');
    await block(ada, ibex, 1, 2);
    await subscribe('netflix');
  });

  test('stands on its device, and on no other', async () => {
    expect(await titlesOf(adas)).toEqual(['Ibex series']);
    expect(await titlesOf(adas, 'kind=movie')).toEqual([]);
    expect(await titlesOf(adas, 'kind=series&skip=1')).toEqual([]);
    expect(await titlesOf(bobs)).toEqual([]);
    expect(await launched(bobs, { mediaId: ibex, season: 1, episode: 1 })).toEqual(NOT_ALLOWED);
  });

  test('an episode opens by a link, a blocked one is refused, and neither is named', async () => {
    const first = await launch(adas, { mediaId: ibex, season: 1, episode: 1 });
    expect(first.headers.get('cache-control')).toBe('no-store');
    expect(first.body).toEqual({
      ...{ allowed: true, reason: null, message: null },
      link: {
        ...{ url: 'https://www.netflix.com/search?q=Ibex%20series', opens: 'search' },
        service: 'netflix',
      },
    });
    const second = await launch(adas, { mediaId: 'tt9100004', season: 1, episode: 2 });
    expect(second.body).toEqual(NOT_ALLOWED);
    expect(JSON.stringify(second.body)).not.toMatch(/ibex|kudu/i);
  });

  test('an episode nobody knows yet follows the rule of its series, and a block of its numbers', async () => {
    await block(ada, ibex, 2, 7);
    expect(await launched(adas, { mediaId: ibex, season: 2, episode: 6 })).toMatchObject({ allowed: true });
    expect(await launched(adas, { mediaId: ibex, season: 2, episode: 7 })).toEqual(NOT_ALLOWED);
  });

  test('a series as a whole is no answer for a kid', async () => {
    expect(await launched(adas, { mediaId: ibex })).toMatchObject({
      allowed: false,
      reason: 'no-episode',
      link: null,
    });
  });

  test('denied again it is gone at the next request', async () => {
    await rule(ada, ibex, 'deny');
    expect(await titlesOf(adas)).toEqual([]);
    expect(await launched(adas, { mediaId: ibex, season: 1, episode: 1 })).toEqual(NOT_ALLOWED);
  });

  test('at no time to watch there is no way to it', async () => {
    await room.run(`UPDATE profile SET hours = '[]' WHERE name = 'Ada'`);
    expect((await catalog(adas)).body).toMatchObject({
      time: 'out-of-hours',
      message: expect.stringContaining('not a time'),
    });
    const episode = { mediaId: ibex, season: 1, episode: 1 };
    expect(await launched(adas, episode)).toMatchObject({
      allowed: false,
      reason: 'out-of-hours',
      link: null,
    });
    await room.run(`UPDATE profile SET hours = NULL, daily_minutes = 0 WHERE name = 'Ada'`);
    expect((await catalog(adas)).body).toMatchObject({ time: 'time-is-up' });
    expect(await launched(adas, episode)).toMatchObject({ allowed: false, reason: 'time-is-up', link: null });
    expect(await launched(adas, { mediaId: quagga })).toEqual(NOT_ALLOWED);
  });
});

describe('what is not allowed', () => {
  test('is told of in the same words, whether it is there or not', async () => {
    await rule(ada, ibex, 'allow');
    await room.run(`UPDATE media SET is_published = false WHERE kind = 'series'`);
    for (const mediaId of [quagga, 'tt9100002', ibex, 'tt0000001', '00000000-0000-4000-8000-000000000000']) {
      const answer = await launch(adas, { mediaId });
      expect([mediaId, answer.status, answer.body]).toEqual([mediaId, 200, NOT_ALLOWED]);
      expect(JSON.stringify(answer.body)).not.toMatch(/quagga|ibex/i);
    }
    expect(await titlesOf(adas)).toEqual([]);
  });

  test('is told of by what is wrong where the question is', async () => {
    for (const body of [
      {},
      { mediaId: 'what?' },
      { mediaId: ibex, season: 1 },
      { mediaId: 'tt9100004:1:1' },
      { mediaId: 7 },
    ])
      expect([body, (await launch(adas, body)).status]).toEqual([body, 400]);
    for (const query of ['', 'kind=channel', 'kind=movie&skip=-1'])
      expect([query, told(await catalog(adas, query))]).toEqual([query, [400, 'request.invalid']]);
  });
});

test('without a service the way is the add-on of this device', async () => {
  await rule(ada, ibex, 'allow');
  const own = await room.ask('GET', '/device', undefined, room.bearer(adas));
  const { manifestUrl } = OwnDeviceAnswer.parse(own.body);
  const { link } = await launched(adas, { mediaId: ibex, season: 1, episode: 1 });
  const url = manifestUrl?.replace('manifest.json', 'stream/series/tt9100004%3A1%3A1.json');
  expect(link).toEqual({ url, opens: 'streams', service: null });
});

describe('the install of a device', () => {
  const manifestOf = async (key: string) =>
    OwnDeviceAnswer.parse((await room.ask('GET', '/device', undefined, room.bearer(key))).body).manifestUrl;
  const change = async (key: string, body: object) => {
    const { deviceId } = OwnDeviceAnswer.parse(
      (await room.ask('GET', '/device', undefined, room.bearer(key))).body,
    );
    expect((await room.by(parent, 'PATCH', `/devices/${deviceId}`, body)).status).toBe(200);
  };

  test('is its own, and moves with it', async () => {
    const before = await manifestOf(adas);
    expect(before).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/[\w-]{40,}\/manifest\.json$/);
    expect(await manifestOf(bobs)).not.toBe(before);
    await change(adas, { profileId: bob.profileId, name: 'Bob’s' });
    expect(await manifestOf(adas)).toMatch(/manifest\.json$/);
    expect(await installs()).toEqual(['Bob’s of Bob', 'TV of Bob']);
  });

  test('is taken back with the profile; the next profile gets another one', async () => {
    const before = await openOf(adas);
    await change(adas, { profileId: null });
    expect(await manifestOf(adas)).toBeNull();
    expect(await room.openInstalls()).toBe(1);
    expect((await catalog(adas)).body).toMatchObject({
      titles: [],
      message: expect.stringContaining('Nobody uses'),
    });
    expect(await launched(adas, { mediaId: ibex, season: 1, episode: 1 })).toMatchObject({
      allowed: false,
      reason: 'unassigned',
    });
    await change(adas, { profileId: ada.profileId });
    expect(await openOf(adas)).not.toBe(before);
    await room.dropProfile(ada);
    expect(await manifestOf(adas)).toBeNull();
    expect(await titlesOf(adas)).toEqual([]);
    expect(await room.openInstalls()).toBe(1);
  });

  test('that a parent gave to somebody else, or took back, is no more the device’s', async () => {
    await room.run(
      `UPDATE install SET profile_id = (SELECT id FROM profile WHERE name = 'Bob') WHERE profile_id = (SELECT id FROM profile WHERE name = 'Ada')`,
    );
    expect(await manifestOf(adas)).toBeNull();
    await room.run('DELETE FROM install');
    expect(await manifestOf(bobs)).toBeNull();
  });

  async function openOf(key: string): Promise<number> {
    const { deviceId } = OwnDeviceAnswer.parse(
      (await room.ask('GET', '/device', undefined, room.bearer(key))).body,
    );
    return (
      await room.db.one(rows('test.install_of', z.object({ id: z.int() }))`
        SELECT i.id FROM device d JOIN install i ON i.id = d.install_id WHERE d.public_id = ${deviceId}`)
    ).id;
  }
  const installs = async () =>
    (
      await room.db.any(rows('test.install_names', z.object({ text: z.string() }))`
        SELECT i.name || ' of ' || p.name AS text FROM install i JOIN profile p ON p.id = i.profile_id ORDER BY 1`)
    ).map(({ text }) => text);
});

test('A6, A9: a key that was unpaired, or whose account is gone, opens neither', async () => {
  const [device] = await room.devices(parent);
  await room.by(parent, 'DELETE', `/devices/${device?.deviceId}`);
  expect(await room.openInstalls()).toBe(1);
  await room.asAdmin('PATCH', `/users/${parent.user.userId}`, { status: 'banned' });
  for (const key of [adas, parent.accessToken, 'tribdev_x'])
    for (const answer of [await catalog(key), await launch(key, { mediaId: ibex })])
      expect(told(answer)).toEqual([401, 'device.not_paired']);
});
