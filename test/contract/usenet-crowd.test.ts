import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { expectNoLeaks, films, type Held, hold } from '../support/usenet-crowd.ts';
import { NEVER, openLocal } from '../support/usenet-engines.ts';
import { withEngine } from '../support/usenet-faults.ts';
import { providerAt, startServers } from '../support/usenet-room.ts';
import { waitUntil } from '../support/wait-until.ts';

// Many viewers at once, through the whole engine.

const MIB = 1024 * 1024;

test('a new film is asked for at once beside ten that play', async () => {
  const made = await films(15, 1_200_000, 20_000);
  const [first] = made;
  if (first === undefined) throw new Error('there is no film');
  const heard = new Map<string, number>();
  const hear = (line: string) => void heard.set(line, performance.now());
  const trouble = () => ({ kind: 'delay', ms: 40 }) as const;
  const sides = [{ trouble, hear, provider: { connections: 10 } }];
  await withEngine(sides, first.articles, async ({ read }) => {
    const leaving = new AbortController();
    const playing = made.slice(0, 10).map(({ spec }) => read(spec, { signal: leaving.signal }));
    await sleep(400);
    const waits: number[] = [];
    for (const { spec, posted } of made.slice(10)) {
      const since = performance.now();
      await read(spec, { end: 1 });
      waits.push((heard.get(`BODY <${posted[0]?.[0]?.id}>`) ?? Number.POSITIVE_INFINITY) - since);
    }
    leaving.abort(new Error('gone'));
    await Promise.all(playing);
    const [, , median = Number.POSITIVE_INFINITY] = waits.toSorted((one, other) => one - other);
    console.log(`first BODY beside ten: ${median.toFixed(1)} ms (median of ${waits.length})`);
    // 50 ms on a quiet machine (criterion 41).
    expect(median).toBeLessThan(500);
  });
}, 60_000);

test('ten viewers of one film cost its articles once', async () => {
  const [film] = await films(1, 3_000_000, 20_000);
  if (film === undefined) throw new Error('there is no film');
  await withEngine([{}, {}], film.articles, async ({ read }, servers) => {
    const readings = await Promise.all(Array.from({ length: 10 }, () => read(film.spec)));
    for (const { bytes } of readings)
      expect(bytes.equals(film.inside[0]?.bytes ?? Buffer.alloc(0))).toBe(true);
    const asked = servers.reduce((sum, { bodies }) => sum + bodies.length, 0);
    expect(asked / 150).toBeLessThanOrEqual(1.1);
  });
}, 60_000);

test('a viewer who pauses is read ahead for no further than the window, and one who looks at a head costs two', async () => {
  const [film] = await films(1, 24 * MIB, 256 * 1024);
  if (film === undefined) throw new Error('there is no film');
  await withEngine([{}], film.articles, async (room, [server]) => {
    const bodies = () => server?.bodies.length ?? 0;
    const { leave } = await hold(room, film);
    await sleep(500);
    expect(bodies()).toBeLessThanOrEqual(4);
    await leave();
    await room.read(film.spec, { end: 4 * MIB });
    const [file] = await room.engine.open(film.spec, NEVER);
    const reading = room.engine.read(
      {
        key: film.spec.key,
        fileIndex: file?.index ?? 0,
        range: { start: 0, end: 24 * MIB },
        fillsHoles: false,
      },
      NEVER,
    );
    for (let taken = 0; taken < 4 * MIB; ) {
      const { value } = await reading.next();
      if (value === undefined) break;
      taken += value.to - value.from;
      value.release();
    }
    await sleep(500);
    const [paused] = [bodies()];
    await sleep(1000);
    expect(bodies()).toBe(paused);
    // 4 MiB were taken; what two seconds bring is beyond 8 MiB here, four times what was taken is 16.
    expect(paused).toBeLessThanOrEqual((4 + 16) * 4 + 4);
    await reading.return(undefined);
    room.engine.release(film.spec.key);
  });
}, 60_000);

test('a hundred viewers who take nothing more hold no more than the memory there is', async () => {
  const made = await films(10, 2_000_000, 60_000);
  const [first] = made;
  if (first === undefined) throw new Error('there is no film');
  await using servers = await startServers([{}], first.articles);
  const memoryBytes = 16 * MIB;
  await using room = await openLocal({ providers: servers.map((one) => providerAt(one)), memoryBytes });
  const held: Held[] = [];
  for (let viewer = 0; viewer < 100; viewer += 1) {
    const release = made[viewer % 10];
    if (release !== undefined) held.push(await hold(room, release, Math.floor(viewer / 10) * 190_000));
    // An article of each that is being sent may come on top.
    expect(room.engine.usage().usedBytes).toBeLessThanOrEqual(memoryBytes + 100 * 64 * 1024);
  }
  await sleep(300);
  expect(room.engine.usage().usedBytes).toBeLessThanOrEqual(memoryBytes + 100 * 64 * 1024);
  // Others still play.
  const { bytes } = await room.read(first.spec);
  expect(bytes.equals(first.inside[0]?.bytes ?? Buffer.alloc(0))).toBe(true);
  for (const { leave } of held) await leave();
  await waitUntil(() => room.engine.usage().jobs === 0, { what: 'no job is left', timeoutMs: 10_000 });
  expect(room.engine.usage().usedBytes).toBeLessThanOrEqual(memoryBytes / 2);
  await room.engine.close();
  expect(room.engine.usage()).toEqual({ jobs: 0, kept: 0, usedBytes: 0, reservedBytes: 0 });
}, 60_000);

test('a hundred viewers who open and leave at any moment leave nothing behind', async () => {
  await expectNoLeaks(100);
}, 60_000);
