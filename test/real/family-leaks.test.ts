import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import {
  addZoo,
  type FamilyRoom,
  IBEX,
  OKAPI,
  openFamilyRoom,
  QUAGGA,
  ZEBRA,
} from '../support/family-room.ts';

// Every door there is, as the documents of the API and the manifests name them: a new one is in by itself.

/** Words of titles, episodes and files a kid may not know of. */
const SECRET = /quagga|okapi|kudu/i;

let room: FamilyRoom;
let parent: string;
let kid: string;
let tv: Awaited<ReturnType<FamilyRoom['addInstall']>>;
let ids: Awaited<ReturnType<typeof addZoo>>;

beforeAll(async () => {
  room = await openFamilyRoom();
  parent = await room.register('parent');
  ids = await addZoo(room);
  kid = await room.addProfile(parent, { kind: 'kid', name: 'Ada', pin: '1234' });
  tv = await room.addInstall(parent, kid);
  const rules = [
    { mediaId: ZEBRA, policy: 'allow' },
    { mediaId: IBEX, policy: 'allow', blockedEpisodes: ['S1E2'] },
  ];
  for (const rule of rules) await room.ask('POST', `/api/profiles/${kid}/policies`, rule, parent);
}, 180_000);
afterAll(() => room?.close());

/** What anybody may do: sign out of nothing, and show a code that a parent must confirm. */
const OPEN = new Set(['POST /api/pairing-codes', 'POST /api/auth/logout', 'DELETE /api/admin-session']);

const Listed = z.object({
  catalogs: z.array(
    z.object({
      ...{ type: z.string(), id: z.string() },
      extra: z.array(z.object({ name: z.string(), options: z.array(z.string()).optional() })),
    }),
  ),
});

/** Every catalogue of a manifest, with each of its choices and with words to search for. */
function catalogPaths(manifest: unknown): string[] {
  const words = ['film', 'quagga', 'okapi', 'kudu', 'a', '0'];
  return Listed.parse(manifest).catalogs.flatMap(({ type, id, extra }) => [
    `/catalog/${type}/${id}.json`,
    ...extra.flatMap(({ name, options = words }) =>
      options.map((option) => `/catalog/${type}/${id}/${name}=${encodeURIComponent(option)}.json`),
    ),
  ]);
}

/** What a kid may not know of, by every id it has, as whatever type and resource. */
function titlePaths(): string[] {
  const titles = [QUAGGA, OKAPI, `trib:${ids.quagga}`, `trib:${ids.okapi}`].map(encodeURIComponent);
  const types = ['movie', 'series', 'tv', 'events', 'anime'];
  const resources = ['meta', 'stream', 'subtitles'];
  return [
    ...titles.flatMap((id) =>
      types.flatMap((type) => resources.map((what) => `/${what}/${type}/${id}.json`)),
    ),
    ...resources.flatMap((what) => [`/${what}/series/${IBEX}%3A1%3A2.json`, `/${what}/series/${IBEX}.json`]),
    `/addon_catalog/movie/${IBEX}.json`,
  ];
}

test('nothing leaks by any route of the API with what a kid’s player holds', async () => {
  const install = new URL(tv.manifestUrl).pathname.split('/')[1] ?? '';
  const all = await room.operations();
  expect(all.length).toBeGreaterThan(80);
  const targets = [ids.quagga, ids.okapi, QUAGGA, OKAPI, kid, tv.installId, '1'];
  const tries = all.flatMap(({ method, path }) => {
    const filled = path.includes('{') ? targets.map((id) => path.replaceAll(/\{\w+\}/g, id ?? '')) : [path];
    return filled.flatMap((place) => [undefined, install].map((token) => ({ method, path, place, token })));
  });
  for (const { method, path, place, token } of tries) {
    const { status, text } = await room.ask(method, place, method === 'GET' ? undefined : {}, token);
    const what = `${method} ${place} ${token === undefined ? 'without' : 'with'} its token: ${status}`;
    expect(SECRET.exec(text)?.[0], what).toBeUndefined();
    const isDone = method !== 'GET' && status < 400;
    expect(isDone && !OPEN.has(`${method} ${path}`), what).toBe(false);
  }
});

test('nothing leaks by any catalogue, title, stream or subtitle of its add-on, whatever the manifest says', async () => {
  const { body } = await room.ask('GET', `${room.product.baseUrl}/manifest.json`);
  const grownUp = await room.addInstall(parent, await room.addProfile(parent, { name: 'Dad' }));
  const wide = await room.ask('GET', grownUp.manifestUrl);
  const paths = [body, wide.body].flatMap(catalogPaths);
  expect(paths.length).toBeGreaterThan(30);
  paths.push(...titlePaths());
  for (const path of paths) {
    for (const base of [tv.base, room.product.baseUrl]) {
      const { status, text } = await room.ask('GET', `${base}${path}`);
      expect(
        SECRET.exec(text)?.[0],
        `${base === tv.base ? 'kid' : 'public'} ${path}: ${status}`,
      ).toBeUndefined();
    }
  }
  // The same paths do name them to a grown-up: the test can fail.
  const named = await Promise.all(paths.map((path) => room.ask('GET', `${grownUp.base}${path}`)));
  expect(named.filter(({ text }) => SECRET.test(text)).length).toBeGreaterThan(10);
});
