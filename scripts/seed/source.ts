import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import {
  MATCH_JOB,
  runScan,
  type SourceProgress,
  sourceNamed,
  sourceProgress,
} from '../../src/features/sources/index.ts';
import { AppError } from '../../src/kit/errors.ts';
import { openListers } from '../../src/listers.ts';
import type { Db } from '../../src/platform/db.ts';
import { defineJob, startJobs } from '../../src/platform/jobs.ts';
import { importDeps } from '../context.ts';
import type { Importer, ImportWork, Progress, Summary } from './importer.ts';
import { badUsage, onlyArgument } from './usage.ts';

const LOOK_EVERY_MS = 300;
/** Nothing was matched for so long: no server runs, or it was paused. */
const STILL_MS = 30_000;

/** A file server that stands on the page Sources: scanned here, matched by the server that runs beside. */
export const source: Importer = {
  name: 'source',
  usage: [
    'NAME  scans a file server of the page Sources, and shows how far that and the matching of its files are',
    'NAME --watch  only shows how far they are, while the running server works',
  ],
  async run(args, work) {
    const { name, isWatched } = asked(args);
    const { db } = work.context.database;
    const { id, isActive } = await sourceNamed(db, name);
    if (!isActive && !isWatched)
      throw new AppError('seed.inactive', 'This source is off: turn it on first.', { status: 409 });
    const before = await sourceProgress(db, id);
    if (isWatched) await watchScan(db, id, work);
    else {
      await scan(id, work);
      await matchSoon(work);
    }
    await watchMatching(db, id, work);
    return summaryOf(before, await sourceProgress(db, id));
  },
};

function asked(args: readonly string[]): { name: string; isWatched: boolean } {
  try {
    const { positionals, values } = parseArgs({
      args: [...args],
      options: { watch: { type: 'boolean' } },
      allowPositionals: true,
    });
    const name = onlyArgument(positionals, 'the name of a source; quote one with blanks');
    return { name, isWatched: values.watch === true };
  } catch (error) {
    throw error instanceof TypeError ? badUsage(error.message) : error;
  }
}

async function scan(id: number, work: ImportWork): Promise<void> {
  const deps = await importDeps(work.context);
  try {
    const openLister = openListers(work.context.config.localFolders);
    const scanning = runScan({ ...deps, openLister }, id, work.signal);
    const ended = scanning.then(
      () => true,
      () => true,
    );
    const draw = scanDrawer(deps.db, id, work.progress);
    while (!(await Promise.race([ended, sleep(LOOK_EVERY_MS, false)]))) await draw('running');
    // Another one is at it: that is watched to its end.
    if ((await scanning) === 'not-mine') await watchScan(deps.db, id, work);
    else await draw('ended');
  } finally {
    await deps.close();
  }
}

async function watchScan(db: Db, id: number, { progress, signal }: ImportWork): Promise<void> {
  const draw = scanDrawer(db, id, progress);
  while (await draw('running')) await sleep(LOOK_EVERY_MS, undefined, { signal });
}

/** Draws a scan, and tells whether it runs. The share is of the folders that are known by now: how many there are nobody knows. */
function scanDrawer(
  db: Db,
  id: number,
  progress: Progress,
): (state: 'running' | 'ended') => Promise<boolean> {
  progress.begin('scan', 'videos', null);
  const count = counter(progress);
  return async (state) => {
    const { scan: seen } = await sourceProgress(db, id);
    const isRunning = seen?.status === 'started';
    if (seen !== null && (isRunning || state === 'ended')) {
      const known = seen.folders + seen.foldersWaiting;
      if (known > 0) progress.at(seen.folders / known);
      count(seen.files);
    }
    return isRunning;
  };
}

/** Tells the server that runs beside; without one it is done when one starts. */
async function matchSoon({ context: { database, log } }: ImportWork): Promise<void> {
  const addedOnly = defineJob({
    name: MATCH_JOB,
    payload: z.object({}),
    maxAttempts: 1,
    run: async () => {},
  });
  const queue = startJobs({ url: database.url, jobs: [addedOnly], deps: {}, role: 'web', log });
  try {
    await queue.add(MATCH_JOB, {}, { key: `${MATCH_JOB} now` });
  } finally {
    await queue.stop();
  }
}

/** Draws how the server matches what was found, while it does. */
async function watchMatching(db: Db, id: number, { progress, signal }: ImportWork): Promise<void> {
  const first = (await sourceProgress(db, id)).matching;
  if (first.waiting === 0) return;
  progress.begin('matching', 'videos', first.waiting);
  const draw = counter(progress, doneOf(first));
  let [movedAt, before] = [Date.now(), doneOf(first)];
  while (Date.now() - movedAt < STILL_MS) {
    await sleep(LOOK_EVERY_MS, undefined, { signal });
    const { matching } = await sourceProgress(db, id);
    const done = doneOf(matching);
    if (done !== before) [movedAt, before] = [Date.now(), done];
    draw(done);
    if (matching.waiting === 0) break;
  }
  progress.end();
}

/** Tells what is more than the last time. */
function counter(progress: Progress, start = 0): (total: number) => void {
  let before = start;
  return (total) => {
    progress.add(Math.max(0, total - before));
    before = total;
  };
}

function doneOf({ matched, flagged, unmatched, failed }: SourceProgress['matching']): number {
  return matched + flagged + unmatched + failed;
}

function summaryOf(before: SourceProgress, { scan: seen, matching }: SourceProgress): Summary {
  if (seen === null) return { scans: 'none yet' };
  if (seen.status === 'failed')
    throw new AppError('seed.scan_failed', `The scan failed. ${seen.failure ?? ''} What was found stays.`, {
      status: 502,
    });
  const since = (end: 'matched' | 'flagged' | 'unmatched') =>
    Math.max(0, matching[end] - before.matching[end]);
  return {
    ...{ folders: seen.folders, videos: seen.files, new: seen.inserted, known: seen.skipped },
    ...{ extras: seen.extras, subtitles: seen.subtitles, moved: seen.moved, gone: seen.gone },
    ...{ matched: since('matched'), 'for review': since('flagged'), 'not known': since('unmatched') },
    'still to match': matching.waiting,
    ...(matching.waiting === 0 ? {} : { note: 'a running server matches them, unless it was paused' }),
  };
}
