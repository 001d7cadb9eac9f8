import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { type FamilyRoom, openFamilyRoom } from '../support/family-room.ts';

// A child's device from the code to the film, by the product as it runs: A2, A3, A4, A6 and A9.

const [ZEBRA, IBEX] = ['tt9100001', 'tt9100004'];
const SECRET = /zebra|kudu/i;
const Key = z.object({ key: z.string(), deviceId: z.uuid() });
const Own = z.object({ manifestUrl: z.url().nullable(), profile: z.object({ name: z.string() }).nullable() });
const Catalog = z.object({ titles: z.array(z.object({ title: z.string() })) });
const Code = z.object({ code: z.string(), secret: z.string().optional() });
const Launch = z.object({
  allowed: z.boolean(),
  link: z.object({ url: z.url(), opens: z.string() }).nullable(),
});

let room: FamilyRoom;
let parent: string;
let admin: string;
let ibex: string;
let ada: string;
let bob: string;
beforeAll(async () => {
  room = await openFamilyRoom();
  admin = await room.register('owner');
  parent = await room.register('parent');
  await room.addTitle({ kind: 'movie', title: 'Zebra film', ids: { imdb: ZEBRA }, year: 2001 });
  ibex = await room.addTitle(
    {
      ...{ kind: 'series', title: 'Ibex series', ids: { imdb: IBEX } },
      seasons: [{ number: 1, episodes: [{ number: 1 }, { number: 2, title: 'Kudu comes' }] }],
    },
    ['1:1', '1:2'],
  );
  ada = await room.addProfile(parent, { kind: 'kid', name: 'Ada', pin: '1234' });
  bob = await room.addProfile(parent, { kind: 'kid', name: 'Bob', pin: '4321' });
}, 180_000);
afterAll(() => room?.close());

const post = (path: string, body: object, token?: string) => room.ask('POST', `/api${path}`, body, token);
const own = async (key: string) => Own.parse((await room.ask('GET', '/api/device', undefined, key)).body);
const addonOf = async (key: string) => (await own(key)).manifestUrl?.replace('/manifest.json', '') ?? '';
const titlesOf = async (key: string) =>
  Catalog.parse((await room.ask('GET', '/api/device/catalog?kind=series', undefined, key)).body).titles.map(
    ({ title }) => title,
  );
const launch = async (key: string, episode: number) => {
  const answer = await post('/device/launch-check', { mediaId: ibex, season: 1, episode }, key);
  expect(answer.status).toBe(200);
  expect(answer.text).not.toMatch(SECRET);
  return Launch.parse(answer.body);
};

let d: z.infer<typeof Key>;
let e: z.infer<typeof Key>;

test('A2: a device enters a parent’s code, and shows nothing until something is allowed', async () => {
  const { code } = Code.parse((await post('/pairing-codes', {}, parent)).body);
  const claim = (more: object) => post(`/pairing-codes/${code}/claim`, { name: 'Tablet', ...more });
  const entered = z
    .object({ secret: z.string(), profiles: z.array(z.object({ name: z.string() })) })
    .parse((await claim({})).body);
  expect(entered.profiles.map(({ name }) => name)).toEqual(['Ada', 'Bob']);
  expect((await claim({ secret: entered.secret, profileId: ada, pin: '0000' })).status).toBe(401);
  const paired = await claim({ secret: entered.secret, profileId: ada, pin: '1234' });
  expect(paired.status).toBe(201);
  d = Key.parse(paired.body);
  expect((await own(d.key)).profile?.name).toBe('Ada');
  expect(await titlesOf(d.key)).toEqual([]);
  expect(await room.catalog(await addonOf(d.key), 'series/popular')).toEqual([]);
});

test('A3: a device shows a code, a parent confirms it, and the key is told to it once', async () => {
  const { code, secret } = Code.parse((await post('/pairing-codes', { name: 'TV' })).body);
  const confirmed = await post(`/pairing-codes/${code}/confirm`, { profileId: bob }, parent);
  const { deviceId } = z.object({ deviceId: z.uuid() }).parse(confirmed.body);
  const fetched = await room.ask('GET', `/api/pairing-codes/${code}`, undefined, secret);
  e = Key.parse(fetched.body);
  expect(e.deviceId).toBe(deviceId);
  expect((await room.ask('GET', `/api/pairing-codes/${code}`, undefined, secret)).text).not.toContain(
    'tribdev_',
  );
  expect((await own(e.key)).profile?.name).toBe('Bob');
});

