import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { collect, MIB, plainLayout, randomBytes } from '../support/article-room.ts';
import { isFree, openFaultyRoom } from '../support/faulty-articles.ts';
import { waitUntil } from '../support/wait-until.ts';

const KIB = 1024;
const SIZE = 2 * MIB;
const BYTES = randomBytes(SIZE);
type Troubles = Parameters<typeof openFaultyRoom>[2];
const roomWith = (partBytes: number, more: Troubles = {}) => openFaultyRoom(BYTES, partBytes, more);
const signal = new AbortController().signal;

test('ten viewers of the same bytes cost them once', async () => {
  const { room, file, parts } = await roomWith(100 * KIB);
  await using _ = room;
  const read = await Promise.all(Array.from({ length: 10 }, () => collect(room.read([file], 0, SIZE))));
  for (const { bytes, error } of read) {
    expect(error).toBeNull();
    expect(bytes.equals(BYTES)).toBe(true);
  }
  expect([...room.asked()].sort()).toEqual(parts.map(({ id }) => id).sort());
});

test('a range is sent from where its articles lie, and they stay until it is sent', async () => {
  const { room, file } = await roomWith(100 * KIB, { store: { cacheBytes: 0 } });
  await using _ = room;
  const parts = [];
  for await (const part of room.read([file], 0, 300 * KIB)) parts.push(part);
  const bytes = Buffer.concat(parts.map(({ buffer, from, to }) => buffer.bytes.subarray(from, to)));
  expect(bytes.equals(BYTES.subarray(0, 300 * KIB))).toBe(true);
  expect(room.memory.usedBytes()).toBe(3 * 128 * KIB);
  for (const part of parts) part.release();
  // Twice is once.
  for (const part of parts) part.release();
  await isFree(room);
});

test('the article under the head is asked for first, those ahead behind it, and in haste once the head is there', async () => {
  const { room, file, parts } = await roomWith(100 * KIB, { articles: { connections: 1 } });
  await using _ = room;
  await collect(room.read([file], 0, SIZE, { viewer: 7 }));
  const [first, next] = parts;
  expect(room.providers.lanes.slice(0, 2)).toEqual([
    { id: first?.id, lane: 'head' },
    { id: next?.id, lane: 'ahead' },
  ]);
  expect(room.providers.lanes).toContainEqual({ id: next?.id, lane: 'head' });
  expect(new Set(room.providers.viewers)).toEqual(new Set([7]));
});

describe('who leaves', () => {
  test('frees all memory and every connection at once', async () => {
    const { room, file } = await roomWith(100 * KIB, {
      trouble: (index) => (index >= 2 ? { kind: 'stall', after: 50 * KIB } : null),
      store: { cacheBytes: 0 },
    });
    await using _ = room;
    const left = new AbortController();
    const reading = collect(room.read([file], 0, SIZE, { signal: left.signal }));
    await waitUntil(() => (room.servers[0]?.bodies.length ?? 0) >= 3, {
      what: 'it reads ahead',
      timeoutMs: 5000,
    });
    await sleep(20);
    const reason = new Error('the viewer has left');
    const since = performance.now();
    left.abort(reason);
    expect((await reading).error).toBe(reason);
    await isFree(room);
    expect(performance.now() - since).toBeLessThan(1000);
    expect(await collect(room.read([file], 0, 10, { signal: left.signal }))).toMatchObject({ error: reason });
  });

  test('while a header is waited for, too', async () => {
    const { room, file } = await roomWith(100 * KIB, { trouble: () => ({ kind: 'stall', after: 10 }) });
    await using _ = room;
    const left = new AbortController();
    const work = [
      file.open(left.signal),
      file.read(9, 9, left.signal),
      collect(room.read([file], 5, 9, { signal: left.signal })).then(({ error }) => Promise.reject(error)),
    ];
    setTimeout(() => left.abort(new Error('left')), 50);
    for (const { status, reason } of (await Promise.allSettled(work)) as PromiseRejectedResult[])
      expect([status, `${reason}`]).toEqual(['rejected', 'Error: left']);
    await isFree(room);
  });

  test('does not take from another what both read', async () => {
    const { room, file, parts } = await roomWith(100 * KIB, { trouble: () => ({ kind: 'delay', ms: 60 }) });
    await using _ = room;
    const left = new AbortController();
    const [gone, stays] = [
      collect(room.read([file], 0, 100 * KIB, { signal: left.signal })),
      collect(room.read([file], 0, 100 * KIB)),
    ];
    setTimeout(() => left.abort(new Error('left')), 20);
    expect((await gone).error).toBeInstanceOf(Error);
    expect((await stays).bytes.equals(BYTES.subarray(0, 100 * KIB))).toBe(true);
    expect(room.asked()).toEqual([parts[0]?.id]);
  });

  test('in the middle of a part that is being sent keeps only that', async () => {
    const { room, file } = await roomWith(100 * KIB, { store: { cacheBytes: 0 } });
    await using _ = room;
    const reading = room.read([file], 0, SIZE);
    const { value: part } = await reading.next();
    await reading.return(undefined);
    await waitUntil(() => room.store.state().jobs === 0 && room.memory.usedBytes() === 128 * KIB, {
      what: 'one is left',
      timeoutMs: 5000,
    });
    part?.release();
    await isFree(room);
  });
});

