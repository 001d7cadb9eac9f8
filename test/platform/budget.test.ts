import { randomInt } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import {
  type Budget,
  type CacheShare,
  createBudget,
  type Kept,
  type Share,
} from '../../src/platform/budget.ts';

const MIB = 1024 * 1024;
const LEAST = 256 * 1024;

function windowsOf(shares: readonly Share[]): number[] {
  return shares.map((share) => share.windowBytes() / MIB);
}

function openAll(budget: Budget, wantedMib: readonly number[]): Share[] {
  return wantedMib.map((mib) => budget.open(mib * MIB));
}

describe('the memory budget', () => {
  test('gives every stream what it wants while there is enough, and never more than 64 MiB', () => {
    const budget = createBudget({ limitBytes: 256 * MIB });
    expect(windowsOf(openAll(budget, [4, 16, 1000]))).toEqual([4, 16, 64]);
  });

  test('divides evenly when there is not, and gives what small wishes leave to the large ones', () => {
    const budget = createBudget({ limitBytes: 64 * MIB });
    const shares = openAll(budget, [4, 4, 32, 32, 32]);
    expect(windowsOf(shares).map((mib) => Math.round(mib * 100) / 100)).toEqual([4, 4, 18.67, 18.67, 18.67]);
    shares[2]?.close();
    expect(windowsOf(shares.slice(3))).toEqual([28, 28]);
    shares[3]?.close();
    expect(windowsOf(shares.slice(4))).toEqual([32]);
  });

  test('never goes below 256 KiB, however many streams there are', () => {
    const budget = createBudget({ limitBytes: 8 * MIB });
    const shares = openAll(
      budget,
      Array.from({ length: 1000 }, () => 4),
    );
    expect(new Set(shares.map((share) => share.windowBytes()))).toEqual(new Set([LEAST]));
  });

  test('lets new streams grow only into what is free while stalled ones hold more than their window', () => {
    const budget = createBudget({ limitBytes: 16 * MIB });
    const stalled = openAll(budget, [4, 4, 4, 4]);
    for (const share of stalled) share.hold(4 * MIB);
    const late = budget.open(4 * MIB);
    expect(late.windowBytes()).toBe(LEAST);
    stalled[0]?.free(2 * MIB);
    expect(late.windowBytes()).toBe(2 * MIB);
    stalled[1]?.close();
    expect(late.windowBytes()).toBe(4 * MIB);
    expect(budget.usedBytes()).toBe(10 * MIB);
  });

  test('forgets what a closed stream held, once', () => {
    const budget = createBudget({ limitBytes: 16 * MIB });
    const [one, other] = [budget.open(MIB), budget.open(MIB)];
    one.hold(700);
    other.hold(5);
    one.close();
    one.close();
    one.hold(1);
    one.free(1);
    other.free(9);
    expect([budget.usedBytes(), budget.shareCount(), one.heldBytes()]).toEqual([0, 1, 0]);
  });

  test('keeps windows and held bytes within the limit and 256 KiB each, whatever streams do', () => {
    const seed = randomInt(2 ** 31);
    const random = randomOf(seed);
    for (let round = 0; round < 30; round += 1) {
      const budget = createBudget({ limitBytes: Math.ceil(random() * 512 * MIB) });
      const open: Share[] = [];
      const kept = keptIn(budget);
      for (let step = 0; step < 300; step += 1) {
        doSomething(budget, open, random);
        kept.doSomething(random);
        check(budget, open, `seed ${seed}`);
      }
      for (const share of open) share.close();
      expect([budget.usedBytes(), budget.shareCount()]).toEqual([0, 0]);
      expect(budget.cachedBytes(), `seed ${seed}`).toBe(kept.heldBytes());
    }
  });
});

