import { afterEach, beforeEach, expect, test } from 'vitest';
import { CHECK_JOB, noteTrackers, trackerJobs } from '../../src/features/trackers/index.ts';
import { allTrackers } from '../../src/features/trackers/queries/trackers.ts';
import { type Jobs, startJobs } from '../../src/platform/jobs.ts';
import { createLog } from '../../src/platform/log.ts';
import { createNet, type Net } from '../../src/platform/net.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { startTracker } from '../support/trackers.ts';
import { waitUntil } from '../support/wait-until.ts';

// The checks as instances of the program run them: by the queue, at their time, each once.

const log = createLog('silent');
let database: TestDatabase;
let net: Net;
const running: Jobs[] = [];

beforeEach(async () => {
  database = await freshDatabase();
  net = createNet({ mode: 'listed', allow: ['127.0.0.0/8'], ownPorts: () => new Set() });
});
afterEach(async () => {
  await Promise.all(running.splice(0).map((jobs) => jobs.stop()));
  await net.close();
  await database.close();
});

function instance(trackerCheckIntervalMs: number): Jobs {
  const jobs: Jobs = startJobs({
    ...{ url: database.url, jobs: trackerJobs, role: 'all', log, pollIntervalMs: 500 },
    deps: {
      ...{ db: database.db, net },
      config: { outbound: { mode: 'listed' }, trackerCheckIntervalMs },
      settings: { get: () => ({ trackerListUrl: '' }) },
      addJobAt: (name: string, atMs: number) => jobs.add(name, {}, { key: name, runAt: new Date(atMs) }),
    },
  });
  running.push(jobs);
  return jobs;
}

const statusOf = async (url: string) =>
  (await allTrackers(database.db, { limit: 1, urls: [url] }))[0]?.status ?? 'missing';

test('three instances check each of ten trackers once', async () => {
  const trackers = await Promise.all(Array.from({ length: 10 }, () => startTracker()));
  const urls = trackers.map(({ udpUrl }) => udpUrl);
  await noteTrackers(database.db, urls);
  const instances = [instance(900_000), instance(900_000), instance(900_000)];
  await Promise.all(instances.map((jobs, index) => jobs.add(CHECK_JOB, {}, { key: `by hand ${index}` })));
  await waitUntil(
    async () =>
      (await allTrackers(database.db, { limit: 100, urls })).every(({ status }) => status === 'working'),
    { what: 'all are checked', timeoutMs: 15_000 },
  );
  expect(trackers.map(({ announced }) => announced)).toEqual(trackers.map(() => ['udp']));
  await Promise.all(trackers.map((tracker) => tracker.stop()));
});

test.each(['udpUrl', 'httpUrl'] as const)(
  'a tracker that dies fails within one interval, by its %s',
  async (key) => {
    // A UDP tracker is silent for the 5 s a check waits: so much more than the interval is what is measured.
    const intervalMs = 8000;
    const tracker = await startTracker();
    await noteTrackers(database.db, [tracker[key]]);
    await instance(intervalMs).add(CHECK_JOB);
    await waitUntil(async () => (await statusOf(tracker[key])) === 'working', {
      what: 'works',
      timeoutMs: 10_000,
    });
    // Checked over and over: half of a short interval early.
    await waitUntil(() => tracker.announced.length >= 2, { what: 'a second check', timeoutMs: 10_000 });
    await tracker.stop();
    const begun = performance.now();
    await waitUntil(async () => (await statusOf(tracker[key])) === 'failing', {
      what: 'fails',
      timeoutMs: 15_000,
    });
    expect(performance.now() - begun).toBeLessThan(intervalMs);
  },
  60_000,
);
