import { once } from 'node:events';
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createKinds } from '../../src/streams/registry.ts';
import { openKindDeps } from '../support/kind-deps.ts';
import { openRequest } from '../support/play-server.ts';
import type { EveryKind } from '../support/real/every-kind.ts';
import {
  type EveryKindRoom,
  IBEX,
  OKAPI,
  openEveryKindRoom,
  QUAGGA,
  RELEASES,
  ZEBRA,
} from '../support/real/every-kind-room.ts';
import { type Minted, mintAt } from '../support/real/minted-links.ts';
import { waitUntil } from '../support/wait-until.ts';

// Every kind of stream there is, with everything the product hands out of it, made while a kid might watch and used when it may not
// any more. The words of what is closed later stand in titles, files, addresses and chats: none of them may come back.

const SECRET = /quagga|okapi|kudu/i;
type Case = keyof typeof RELEASES;
const CASES = Object.keys(RELEASES) as Case[];
const CLOSED: readonly Case[] = ['denied', 'unlisted', 'blockedEpisode'];
const ABREAST = 6;
const FORMS = [
  ...['local file', 'http file', 'http hls', 'http dash', 'http webdav', 'http index', 'ftp file'],
  ...['torrent file', 'usenet post', 'youtube video', 'telegram message', 'external page'],
];
/** Nothing of these passes through here: all there is to refuse is to tell of them. */
const ELSEWHERE = new Set(['youtube', 'telegram', 'external']);

let servers: EveryKind;
let room: EveryKindRoom;
let kid: string;
let tv: Awaited<ReturnType<EveryKindRoom['addInstall']>>;
let device: { key: string; base: string };
const minted = new Map<Case, Minted[]>();
/** How many of these are the television's; the device's follow. */
const counts = new Map<Case, number>();
const running: { label: string; socket: Socket; state: { bytes: number; isOver: boolean } }[] = [];

beforeAll(async () => {
  room = await openEveryKindRoom();
  servers = room.servers;
  kid = await room.addProfile(room.parent, { kind: 'kid', name: 'Ada', pin: '1234' });
  tv = await room.addInstall(room.parent, kid);
  device = await room.pair(kid, '1234');
  for (const mediaId of [ZEBRA, QUAGGA, OKAPI, IBEX]) await rule({ mediaId, policy: 'allow' });
}, 300_000);
afterAll(async () => {
  for (const { socket } of running) socket.destroy();
  await room?.close();
});

const rule = (body: object) => room.must('POST', `/api/profiles/${kid}/policies`, body);

/** What an address answers, in all that it says: status, headers and body. */
async function told(url: string, method = 'GET') {
  const answer = await fetch(url, { method, headers: { Range: 'bytes=0-999' }, redirect: 'manual' });
  const head = JSON.stringify([...answer.headers]);
  if (answer.status < 400) {
    await answer.body?.cancel();
    return { status: answer.status, text: head };
  }
  return { status: answer.status, text: head + (await answer.text()) };
}

/** Those that say anything but `wanted`, or a word that nobody may hear. */
async function wrongAt(links: readonly Minted[], isWanted: (status: number) => boolean): Promise<string[]> {
  const wrong: string[] = [];
  const left = links.flatMap((link) => ['GET', 'HEAD'].map((method) => ({ ...link, method })));
  const work = async () => {
    for (let next = left.pop(); next !== undefined; next = left.pop()) {
      const { method, label, url } = next;
      const { status, text } = await told(url, method);
      if (!isWanted(status)) wrong.push(`${method} ${label}: ${status} ${text.slice(-200)}`);
      else if (status >= 400 && SECRET.test(text)) wrong.push(`${method} ${label} names it: ${text}`);
    }
  };
  await Promise.all(Array.from({ length: ABREAST }, work));
  return wrong;
}
const plays = (status: number) => status === 200 || status === 206;
const refuses = (status: number) => status === 403;
const closedLinks = () => CLOSED.flatMap((one) => minted.get(one) ?? []);
const openLinks = () => [...(minted.get('allowed') ?? []), ...(minted.get('allowedEpisode') ?? [])];

test('there is a case for every kind of the registry', async () => {
  await using opened = await openKindDeps();
  const kinds = createKinds(opened.deps);
  const known = kinds.all.map(({ kind }) => kind).toSorted();
  await kinds.close();
  const streams = servers.streamsOf(RELEASES.allowed);
  expect([...new Set(streams.map(({ kind }) => kind))].toSorted()).toEqual(known);
  expect(streams.map(({ form }) => form)).toEqual(FORMS);
});

