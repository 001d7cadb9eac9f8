import { expect, test } from 'vitest';
import { fillSoon } from '../../src/features/lists/index.ts';
import type { Notify } from '../../src/platform/notify.ts';

type Subscriber = Parameters<Notify['subscribe']>[1];

/** The channel of the caches, and what was asked for. */
function room(restMs: number) {
  let subscriber: Subscriber | null = null;
  const asked: number[] = [];
  const stop = fillSoon(
    {
      subscribe(channel, given) {
        subscriber = channel === 'cache' ? given : null;
        return () => {
          subscriber = null;
        };
      },
    },
    async (atMs) => void asked.push(atMs),
    { firstMs: 20, restMs },
  );
  const tell = (payload: string) => subscriber?.onMessage(payload);
  return { asked, stop, tell, gap: () => subscriber?.onGap() };
}
const MEDIA = '{"group":"media","isRedisOwed":true}';
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('a start and many changes after it ask for one fill, soon; those after it for one more, not before the rest is over', async () => {
  const begun = Date.now();
  const { asked, tell } = room(200);
  for (let n = 0; n < 50; n += 1) tell(MEDIA);
  expect(asked).toHaveLength(1);
  expect((asked[0] ?? 0) - begun).toBeLessThan(60);
  await pause(30);
  tell(MEDIA);
  tell(MEDIA);
  expect(asked).toHaveLength(2);
  expect((asked[1] ?? 0) - (asked[0] ?? 0)).toBe(200);
});

test('other news are none; a gap may have been a change; a stopped one asks for nothing', async () => {
  const { asked, tell, gap, stop } = room(0);
  expect(asked).toHaveLength(1);
  await pause(30);
  tell('{"space":"lists"}');
  expect(asked).toHaveLength(1);
  gap();
  expect(asked).toHaveLength(2);
  await pause(30);
  stop();
  tell(MEDIA);
  expect(asked).toHaveLength(2);
});
