import { expect } from 'vitest';
import type { Provider } from '../../src/streams/usenet/providers/provider.ts';
import type { NntpServer, NntpServerOptions, Trouble } from './nntp-server.ts';
import { type LocalRoom, openLocal, type Reading } from './usenet-engines.ts';
import type { TestRelease } from './usenet-releases.ts';
import { providerAt, startServers } from './usenet-room.ts';
import { waitUntil } from './wait-until.ts';
import { dotStuffed } from './yenc-encode.ts';

export type Side = Partial<NntpServerOptions> & { provider?: Partial<Provider>; isStopped?: boolean };

/** The product waits 15 s for an answer; a test does not. */
export const TIMES = { silenceMs: 1500, readOffMs: 500, loginMs: 1500 };
/** No reading ends later, whatever happens: with these times, on a busy machine. */
export const LATEST_MS = 20_000;

/** The whole engine over servers with these troubles; after `work` nothing of it may be left open or in memory. */
export async function withEngine(
  sides: readonly Side[],
  articles: ReadonlyMap<string, Buffer>,
  work: (room: LocalRoom, servers: NntpServer[]) => Promise<void>,
): Promise<void> {
  await using servers = await startServers(sides, articles);
  const providers = servers.map((server, place) => providerAt(server, sides[place]?.provider));
  await Promise.all(servers.filter((_, place) => sides[place]?.isStopped).map((server) => server.stop()));
  const room = await openLocal({ providers, times: TIMES });
  try {
    await work(room, servers);
    await waitUntil(() => room.engine.usage().jobs === 0, { what: 'no job is left', timeoutMs: 10_000 });
    expect(room.engine.providers().map(({ inFlight }) => inFlight)).toEqual(sides.map(() => 0));
  } finally {
    await room[Symbol.asyncDispose]();
  }
  expect(room.engine.usage()).toEqual({ jobs: 0, kept: 0, usedBytes: 0, reservedBytes: 0 });
  const open = () => servers.map((server) => server.connections());
  await waitUntil(() => open().every((count) => count === 0), { what: 'all closed', timeoutMs: 5000 });
}

/** All of the file came, and in time. */
export function expectWhole({ bytes, error, ms, gapMs }: Reading, of: Buffer): void {
  expect(error).toBeNull();
  expect(bytes.equals(of)).toBe(true);
  expect(ms).toBeLessThan(LATEST_MS);
  expect(gapMs).toBeLessThan(LATEST_MS / 2);
}

/** It ended with this error right before `at`, and what came before is right. */
export function expectCut({ bytes, error, ms }: Reading, of: Buffer, at: number, like: object): void {
  expect(error).toMatchObject(like);
  expect(bytes.length).toBe(at);
  expect(bytes.equals(of.subarray(0, at))).toBe(true);
  expect(ms).toBeLessThan(LATEST_MS);
}

/** Troubles of one release's articles, which are told by their places over all of its posted files. */
export function troublesOf({ posted, articles }: TestRelease) {
  const ids = posted.flat().map(({ id }) => id);
  const placeOf = new Map(ids.map((id, place) => [id, place]));
  const bodyOf = (place: number) => articles.get(ids[place] ?? '') ?? Buffer.alloc(0);
  const count = ids.length;

  /** Each nth, from that one on. */
  const every = (nth: number, from: number, of: (place: number) => Trouble) => (id: string) => {
    const place = placeOf.get(id) ?? 0;
    return place % nth === from ? of(place) : null;
  };

  return {
    count,
    idOf: (place: number) => ids[place] ?? '',
    every,
    each: (nth: number, of: (place: number) => Trouble) => every(nth, 0, of),
    only: (at: number, of: (place: number) => Trouble) => (id: string) =>
      placeOf.get(id) === at ? of(at) : null,
    missing: (): Trouble => ({ kind: 'missing' }),
    flipped: (place: number): Trouble => ({ kind: 'body', wire: flipped(dotStuffed(bodyOf(place))) }),
    wrongSum: (place: number): Trouble => {
      const text = bodyOf(place)
        .toString('latin1')
        .replace(/pcrc32=\w{8}/, 'pcrc32=deadbeef');
      return { kind: 'body', wire: dotStuffed(Buffer.from(text, 'latin1')) };
    },
    truncated: (place: number): Trouble => ({
      kind: 'body',
      wire: Buffer.concat([dotStuffed(bodyOf(place)).subarray(0, 9000), Buffer.from('\r\n.\r\n')]),
    }),
    /** What another one should have been. */
    swapped: (place: number): Trouble => ({ kind: 'body', wire: dotStuffed(bodyOf((place + 1) % count)) }),
    noYenc: (): Trouble => ({ kind: 'body', wire: Buffer.from('This article was removed.\r\n.\r\n') }),
  };
}

/** One byte of data, among printable ones, so that no line or escape changes. */
function flipped(wire: Buffer): Buffer {
  const middle = Math.floor(wire.length / 2);
  for (let at = middle; at < middle + 200; at += 1) {
    const byte = wire[at] ?? 0;
    if (byte < 0x40 || byte > 0x78 || wire[at - 1] === 0x3d) continue;
    wire[at] = byte + 1;
    break;
  }
  return wire;
}
