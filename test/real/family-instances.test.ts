import { copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { addZoo, familyAt, IBEX, ZEBRA } from '../support/family-room.ts';
import { type FileOrigin, startFileOrigin } from '../support/file-origin.ts';
import { type Pair, send, startPair, stopPair } from '../support/instances.ts';
import { openTempDir } from '../support/processes.ts';
import type { Tributary } from '../support/product.ts';
import { CLIP } from '../support/real/clip.ts';
import { type Minted, mintAt } from '../support/real/minted-links.ts';
import { makePresentations } from '../support/real/presentations.ts';
import { waitUntil } from '../support/wait-until.ts';

// Two servers on one Postgres: what a parent changes at one, the other does at its very next request, whichever door that comes by.

const LIMITS = { rateLimitAddonPerMinute: 1_000_000, rateLimitApiPerMinute: 1_000_000 };
const FORMS = ['http hls', 'local clip'];

describe.each([
  { name: 'Postgres alone', withRedis: false },
  { name: 'Postgres and Redis', withRedis: true },
])('two instances on $name', ({ withRedis }) => {
  let dir: Awaited<ReturnType<typeof openTempDir>>;
  let origin: FileOrigin;
  let pair: Pair;
  let a: ReturnType<typeof familyAt>;
  let b: ReturnType<typeof familyAt>;
  let parent: string;
  let kid: string;
  let tv: { installId: string; base: string };
  let links: Minted[];

  beforeAll(async () => {
    dir = await openTempDir();
    await makePresentations(dir.path);
    origin = await startFileOrigin({ folder: dir.path });
    await copyFile(CLIP, join(dir.path, 'clip.mp4'));
    pair = await startPair(withRedis, { LOCAL_FOLDERS: `films=${dir.path}`, CATALOG_REGION: 'US' });
    await send(pair.a, 'PATCH', '/api/settings', { ...LIMITS, publicCatalog: 'all', torrentPlayer: null });
    [a, b] = [familyAt(pair.a, dir.path), familyAt(pair.b, dir.path)];
    parent = await a.register('parent');
    await addZoo(a);
    const streams = [
      { kind: 'http', url: `${origin.base}/aes/index.m3u8`, name: 'Zebra.film.http-hls' },
      { kind: 'local', file: 'films/clip.mp4', name: 'Zebra.film.local-clip' },
    ];
    for (const stream of streams) await send(pair.a, 'POST', '/api/streams', { mediaId: ZEBRA, ...stream });
  }, 180_000);
  afterAll(async () => {
    await stopPair(pair);
    await origin?.stop();
    await dir?.remove();
  });

  const must = async (method: string, path: string, body?: object) => {
    const { status, text } = await a.ask(method, path, body, parent);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${text}`);
  };
  const rule = (body: object) => must('POST', `/api/profiles/${kid}/policies`, body);
  const patch = (body: object) => must('PATCH', `/api/profiles/${kid}`, body);
  /** The same address at the other instance. */
  const atB = (url: string) => url.replace(pair.a.baseUrl, pair.b.baseUrl);
  const opens = async (url: string) => {
    const answer = await fetch(url, { headers: { Range: 'bytes=0-9' } });
    await answer.body?.cancel();
    return answer.status < 300;
  };
  const linkOf = (label: string) => atB(links.find((link) => link.label === label)?.url ?? '');

  /** Every way in which the second instance may show a film or give something of it. */
  const doors: Record<string, () => Promise<boolean>> = {
    catalogue: async () => (await b.catalog(atB(tv.base), 'movie/popular')).includes('Zebra film'),
    'catalogue of a genre': async () =>
      (await b.catalog(atB(tv.base), 'movie/popular/genre=Comedy')).includes('Zebra film'),
    search: async () => (await b.catalog(atB(tv.base), 'movie/search/search=zebra')).includes('Zebra film'),
    meta: async () => (await b.meta(atB(tv.base), `movie/${ZEBRA}`)) !== null,
    streams: async () =>
      (await b.ask('GET', `${atB(tv.base)}/stream/movie/${ZEBRA}.json`)).text.includes('/play/'),
    'play link': () => opens(linkOf('local clip')),
    picture: () => opens(linkOf('local clip: thumbnail.jpg')),
    remux: () => opens(linkOf('local clip: remux/index.m3u8')),
    'part of a remux': () => opens(linkOf('local clip: remux/0.m4s')),
    playlist: () => opens(linkOf('http hls')),
    'key of HLS': () => opens(linkOf('http hls › 0')),
    'segment of HLS': () => opens(linkOf('http hls › 1')),
  };
  const NO_LISTS = [
    'play link',
    'picture',
    'remux',
    'part of a remux',
    'playlist',
    'key of HLS',
    'segment of HLS',
  ];

  test('the add-on of everybody closes with the first kid, also while no notice is heard', async () => {
    const isOpen = async (of: Tributary) => (await familyAt(of, '').catalog('', 'movie/popular')).length > 0;
    const link =
      (await b.streams('', `movie/${ZEBRA}`)).find(({ url }) => url?.includes('/play/'))?.url ?? '';
    expect([await isOpen(pair.a), await isOpen(pair.b), await opens(link)]).toEqual([true, true, true]);
    const deaf = await deafen(pair);
    try {
      expect([await isOpen(pair.b), await opens(link)]).toEqual([true, true]);
      kid = await a.addProfile(parent, { kind: 'kid', name: 'Ada', pin: '1234' });
      expect([await isOpen(pair.b), await opens(link)]).toEqual([false, false]);
    } finally {
      await deaf.end();
    }
    await must('DELETE', `/api/profiles/${kid}`);
    expect([await isOpen(pair.b), await opens(link)]).toEqual([true, true]);
    kid = await a.addProfile(parent, { kind: 'kid', name: 'Ada', pin: '1234' });
    expect([await isOpen(pair.b), await opens(link)]).toEqual([false, false]);
    tv = await a.addInstall(parent, kid);
    await rule({ mediaId: ZEBRA, policy: 'allow' });
    const options = { forms: FORMS, hasFilmParts: true };
    ({ minted: links } = await mintAt(a, { base: tv.base, id: `movie/${ZEBRA}` }, options));
    for (const door of NO_LISTS) expect([door, await doors[door]?.()]).toEqual([door, true]);
  });

  test.each(Object.keys(doors))('%s: a rule acts at the next request to the other', async (door) => {
    const isOpen = doors[door] ?? (() => Promise.reject(new Error('no such door')));
    for (let round = 0; round < 3; round += 1) {
      await rule({ mediaId: ZEBRA, policy: 'allow' });
      expect(await isOpen()).toBe(true);
      await rule({ mediaId: ZEBRA, policy: 'deny' });
      expect(await isOpen()).toBe(false);
      await rule({ mediaId: ZEBRA, policy: 'allow' });
      expect(await isOpen()).toBe(true);
      await rule({ mediaId: ZEBRA, policy: null });
      expect(await isOpen()).toBe(false);
    }
    await rule({ mediaId: ZEBRA, policy: 'allow' });
  });

  test.each(['heard', 'not heard'])(
    'what is no rule of the profile acts too, where notices are %s',
    async (how) => {
      await patch({ mode: 'age', maxAge: 12 });
      const deaf = how === 'heard' ? null : await deafen(pair);
      try {
        const lists = ['catalogue', 'catalogue of a genre', 'search', 'meta', 'streams', ...NO_LISTS];
        const tag = '/tags/violence';
        await must('PUT', `/api/profiles/${kid}/policies/block-tag`, { tags: ['violence'] });
        await rule({ mediaId: ZEBRA, policy: null });
        const zebra = z
          .object({ id: z.string() })
          .parse((await a.asAdmin('GET', `/api/media/${ZEBRA}`)).body).id;
        await a.asAdmin('DELETE', `/api/media/${zebra}${tag}`);
        // A start reads ages and tags first; until then a kid by age who blocks tags sees nothing.
        await expect.poll(() => doors.catalogue?.(), { timeout: 30_000 }).toBe(true);
        for (const door of lists) {
          await a.asAdmin('DELETE', `/api/media/${zebra}${tag}`);
          expect([door, await doors[door]?.()]).toEqual([door, true]);
          expect((await a.asAdmin('PUT', `/api/media/${zebra}${tag}`)).status).toBe(204);
          expect([door, await doors[door]?.()]).toEqual([door, false]);
        }
        await a.asAdmin('DELETE', `/api/media/${zebra}${tag}`);
      } finally {
        await deaf?.end();
        await must('PUT', `/api/profiles/${kid}/policies/block-tag`, { tags: [] });
        await patch({ mode: 'allow' });
        await rule({ mediaId: ZEBRA, policy: 'allow' });
      }
    },
  );

  test('the hours of a day and the minutes of it act at the other', async () => {
    const play = ['streams', ...NO_LISTS];
    for (const change of [{ hours: [] }, { hours: null, dailyMinutes: 0 }]) {
      await patch(change);
      for (const door of play) expect([door, await doors[door]?.()]).toEqual([door, false]);
      await patch({ hours: null, dailyMinutes: null });
      for (const door of play) expect([door, await doors[door]?.()]).toEqual([door, true]);
    }
  });

  test('an episode that is blocked at one is not named by the other', async () => {
    await rule({ mediaId: IBEX, policy: 'allow' });
    const names = async () =>
      (await b.meta(atB(tv.base), `series/${IBEX}`))?.videos?.map(({ title }) => title) ?? [];
    expect(await names()).toContain('Kudu comes');
    await rule({ mediaId: IBEX, blockedEpisodes: ['S1E2'] });
    expect(await names()).toEqual(['Ibex one']);
  });

  test('a session that ended, a role and a PIN that changed are so at the other', async () => {
    const second = await a.register('second');
    const password = 'second has a password';
    const sessions = async (token: string) =>
      (await b.ask('GET', '/api/auth/sessions', undefined, token)).status;
    const users = async () => (await b.ask('GET', '/api/users', undefined, second)).status;
    const me = await a.ask('GET', '/api/auth/me', undefined, second);
    const { userId } = z.object({ user: z.object({ userId: z.uuid() }) }).parse(me.body).user;
    expect(await users()).toBe(403);
    await send(pair.a, 'PATCH', `/api/users/${userId}`, { role: 'admin' });
    expect(await users()).toBe(200);
    await send(pair.a, 'PATCH', `/api/users/${userId}`, { role: 'user' });
    expect(await users()).toBe(403);

    const login = await b.ask('POST', '/api/auth/login', { login: 'second', password });
    const { accessToken: elsewhere } = z.object({ accessToken: z.string() }).parse(login.body);
    expect([await sessions(second), await sessions(elsewhere)]).toEqual([200, 200]);
    // A new password ends all other sessions; signing out ends this one.
    const change = { current: password, next: 'another password of the second' };
    expect((await a.ask('POST', '/api/auth/password', change, second)).status).toBeLessThan(300);
    expect([await sessions(second), await sessions(elsewhere)]).toEqual([200, 401]);
    await a.ask('POST', '/api/auth/logout', {}, second);
    expect(await sessions(second)).toBe(401);

    const claim = async (pin: string) => {
      const made = await b.ask('POST', '/api/pairing-codes', {}, parent);
      const { code } = z.object({ code: z.string() }).parse(made.body);
      const body = { name: 'Tablet', profileId: kid, pin };
      return await b.ask('POST', `/api/pairing-codes/${code}/claim`, body);
    };
    expect((await claim('1234')).status).toBe(201);
    await patch({ pin: '9876' });
    expect((await claim('1234')).status).toBe(401);
    const paired = await claim('9876');
    const { key } = z.object({ key: z.string() }).parse(paired.body);
    const { deviceId } = z.object({ deviceId: z.string() }).parse(paired.body);
    expect((await b.ask('GET', '/api/device', undefined, key)).status).toBe(200);
    await must('DELETE', `/api/devices/${deviceId}`);
    expect((await b.ask('GET', '/api/device', undefined, key)).status).toBe(401);
  });

  test('an install taken back, and a profile that is gone, open nothing at the other', async () => {
    const manifest = async (base: string) => (await b.ask('GET', `${atB(base)}/manifest.json`)).status;
    const other = await a.addInstall(parent, kid, 'Tablet');
    expect([await manifest(tv.base), await manifest(other.base)]).toEqual([200, 200]);
    await must('DELETE', `/api/installs/${tv.installId}`);
    expect([await manifest(tv.base), await manifest(other.base)]).toEqual([404, 200]);
    for (const door of NO_LISTS) expect([door, await doors[door]?.()]).toEqual([door, false]);
    await must('DELETE', `/api/profiles/${kid}`);
    expect(await manifest(other.base)).toBe(404);
  });
});

/** No notice reaches either instance until `end`: whatever listens is cut at once, time and again. */
async function deafen({ a, b, database }: Pair) {
  const client = new Client({ connectionString: database.url });
  await client.connect();
  const CUT = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
    WHERE datname = current_database() AND (application_name = 'tributary notify' OR query LIKE 'LISTEN %' OR query LIKE 'SET application_name%')`;
  let isOver = false;
  const cutting = (async () => {
    while (!isOver) await client.query(CUT);
  })();
  const areDeaf = async (isDeaf: boolean) => {
    for (const product of [a, b])
      await waitUntil(
        async () => {
          const metrics = await (await product.asAdmin('/metrics')).text();
          return metrics.includes(`tributary_notify_up ${isDeaf ? 0 : 1}`);
        },
        { what: isDeaf ? 'it is deaf' : 'it hears', timeoutMs: 20_000 },
      );
  };
  await areDeaf(true);
  return {
    async end() {
      isOver = true;
      await cutting;
      await client.end();
      await areDeaf(false);
    },
  };
}