test('A4: what is allowed to one child stands on its device; a blocked episode does not open', async () => {
  const put = (rule: object) => post(`/profiles/${ada}/policies`, { mediaId: ibex, ...rule }, parent);
  expect((await put({ policy: 'allow', blockedEpisodes: ['S1E2'] })).status).toBe(204);
  expect(await titlesOf(d.key)).toEqual(['Ibex series']);
  expect(await room.catalog(await addonOf(d.key), 'series/popular')).toEqual(['Ibex series']);

  // Without a service it is the add-on that opens it, and the device plays by that.
  const { link } = await launch(d.key, 1);
  expect(link?.opens).toBe('streams');
  const streams = z.object({ streams: z.array(z.object({ url: z.url() })) });
  const [stream] = streams.parse((await room.ask('GET', link?.url ?? '')).body).streams;
  expect((await room.play(stream?.url ?? '')).status).toBe(206);

  const netflix = 'https://www.netflix.com/watch/80100172';
  expect((await room.ask('PUT', '/api/services', { services: ['netflix'] }, parent)).status).toBe(200);
  const page = { mediaId: ibex, season: 1, episode: 1, service: 'netflix', url: netflix };
  expect((await post('/deep-links', page, parent)).status).toBe(201);
  expect(await launch(d.key, 1)).toEqual({ allowed: true, link: { url: netflix, opens: 'episode' } });
  expect(await launch(d.key, 2)).toEqual({ allowed: false, link: null });
  expect((await room.streams(await addonOf(d.key), `series/${IBEX}:1:2`))[0]?.url).toBeUndefined();

  expect(await titlesOf(e.key)).toEqual([]);
  expect(await launch(e.key, 1)).toEqual({ allowed: false, link: null });
});

test('a child asks for a title, and its parent’s word is what the device shows next', async () => {
  const asked = await post('/requests', { mediaId: ibex }, e.key);
  expect([asked.status, /ibex/i.test(asked.text)]).toEqual([201, false]);
  const { requestId } = z.object({ requestId: z.uuid() }).parse(asked.body);
  expect((await post(`/requests/${requestId}/answer`, { answer: 'allow' }, parent)).status).toBe(200);
  expect(await titlesOf(e.key)).toEqual(['Ibex series']);
  expect(await launch(e.key, 2)).toMatchObject({ allowed: true });
});

test('A6: given to another child it shows what that one may see; unpaired it opens nothing', async () => {
  const base = await addonOf(e.key);
  expect((await room.streams(base, `series/${IBEX}:1:2`))[0]?.url).toBeDefined();
  const link = (await room.streams(base, `series/${IBEX}:1:2`))[0]?.url ?? '';
  const moved = await room.ask('PATCH', `/api/devices/${e.deviceId}`, { profileId: ada }, parent);
  expect(moved.status).toBe(200);
  expect(await addonOf(e.key)).toBe(base);
  expect(await launch(e.key, 2)).toEqual({ allowed: false, link: null });
  expect((await room.streams(base, `series/${IBEX}:1:2`))[0]?.url).toBeUndefined();
  expect((await room.play(link)).status).toBe(403);
  expect((await room.ask('DELETE', `/api/devices/${e.deviceId}`, undefined, parent)).status).toBe(204);
  expect((await room.ask('GET', '/api/device', undefined, e.key)).status).toBe(401);
  expect((await room.ask('GET', `${base}/manifest.json`)).status).toBe(404);
});

test('A9: a device of a child that is gone shows nothing; of an account that is gone it is no device', async () => {
  const base = await addonOf(d.key);
  expect((await room.ask('DELETE', `/api/profiles/${ada}`, undefined, parent)).status).toBe(204);
  expect(await own(d.key)).toEqual({ manifestUrl: null, profile: null });
  expect(await titlesOf(d.key)).toEqual([]);
  expect(await launch(d.key, 1)).toEqual({ allowed: false, link: null });
  expect((await room.ask('GET', `${base}/manifest.json`)).status).toBe(404);
  const { users } = z
    .object({ users: z.array(z.object({ userId: z.uuid(), username: z.string() })) })
    .parse((await room.ask('GET', '/api/users', undefined, admin)).body);
  const userId = users.find(({ username }) => username === 'parent')?.userId;
  expect((await room.ask('DELETE', `/api/users/${userId}`, undefined, admin)).status).toBe(204);
  for (const path of ['/api/device', '/api/device/catalog?kind=series'])
    expect((await room.ask('GET', path, undefined, d.key)).status).toBe(401);
});
