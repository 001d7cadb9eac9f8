import { expect, test } from 'vitest';
import { type FailureReason, NntpFailure } from '../../src/streams/usenet/nntp/failure.ts';
import { createStanding } from '../../src/streams/usenet/providers/standing.ts';

const failure = (reason: FailureReason) => new NntpFailure(reason, reason);
const SECOND = 1000;

test('after five failures in a row it rests for 30 s, then for twice as long, 5 min at most', () => {
  const standing = createStanding(10);
  const rests: number[] = [];
  let now = 0;
  for (let count = 0; count < 12; count += 1) {
    while (!standing.mayDial(now)) now += 100;
    const since = now;
    now += 10;
    standing.onFailure(failure('unreachable'), since, now, 0);
    if (standing.health(now, 0) === 'resting')
      rests.push(Math.round(((standing.retryAt ?? 0) - now) / SECOND));
    now = Math.max(now, standing.retryAt ?? 0);
  }
  expect(rests.slice(0, 6)).toEqual([30, 60, 120, 240, 300, 300]);
});

test('while it is not known to be back one connection is tried, at growing distances', () => {
  const standing = createStanding(10);
  standing.onFailure(failure('unreachable'), 0, 10, 0);
  expect(standing.health(20, 0)).toBe('unproven');
  expect(standing.mayDial(900)).toBe(false);
  expect(standing.mayDial(1010)).toBe(true);
  standing.onFailure(failure('unreachable'), 1010, 1020, 0);
  expect(standing.mayDial(2900)).toBe(false);
  expect(standing.mayDial(3020)).toBe(true);
  standing.onConnected();
  expect(standing.health(3020, 1)).toBe('ready');
});

test('connections that fail at once are one failure', () => {
  const standing = createStanding(10);
  for (let count = 0; count < 8; count += 1) standing.onFailure(failure('cut'), 0, 100 + count, 0);
  expect(standing.health(200, 0)).toBe('unproven');
});

test('one that lets us in and fails again rests after that failure; an article clears it', () => {
  const standing = createStanding(10);
  let now = 0;
  const fail = () => {
    standing.onFailure(failure('cut'), now, now + 1, 1);
    now += 2;
  };
  for (let count = 0; count < 5; count += 1) fail();
  expect(standing.health(now, 1)).toBe('resting');
  now = standing.retryAt ?? 0;
  standing.onConnected();
  expect(standing.health(now, 1)).toBe('ready');
  fail();
  expect(standing.health(now, 1)).toBe('resting');
  expect(Math.round((standing.retryAt ?? 0) - now)).toBeGreaterThan(59 * SECOND);
  now = standing.retryAt ?? 0;
  standing.onConnected();
  standing.onAnswer();
  expect(standing.reason).toBeNull();
  for (let count = 0; count < 4; count += 1) fail();
  expect(standing.health(now, 1)).toBe('ready');
});

test('too many connections halve the limit, never below those that work, and it grows by one a minute', () => {
  const standing = createStanding(40);
  standing.onFailure(failure('busy'), 0, 10, 3);
  expect(standing.limit(10)).toBe(20);
  // Dialled before that was known.
  standing.onFailure(failure('busy'), 5, 12, 3);
  expect(standing.limit(12)).toBe(20);
  standing.onFailure(failure('busy'), 20, 30, 15);
  expect(standing.limit(30)).toBe(15);
  expect(standing.limit(30 + 59 * SECOND)).toBe(15);
  expect(standing.limit(30 + 125 * SECOND)).toBe(17);
  expect(standing.limit(30 + 10_000 * SECOND)).toBe(40);
  const small = createStanding(1);
  small.onFailure(failure('busy'), 0, 10, 0);
  expect(small.limit(10)).toBe(1);
  expect(small.health(10, 0)).toBe('unproven');
});

test('a wrong password rests for ten minutes', () => {
  const standing = createStanding(4);
  standing.onFailure(failure('refused'), 0, 10, 0);
  expect(standing.health(599 * SECOND, 0)).toBe('refused');
  expect(standing.mayDial(599 * SECOND)).toBe(false);
  expect(standing.health(601 * SECOND, 0)).toBe('unproven');
  expect(standing.mayDial(601 * SECOND)).toBe(true);
});

test('what we closed is no failure of the provider', () => {
  const standing = createStanding(4);
  standing.onFailure(failure('closed'), 0, 10, 0);
  expect(standing.health(20, 0)).toBe('ready');
});

test('a login refused beside connections that it opened is one connection too many', () => {
  const standing = createStanding(8);
  standing.onFailure(failure('refused'), 0, 10, 3);
  expect(standing.health(20, 3)).toBe('ready');
  expect(standing.limit(20)).toBe(4);
});

test('one whose connections live on is asked again after its rest, and rests at its next failure', () => {
  const standing = createStanding(8);
  for (let now = 0; now < 10; now += 2) standing.onFailure(failure('cut'), now, now + 1, 2);
  expect(standing.health(20, 2)).toBe('resting');
  expect(standing.health(40_000, 2)).toBe('ready');
  standing.onFailure(failure('cut'), 40_000, 40_001, 2);
  expect(standing.health(40_002, 2)).toBe('resting');
});
