import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { OwnTitlePage } from '../../src/features/own-titles/index.ts';
import { type Household, openHousehold, type Person } from '../support/household-room.ts';
import { get } from '../support/traffic.ts';
import { apiRoutes } from '../support/viewer.ts';

// Titles that users add for themselves, through the program as it runs: whoever else asks does not learn of them.

let house: Household;
let ann: Person;
let bob: Person;
let mod: Person;
let guest: Person;

beforeAll(async () => {
  house = await openHousehold();
  ann = await house.person('ann');
  bob = await house.person('bob');
  mod = await house.person('mod', 'moderator');
  guest = await house.person('guest', 'guest');
}, 120_000);
afterAll(() => house?.close());

const Made = z.object({ id: z.uuid() });
const WEDDING = {
  kind: 'movie',
  title: 'Zanzibar wedding',
  overview: 'Ours',
  genres: ['Family'],
  runtimeMinutes: 60,
};
async function add(person: Person, body: object = WEDDING): Promise<string> {
  const answer = await house.by(person, 'POST', '/api/own-titles', body);
  expect(answer.status, JSON.stringify(answer.body)).toBe(201);
  return Made.parse(answer.body).id;
}
const open = async (path: string) => (await get(house.product.baseUrl + path)).text();

/** What of it anybody may read who is not its owner. */
async function seenOf(id: string): Promise<string[]> {
  const trib = encodeURIComponent(`trib:${id}`);
  const answers = {
    catalogue: await open('/catalog/movie/recent.json'),
    popular: await open('/catalog/movie/popular.json'),
    search: await open('/catalog/movie/search/search=Zanzibar.json'),
    meta: await open(`/meta/movie/${trib}.json`),
    stream: await open(`/stream/movie/${trib}.json`),
    playlist: await open(`/api/titles/${id}/playlist.m3u`),
    overview: await open('/api/overview'),
    own: JSON.stringify((await house.by(bob, 'GET', `/api/own-titles/${id}`)).body),
    list: JSON.stringify((await house.by(bob, 'GET', '/api/own-titles')).body),
    media: JSON.stringify((await house.by(bob, 'GET', `/api/media/${id}`)).body),
    all: JSON.stringify((await house.by(bob, 'GET', '/api/media')).body),
  };
  return Object.entries(answers).flatMap(([door, text]) => (text.includes('Zanzibar') ? [door] : []));
}

test('a title of one’s own is private, and its owner’s to change and delete', async () => {
  const id = await add(ann);
  expect((await house.by(ann, 'GET', `/api/own-titles/${id}`)).body).toMatchObject({
    ...{ title: 'Zanzibar wedding', isPublic: false },
    ids: [],
  });
  const video = { mediaId: id, videoId: 'abcdefghijk', name: 'Zanzibar on video' };
  expect((await house.asAdmin('POST', '/api/streams', video)).status).toBe(201);
  expect(await seenOf(id)).toEqual([]);
  for (const [method, body] of [['GET'], ['PATCH', { title: 'Stolen' }], ['DELETE']] as const)
    expect((await house.by(bob, method, `/api/own-titles/${id}`, body)).status, method).toBe(404);
  for (const list of ['watchlist', 'favorites', 'library'])
    expect((await house.by(bob, 'PUT', `/api/profiles/${bob.profileId}/${list}/${id}`)).status).toBe(404);
  expect((await house.by(ann, 'PUT', `/api/profiles/${ann.profileId}/library/${id}`)).status).toBe(201);
  const changed = await house.by(ann, 'PATCH', `/api/own-titles/${id}`, { title: 'Zanzibar, the wedding' });
  expect(changed.body).toMatchObject({ title: 'Zanzibar, the wedding', isPublic: false });
  const mine = OwnTitlePage.parse((await house.by(ann, 'GET', '/api/own-titles')).body);
  expect(mine.titles.map((title) => title.id)).toEqual([id]);
  expect((await house.by(ann, 'DELETE', `/api/own-titles/${id}?force=true`)).status).toBe(204);
  expect((await house.by(ann, 'GET', `/api/own-titles/${id}`)).status).toBe(404);
});

test('a moderator makes it public; then everybody sees it, and its owner alone changes it no more', async () => {
  const id = await add(ann);
  const publish = (person: Person, isPublic: boolean) =>
    house.by(person, 'PUT', `/api/own-titles/${id}/publication`, { isPublic });
  expect((await publish(ann, true)).status).toBe(403);
  expect((await publish(bob, true)).status).toBe(403);
  expect(await seenOf(id)).toEqual([]);
  expect((await publish(mod, true)).status).toBe(200);
  expect(await seenOf(id)).toEqual(expect.arrayContaining(['search', 'meta']));
  expect((await house.by(ann, 'PATCH', `/api/own-titles/${id}`, { title: 'Spam' })).status).toBe(403);
  expect((await house.by(ann, 'DELETE', `/api/own-titles/${id}`)).status).toBe(403);
  expect((await publish(mod, false)).status).toBe(200);
  expect(await seenOf(id)).toEqual([]);
  const film = await house.title('Of nobody');
  expect(
    (await house.by(mod, 'PUT', `/api/own-titles/${film}/publication`, { isPublic: false })).status,
  ).toBe(404);
});

test.each([
  ['ownerId', 1],
  ['owner_id', 1],
  ['isFeatured', true],
  ['is_featured', true],
  ['isPublic', true],
  ['is_public', true],
  ['isPublished', false],
  ['watchCount', 99],
  ['ids', { imdb: 'tt0133093' }],
])('a body that sets %s is refused, new or changed', async (field, value) => {
  expect((await house.by(bob, 'POST', '/api/own-titles', { ...WEDDING, [field]: value })).status).toBe(400);
  const id = await add(bob);
  expect((await house.by(bob, 'PATCH', `/api/own-titles/${id}`, { [field]: value })).status).toBe(400);
  expect((await house.by(bob, 'GET', `/api/own-titles/${id}`)).body).toMatchObject({
    isPublic: false,
    isFeatured: false,
    isPublished: true,
  });
  expect((await house.by(bob, 'DELETE', `/api/own-titles/${id}`)).status).toBe(204);
});

test('guests, and who is not signed in, add none', async () => {
  expect((await house.by(guest, 'POST', '/api/own-titles', WEDDING)).status).toBe(403);
  const ours = (await apiRoutes(house.product.baseUrl)).filter(({ path }) =>
    path.startsWith('/api/own-titles'),
  );
  expect(ours).toHaveLength(6);
  for (const { method, path } of ours)
    expect(
      (await house.ask(null, method, path.replace('{id}', ann.userId))).status,
      `${method} ${path}`,
    ).toBe(401);
});

test('an import of a film of that name makes a title for everybody, and leaves the private one alone', async () => {
  const id = await add(ann, { kind: 'movie', title: 'One name for two', year: 1999, overview: 'Ours' });
  const other = await house.title('One name for two', { year: 1999, ids: { imdb: 'tt7654321' } });
  expect(other).not.toBe(id);
  expect((await house.by(ann, 'GET', `/api/own-titles/${id}`)).body).toMatchObject({
    overview: 'Ours',
    isPublic: false,
  });
});