describe('while all of it is allowed', () => {
  test.each(CASES)('%s: a stream of every kind is told of, and everything made of it plays', async (one) => {
    const { id } = RELEASES[one];
    const hasFilmParts = ['allowed', 'denied', 'blockedEpisode'].includes(one);
    const here = await mintAt(room, { base: tv.base, id }, { forms: FORMS, hasFilmParts });
    const there = await mintAt(room, { base: device.base, id }, { forms: FORMS, hasFilmParts: false });
    counts.set(one, here.minted.length);
    for (const { form, kind } of servers.streamsOf(RELEASES[one]))
      expect([form, hasForm(here, form, kind)]).toEqual([form, true]);
    // Whose bytes go elsewhere a rule can take nothing back: nothing but our own addresses plays for a kid.
    for (const { url } of here.minted) expect(url).toContain(`${room.product.baseUrl}/`);
    expect(here.text).not.toMatch(/infoHash/);
    expect(here.text).not.toContain(servers.directUrl);
    const all = [...here.minted, ...there.minted];
    minted.set(one, all);
    expect(all.filter(({ label }) => /hls › 0 › /.test(label)).length).toBeGreaterThan(2);
    expect(all.filter(({ label }) => /dash.* › /.test(label)).length).toBeGreaterThan(4);
    expect(await wrongAt(all, plays)).toEqual([]);
  });

  function hasForm({ minted: links, text }: { minted: Minted[]; text: string }, form: string, kind: string) {
    return ELSEWHERE.has(kind)
      ? text.includes(form.replace(' ', '-'))
      : links.some(({ label }) => label === form);
  }

  test('what is out of our hands once it is told is told to grown-ups only', async () => {
    const { base } = await room.addInstall(room.parent, await room.addProfile(room.parent, { name: 'Dad' }));
    const admin = room.product.adminToken;
    const toldAt = async (of: string) =>
      (await room.ask('GET', `${of}/stream/${RELEASES.allowed.id}.json`)).text;
    await room.must('PATCH', '/api/settings', { torrentPlayer: 'client' }, admin);
    const [grownUp, child] = [await toldAt(base), await toldAt(tv.base)];
    await room.must('PATCH', '/api/settings', { torrentPlayer: 'server' }, admin);
    for (const word of ['"infoHash":', `"url":"${servers.directUrl}`])
      expect([word, grownUp.includes(word), child.includes(word)]).toEqual([word, true, false]);
  });

  test('answers of every kind run', async () => {
    for (const { label, url } of (minted.get('denied') ?? []).slice(0, counts.get('denied'))) {
      const length = Number((await fetch(url, { method: 'HEAD' })).headers.get('content-length'));
      if (length < 20_000_000) continue;
      const socket = openRequest(url);
      const state = { bytes: 0, isOver: false };
      socket.on('error', () => {}).on('close', () => (state.isOver = true));
      socket.once('data', (chunk: Buffer) => {
        state.bytes += chunk.length;
        socket.pause();
      });
      running.push({ label, socket, state });
    }
    for (const { label, state } of running)
      await waitUntil(() => state.bytes > 0, { what: `${label} runs`, timeoutMs: 30_000 });
    expect(running.map(({ label }) => label)).toEqual(
      expect.arrayContaining([
        'local file',
        'http file',
        'http webdav',
        'ftp file',
        'torrent file',
        'usenet post',
      ]),
    );
    expect(running.filter(({ label }) => label.includes('›')).length).toBeGreaterThan(1);
  });
});

