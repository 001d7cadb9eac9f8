import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import type { Learned, UsenetSpec } from '../../src/streams/usenet/engine.ts';
import type { NntpServer } from '../support/nntp-server.ts';
import type { RarOptions } from '../support/rar-format.ts';
import { writeRar } from '../support/rar-writer.ts';
import { type LocalRoom, NEVER, type ReadWhat } from '../support/usenet-engines.ts';
import { expectWhole, type Side, withEngine } from '../support/usenet-faults.ts';
import { filmOf, releaseOf, type TestRelease } from '../support/usenet-releases.ts';
import { waitUntil } from '../support/wait-until.ts';

// An archive of many volumes is opened by three of them; while somebody watches, the others are looked at before he comes there.

/** Headers are read by 16 KiB. */
const [VOLUMES, PART, VOLUME_BYTES] = [120, 20_000, 65_000];
const FILM = filmOf(VOLUMES * VOLUME_BYTES - 20_000);
const inside = [{ path: 'Film.mkv', bytes: FILM }];

const made = (more: Partial<RarOptions> = {}) =>
  releaseOf(writeRar(inside, { version: 5, volumeBytes: VOLUME_BYTES, ...more }), {
    inside,
    partBytes: PART,
  });
let release: TestRelease;
beforeAll(async () => {
  release = await made();
});

/** A viewer who has it open all the time. */
async function watched(
  of: TestRelease,
  work: (viewer: {
    room: LocalRoom;
    server: NntpServer;
    /** BODYs of a reading; what is looked at meanwhile is over by then, or counted too. */
    bodiesOf(what: ReadWhat): Promise<number>;
    /** Until nothing more is asked for. */
    quiet(): Promise<void>;
  }) => Promise<void>,
  side: Side = {},
  spec: UsenetSpec = of.spec,
): Promise<void> {
  await withEngine([side], of.articles, async (room, [server]) => {
    if (server === undefined) throw new Error('no server');
    await room.engine.open(spec, NEVER);
    const quiet = async () => {
      for (let before = -1; before !== server.bodies.length; ) {
        before = server.bodies.length;
        await sleep(1500);
      }
    };
    const bodiesOf = async (what: ReadWhat) => {
      const before = server.bodies.length;
      const { start = 0, end = FILM.length } = what;
      expectWhole(await room.read(spec, what), FILM.subarray(start, end));
      return server.bodies.length - before;
    };
    await work({ room, server, quiet, bodiesOf });
    room.engine.release(spec.key);
  });
}

/** Places no two of which lie in articles that one reading asks for. */
const places = Array.from({ length: 50 }, (_, at) => ({
  start: 30_000 + at * Math.floor((FILM.length - 100_000) / 50) + ((at * 7919) % 9000),
}));
const seekTo = ({ start }: { start: number }) => ({ start, end: start + 64 });
const volumeOf = (of: TestRelease, id: string) =>
  of.posted.findIndex((parts) => parts.some((part) => part.id === id));

test('a seek costs one article once the volumes were looked at, and opening costs three', async () => {
  await watched(release, async ({ server, quiet, bodiesOf }) => {
    expect(server.bodies.length).toBeLessThanOrEqual(3);
    expect(await bodiesOf({ end: 64 })).toBe(0);
    await quiet();
    expect(new Set(server.bodies).size).toBe(server.bodies.length);
    expect(new Set(server.bodies.map((id) => volumeOf(release, id))).size).toBe(VOLUMES);
    const counts: number[] = [];
    for (const place of places) counts.push(await bodiesOf(seekTo(place)));
    expect(Math.max(...counts)).toBeLessThanOrEqual(2);
    expect(counts.reduce((sum, one) => sum + one) / counts.length).toBeLessThanOrEqual(1.1);
  });
}, 60_000);

