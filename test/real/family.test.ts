import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { addZoo, type FamilyRoom, IBEX, openFamilyRoom, QUAGGA, ZEBRA } from '../support/family-room.ts';

// What a kid's install shows, by the add-on's own protocol and by its play links; every name that must never leak is one word.

const OURS = ['Okapi film', 'Quagga film', 'Zebra film'];

let everybodys = '';
let room: FamilyRoom;
let parent: string;
let kid: string;
let tv: Awaited<ReturnType<FamilyRoom['addInstall']>>;
let ids: Awaited<ReturnType<typeof addZoo>>;

beforeAll(async () => {
  room = await openFamilyRoom();
  parent = await room.register('parent');
  ids = await addZoo(room);
}, 180_000);
afterAll(() => room?.close());

const put = (rule: object, profile = kid, token = parent) =>
  room.ask('POST', `/api/profiles/${profile}/policies`, rule, token);
const playUrlOf = async (path: string, base = tv.base) => (await room.streams(base, path))[0]?.url ?? '';

const minutesOf = async (profile: string) =>
  z
    .object({ minutesWatched: z.int() })
    .parse((await room.ask('GET', `/api/profiles/${profile}`, undefined, parent)).body).minutesWatched;

describe('a new kid', () => {
  test('has a PIN, and sees nothing at all', async () => {
    const refused = await room.ask('POST', '/api/profiles', { kind: 'kid', name: 'Ada' }, parent);
    expect([refused.status, refused.text]).toEqual([400, expect.stringContaining('pin')]);
    expect(await room.catalog('', 'movie/popular')).toContain('Zebra film');
    everybodys = (await room.streams('', `movie/${QUAGGA}`))[0]?.url ?? '';
    expect((await room.play(everybodys)).status).toBe(206);
    kid = await room.addProfile(parent, { kind: 'kid', name: 'Ada', pin: '1234' });
    tv = await room.addInstall(parent, kid);
    expect(await room.catalog(tv.base, 'movie/popular')).toEqual([]);
    expect(await room.catalog(tv.base, 'movie/search/search=film')).toEqual([]);
    expect(await room.meta(tv.base, `movie/${ZEBRA}`)).toBeNull();
    const [stream, ...more] = await room.streams(tv.base, `movie/${ZEBRA}`);
    expect(more).toEqual([]);
    expect(stream?.url).toBeUndefined();
    expect(stream?.description).toContain('Ask a parent');
    expect(stream?.description).not.toMatch(/zebra/i);
  });

  test('closes the add-on without an install, at once', async () => {
    expect(await room.catalog('', 'movie/popular')).toEqual([]);
    expect((await room.streams('', `movie/${ZEBRA}`))[0]?.url).toBeUndefined();
    expect(await room.meta('', `movie/${ZEBRA}`)).toBeNull();
    // What was taken along before opens nothing either.
    expect((await room.play(everybodys)).status).toBe(403);
  });

  test('has an address that says nothing, and that nobody can make up', async () => {
    const token = new URL(tv.manifestUrl).pathname.split('/')[1] ?? '';
    expect(token).toMatch(/^[\w-]{40,100}$/);
    expect(Buffer.from(token, 'base64url').toString('latin1')).not.toMatch(/parent|profile|install/i);
    const other = `${token.slice(0, 20)}${token[20] === 'A' ? 'B' : 'A'}${token.slice(21)}`;
    expect((await room.ask('GET', `/${other}/manifest.json`)).status).toBe(404);
    expect((await room.ask('GET', tv.manifestUrl)).headers.get('cache-control')).toContain('private');
  });
});

