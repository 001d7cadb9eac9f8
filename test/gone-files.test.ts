import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { goneFiles } from '../src/gone-files.ts';

// How often links in the hands of strangers make this server look for files.

let looked: number[];
beforeEach(() => {
  looked = [];
  vi.useFakeTimers();
});
afterEach(() => void vi.useRealTimers());

test('a file is looked for once in ten seconds', () => {
  const note = goneFiles((streamId) => void looked.push(streamId));
  for (const streamId of [1, 1, 2, 1]) note(streamId);
  vi.advanceTimersByTime(10_001);
  note(1);
  expect(looked).toEqual([1, 2, 1]);
});

test('six files are looked for in a minute, whoever asks for thousands', () => {
  const note = goneFiles((streamId) => void looked.push(streamId));
  for (let streamId = 1; streamId <= 1000; streamId += 1) note(streamId);
  expect(looked).toHaveLength(6);
  vi.advanceTimersByTime(60_001);
  note(7);
  expect(looked).toHaveLength(7);
});