test('what was looked at is kept: the next viewer seeks by one article without any look', async () => {
  const kept: { learned: Learned | null } = { learned: null };
  await withEngine([{}], release.articles, async (room, [server]) => {
    await room.engine.open(release.spec, NEVER);
    await room.read(release.spec, { end: 64 });
    await waitUntil(() => (server?.bodies.length ?? 0) >= VOLUMES, {
      what: 'all looked at',
      timeoutMs: 20_000,
    });
    await waitUntil(() => room.engine.usage().jobs === 0, {
      what: 'the last one is here',
      timeoutMs: 10_000,
    });
    await sleep(200);
    room.engine.release(release.spec.key);
    await room.engine.close();
    kept.learned = room.learned.get(release.spec.key) ?? null;
  });
  const spec = { ...release.spec, ...kept };
  const extents = spec.learned?.files?.[0]?.extents ?? [];
  expect([extents.length, extents.filter(([, , , isGuessed]) => isGuessed === 1)]).toEqual([VOLUMES, []]);
  await watched(
    release,
    async ({ server, bodiesOf }) => {
      for (const place of places.slice(0, 20)) expect(await bodiesOf(seekTo(place))).toBeLessThanOrEqual(2);
      expect(server.bodies.length).toBeLessThanOrEqual(22);
    },
    {},
    spec,
  );
}, 60_000);

test('they are looked at from the viewer on, two at a time, and no more once nobody has it open', async () => {
  const slow = { trouble: () => ({ kind: 'delay', ms: 30 }) as const, provider: { connections: 10 } };
  await watched(
    release,
    async ({ room, server, bodiesOf, quiet }) => {
      const at = 60 * VOLUME_BYTES + 20_000;
      const viewed = await bodiesOf({ start: at, end: at + 64 });
      expect(viewed).toBeLessThanOrEqual(2);
      const before = server.bodies.length;
      let most = 0;
      const looking = setInterval(() => {
        most = Math.max(most, room.engine.providers()[0]?.inFlight ?? 0);
      }, 5);
      await waitUntil(() => server.bodies.length >= before + 20, { what: '20 volumes', timeoutMs: 20_000 });
      clearInterval(looking);
      expect(most).toBe(2);
      const volumes = server.bodies.slice(before).map((id) => volumeOf(release, id));
      expect(volumes[0]).toBeGreaterThanOrEqual(60);
      expect(volumes[0]).toBeLessThanOrEqual(62);
      expect(volumes).toEqual(volumes.toSorted((one, other) => one - other));
      room.engine.release(release.spec.key);
      await sleep(100);
      const then = server.bodies.length;
      expect(then).toBeLessThan(VOLUMES);
      await quiet();
      expect(server.bodies.length).toBe(then);
      await room.engine.open(release.spec, NEVER);
    },
    slow,
  );
}, 60_000);

test('nobody waits for them: seeks in the middle of it are answered as they come', async () => {
  const slow = { trouble: () => ({ kind: 'delay', ms: 60 }) as const, provider: { connections: 4 } };
  await watched(
    release,
    async ({ room, server, bodiesOf }) => {
      await bodiesOf({ end: 64 });
      await waitUntil(() => server.bodies.length > 8, { what: 'it has begun', timeoutMs: 10_000 });
      const firsts: number[] = [];
      for (const place of places.slice(0, 9)) {
        const before = server.bodies.length;
        const reading = await room.read(release.spec, seekTo(place));
        expectWhole(reading, FILM.subarray(place.start, place.start + 64));
        firsts.push(reading.firstMs);
        expect(server.bodies.length).toBeGreaterThanOrEqual(before);
      }
      // Two articles of 60 ms, one after the other.
      expect(firsts.toSorted((one, other) => one - other)[4]).toBeLessThan(400);
    },
    slow,
  );
}, 60_000);

test('where one is not as was guessed nothing is looked at any further, and the film plays', async () => {
  const uneven = await made({ unevenAt: 6 });
  await watched(uneven, async ({ server, bodiesOf, quiet }) => {
    await bodiesOf({ end: 64 });
    await quiet();
    const looked = new Set(server.bodies.map((id) => volumeOf(uneven, id)));
    expect(looked.size).toBeLessThan(12);
    await bodiesOf({});
  });
}, 60_000);

test('one that is gone is passed over', async () => {
  const gone = release.posted[50]?.[0]?.id;
  const side: Side = { trouble: (id) => (id === gone ? { kind: 'missing' } : null) };
  await watched(
    release,
    async ({ server, bodiesOf }) => {
      await bodiesOf({ end: 64 });
      await waitUntil(() => server.bodies.length >= VOLUMES, { what: 'all others', timeoutMs: 20_000 });
      expect(server.bodies.filter((id) => id === gone)).toHaveLength(1);
    },
    side,
  );
}, 60_000);