describe('what a parent allows', () => {
  test('is seen at the next request, and nothing else', async () => {
    expect((await put({ mediaId: ZEBRA, policy: 'allow' })).status).toBe(204);
    expect((await put({ mediaId: IBEX, policy: 'allow' })).status).toBe(204);
    expect(await room.catalog(tv.base, 'movie/popular')).toEqual(['Zebra film']);
    expect(await room.catalog(tv.base, 'movie/new')).toEqual(['Zebra film']);
    expect(await room.catalog(tv.base, 'movie/popular/genre=Comedy')).toEqual(['Zebra film']);
    expect(await room.catalog(tv.base, 'movie/search/search=film')).toEqual(['Zebra film']);
    expect(await room.catalog(tv.base, 'series/popular')).toEqual(['Ibex series']);
    expect((await room.meta(tv.base, `series/${IBEX}`))?.videos).toHaveLength(2);
    expect(await room.play(await playUrlOf(`movie/${ZEBRA}`))).toMatchObject({ status: 206, bytes: 1000 });
    expect(await room.meta(tv.base, `movie/${QUAGGA}`)).toBeNull();
  });

  test('a blocked episode is not named, gives no stream, and its old link is refused', async () => {
    const link = await playUrlOf(`series/${IBEX}:1:2`);
    expect((await room.play(link)).status).toBe(206);
    expect((await put({ mediaId: IBEX, blockedEpisodes: ['S1E2'] })).status).toBe(204);
    expect((await room.play(link)).status).toBe(403);
    expect((await room.meta(tv.base, `series/${IBEX}`))?.videos?.map(({ title }) => title)).toEqual([
      'Ibex one',
    ]);
    expect(await playUrlOf(`series/${IBEX}:1:2`)).toBe('');
    expect((await room.play(await playUrlOf(`series/${IBEX}:1:1`))).status).toBe(206);
  });

  test('a series as a whole gives nothing, by whatever type it is asked', async () => {
    const page = 'https://www.netflix.com/title/80000001';
    const told = await room.ask(
      'POST',
      '/api/deep-links',
      { mediaId: ids.ibex, service: 'netflix', url: page },
      parent,
    );
    expect([told.status, told.text]).toEqual([201, told.text]);
    for (const type of ['series', 'movie', 'tv', 'anime', 'events'])
      for (const id of [IBEX, `trib:${ids.ibex}`]) {
        const found = await room.streams(tv.base, `${type}/${encodeURIComponent(id)}`);
        expect([type, id, JSON.stringify(found).includes(page)]).toEqual([type, id, false]);
      }
  });

  test('denied again it is gone, with links of before, bytes, pictures and remuxes', async () => {
    const link = await playUrlOf(`movie/${ZEBRA}`);
    expect((await put({ mediaId: ZEBRA, policy: 'deny' })).status).toBe(204);
    expect(await room.catalog(tv.base, 'movie/popular')).toEqual([]);
    expect((await room.play(link)).status).toBe(403);
    const place = link.split('/').slice(0, 6).join('/');
    for (const more of ['thumbnail.jpg', 'remux/index.m3u8', 'remux/init.mp4', 'remux/0.m4s'])
      expect([more, (await room.ask('GET', `${place}/${more}`)).status]).toEqual([more, 403]);
    await put({ mediaId: ZEBRA, policy: 'allow' });
    expect((await room.play(link)).status).toBe(206);
  });

  test('at no time to watch there is nothing to play, and no byte', async () => {
    const link = await playUrlOf(`movie/${ZEBRA}`);
    const at = async (change: object) => {
      expect((await room.ask('PATCH', `/api/profiles/${kid}`, change, parent)).status).toBe(200);
      const [stream] = await room.streams(tv.base, `movie/${ZEBRA}`);
      return [stream?.url === undefined ? stream?.description : 'plays', (await room.play(link)).status];
    };
    expect(await at({ hours: [] })).toEqual([expect.stringContaining('not a time to watch'), 403]);
    expect(await at({ hours: null, dailyMinutes: 0 })).toEqual([expect.stringContaining('used up'), 403]);
    const always = [{ days: [1, 2, 3, 4, 5, 6, 7], from: '00:00', to: '24:00' }];
    expect(await at({ hours: always, dailyMinutes: 600 })).toEqual(['plays', 206]);
    await expect.poll(() => minutesOf(kid)).toBeGreaterThan(0);
    expect(await at({ hours: null, dailyMinutes: null })).toEqual(['plays', 206]);
  });

  test('minutes a day go by with the film’s bytes, not with looks at the link, its pictures and its subtitles', async () => {
    const timed = await room.addProfile(parent, {
      ...{ kind: 'kid', name: 'Timed', pin: '1234', mode: 'age', maxAge: 12, dailyMinutes: 600 },
    });
    const { base } = await room.addInstall(parent, timed);
    const [stream] = await room.streams(base, `movie/${ZEBRA}`);
    const link = stream?.url ?? '';
    const picture = `${link.split('/').slice(0, 6).join('/')}/thumbnail.jpg`;
    expect((await room.ask('HEAD', link)).status).toBe(200);
    expect((await room.ask('GET', picture)).status).toBe(422);
    expect(await minutesOf(timed)).toBe(0);
    expect((await room.play(link)).status).toBe(206);
    await expect.poll(() => minutesOf(timed)).toBeGreaterThan(0);
  });
});

