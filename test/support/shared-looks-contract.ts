import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import type { ByteSource } from '../../src/streams/kind.ts';
import { timed } from './redis-instances.ts';
import { type Instance, looksRoom, PASSWORD, type Room } from './shared-looks.ts';
import { waitUntil } from './wait-until.ts';

/** What holds of instances that are asked for one link, whatever they share looks through. */
export function sharedLooksContract(name: string, withRedis: boolean): void {
  describe(`instances that share looks through ${name}`, () => {
    const enter = looksRoom(withRedis);

    test('asked twenty times at once, two of them look once, and later opens ask nothing', async () => {
      const { room, a, b } = await enterTwo();
      const slow = holdUp(room);
      const opens = Array.from({ length: 20 }, (_, index) => (index % 2 === 0 ? a : b).open());
      await waitUntil(() => room.looks() > 0, { what: 'a look', timeoutMs: 5000 });
      await sleep(50);
      slow.release();
      const sources = await Promise.all(opens);
      expect(room.looks()).toBe(1);
      expect(new Set(sources.map(factsOf))).toEqual(new Set([factsOf(sources[0])]));
      expect(sources[0]?.etag).toBe('"v1"');
      await Promise.all([a.open(), b.open()]);
      expect((await Promise.all((await room.together(3)).map(({ open }) => open()))).map(factsOf)).toEqual(
        Array(3).fill(factsOf(sources[0])),
      );
      expect(room.origin.requests).toHaveLength(1);
    });

    test('whoever waits is woken, not told at his next question', async () => {
      const { room, a, b } = await enterTwo();
      const slow = holdUp(room);
      const first = a.open();
      await waitUntil(() => room.looks() === 1, { what: 'a look', timeoutMs: 5000 });
      const second = b.open();
      await sleep(300);
      slow.release();
      await first;
      const { tookMs } = await timed(() => second);
      expect(tookMs).toBeLessThan(150);
      expect(room.looks()).toBe(1);
    });

    test('a look whose instance died costs the others two seconds once', async () => {
      const { room, a } = await enterTwo();
      await a.open();
      await room.leaveLease();
      const [c] = await room.together(2);
      const { tookMs, value } = await timed(async () => c?.open());
      expect(tookMs).toBeGreaterThan(1800);
      expect(tookMs).toBeLessThan(3500);
      expect(value?.etag).toBe('"v1"');
      expect(room.looks()).toBe(2);
      expect((await timed(async () => c?.open())).tookMs).toBeLessThan(500);
      expect(room.looks()).toBe(2);
    });

    test('a look that fails is tried at once by who waits for it', async () => {
      const { room, a, b } = await enterTwo();
      const slow = holdUp(room);
      room.origin.behaviour.headStatus = 404;
      const opens = Promise.allSettled([a.open(), b.open()]);
      await waitUntil(() => room.looks() === 1, { what: 'a look', timeoutMs: 5000 });
      await sleep(100);
      slow.release();
      const { tookMs, value } = await timed(() => opens);
      expect(value.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
      expect(tookMs).toBeLessThan(1000);
      expect(room.looks()).toBe(2);
    });

    test('a look that another instance waits for goes on when its own client has left', async () => {
      const { room, a, b } = await enterTwo();
      const slow = holdUp(room);
      const leaving = new AbortController();
      const left = a.open(leaving.signal);
      await waitUntil(() => room.looks() === 1, { what: 'a look', timeoutMs: 5000 });
      const second = b.open();
      await sleep(100);
      leaving.abort(new Error('the client has left'));
      await expect(left).rejects.toThrow('the client has left');
      await sleep(100);
      slow.release();
      expect((await second).etag).toBe('"v1"');
      expect(room.looks()).toBe(1);
    });

    test('a look that nobody waits for any more is cut at once, and holds up nobody', async () => {
      const { room, a, b } = await enterTwo();
      const slow = holdUp(room);
      const [one, other] = [new AbortController(), new AbortController()];
      const opens = [a.open(one.signal), a.open(other.signal)].map((open) => open.catch(() => 'left'));
      await waitUntil(() => room.looks() === 1, { what: 'a look', timeoutMs: 5000 });
      one.abort(new Error('left'));
      await sleep(100);
      expect(room.origin.requests[0]?.hungUpAtMs).toBeNull();
      const leftAtMs = performance.now();
      other.abort(new Error('left'));
      expect(await Promise.all(opens)).toEqual(['left', 'left']);
      const hungUpAtMs = await waitUntil(() => room.origin.requests[0]?.hungUpAtMs ?? false, {
        what: 'the look is cut',
        timeoutMs: 5000,
      });
      expect(hungUpAtMs - leftAtMs).toBeLessThan(200);
      room.origin.behaviour.answersAfter = null;
      slow.release();
      expect((await timed(() => b.open())).tookMs).toBeLessThan(1000);
      expect(room.looks()).toBe(2);
    });

    test('a file that turned out another is forgotten by all, and looked at once', async () => {
      const { room, a, b } = await enterTwo();
      const [source] = [await a.open(), await b.open()];
      Object.assign(room.origin.behaviour, { bytes: Buffer.from('another film'), etag: '"v2"' });
      await expect(source.send({ start: 5, end: 9 }, NOWHERE, neverAborted())).rejects.toThrow();
      await waitUntil(async () => (await b.open()).etag === '"v2"', { what: 'b knows', timeoutMs: 5000 });
      expect((await a.open()).size).toBe('another film'.length);
      const [c] = await room.together(2);
      expect((await c?.open())?.etag).toBe('"v2"');
      expect(room.looks()).toBe(2);
    });

    test('a check looks itself, and all believe what it saw', async () => {
      const { room, a, b } = await enterTwo();
      await Promise.all([a.open(), b.open()]);
      Object.assign(room.origin.behaviour, { bytes: Buffer.from('another film'), etag: '"v2"' });
      await a.check();
      expect(room.looks()).toBe(2);
      const [c] = await room.together(2);
      const sources = await Promise.all([a, b, c].map(async (each) => each?.open()));
      expect(sources.map((source) => source?.etag)).toEqual(['"v2"', '"v2"', '"v2"']);
      expect(room.looks()).toBe(2);
    });

    test('nothing of a link can be read where it is shared, nor in a message', async () => {
      const { room, a, b } = await enterTwo();
      await a.open();
      await waitUntil(async () => (await room.stored()).length > 200, {
        what: 'it is stored',
        timeoutMs: 5000,
      });
      const stored = await room.stored();
      for (const secret of [PASSWORD, room.origin.url, 'film.mp4', '127.0.0.1', '"v1"', 'video/mp4', 'size'])
        expect(stored).not.toContain(secret);
      const texts = stored.match(/[\w-]{100,}/g) ?? [];
      expect(texts.length).toBeGreaterThan(0);
      for (const text of texts)
        expect(Buffer.from(text, 'base64url').toString('latin1')).not.toMatch(/film|http|127/);
      await b.open();
      expect(room.looks()).toBe(1);
    });

    test('a value that cannot be opened is as if it were not there', async () => {
      const { room, a } = await enterTwo();
      await a.open();
      await waitUntil(async () => (await room.stored()).length > 200, {
        what: 'it is stored',
        timeoutMs: 5000,
      });
      await room.spoil('bm90aGluZyBvZiBvdXJz');
      const [c, d] = await room.together(2);
      expect((await timed(async () => c?.open())).tookMs).toBeLessThan(1000);
      expect(room.looks()).toBe(2);
      await d?.open();
      expect(room.looks()).toBe(2);
    });

    test('instances of other keys do not understand each other, and answer', async () => {
      const { room, a } = await enterTwo();
      await a.open();
      const stranger = await room.instance({ secretKey: 'another secret for tests, long enough' });
      expect((await stranger.open()).etag).toBe('"v1"');
      expect(room.looks()).toBe(2);
      await Promise.all((await room.together(2)).map(({ open }) => open()));
      expect(room.looks()).toBe(2);
    });

    async function enterTwo(): Promise<{ room: Room; a: Instance; b: Instance }> {
      const room = await enter();
      const [a, b] = await room.together(2);
      if (a === undefined || b === undefined) throw new Error('two were asked for');
      return { room, a, b };
    }
  });
}

/** Answers of the origin wait for `release`. */
function holdUp(room: Room): { release(): void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  room.origin.behaviour.answersAfter = promise;
  return { release: resolve };
}

const NOWHERE = {
  write(_chunk: Uint8Array, done: () => void) {
    done();
    return true;
  },
  onDrain() {},
};

const neverAborted = () => new AbortController().signal;

function factsOf(source: ByteSource | undefined): string {
  const { size, contentType, etag, lastModified } = source ?? {};
  return JSON.stringify([size, contentType, etag, lastModified]);
}
