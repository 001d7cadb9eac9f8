import { expect, test } from 'vitest';
import type { LiveStream } from '../../src/web/ui/api.ts';
import { NO_HISTORY, nextHistory } from '../../src/web/ui/live-history.ts';

const stream = (id: string, more: Partial<LiveStream> = {}): LiveStream => ({
  id,
  kind: 'http',
  title: 'Film.mkv',
  client: '192.0.2.1',
  subject: 'public',
  startedAt: new Date(1000).toISOString(),
  bytes: 1,
  speed: 1000,
  bufferedBytes: 10,
  resumes: 0,
  position: 5,
  size: 100,
  stalledSeconds: 0,
  ...more,
});

test('a line shows how the post does that one of its requests reads', () => {
  const post = { bytesPerSecond: 5, missing: 1 };
  const { rows } = nextHistory(NO_HISTORY, [stream('a'), stream('b', { post })], 5000);
  expect(rows).toMatchObject([{ ids: ['a', 'b'], post }]);
});

test('parallel requests of one viewer for one film are one line, with their speeds added and the newest position', () => {
  const { rows, moments } = nextHistory(
    NO_HISTORY,
    [
      stream('a', { stalledSeconds: 40 }),
      stream('b', { startedAt: new Date(2000).toISOString(), position: 70 }),
      stream('c', { client: '192.0.2.2' }),
    ],
    5000,
  );
  expect(rows).toMatchObject([
    { ids: ['a', 'b'], bytesPerSecond: 2000, bufferedBytes: 20, position: 70, stalledSeconds: 0 },
    { ids: ['c'], bytesPerSecond: 1000 },
  ]);
  expect(moments).toEqual([{ at: 5000, bytesPerSecond: 3000 }]);
});

test('a viewer who asks range by range keeps the line between two requests, and loses it 6 s after the last', () => {
  const first = nextHistory(NO_HISTORY, [stream('a')], 10_000);
  const between = nextHistory(first, [], 11_000);
  expect(between.rows).toMatchObject([{ ids: [], bytesPerSecond: 0, speeds: [1000, 0] }]);
  const again = nextHistory(between, [stream('b')], 12_000);
  expect(again.rows).toMatchObject([{ ids: ['b'], speeds: [1000, 0, 1000], startedAt: 1000 }]);
  expect(nextHistory(again, [], 18_000).rows).toEqual([]);
});

test('a line starts until its first byte, and not again at a seek', () => {
  const starting = nextHistory(NO_HISTORY, [stream('a', { bytes: 0 })], 1000);
  expect(starting.rows).toMatchObject([{ hasBegun: false }]);
  const begun = nextHistory(starting, [stream('a')], 2000);
  expect(begun.rows).toMatchObject([{ hasBegun: true }]);
  expect(nextHistory(begun, [stream('b', { bytes: 0 })], 3000).rows).toMatchObject([{ hasBegun: true }]);
});

test('only the last five minutes and the last minute of each line are kept', () => {
  let history = NO_HISTORY;
  for (let second = 0; second < 1000; second += 1)
    history = nextHistory(history, [stream('a')], second * 1000);
  expect(history.moments).toHaveLength(300);
  expect(history.rows[0]?.speeds).toHaveLength(60);
});