describe('other ways of deciding', () => {
  test('by age, with what nobody rated hidden unless it is wanted, and exceptions both ways', async () => {
    const older = await room.addProfile(parent, {
      kind: 'kid',
      name: 'Bob',
      pin: '4321',
      mode: 'age',
      maxAge: 12,
    });
    const { base } = await room.addInstall(parent, older);
    const seen = async () =>
      (await room.catalog(base, 'movie/popular')).filter((name) => OURS.includes(name)).toSorted();
    await expect.poll(seen, { timeout: 30_000 }).toEqual(['Zebra film']);
    expect(await room.catalog(base, 'movie/search/search=zebra')).toEqual(['Zebra film']);
    expect(await room.catalog(base, 'movie/search/search=quagga')).toEqual([]);
    await room.ask('PATCH', `/api/profiles/${older}`, { allowsUnrated: true }, parent);
    expect(await seen()).toEqual(['Okapi film', 'Zebra film']);
    await put({ mediaId: QUAGGA, policy: 'allow' }, older);
    await put({ mediaId: ZEBRA, policy: 'deny' }, older);
    expect(await seen()).toEqual(['Okapi film', 'Quagga film']);
    expect((await room.streams(base, `movie/${ZEBRA}`))[0]?.url).toBeUndefined();
    expect((await room.play(await playUrlOf(`movie/${QUAGGA}`, base))).status).toBe(206);
    await room.ask('DELETE', `/api/profiles/${older}`, undefined, parent);
    expect((await room.ask('GET', `${base}/manifest.json`)).status).toBe(404);
  });

  test('a kid never sees everything, whatever is sent', async () => {
    for (const change of [
      { mode: 'all' },
      { pin: null },
      { mode: 'age', maxAge: null },
      { kind: 'standard' },
      { userId: 1 },
    ])
      expect([change, (await room.ask('PATCH', `/api/profiles/${kid}`, change, parent)).status]).toEqual([
        change,
        400,
      ]);
  });

  test('a grown-up’s profile sees all, and an install that is taken back opens nothing', async () => {
    const own = await room.addProfile(parent, { name: 'Mum' });
    const { base, installId } = await room.addInstall(parent, own, 'Living room');
    expect(await room.catalog(base, 'movie/popular')).toEqual(expect.arrayContaining(OURS));
    const link = await playUrlOf(`movie/${QUAGGA}`, base);
    expect((await room.play(link)).status).toBe(206);
    expect((await room.ask('DELETE', `/api/installs/${installId}`, undefined, parent)).status).toBe(204);
    expect((await room.ask('GET', `${base}/manifest.json`)).status).toBe(404);
    expect((await room.play(link)).status).toBe(403);
  });
});

test('a content tag blocks exactly the episodes that have it, and a change can be taken back', async () => {
  const videos = async () => (await room.meta(tv.base, `series/${IBEX}`))?.videos?.map(({ title }) => title);
  await put({ mediaId: IBEX, blockedEpisodes: [] });
  expect(await videos()).toEqual(['Ibex one', 'Kudu comes']);
  const link = await playUrlOf(`series/${IBEX}:1:2`);
  const tagged = await room.asAdmin('PUT', `/api/media/${ids.ibex}/tags/monsters?season=1&episode=2`);
  expect([tagged.status, tagged.text]).toEqual([204, '']);
  const block = (tags: string[]) =>
    room.ask('PUT', `/api/profiles/${kid}/policies/block-tag`, { tags }, parent);
  expect((await block(['no_such_tag'])).status).toBe(400);
  expect((await block(['monsters'])).status).toBe(204);
  await expect.poll(videos, { timeout: 20_000 }).toEqual(['Ibex one']);
  expect((await room.play(link)).status).toBe(403);
  expect(await room.catalog(tv.base, 'series/popular')).toEqual(['Ibex series']);
  expect((await block([])).status).toBe(204);
  expect(await videos()).toHaveLength(2);
  await put({ mediaId: IBEX, blockedEpisodes: ['S1E2'] });
  const [last] = z
    .object({ entries: z.array(z.object({ auditId: z.int() })) })
    .parse((await room.asAdmin('GET', '/api/audit?action=family.policy_changed&limit=1')).body).entries;
  expect((await room.asAdmin('POST', `/api/audit/${last?.auditId}/undo`)).status).toBeLessThan(300);
  expect(await videos()).toHaveLength(2);
  expect((await room.asAdmin('POST', `/api/audit/${last?.auditId}/undo`)).status).toBe(409);
  await put({ mediaId: IBEX, blockedEpisodes: ['S1E2'] });
});