describe('memory', () => {
  test('a hundred stalled viewers keep what they stand at and no more than the limit ahead; another plays on', async () => {
    const article = 16 * KIB;
    const limitBytes = MIB;
    const { room, file } = await roomWith(article, { limitBytes, articles: { connections: 20 } });
    await using _ = room;
    const left = new AbortController();
    const stalled = Array.from({ length: 100 }, (_, at) =>
      room.read([file], at * article, SIZE, { viewer: at, signal: left.signal, layout: plainLayout(SIZE) }),
    );
    await Promise.all(stalled.map((reading) => reading.next()));
    await waitUntil(() => room.store.state().jobs === 0, { what: 'nothing is fetched', timeoutMs: 5000 });
    expect(room.memory.usedBytes()).toBeLessThanOrEqual(limitBytes + 101 * article);
    const { bytes, error } = await collect(room.read([file], 0, SIZE, { viewer: 1000 }));
    expect(error).toBeNull();
    expect(bytes.equals(BYTES)).toBe(true);
    left.abort(new Error('left'));
  });

  test('of who has paused goes to who plays', async () => {
    const article = 32 * KIB;
    const { room, file } = await roomWith(article, { limitBytes: MIB, store: { cacheBytes: 0 } });
    await using _ = room;
    const take = async (reading: ReturnType<typeof room.read>, bytes: number) => {
      for (let given = 0; given < bytes; ) {
        const { value } = await reading.next();
        given += (value?.to ?? 0) - (value?.from ?? 0);
        value?.release();
      }
    };
    const settled = () =>
      waitUntil(() => room.store.state().jobs === 0, { what: 'nothing is fetched', timeoutMs: 5000 });
    const paused = room.read([file], 0, SIZE);
    await take(paused, 512 * KIB);
    await settled();
    const alone = room.memory.usedBytes();
    expect(alone).toBeGreaterThan(0.6 * MIB);
    const playing = room.read([file], MIB + 512 * KIB, SIZE);
    await take(playing, 200 * KIB);
    await settled();
    // Each has a share of 70 %, and the article that it stands at.
    expect(room.memory.usedBytes()).toBeLessThanOrEqual(0.7 * MIB + 4 * article);
    expect(room.memory.usedBytes()).toBeGreaterThan(0.5 * MIB);
    for (const reading of [paused, playing]) await reading.return(undefined);
    await isFree(room);
  });

  test('a stalled viewer fetches its window and stops', async () => {
    const { room, file } = await roomWith(64 * KIB);
    await using _ = room;
    const reading = room.read([file], 0, SIZE, { windowBytes: () => 500 * KIB });
    for (let given = 0; given < 512 * KIB; ) {
      const { value } = await reading.next();
      given += (value?.to ?? 0) - (value?.from ?? 0);
      value?.release();
    }
    await sleep(100);
    expect(room.asked().length).toBeGreaterThanOrEqual(8 + 7);
    expect(room.asked().length).toBeLessThanOrEqual(8 + 9);
    await reading.return(undefined);
  });

  test('what is only kept goes first, the longest unused of it', async () => {
    const { room, file, parts } = await roomWith(64 * KIB, { store: { cacheBytes: 4 * 64 * KIB } });
    await using _ = room;
    for (const index of [0, 1, 2, 3, 0, 4]) await file.read(index * 64 * KIB, 10, signal);
    expect(room.store.state()).toEqual({ jobs: 0, kept: 4, usedBytes: 4 * 64 * KIB, reservedBytes: 0 });
    for (const index of [0, 2, 3, 4]) await file.read(index * 64 * KIB, 10, signal);
    expect(room.asked()).toHaveLength(5);
    await file.read(64 * KIB, 10, signal);
    expect(room.asked().filter((id) => id === parts[1]?.id)).toHaveLength(2);
  });

  test('an article that says it is longer than any is not taken', async () => {
    const { room } = await roomWith(64 * KIB);
    await using _ = room;
    const id = 'huge@post.invalid';
    const lines = [
      '=ybegin part=1 total=1 line=128 size=99000000000 name=a',
      '=ypart begin=1 end=99000000000',
      'x',
      '=yend size=1',
    ];
    room.posted.set(id, Buffer.from(`${lines.join('\r\n')}\r\n`));
    const file = room.file([{ id, number: 1, bytes: 1e15 }]);
    await expect(file.open(signal)).rejects.toThrow('cannot be had');
    expect(room.memory.usedBytes()).toBe(0);
  });
});

test('what fails ahead of a viewer for a moment is asked for again when the viewer is there', async () => {
  let failed = 0;
  const { room, file } = await roomWith(256 * KIB, {
    trouble: (index, count) => {
      if (index !== 1 || count > 1) return null;
      failed += 1;
      return { kind: 'reply', line: '400 not now' };
    },
  });
  await using _ = room;
  const reading = room.read([file], 0, SIZE);
  const { value } = await reading.next();
  value?.release();
  await waitUntil(() => failed === 1, { what: 'it fails', timeoutMs: 5000 });
  await sleep(100);
  const { bytes, error } = await collect(reading);
  expect(error).toBeNull();
  expect(bytes.equals(BYTES.subarray(value?.to))).toBe(true);
});

test('closed, it calls off what is under way', async () => {
  const { room, file } = await roomWith(100 * KIB, { trouble: () => ({ kind: 'stall', after: 10 }) });
  await using _ = room;
  const opening = file.open(signal);
  setTimeout(() => void room.store.close(), 30);
  await expect(opening).rejects.toThrow('closed');
  await isFree(room);
});