describe('after one is denied, one taken off the list, and an episode blocked', () => {
  let deniedAt = 0;
  beforeAll(async () => {
    await rule({ mediaId: QUAGGA, policy: 'deny' });
    deniedAt = performance.now();
    await rule({ mediaId: OKAPI, policy: null });
    await rule({ mediaId: IBEX, blockedEpisodes: ['S1E2'] });
  });

  test('nothing that was made of them before gives anything, or names them', async () => {
    expect(closedLinks().length).toBeGreaterThan(100);
    expect(await wrongAt(closedLinks(), refuses)).toEqual([]);
  });

  test('what stays allowed plays on, by the same addresses', async () => {
    expect(await wrongAt(openLinks(), plays)).toEqual([]);
  });

  test.each(CLOSED)('%s: the add-on tells of no stream of any kind', async (one) => {
    for (const base of [tv.base, device.base, room.product.baseUrl])
      for (const what of ['stream', 'subtitles', 'meta']) {
        const { status, text } = await room.ask('GET', `${base}/${what}/${RELEASES[one].id}.json`);
        expect([what, SECRET.exec(text)?.[0]], `${status} ${text.slice(0, 200)}`).toEqual([what, undefined]);
        expect(text).not.toMatch(/"(url|ytId|infoHash)":/);
        expect(text).not.toMatch(/youtube|t\.me|pages\.example/);
      }
  });

  test('a device opens none of them, and lists none', async () => {
    const check = (body: object) => room.ask('POST', '/api/device/launch-check', body, device.key);
    for (const body of [{ mediaId: QUAGGA }, { mediaId: OKAPI }, { mediaId: IBEX, season: 1, episode: 2 }]) {
      const { status, body: said, text } = await check(body);
      expect([status, said]).toMatchObject([200, { allowed: false, link: null }]);
      expect(text).not.toMatch(SECRET);
    }
    const { text } = await room.ask('GET', '/api/device/catalog?kind=movie', undefined, device.key);
    expect([text.includes('Zebra'), SECRET.test(text)]).toEqual([true, false]);
  });

  test('no route of the API names or serves them for what a kid holds', async () => {
    const tokens = [undefined, new URL(tv.manifestUrl).pathname.split('/')[1], device.key];
    const streamIds = await room.streamIdsOf(QUAGGA);
    expect(streamIds.length).toBe(FORMS.length);
    const ids = [room.media.get(QUAGGA) ?? '', room.media.get(OKAPI) ?? '', QUAGGA, ...streamIds];
    const filled = (path: string) => ids.map((id) => path.replaceAll(/\{\w+\}/g, id));
    const asked = (await room.operations())
      .flatMap(({ method, path }) => [...new Set(filled(path))].map((place) => ({ method, place })))
      .flatMap((operation) => tokens.map((token) => ({ ...operation, token })));
    const named: string[] = [];
    for (const { method, place, token } of asked) {
      const { status, text } = await room.ask(method, place, method === 'GET' ? undefined : {}, token);
      if (SECRET.test(text)) named.push(`${method} ${place} with ${token?.slice(0, 8)}: ${status}`);
    }
    expect(named).toEqual([]);
  });

  test('what ran is over within 30 seconds', async () => {
    await sleep(Math.max(0, 31_000 - (performance.now() - deniedAt)));
    for (const { socket, state } of running) {
      socket.on('data', (chunk: Buffer) => (state.bytes += chunk.length)).resume();
      if (!state.isOver) await Promise.race([once(socket, 'close'), sleep(10_000)]);
    }
    // What the kernel held at that moment comes still; the film does not.
    const others = running.filter(({ state }) => !state.isOver || state.bytes >= 20_000_000);
    expect(others.map(({ label, state }) => [label, state])).toEqual([]);
  });
});

describe('by every other way to close them', () => {
  const AGAIN = { hours: null, dailyMinutes: null };
  const patch = (body: object) => room.must('PATCH', `/api/profiles/${kid}`, body);

  test('at no time to watch, and when the minutes of the day are used up', async () => {
    for (const change of [{ hours: [] }, { hours: null, dailyMinutes: 0 }]) {
      await patch(change);
      expect(await wrongAt(openLinks(), refuses)).toEqual([]);
    }
    await patch(AGAIN);
    expect(await wrongAt(openLinks(), plays)).toEqual([]);
  });

  test('by a content tag of the episode', async () => {
    const admin = room.product.adminToken;
    await room.must(
      'PUT',
      `/api/media/${room.media.get(IBEX)}/tags/monsters?season=1&episode=1`,
      undefined,
      admin,
    );
    await room.must('PUT', `/api/profiles/${kid}/policies/block-tag`, { tags: ['monsters'] });
    expect(await wrongAt(minted.get('allowedEpisode') ?? [], refuses)).toEqual([]);
    await room.must('PUT', `/api/profiles/${kid}/policies/block-tag`, { tags: [] });
    expect(await wrongAt(minted.get('allowedEpisode') ?? [], plays)).toEqual([]);
  });

  test('the install taken back: its links are over, those of the device are not', async () => {
    const links = minted.get('allowed') ?? [];
    const [ofTv, ofDevice] = [links.slice(0, counts.get('allowed')), links.slice(counts.get('allowed'))];
    await room.must('DELETE', `/api/installs/${tv.installId}`);
    expect(await wrongAt(ofTv, refuses)).toEqual([]);
    expect(await wrongAt(ofDevice, plays)).toEqual([]);
    await room.must('DELETE', `/api/profiles/${kid}`);
    expect(await wrongAt(ofDevice, refuses)).toEqual([]);
  });
});