describe('a cache in the memory budget', () => {
  test('has what it wants, half of the limit at most, and what streams leave', () => {
    const budget = createBudget({ limitBytes: 16 * MIB });
    expect(budget.openCache(4 * MIB, () => {}).roomBytes()).toBe(4 * MIB);
    const cache = budget.openCache(100 * MIB, () => {});
    expect(cache.roomBytes()).toBe(8 * MIB);
    budget.open(64 * MIB).hold(13 * MIB);
    expect(cache.roomBytes()).toBe(3 * MIB);
    cache.keep().grow(MIB);
    expect([cache.roomBytes(), cache.heldBytes(), budget.cachedBytes()]).toEqual([2 * MIB, MIB, MIB]);
  });

  test('takes nothing from the windows of streams, and gives way by what they hold too much', () => {
    const budget = createBudget({ limitBytes: 16 * MIB });
    const asked: number[] = [];
    const one = budget.openCache(8 * MIB, (bytes) => {
      asked.push(bytes);
      kept.close();
    });
    const kept = one.keep();
    kept.grow(8 * MIB);
    const stream = budget.open(16 * MIB);
    expect(stream.windowBytes()).toBe(16 * MIB);
    stream.hold(8 * MIB);
    expect(asked).toEqual([]);
    stream.hold(MIB);
    expect([asked, budget.cachedBytes(), kept.grow(1)]).toEqual([[MIB], 0, false]);
    stream.hold(MIB);
    expect(asked).toEqual([MIB]);
  });

  test('keeps what is being read: streams share the rest and ask for nothing of it', () => {
    const budget = createBudget({ limitBytes: 16 * MIB });
    const asked: number[] = [];
    const kept = budget.openCache(8 * MIB, (bytes) => asked.push(bytes)).keep();
    kept.setRead(true);
    kept.grow(4 * MIB);
    kept.setRead(true);
    const shares = openAll(budget, [16, 16, 16]);
    expect(windowsOf(shares)).toEqual([4, 4, 4]);
    shares[0]?.hold(7 * MIB);
    shares[1]?.hold(4 * MIB);
    expect(shares[2]?.windowBytes()).toBe(MIB);
    shares[1]?.hold(MIB);
    shares[2]?.hold(3 * MIB);
    expect(asked).toEqual([]);
    kept.setRead(false);
    shares[0]?.hold(1);
    expect(asked).toEqual([3 * MIB + 1]);
    kept.setRead(true);
    kept.close();
    kept.close();
    expect(budget.cachedBytes()).toBe(0);
    for (const share of shares) share.free(16 * MIB);
    expect(windowsOf(shares).map((mib) => Math.round(mib * 100) / 100)).toEqual([5.33, 5.33, 5.33]);
  });
});

/** A cache that keeps things of up to 8 MiB, half of them read, and drops the others when it must. */
function keptIn(budget: Budget): { doSomething(random: () => number): void; heldBytes(): number } {
  const things: { kept: Kept; isRead: boolean }[] = [];
  const cache: CacheShare = budget.openCache(256 * MIB, () => {
    for (const { kept } of things.filter(({ isRead }) => !isRead)) kept.close();
  });
  return {
    doSomething(random) {
      const bytes = Math.floor(random() * 8 * MIB);
      const at = Math.floor(random() * things.length);
      const what = random();
      const thing = things[at];
      if (what < 0.3 && cache.roomBytes() >= bytes) {
        const fresh = { kept: cache.keep(), isRead: random() < 0.5 };
        fresh.kept.setRead(fresh.isRead);
        fresh.kept.grow(bytes);
        things.push(fresh);
      } else if (what < 0.5) things.splice(at, 1)[0]?.kept.close();
      else if (what < 0.9 && thing !== undefined) {
        thing.isRead = !thing.isRead;
        thing.kept.setRead(thing.isRead);
      }
    },
    heldBytes: () => sum(things.map(({ kept }) => kept.heldBytes())),
  };
}

function doSomething(budget: Budget, open: Share[], random: () => number): void {
  const at = Math.floor(random() * open.length);
  const share = open[at];
  const what = random();
  if (what < 0.4 || share === undefined) open.push(budget.open(random() * 80 * MIB));
  else if (what < 0.55) open.splice(at, 1)[0]?.close();
  else if (what < 0.85)
    share.hold(Math.floor(random() * Math.max(0, share.windowBytes() - share.heldBytes())));
  else share.free(Math.floor(random() * share.heldBytes()));
}

function check(budget: Budget, open: readonly Share[], seed: string): void {
  const windows = open.map((each) => each.windowBytes());
  const most = budget.limitBytes() + LEAST * open.length;
  expect(sum(windows), seed).toBeLessThanOrEqual(most);
  expect(Math.min(LEAST, ...windows), seed).toBe(LEAST);
  expect(budget.usedBytes() + budget.cachedBytes(), seed).toBeLessThanOrEqual(most);
  expect(budget.usedBytes(), seed).toBe(sum(open.map((each) => each.heldBytes())));
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** mulberry32: the same numbers for the same seed. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
