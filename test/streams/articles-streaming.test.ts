import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { Part } from '../../src/streams/usenet/articles/part.ts';
import { ArticleDamaged } from '../../src/streams/usenet/providers/articles-of.ts';
import { collect, MIB, randomBytes } from '../support/article-room.ts';
import { isFree, openFaultyRoom } from '../support/faulty-articles.ts';
import type { Trouble } from '../support/nntp-server.ts';
import { waitUntil } from '../support/wait-until.ts';
import { dotStuffed, yencBody } from '../support/yenc-encode.ts';

const KIB = 1024;
const SIZE = 2 * MIB;
const BYTES = randomBytes(SIZE);
type Troubles = Parameters<typeof openFaultyRoom>[2];
const roomWith = (partBytes: number, more: Troubles = {}) => openFaultyRoom(BYTES, partBytes, more);

/** An article that is posted with its bytes turned at `at`, and the check of the right ones. */
function damagedAt(begin: number, end: number, at: number): Trouble {
  const right = BYTES.subarray(begin, end);
  const body = yencBody({ name: 'a.bin', part: 1, total: 1, begin, fileSize: SIZE, bytes: right });
  const wrong = Buffer.from(right);
  wrong[at] = (wrong[at] ?? 0) ^ 0x10;
  const turned = yencBody({ name: 'a.bin', part: 1, total: 1, begin, fileSize: SIZE, bytes: wrong });
  const [endLine, crc] = [body.lastIndexOf('=yend'), turned.lastIndexOf('=yend')];
  return { kind: 'body', wire: dotStuffed(Buffer.concat([turned.subarray(0, crc), body.subarray(endLine)])) };
}

describe('bytes that viewers are given while they come', () => {
  const ARTICLE = 1000 * KIB;

  test('go on at the same place where a connection is cut', async () => {
    const { room, file } = await roomWith(ARTICLE, {
      trouble: () => ({ kind: 'reset', after: 500 * KIB }),
      second: () => null,
      store: { cacheBytes: 0 },
    });
    await using _ = room;
    expect(await collect(room.read([file], 17, SIZE))).toEqual({ bytes: BYTES.subarray(17), error: null });
    await isFree(room);
  });

  test('go on from whoever is faster', async () => {
    const { room, file } = await roomWith(ARTICLE, {
      trouble: (index) => (index === 0 ? { kind: 'stall', after: 500 * KIB } : null),
      second: () => null,
      store: { cacheBytes: 0 },
      articles: { hedgeMs: 100 },
    });
    await using _ = room;
    const { bytes, error } = await collect(room.read([file], 0, SIZE));
    expect(error).toBeNull();
    expect(bytes.equals(BYTES)).toBe(true);
    await isFree(room);
  });

  test('end where they were wrong and nobody has others', async () => {
    const { room, file } = await roomWith(ARTICLE, {
      trouble: (index) => (index === 0 ? damagedAt(0, ARTICLE, ARTICLE - 1) : null),
      store: { cacheBytes: 0 },
    });
    await using _ = room;
    const { bytes, error } = await collect(room.read([file], 0, SIZE));
    expect(error).toBeInstanceOf(ArticleDamaged);
    // Every byte that was given is right: the wrong one is the last, which waited for the check.
    expect(bytes.length).toBeGreaterThan(0);
    expect(bytes.length).toBeLessThan(ARTICLE);
    expect(bytes.equals(BYTES.subarray(0, bytes.length))).toBe(true);
    await isFree(room);
  });

  test('go on where another has the same up to there', async () => {
    const { room, file } = await roomWith(ARTICLE, {
      trouble: (index) => (index === 0 ? damagedAt(0, ARTICLE, ARTICLE - 1) : null),
      second: () => null,
      store: { cacheBytes: 0 },
    });
    await using _ = room;
    expect((await collect(room.read([file], 0, SIZE))).bytes.equals(BYTES)).toBe(true);
    await isFree(room);
  });

  test('end where others have had other bytes, and are right for who comes next', async () => {
    const { room, file } = await roomWith(ARTICLE, {
      trouble: (index) => (index === 0 ? damagedAt(0, ARTICLE, 100) : null),
      second: () => null,
    });
    await using _ = room;
    const { bytes, error } = await collect(room.read([file], 0, SIZE));
    expect(error).toBeInstanceOf(ArticleDamaged);
    expect(bytes.length).toBeLessThan(ARTICLE);
    expect((await collect(room.read([file], 0, SIZE))).bytes.equals(BYTES)).toBe(true);
  });

  test('but for the last one, which waits for the check of all', async () => {
    const { room, file, parts } = await roomWith(ARTICLE, {
      trouble: (index) =>
        index === 0
          ? { kind: 'stall', after: (room.posted.get(parts[0]?.id ?? '')?.length ?? 0) - 30 }
          : null,
    });
    await using _ = room;
    const left = new AbortController();
    let given = 0;
    const reading = (async () => {
      for await (const part of room.read([file], 10, 2000, { signal: left.signal })) {
        given += part.to - part.from;
        part.release();
      }
    })();
    await waitUntil(() => given === 1989, { what: 'all but one', timeoutMs: 5000 });
    await sleep(100);
    expect(given).toBe(1989);
    left.abort(new Error('left'));
    await expect(reading).rejects.toThrow('left');
  });

  test('stay where they are until they are sent, though another goes on', async () => {
    const { room, file } = await roomWith(ARTICLE, {
      trouble: (index) => (index === 0 ? { kind: 'reset', after: 500 * KIB } : null),
      second: () => null,
      store: { cacheBytes: 0 },
    });
    await using _ = room;
    const parts: Part[] = [];
    for await (const part of room.read([file], 0, SIZE)) parts.push(part);
    const bytes = Buffer.concat(parts.map(({ buffer, from, to }) => buffer.bytes.subarray(from, to)));
    expect(bytes.equals(BYTES)).toBe(true);
    // Both attempts at the first, the second, and the rest.
    expect(room.memory.usedBytes()).toBe(3 * MIB + 64 * KIB);
    for (const { release } of parts) release();
    await isFree(room);
  });

  test('stay where they are until they are sent, though their viewer left before all had come', async () => {
    const { room, file } = await roomWith(ARTICLE, { trouble: () => ({ kind: 'stall', after: 500 * KIB }) });
    await using _ = room;
    const reading = room.read([file], 0, SIZE);
    const { value } = await reading.next();
    await reading.return(undefined);
    await waitUntil(() => room.store.state().jobs === 0 && room.memory.usedBytes() === MIB, {
      what: 'one is left',
      detail: () => JSON.stringify(room.store.state()),
      timeoutMs: 5000,
    });
    expect(value?.buffer.bytes.subarray(value.from, value.to)).toEqual(
      BYTES.subarray(value?.from, value?.to),
    );
    value?.release();
    await isFree(room);
  });
});
