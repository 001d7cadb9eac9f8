import { type ArticleRoom, openArticleRoom, type RoomOptions } from './article-room.ts';
import type { Trouble } from './nntp-server.ts';
import { waitUntil } from './wait-until.ts';

/** A room with one file, and trouble by the index of its part. */
export async function openFaultyRoom(
  bytes: Buffer,
  partBytes: number,
  {
    trouble,
    second,
    ...more
  }: {
    trouble?: (index: number, count: number) => Trouble | null;
    second?: (index: number, count: number) => Trouble | null;
  } & Omit<RoomOptions, 'trouble' | 'second'> = {},
) {
  const indexes = new Map<string, number>();
  const by = (what: (index: number, count: number) => Trouble | null) => (id: string, count: number) =>
    what(indexes.get(id) ?? -1, count);
  const room = await openArticleRoom({
    ...more,
    ...(trouble === undefined ? {} : { trouble: by(trouble) }),
    ...(second === undefined ? {} : { second: by(second) }),
  });
  const { parts } = room.post({ name: 'a.bin', bytes, partBytes });
  for (const [index, { id }] of parts.entries()) indexes.set(id, index);
  return { room, parts, file: room.file(parts) };
}

/** Nothing is under way, and nothing in memory. */
export const isFree = (room: ArticleRoom) =>
  waitUntil(
    () => {
      const { jobs, usedBytes, reservedBytes } = room.store.state();
      return jobs + room.providers.jobs() + usedBytes + reservedBytes === 0;
    },
    {
      what: 'all memory is given back',
      timeoutMs: 5000,
      everyMs: 5,
      detail: () => JSON.stringify(room.store.state()),
    },
  );
