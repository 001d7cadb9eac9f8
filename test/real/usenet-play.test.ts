import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { freePort } from '../support/processes.ts';
import { CLIP_SECONDS, remuxClip } from '../support/real/clip.ts';
import { startInn } from '../support/real/inn.ts';
import { mpvPlayAndSeek } from '../support/real/mpv.ts';
import { startNntpRelay } from '../support/real/nntp.ts';
import { postByNyuu } from '../support/real/nyuu.ts';
import { SHAPES, writeRelease } from '../support/real/usenet-releases.ts';
import {
  innRoom,
  linkTo,
  readRange,
  startWithProviders,
  withLogin,
  wrongRanges,
} from '../support/real/usenet-room.ts';
import { waitUntil } from '../support/wait-until.ts';

// What nyuu posted to INN, through the whole product: played, sought in, and had from whichever provider has it.

const FILM = { name: 'The.Film.2024.mkv', bytes: randomBytes(24_000_017) };
const VOLUME_BYTES = 3_000_000;
const ARTICLE_BYTES = 200_000;
/** Of all shapes together, 1,000. */
const RANGES = 1000 / SHAPES.length;

const room = innRoom();

async function post(shape: (typeof SHAPES)[number], film = FILM): Promise<string> {
  const files = await writeRelease(room.dir, shape, film, VOLUME_BYTES);
  const isObfuscated = shape.startsWith('obfuscated');
  return await postByNyuu(files, room.inn.plain, { articleBytes: ARTICLE_BYTES, isObfuscated });
}
const idsOf = (nzb: string) => [...nzb.matchAll(/<segment [^>]*>([^<]+)</g)].map(([, id = '']) => id);
const whole = (url: string) => readRange(url, 0, FILM.bytes.length);

test.each(SHAPES)('%s: the film inside, and any part of it', async (shape) => {
  const { playUrl, files } = await linkTo(room.product, await post(shape));
  expect(files.map(({ size }) => size)).toEqual([FILM.bytes.length]);
  if (shape !== 'plain') expect(files.map(({ name }) => name)).toEqual([FILM.name]);
  expect((await whole(playUrl)).equals(FILM.bytes)).toBe(true);
  expect(await wrongRanges(playUrl, FILM.bytes, RANGES, SHAPES.indexOf(shape))).toEqual([]);
});

test('mpv plays a film under names that say nothing, in an archive, and seeks in it', async () => {
  const path = join(room.dir, 'clip.mkv');
  await remuxClip(path);
  const clip = { name: 'clip.mkv', bytes: await readFile(path) };
  const { playUrl } = await linkTo(room.product, await post('obfuscated RAR5', clip));
  const played = await mpvPlayAndSeek(playUrl, 90);
  expect(Math.abs(played.durationSeconds - CLIP_SECONDS)).toBeLessThan(1);
  expect(played.playedOnToSeconds).toBeGreaterThan(90);
});

test('what one provider has lost comes from the other', async () => {
  const nzb = await post('RAR5');
  await using other = await startInn({ copyOf: room.inn });
  const ids = idsOf(nzb);
  await room.inn.remove(ids.filter((_, index) => index % 7 === 0));
  await other.remove(ids.filter((_, index) => index % 7 === 3));
  await using own = await startWithProviders([room.inn.plain, other.plain]);
  const { playUrl } = await linkTo(own, nzb);
  expect((await whole(playUrl)).equals(FILM.bytes)).toBe(true);
});

test('what both have lost ends the reading where it is, and nowhere else', async () => {
  const nzb = await post('plain');
  const lost = 60;
  await room.inn.remove([idsOf(nzb)[lost] ?? '']);
  const { playUrl } = await linkTo(room.product, nzb);
  const [from, to] = [lost * ARTICLE_BYTES, (lost + 1) * ARTICLE_BYTES];
  await expect(whole(playUrl)).rejects.toThrow();
  await expect(readRange(playUrl, from, from + 1)).rejects.toThrow();
  for (const [start, end] of [
    [0, from],
    [to, FILM.bytes.length],
  ] as const)
    expect((await readRange(playUrl, start, end)).equals(FILM.bytes.subarray(start, end))).toBe(true);
});

test('a wrong password at one provider costs nothing but that provider', async () => {
  const nzb = await post('RAR4');
  await using own = await startWithProviders([
    { ...room.inn.auth, ...withLogin(room.inn, 'not-the-password-of-anybody') },
    { ...room.inn.auth, ...withLogin(room.inn) },
  ]);
  const { playUrl } = await linkTo(own, nzb);
  expect((await whole(playUrl)).equals(FILM.bytes)).toBe(true);
  expect(own.output()).not.toContain('not-the-password-of-anybody');
});

test('TLS to a provider whose authority is known, and to no other', async () => {
  const nzb = await post('plain');
  const provider = { ...room.inn.tls, tls: true, ...withLogin(room.inn) };
  await using own = await startWithProviders([{ ...provider, tlsCa: room.inn.ca }]);
  expect((await whole((await linkTo(own, nzb)).playUrl)).equals(FILM.bytes)).toBe(true);
  await using stranger = await startWithProviders([provider]);
  // Nobody could look inside: the link is made all the same, and whoever plays it is told.
  const { playUrl } = await linkTo(stranger, nzb);
  expect((await fetch(playUrl)).status).toBeGreaterThanOrEqual(500);
});

test('a provider that damages, stalls and breaks off gives the film bit for bit, with another behind it', async () => {
  const listen = { host: '127.0.0.1', port: await freePort() };
  await using _relay = await startNntpRelay([
    {
      ...{ listen, to: room.inn.plain },
      faults: {
        flip: { every: 11 },
        stall: { every: 29, seconds: 20 },
        cut: { every: 17, how: 'reset', afterBytes: 100_000 },
      },
    },
  ]);
  await using own = await startWithProviders([listen, room.inn.plain]);
  const { playUrl } = await linkTo(own, await post('RAR5'));
  expect((await whole(playUrl)).equals(FILM.bytes)).toBe(true);
});

test('a provider is killed in the middle of a film and comes back: the other goes on, and it is used again', async () => {
  const places = [
    { host: '127.0.0.1', port: await freePort() },
    { host: '127.0.0.1', port: await freePort() },
  ];
  await using relay = await startNntpRelay(
    places.map((listen) => ({ listen, to: room.inn.plain, bytesPerSecond: 500_000 })),
  );
  await using own = await startWithProviders(places);
  const { playUrl } = await linkTo(own, await post('plain'));
  const reading = whole(playUrl);
  await waitUntil(async () => (await relay.tell(0)).bytes > FILM.bytes.length / 4, {
    ...{ what: 'a quarter of the film came', timeoutMs: 30_000 },
  });
  await relay.tell(0, { state: 'kill' });
  expect((await reading).equals(FILM.bytes)).toBe(true);
  await relay.tell(0, { state: 'open', isCleared: true });
  await relay.tell(1, { state: 'kill' });
  const next = await post('plain');
  // It rests for up to half a minute after it failed.
  const link = await waitUntil(() => linkTo(own, next).catch(() => undefined), {
    ...{ what: 'the first provider is asked again', timeoutMs: 60_000, everyMs: 1000 },
  });
  expect((await whole(link.playUrl)).equals(FILM.bytes)).toBe(true);
  expect((await relay.tell(0)).bytes).toBeGreaterThan(FILM.bytes.length);
});
