import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeAll, describe, expect, test } from 'vitest';
import type { NntpServer } from '../support/nntp-server.ts';
import { writeRar } from '../support/rar-writer.ts';
import type { Reading } from '../support/usenet-engines.ts';
import {
  expectCut,
  expectWhole,
  LATEST_MS,
  type Side,
  troublesOf,
  withEngine,
} from '../support/usenet-faults.ts';
import { filmOf, releaseOf, type TestRelease } from '../support/usenet-releases.ts';
import { startServers } from '../support/usenet-room.ts';

// What goes wrong at providers, as a viewer of a release sees it: every byte, or an end at the exact one; never silence.

const PART = 40_000;
const FILM = filmOf(40 * PART - 123);
let plain: TestRelease;
let rar: TestRelease;
beforeAll(async () => {
  const inside = [{ path: 'Film.mkv', bytes: FILM }];
  plain = await releaseOf([{ name: 'Film.mkv', bytes: FILM }], { inside, partBytes: PART });
  rar = await releaseOf(writeRar(inside, { version: 5, volumeBytes: 300_000 }), { inside, partBytes: PART });
});

type Troubles = ReturnType<typeof troublesOf>;
const FAULTS: readonly (readonly [string, (of: Troubles) => Side])[] = [
  ['lacks every second article', ({ each, missing }) => ({ trouble: each(2, missing) })],
  ['has none of them', () => ({ articles: new Map() })],
  ['cannot be reached', () => ({ isStopped: true })],
  [
    'refuses the password',
    () => ({ login: { username: 'a', password: 'b' }, provider: { username: 'a', password: 'c' } }),
  ],
  [
    'resets in the middle of bodies',
    ({ each }) => ({ trouble: each(5, () => ({ kind: 'reset', after: 9000 })) }),
  ],
  [
    'ends in the middle of bodies',
    ({ each }) => ({ trouble: each(5, () => ({ kind: 'end', after: 9000 })) }),
  ],
  [
    'stalls in the middle of bodies',
    ({ each }) => ({ trouble: each(9, () => ({ kind: 'stall', after: 9000 })) }),
  ],
  ['flips bits', ({ each, flipped }) => ({ trouble: each(3, flipped) })],
  ['has wrong checksums', ({ each, wrongSum }) => ({ trouble: each(3, wrongSum) })],
  ['cuts articles short', ({ each, truncated }) => ({ trouble: each(3, truncated) })],
  ['mixes articles up', ({ each, swapped }) => ({ trouble: each(3, swapped) })],
  ['gives notes in place of articles', ({ each, noYenc }) => ({ trouble: each(3, noYenc) })],
  ['answers nothing', () => ({ trouble: () => ({ kind: 'silence' }) })],
  ['greets nobody', () => ({ greet: () => false })],
  ['has no connection free', () => ({ maxConnections: 0 })],
  ['has fewer connections than its plan says', () => ({ maxConnections: 1, provider: { connections: 16 } })],
];

describe.each([
  ['a plain post', () => plain],
  ['a RAR', () => rar],
] as const)('%s plays where one provider', (_, of) => {
  test.each(FAULTS)(
    '%s',
    async (_name, side) => {
      const release = of();
      // The first is asked first.
      const first = side(troublesOf(release));
      const sides = [
        { ...first, provider: { ...first.provider, priority: 0 } },
        { provider: { priority: 1 } },
      ];
      await withEngine(sides, release.articles, async ({ read, gone }) => {
        expectWhole(await read(release.spec), FILM);
        expect(gone).toEqual([]);
      });
    },
    60_000,
  );
});

test('three providers, each with a trouble of its own, give every byte together', async () => {
  const { every, missing, flipped } = troublesOf(rar);
  const sides = [
    { trouble: every(3, 0, missing) },
    { trouble: every(3, 1, flipped) },
    { trouble: every(3, 2, () => ({ kind: 'reset', after: 100 })) },
  ];
  await withEngine(sides, rar.articles, async ({ read }) => {
    const readings = await Promise.all(Array.from({ length: 4 }, () => read(rar.spec)));
    for (const reading of readings) expectWhole(reading, FILM);
  });
}, 60_000);

