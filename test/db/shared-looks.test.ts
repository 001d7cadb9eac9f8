import { expect, test } from 'vitest';
import { timed } from '../support/redis-instances.ts';
import { looksRoom } from '../support/shared-looks.ts';
import { sharedLooksContract } from '../support/shared-looks-contract.ts';
import { waitUntil } from '../support/wait-until.ts';

sharedLooksContract('Postgres', false);

const enter = looksRoom(false);

test('an instance that is alone asks Postgres nothing, tells nobody, and shares with those who come later', async () => {
  const room = await enter();
  const alone = await room.instance();
  expect(alone.notify.isAlone()).toBe(true);
  const before = alone.statements.length;
  const heard: string[] = [];
  for (const channel of ['cache', 'cache-end'])
    alone.notify.subscribe(channel, { onMessage: (payload) => void heard.push(payload), onGap() {} });
  await Promise.all([alone.open(), alone.open()]);
  await alone.check();
  await alone.open();
  expect(room.looks()).toBe(2);
  expect(alone.statements.slice(before)).toEqual([]);
  expect(await room.stored()).toBe('[]');
  // A message of our own passes through the same line after all that were sent.
  await alone.notify.publish('marker', '');
  expect(heard).toEqual([]);
  const [second] = await room.together(2);
  expect(alone.notify.isAlone()).toBe(false);
  await alone.check();
  await second?.open();
  expect(room.looks()).toBe(3);
});

test('while Postgres refuses or hangs each looks itself, at once', async () => {
  const room = await enter();
  const hanging = await room.together(2);
  const refused = [
    await room.instance({ isDatabaseAway: true }),
    await room.instance({ isDatabaseAway: true }),
  ];
  await waitUntil(() => refused.every(({ notify }) => notify.isAlone() === false), {
    what: 'they know the others',
    timeoutMs: 5000,
  });
  await room.whileHanging(async () => {
    for (const each of [...refused, ...hanging]) {
      const { value, tookMs } = await timed(() => each.open());
      expect(value.etag).toBe('"v1"');
      expect(tookMs).toBeLessThan(1000);
    }
  });
  expect(room.looks()).toBe(4);
});