test('what was played stands in the profile’s history, and in what an account is handed out', async () => {
  expect((await room.ask('GET', await playUrlOf(`movie/${ZEBRA}`))).status).toBe(200);
  const history = async () => (await room.ask('GET', `/api/profiles/${kid}/history`, undefined, parent)).text;
  await expect.poll(history, { timeout: 10_000 }).toContain('Zebra film');
  const data = await room.ask('GET', '/api/auth/data', undefined, parent);
  expect([data.status, data.text]).toEqual([200, expect.stringContaining('Ada')]);
  expect(data.text).not.toMatch(/argon2id/);
});

test('an account reaches nothing of another’s', async () => {
  const stranger = await room.register('stranger');
  const tries: [string, string, unknown?][] = [
    ['GET', `/api/profiles/${kid}`],
    ['PATCH', `/api/profiles/${kid}`, { name: 'x' }],
    ['DELETE', `/api/profiles/${kid}`],
    ['GET', `/api/profiles/${kid}/policies`],
    ['POST', `/api/profiles/${kid}/policies`, { mediaId: QUAGGA, policy: 'allow' }],
    ['POST', `/api/profiles/${kid}/policies/episode`, { mediaId: IBEX, episode: 'S1E2', isBlocked: false }],
    ['PUT', `/api/profiles/${kid}/policies/block-tag`, { tags: [] }],
    ['POST', '/api/installs', { profileId: kid, name: 'x' }],
    ['PATCH', `/api/installs/${tv.installId}`, { name: 'x' }],
    ['DELETE', `/api/installs/${tv.installId}`],
  ];
  for (const [method, path, body] of tries)
    expect([method, path, (await room.ask(method, path, body, stranger)).status]).toEqual([
      method,
      path,
      404,
    ]);
  const lists = await Promise.all(
    ['profiles', 'installs'].map((of) => room.ask('GET', `/api/${of}`, undefined, stranger)),
  );
  expect(lists.map(({ body }) => body)).toEqual([{ profiles: [] }, { installs: [] }]);
});

test('an old manifest is told of where titles are looked at, until a new one is fetched', async () => {
  await room.ask('GET', tv.manifestUrl);
  expect(await room.catalog(tv.base, 'movie/popular')).toEqual(['Zebra film']);
  await room.asAdmin('PATCH', '/api/settings', { addonName: 'Our films' });
  expect(await room.catalog(tv.base, 'movie/popular')).toEqual([
    'Please install this add-on again',
    'Zebra film',
  ]);
  expect((await room.meta(tv.base, 'movie/trib%3Anotice'))?.name).toBe('Please install this add-on again');
  await room.ask('GET', tv.manifestUrl);
  expect(await room.catalog(tv.base, 'movie/popular')).toEqual(['Zebra film']);
});

test('what was changed is in the audit log, and no address or PIN is', async () => {
  const { status, text } = await room.asAdmin('GET', '/api/audit?limit=100');
  expect([status, text]).toEqual([200, expect.stringContaining('family.policy_changed')]);
  expect(text).not.toContain(new URL(tv.manifestUrl).pathname.split('/')[1]);
  expect(text).not.toMatch(/argon2id|1234|4321/);
});

test('an account that goes takes its kids along, and the add-on without an install opens again', async () => {
  expect(await room.catalog('', 'movie/popular')).toEqual([]);
  const users = z
    .object({ users: z.array(z.object({ userId: z.uuid(), username: z.string().nullable() })) })
    .parse((await room.asAdmin('GET', '/api/users')).body).users;
  const other = await room.register('keeper');
  expect(other).not.toBe('');
  const admin = users.find(({ username }) => username === 'stranger');
  await room.asAdmin('PATCH', `/api/users/${admin?.userId}`, { role: 'admin' });
  const mother = users.find(({ username }) => username === 'parent');
  expect((await room.asAdmin('DELETE', `/api/users/${mother?.userId}`)).status).toBe(204);
  expect((await room.ask('GET', tv.manifestUrl)).status).toBe(404);
  await expect.poll(() => room.catalog('', 'movie/popular'), { timeout: 5000 }).toContain('Zebra film');
});