describe('what is gone from every provider', () => {
  const AT = 23;
  const GONE = { status: 404, retryable: false };
  const both = (side: Side) => [side, side];

  test('ends a plain film at its exact byte, and the release is told as damaged once', async () => {
    const { only, missing } = troublesOf(plain);
    await withEngine(both({ trouble: only(AT, missing) }), plain.articles, async ({ read, gone }) => {
      for (let turn = 0; turn < 2; turn += 1) expectCut(await read(plain.spec), FILM, AT * PART, GONE);
      expect(gone).toEqual([plain.spec.key]);
      // Before and behind it the film plays.
      const behind = await read(plain.spec, { start: (AT + 1) * PART });
      expectWhole(behind, FILM.subarray((AT + 1) * PART));
    });
  });

  test('ends a film in a RAR at its exact byte', async () => {
    const { only, missing } = troublesOf(rar);
    const hole = stretchesOf().find(({ article }) => article === AT);
    await withEngine(both({ trouble: only(AT, missing) }), rar.articles, async ({ read }) => {
      expectCut(await read(rar.spec), FILM, hole?.start ?? -1, GONE);
    });
  });

  test('is told before the first byte where that is gone, or all is', async () => {
    for (const release of [plain, rar])
      await withEngine(both({ articles: new Map() }), release.articles, async ({ read, gone }) => {
        expectCut(await read(release.spec), FILM, 0, GONE);
        expect(gone).toEqual([release.spec.key]);
      });
    const { only, missing } = troublesOf(plain);
    await withEngine(both({ trouble: only(0, missing) }), plain.articles, async ({ read }) => {
      expectCut(await read(plain.spec), FILM, 0, GONE);
    });
  });

  test('is filled with nothing where the owner wants that, and told all the same', async () => {
    const small = await releaseOf([{ name: 'Film.mkv', bytes: FILM }], { inside: [], partBytes: PART / 2 });
    const { only, missing } = troublesOf(small);
    const filled = Buffer.from(FILM).fill(0, AT * (PART / 2), (AT + 1) * (PART / 2));
    const sides = both({ trouble: only(AT, missing) });
    await withEngine(sides, small.articles, async ({ read, gone }) => {
      for (let turn = 0; turn < 2; turn += 1) {
        const { error, bytes } = await read(small.spec, { fillsHoles: true });
        expect([error, bytes.equals(filled), gone]).toEqual([null, true, [small.spec.key]]);
      }
    });
  });

  test.each(['flipped', 'wrongSum', 'truncated', 'swapped', 'noYenc'] as const)(
    'or %s everywhere: nobody is given that article to its end',
    async (kind) => {
      const troubles = troublesOf(plain);
      await withEngine(
        both({ trouble: troubles.only(AT, troubles[kind]) }),
        plain.articles,
        async ({ read }) => {
          const { bytes, error, ms } = await read(plain.spec);
          expect(error).toMatchObject(GONE);
          expect(bytes.subarray(0, AT * PART).equals(FILM.subarray(0, AT * PART))).toBe(true);
          expect(bytes.length).toBeGreaterThanOrEqual(AT * PART);
          expect(bytes.length).toBeLessThan((AT + 1) * PART);
          expect(ms).toBeLessThan(LATEST_MS);
        },
      );
    },
    60_000,
  );
});

test('a volume without a name whose first article is gone is told as gone, not as an archive that cannot be played', async () => {
  const inside = [{ path: 'Film.mkv', bytes: FILM }];
  const files = writeRar(inside, { version: 5, volumeBytes: 300_000, naming: 'random' });
  const hidden = await releaseOf(files, { inside, partBytes: PART, isObfuscated: true });
  for (const volume of [0, 2]) {
    const gone = hidden.posted[volume]?.[0]?.id;
    const side: Side = { trouble: (id) => (id === gone ? { kind: 'missing' } : null) };
    await withEngine([side], hidden.articles, async ({ read, gone: told }) => {
      expectCut(await read(hidden.spec), FILM, 0, { status: 404, retryable: false });
      expect(told).toEqual([hidden.spec.key]);
    });
  }
}, 60_000);

