import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createSources } from '../../src/play/sources.ts';
import type { ByteSource } from '../../src/streams/kind.ts';

const NEVER = new AbortController().signal;

function counting() {
  const counts = { opened: 0, closed: 0, aborted: 0 };
  const source = (): ByteSource => ({
    size: 1,
    contentType: 'video/mp4',
    etag: null,
    lastModified: null,
    send: async () => {},
    close: async () => {
      counts.closed += 1;
    },
  });
  const open = async (): Promise<ByteSource> => {
    counts.opened += 1;
    return source();
  };
  const openSlowly = (signal: AbortSignal) =>
    new Promise<ByteSource>((resolve, reject) => {
      counts.opened += 1;
      const timer = setTimeout(() => resolve(source()), 60);
      signal.addEventListener('abort', () => {
        counts.aborted += 1;
        clearTimeout(timer);
        reject(signal.reason);
      });
    });
  return { counts, open, openSlowly };
}

test('shares one opening, keeps it for the next, and closes it when nobody came back', async () => {
  const { counts, openSlowly } = counting();
  const sources = createSources({ idleMs: 40 });
  const leases = await Promise.all([1, 2, 3].map(() => sources.take('a', openSlowly, NEVER)));
  for (const lease of leases) lease.release(false);
  (await sources.take('a', openSlowly, NEVER)).release(false);
  expect(counts).toEqual({ opened: 1, closed: 0, aborted: 0 });
  await sleep(120);
  expect([counts.closed, sources.count()]).toEqual([1, 0]);
});

test('holds no more idle ones than told, the one used last the longest', async () => {
  const { counts, open } = counting();
  const sources = createSources({ maxIdle: 2 });
  for (const key of ['a', 'b', 'a', 'c']) (await sources.take(key, open, NEVER)).release(false);
  await sleep(0);
  expect(counts).toEqual({ opened: 3, closed: 1, aborted: 0 });
  (await sources.take('a', open, NEVER)).release(false);
  expect(counts.opened).toBe(3);
  sources.close();
  await sleep(0);
  expect(counts.closed).toBe(3);
});

test('never closes one in use, and gives a broken or old one to nobody else', async () => {
  const { counts, open } = counting();
  const sources = createSources({ maxAgeMs: 30 });
  const [first, second] = [await sources.take('a', open, NEVER), await sources.take('a', open, NEVER)];
  first.release(true);
  const third = await sources.take('a', open, NEVER);
  expect(counts).toEqual({ opened: 2, closed: 0, aborted: 0 });
  second.release(false);
  await sleep(0);
  expect(counts.closed).toBe(1);
  await sleep(40);
  const fourth = await sources.take('a', open, NEVER);
  expect(counts.opened).toBe(3);
  third.release(false);
  sources.close();
  await sleep(0);
  expect(counts.closed).toBe(2);
  fourth.release(false);
  await sleep(0);
  expect(counts.closed).toBe(3);
});

test('gives up an opening when the last one who waits has left, not before', async () => {
  const { counts, openSlowly } = counting();
  const sources = createSources();
  const [one, two] = [new AbortController(), new AbortController()];
  const waiting = [one, two].map(({ signal }) => sources.take('a', openSlowly, signal));
  one.abort(new Error('left'));
  await expect(waiting[0]).rejects.toThrow('left');
  expect(counts.aborted).toBe(0);
  two.abort(new Error('left too'));
  await expect(waiting[1]).rejects.toThrow('left too');
  expect([counts.aborted, sources.count()]).toEqual([1, 0]);
});

test('remembers no failure', async () => {
  const { open } = counting();
  const sources = createSources();
  await expect(sources.take('a', () => Promise.reject(new Error('down')), NEVER)).rejects.toThrow('down');
  (await sources.take('a', open, NEVER)).release(false);
  expect(sources.count()).toBe(1);
  sources.close();
});
