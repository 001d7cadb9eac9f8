import { setTimeout as sleep } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { JsonText } from '../../src/kit/json-text.ts';
import { ownSpaces } from '../../src/platform/cache.ts';
import { createLog } from '../../src/platform/log.ts';
import { openSpaces } from '../../src/spaces.ts';

setFlagsFromString('--expose-gc');
const collect = z
  .custom<NodeJS.GCFunction>((value) => typeof value === 'function')
  .parse(runInNewContext('gc'));

const pagesOf = () => openSpaces({ cache: { space: ownSpaces(createLog('silent')) } }).pages;
const BYTES = 100_000;
const load =
  (text: string, waitMs = 5) =>
  async () => {
    await sleep(waitMs);
    return new JsonText(text.repeat(BYTES / text.length));
  };

describe('pages', () => {
  test('of one load are each caller’s own, and whoever comes later has what was kept', async () => {
    const pages = pagesOf();
    const both = await Promise.all([pages.get('a', load('x')), pages.get('a', load('never'))]);
    const [first, second] = both.map((page) => ({ etag: page.etag, bytes: page.take() }));
    expect(first?.bytes.toString()).toBe('x'.repeat(BYTES));
    expect(second).toEqual(first);
    await sleep(1);
    const later = await pages.get('a', load('never'));
    expect(later.etag).toBe(first?.etag);
    expect(later.take().toString()).toBe('x'.repeat(BYTES));
    expect(() => later.bytes).toThrow('given away');
  });

  test('of a caller who left are the other’s all the same', async () => {
    const pages = pagesOf();
    const leaving = new AbortController();
    const [left, stayed] = [
      pages.get('a', load('x', 20), leaving.signal),
      pages.get('a', load('never'), new AbortController().signal),
    ];
    leaving.abort(new Error('gone'));
    await expect(left).rejects.toThrow('gone');
    expect((await stayed).take().length).toBe(BYTES);
  });

  test('that were sent need no collection of the whole heap', async () => {
    const pages = pagesOf();
    /** As a request does: what waits for the database survives young collections, and what it gave is sent at once. */
    const send = async (key: number) => (await pages.get(String(key), load('x', 30))).take().length;
    const round = async (from: number) => {
      const sending = Array.from({ length: 50 }, (_, index) => send(from + index));
      for (let turn = 0; turn < 3; turn += 1) collect({ type: 'minor', execution: 'sync' });
      await Promise.all(sending);
      await sleep(1);
      for (let turn = 0; turn < 3; turn += 1) collect({ type: 'minor', execution: 'sync' });
    };
    await round(0);
    const before = process.memoryUsage().arrayBuffers;
    // The same ones again and again: kept pages take no more memory than they took.
    for (let turn = 0; turn < 4; turn += 1) {
      await pages.dropAll();
      await round(1000 * turn);
    }
    // 20 MB were sent.
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(4_000_000);
  });
});