test.each(['flipped', 'wrongSum', 'noYenc'] as const)(
  'a post of which an article is %s everywhere is no longer called complete once a viewer met it',
  async (kind) => {
    const troubles = troublesOf(plain);
    const side = { trouble: troubles.only(23, troubles[kind]) };
    await withEngine([side, side], plain.articles, async ({ engine, read, gone }) => {
      await read(plain.spec);
      expect(gone).toEqual([plain.spec.key]);
      expect(await engine.health(plain.spec, AbortSignal.timeout(20_000))).toMatchObject({
        verdict: 'damaged',
      });
    });
  },
  60_000,
);

describe('providers that go in the middle', () => {
  /** Both do `what` once the viewer has had some of the film. */
  async function midway(what: (servers: NntpServer[]) => unknown, side: Side = {}): Promise<Reading> {
    let reading: Reading | null = null;
    const slow = () => ({ kind: 'delay', ms: 40 }) as const;
    await withEngine(
      [
        { trouble: slow, ...side },
        { trouble: slow, ...side },
      ],
      plain.articles,
      async (room, servers) => {
        const playing = room.read(plain.spec);
        await sleep(250);
        await what(servers);
        reading = await playing;
      },
    );
    if (reading === null) throw new Error('nothing was read');
    return reading;
  }

  test('and stay away end the film within seconds, at a byte that was right', async () => {
    const reading = await midway((servers) => Promise.all(servers.map((server) => server.stop())));
    expect(reading.error).toMatchObject({ status: 503, retryable: true });
    expect(reading.bytes.length).toBeGreaterThan(0);
    expect(reading.bytes.equals(FILM.subarray(0, reading.bytes.length))).toBe(true);
    expect(reading.ms).toBeLessThan(LATEST_MS);
  }, 60_000);

  test('and come back are gone on with', async () => {
    const again: { stop(): Promise<void> }[] = [];
    const reading = await midway(async (servers) => {
      const ports = servers.map(({ port }) => ({ port }));
      await Promise.all(servers.map((server) => server.stop()));
      await sleep(200);
      const back = await startServers(ports, plain.articles);
      again.push(...back);
    });
    expectWhole(reading, FILM);
    for (const server of again) await server.stop();
  }, 60_000);

  test('or freeze end it too, and it is said that they did not answer', async () => {
    let isFrozen = false;
    const trouble = () => (isFrozen ? ({ kind: 'silence' } as const) : ({ kind: 'delay', ms: 40 } as const));
    const reading = await midway(
      () => {
        isFrozen = true;
      },
      { trouble },
    );
    expect(reading.error).toMatchObject({ status: 504 });
    expect(reading.bytes.equals(FILM.subarray(0, reading.bytes.length))).toBe(true);
    expect(reading.ms).toBeLessThan(LATEST_MS);
  }, 60_000);

  test('or a router that forgets every connection, which nobody knows before the next command, end nothing', async () => {
    const all = new Set<Socket>();
    const forgotten = new Set<Socket>();
    const greet = (socket: Socket) => {
      all.add(socket);
      socket.on('data', () => forgotten.has(socket) && socket.resetAndDestroy());
      socket.write('200 ready\r\n');
      return true;
    };
    const articles = new Map([...plain.articles, ...rar.articles]);
    const trouble = () => ({ kind: 'delay', ms: 20 }) as const;
    const provider = { connections: 8 };
    await withEngine([{ greet, trouble, provider }], articles, async ({ read }) => {
      expectWhole(await read(plain.spec), FILM);
      expect(all.size).toBeGreaterThan(5);
      for (const socket of all) forgotten.add(socket);
      expectWhole(await read(rar.spec), FILM);
    });
  }, 60_000);

  test('or cut every connection are dialled again', async () => {
    const reading = await midway((servers) => {
      for (const server of servers) server.cut();
    });
    expectWhole(reading, FILM);
  }, 60_000);
});

/** Which article each stretch of the film begins in: by the bytes themselves, which are random. */
function stretchesOf(): { article: number; start: number }[] {
  const volumes = writeRar([{ path: 'Film.mkv', bytes: FILM }], { version: 5, volumeBytes: 300_000 });
  let article = 0;
  const found: { article: number; start: number }[] = [];
  for (const { bytes } of volumes)
    for (let begin = 0; begin < bytes.length; begin += PART, article += 1) {
      const head = bytes.subarray(begin, begin + 64);
      found.push({ article, start: FILM.indexOf(head) });
    }
  return found;
}
