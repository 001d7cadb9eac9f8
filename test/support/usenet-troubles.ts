import { expect } from 'vitest';
import type { Provider } from '../../src/streams/usenet/providers/provider.ts';
import type { NntpServer, NntpServerOptions, Trouble } from './nntp-server.ts';
import { openRoom, type Post, post, providerAt, startServers, type UsenetRoom } from './usenet-room.ts';
import { dotStuffed } from './yenc-encode.ts';

export const TIMES = { silenceMs: 1500, readOffMs: 500, loginMs: 1000 };
export const film = post(60, 30_000);
export const idOf = (part: number) => film.parts[part]?.id ?? '';
export const indexOf = new Map(film.parts.map(({ id }, part) => [id, part]));
export const bodyOf = (part: number) => film.articles.get(idOf(part)) ?? Buffer.alloc(0);

export type Side = Partial<NntpServerOptions> & { provider?: Partial<Provider> };

/** Servers with these troubles as providers, while `work` runs. */
export async function withServers(
  sides: readonly Side[],
  work: (room: UsenetRoom, servers: NntpServer[]) => Promise<void>,
  times = TIMES,
): Promise<void> {
  await using servers = await startServers(sides, film.articles);
  const providers = servers.map((server, index) => providerAt(server, sides[index]?.provider));
  await using room = openRoom({ post: film, providers, times });
  await work(room, servers);
}

export async function readAll(room: UsenetRoom, from: Post = film): Promise<void> {
  const whole = await Promise.all(from.parts.map((_, part) => room.fetch(part, { lane: 'head' }).whole));
  expect(whole.map((one, part) => (room.isRight(part, one) ? -1 : part)).filter((part) => part >= 0)).toEqual(
    [],
  );
}

export const everyNth = (nth: number, trouble: Trouble) => {
  let count = 0;
  return () => {
    count += 1;
    return count % nth === 0 ? trouble : null;
  };
};
export const flipped = (part: number): Trouble => {
  const wire = dotStuffed(bodyOf(part));
  const at = Math.floor(wire.length / 2);
  // Within printable bytes, so that nothing but one byte of data changes.
  for (let offset = 0; offset < 200; offset += 1) {
    const byte = wire[at + offset] ?? 0;
    if (byte < 0x40 || byte > 0x7a || byte === 0x79 || wire[at + offset - 1] === 0x3d) continue;
    wire[at + offset] = byte + 1;
    break;
  }
  return { kind: 'body', wire };
};
export const withBadCrc = (part: number): Trouble => {
  const text = bodyOf(part).toString('latin1');
  return {
    kind: 'body',
    wire: dotStuffed(Buffer.from(text.replace(/pcrc32=\w{8}/, 'pcrc32=deadbeef'), 'latin1')),
  };
};
export const truncated = (part: number): Trouble => ({
  kind: 'body',
  wire: Buffer.concat([dotStuffed(bodyOf(part)).subarray(0, 9000), Buffer.from('\r\n.\r\n')]),
});
export const every = (nth: number, of: (part: number) => Trouble) => (id: string) => {
  const part = indexOf.get(id) ?? 0;
  return part % nth === 0 ? of(part) : null;
};
