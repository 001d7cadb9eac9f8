import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { OwnTitlePage } from '../../src/features/own-titles/index.ts';
import { rows } from '../../src/platform/db.ts';
import { type Household, openHousehold, type Person } from '../support/household-room.ts';
import { problemIn } from '../support/problem-answer.ts';
import { type RangeServer, startRangeServer } from '../support/range-server.ts';
import { get } from '../support/traffic.ts';
import { apiRoutes } from '../support/viewer.ts';

// Titles that users add for themselves, through the program as it runs: whoever else asks does not learn of them.

let house: Household;
let ann: Person;
let bob: Person;
let mod: Person;
let guest: Person;
let origin: RangeServer;

beforeAll(async () => {
  house = await openHousehold();
  ann = await house.person('ann');
  bob = await house.person('bob');
  mod = await house.person('mod', 'moderator');
  guest = await house.person('guest', 'guest');
  const clip = join(import.meta.dirname, '../../scripts/starter/clip.mp4');
  origin = await startRangeServer({ files: { '/members.mkv': clip, '/squatted.mkv': clip } });
}, 120_000);
afterAll(async () => {
  await house?.close();
  await origin?.stop();
});

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

describe('streams of one’s own titles', () => {
  const Linked = z.object({ streamId: z.uuid(), kind: z.string(), name: z.string(), isNew: z.boolean() });
  const MAGNET = 'magnet:?xt=urn:btih:c12fe1c06bba254a9dc9f519b335aa7c1367a88a&dn=Zanzibar.mkv';
  const link = (person: Person, id: string, url: string, more: object = {}) =>
    house.by(person, 'POST', `/api/own-titles/${id}/streams`, { url, ...more });
  const streamsOf = async (person: Person, id: string) =>
    (await house.by(person, 'GET', `/api/own-titles/${id}/streams`)).body;
  async function installOf(person: Person): Promise<string> {
    const made = await house.by(person, 'POST', '/api/installs', { profileId: person.profileId, name: 'TV' });
    const { manifestUrl } = z.object({ manifestUrl: z.string() }).parse(made.body);
    return new URL(manifestUrl).pathname.replace('/manifest.json', '');
  }
  const offered = (install: string, id: string) =>
    open(`${install}/stream/movie/${encodeURIComponent(`trib:${id}`)}.json`);

  test('their owner adds, lists, plays and takes them off; nobody else learns of them', async () => {
    const id = await add(ann);
    const added = await link(ann, id, MAGNET);
    expect(added.status, JSON.stringify(added.body)).toBe(201);
    const { streamId, ...stream } = Linked.parse(added.body);
    expect(stream).toEqual({ kind: 'torrent', name: 'Zanzibar.mkv', isNew: true });
    expect((await link(ann, id, 'https://youtu.be/abcdefghijz', { name: 'Zanzibar on video' })).status).toBe(
      201,
    );
    expect(await streamsOf(ann, id)).toMatchObject({ streams: [{ streamId, isPublic: false }, {}] });
    const [own, others] = [await installOf(ann), await installOf(bob)];
    expect(await offered(own, id)).toContain('abcdefghijz');
    expect(await offered(others, id)).not.toContain('abcdefghijz');
    expect(await seenOf(id)).toEqual([]);
    for (const [method, path] of [
      ['GET', 'streams'],
      ['POST', 'streams'],
      ['DELETE', `streams/${streamId}`],
    ] as const) {
      const body = method === 'POST' ? { url: MAGNET } : undefined;
      expect((await house.by(bob, method, `/api/own-titles/${id}/${path}`, body)).status, method).toBe(404);
    }
    expect((await house.by(ann, 'DELETE', `/api/own-titles/${id}/streams/${bob.userId}`)).status).toBe(404);
    expect((await house.by(ann, 'DELETE', `/api/own-titles/${id}/streams/${streamId}`)).status).toBe(204);
    expect(await streamsOf(ann, id)).toMatchObject({ streams: [{ kind: 'youtube' }] });
    expect((await house.asAdmin('GET', `/api/streams/${streamId}`)).status).toBe(404);
    expect((await link(ann, id, MAGNET)).status).toBe(201);
    // A torrent nobody else has does not keep its title.
    expect((await house.by(ann, 'DELETE', `/api/own-titles/${id}`)).status).toBe(204);
  });

  test.each([
    ['a file of this server’s disks', { url: 'film.mkv', kind: 'local' }, 400],
    ['a field of a folder', { url: MAGNET, file: 'starter/clip.mp4' }, 400],
    ['headers', { url: 'http://127.0.0.1:9/x.mkv', headers: { cookie: 'a' } }, 400],
    ['no link', { url: 'not a link' }, 400],
    ['a scheme that runs code', { url: 'javascript:alert(1)', kind: 'external' }, 400],
    ['a file address', { url: 'file:///etc/passwd' }, 400],
    ['an address that may not be reached', { url: 'http://169.254.169.254/latest/film.mkv' }, 403],
    ['whose it is', { url: MAGNET, ownerId: 1 }, 400],
  ])('%s is refused', async (_what, body, status) => {
    const id = await add(ann);
    const answer = await house.by(ann, 'POST', `/api/own-titles/${id}/streams`, body);
    expect([answer.status, JSON.stringify(await streamsOf(ann, id))]).toEqual([
      status,
      '{"streams":[],"nextCursor":null}',
    ]);
    await house.by(ann, 'DELETE', `/api/own-titles/${id}`);
  });

  test('what is in the catalogue stays as it is, and is linked too; not what somebody else’s login reaches', async () => {
    const film = await house.title('Everybody’s');
    const video = { mediaId: film, videoId: 'abcdefghij1', name: 'As it is called' };
    expect((await house.asAdmin('POST', '/api/streams', video)).status).toBe(201);
    const id = await add(bob);
    const again = await link(bob, id, 'https://youtu.be/abcdefghij1', { name: 'Renamed' });
    expect(again.body).toMatchObject({ isNew: false, name: 'As it is called', isPublic: true });
    expect((await link(bob, id, 'https://youtu.be/abcdefghij1')).body).toMatchObject({
      links: { length: 1 },
    });
    await house.by(bob, 'DELETE', `/api/own-titles/${id}`);
    expect(JSON.stringify((await house.asAdmin('GET', `/api/streams?mediaId=${film}`)).body)).toContain(
      'As it is called',
    );
    const url = `${origin.url}/members.mkv`;
    const secret = { mediaId: film, url, headers: { cookie: 'a=1' } };
    await house.asAdmin('POST', '/api/streams', secret);
    const { withHeaders } = await house.db.one(rows('test.http', z.object({ withHeaders: z.int() }))`
      SELECT count(*)::int AS "withHeaders" FROM stream_http WHERE url = ${url} AND headers_sealed IS NOT NULL`);
    expect(withHeaders).toBe(1);
    const mine = await add(bob);
    expect(problemIn((await link(bob, mine, url)).body).code).toBe('streams.of_somebody');
  });

  test('what the catalogue finds later is everybody’s; with a login it leaves the private title', async () => {
    const id = await add(ann);
    const film = await house.title('Found later');
    expect((await link(ann, id, 'https://youtu.be/abcdefghij2')).status).toBe(201);
    await house.asAdmin('POST', '/api/streams', { mediaId: film, videoId: 'abcdefghij2', name: 'Found' });
    const page = JSON.stringify((await house.asAdmin('GET', `/api/streams?mediaId=${film}`)).body);
    expect(page).toContain('"isPublic":true');
    expect(await streamsOf(ann, id)).toMatchObject({ streams: [{ kind: 'youtube' }] });
    const url = `${origin.url}/squatted.mkv`;
    expect((await link(ann, id, url)).status).toBe(201);
    const found = await house.asAdmin('POST', '/api/streams', {
      ...{ mediaId: film, url, headers: { cookie: 'a=1' } },
    });
    expect(found.body).toMatchObject({ isNew: false, isPublic: true });
    expect(await streamsOf(ann, id)).toMatchObject({ streams: { length: 1 } });
  });

  test('of a title that is public they are neither added nor taken off, and offered to nobody', async () => {
    const id = await add(ann);
    const { streamId } = Linked.parse((await link(ann, id, 'https://youtu.be/abcdefghij3')).body);
    await house.by(mod, 'PUT', `/api/own-titles/${id}/publication`, { isPublic: true });
    expect((await link(ann, id, MAGNET)).status).toBe(403);
    expect((await house.by(ann, 'DELETE', `/api/own-titles/${id}/streams/${streamId}`)).status).toBe(403);
    expect(await open(`/stream/movie/${encodeURIComponent(`trib:${id}`)}.json`)).not.toContain('abcdefghij3');
    await house.by(mod, 'PUT', `/api/own-titles/${id}/publication`, { isPublic: false });
    await house.by(ann, 'DELETE', `/api/own-titles/${id}`);
  });
});

test('guests, and who is not signed in, add none', async () => {
  expect((await house.by(guest, 'POST', '/api/own-titles', WEDDING)).status).toBe(403);
  const ours = (await apiRoutes(house.product.baseUrl)).filter(({ path }) =>
    path.startsWith('/api/own-titles'),
  );
  expect(ours).toHaveLength(9);
  for (const { method, path } of ours)
    expect(
      (await house.ask(null, method, path.replace('{id}', ann.userId).replace('{stream}', ann.userId)))
        .status,
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
