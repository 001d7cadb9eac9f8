import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { makeDueSoon } from '../../src/features/sources/queries/scans.ts';
import { createScanner } from '../../src/features/sources/scanner.ts';
import type { Lister } from '../../src/finders/lister.ts';
import { openListers } from '../../src/listers.ts';
import { openTempDir } from '../support/processes.ts';
import { sourceRoom } from '../support/source-room.ts';
import { waitUntil } from '../support/wait-until.ts';

const room = sourceRoom();
let dir: Awaited<ReturnType<typeof openTempDir>>;
let root: string;
let folders = 0;
beforeAll(async () => {
  dir = await openTempDir();
});
beforeEach(async () => {
  folders += 1;
  root = join(dir.path, `${folders}`);
  await mkdir(root);
  await room.run(`UPDATE source SET finder = 'local-folder', base_url = 'local:films/', scan_minutes = 0`);
});
afterAll(() => dir.remove());

type Fault = (began: number) => Error | null;

/** The folder's own lister, whose watch ends by a fault where that says so. */
function scannerOf(fault: Fault = () => null) {
  const begun: number[] = [];
  const open = openListers(new Map([['films', root]]));
  const openLister: typeof open = (...place) => {
    const lister: Lister = open(...place);
    const watch: Lister['watch'] = async (onChange, signal) => {
      begun.push(performance.now());
      const failure = fault(begun.length);
      if (failure !== null) throw failure;
      await lister.watch?.(onChange, signal);
    };
    return { ...lister, watch };
  };
  const scanner = createScanner({
    ...room.deps({ openLister }),
    watching: { quietMs: 10, restMs: 100 },
    onStaged: async () => {},
    onScanned: async () => {},
  });
  return { scanner, begun };
}
const dueNow = () => room.count('source', 'next_scan_at <= now()');

test('a watch that ended begins again, more and more rarely, and what happened meanwhile is found', async () => {
  const { scanner, begun } = scannerOf((began) => (began < 4 ? new Error('the disk stutters') : null));
  try {
    await scanner.watch();
    await waitUntil(() => begun.length > 0, { what: 'the watch begins', timeoutMs: 5000 });
    await writeFile(join(root, 'Film.2001.mkv'), 'film');
    await waitUntil(async () => (await dueNow()) === 1, { what: 'the source is due', timeoutMs: 5000 });
    const [first = 0, second = 0, third = 0, fourth = 0] = begun;
    expect(second - first).toBeGreaterThanOrEqual(99);
    expect(third - second).toBeGreaterThanOrEqual(199);
    expect(fourth - third).toBeGreaterThanOrEqual(399);
    await scanner.scanDue();
    await waitUntil(async () => (await room.items()).length === 1, {
      what: 'the file is staged',
      timeoutMs: 5000,
    });

    // It hears again, once for each change, and is not begun twice.
    await waitUntil(async () => (await dueNow()) === 0 && scanner.running() === 0, {
      what: 'the scan is over',
      timeoutMs: 5000,
    });
    await scanner.watch();
    await writeFile(join(root, 'Other.2002.mkv'), 'film');
    await waitUntil(async () => (await dueNow()) === 1, { what: 'a change makes it due', timeoutMs: 8000 });
    expect(begun).toHaveLength(4);
  } finally {
    await scanner.close();
  }
});

test('a watch that begins for the first time makes nothing due', async () => {
  const { scanner, begun } = scannerOf();
  await scanner.watch();
  await waitUntil(() => begun.length > 0, { what: 'the watch begins', timeoutMs: 5000 });
  await sleep(300);
  expect(await dueNow()).toBe(0);
  await scanner.close();
});

test('one that is scanned by hand is due by a change that was seen, and not because nothing would tell of one', async () => {
  await makeDueSoon(room.db(), room.sourceId(), false);
  expect(await dueNow()).toBe(0);
  await makeDueSoon(room.db(), room.sourceId(), true);
  expect(await dueNow()).toBe(1);
  await room.run('UPDATE source SET scan_minutes = 60, next_scan_at = NULL');
  await makeDueSoon(room.db(), room.sourceId(), false);
  expect(await dueNow()).toBe(1);
});
