import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import {
  CheckAnswer,
  TrackerHistory,
  TrackersAnswer,
  trackerRoutes,
} from '../../src/features/trackers/index.ts';
import { plotHealth } from '../../src/features/trackers/queries/checks.ts';
import { command } from '../../src/platform/db.ts';
import { startApi, type TestApi } from '../support/api.ts';
import { openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';
import { problemIn } from '../support/problem-answer.ts';
import { startTracker, type TestTracker, trackerDeps } from '../support/trackers.ts';

let ground: TestKindDeps;
let api: TestApi;
let tracker: TestTracker;
let queued = 0;

beforeAll(async () => {
  ground = await openKindDeps();
  tracker = await startTracker();
  const { db, net } = ground.deps;
  api = await startApi((place) => [
    trackerRoutes({
      ...{ ...trackerDeps, db, net, ...place },
      checkLater: async () => {
        queued += 1;
      },
    }),
  ]);
});
beforeEach(() =>
  ground.deps.db.query(command('test.empty')`TRUNCATE tracker, tracker_health RESTART IDENTITY CASCADE`),
);
afterAll(async () => {
  await api.close();
  await tracker.stop();
  await ground.close();
});

const check = (body?: unknown, query = '') => api.ask('POST', `/api/trackers/check${query}`, body);

describe('POST /api/trackers/check', () => {
  test('with wait=true answers how the given ones do, and gives them rows', async () => {
    const dead = 'udp://127.0.0.1:9/announce';
    const { status, body } = await check({ urls: [tracker.udpUrl, dead, tracker.wsUrl] }, '?wait=true');
    expect(status).toBe(200);
    expect(CheckAnswer.parse(body).trackers.map((one) => [one.url, one.status])).toEqual(
      expect.arrayContaining([
        [tracker.udpUrl, 'working'],
        [tracker.wsUrl, 'working'],
        [dead, 'failing'],
      ]),
    );
    const all = TrackersAnswer.parse((await api.ask('GET', '/api/trackers')).body);
    expect(all.dht).toEqual({ status: 'running', nodes: 132, lookups: 1 });
    expect(all.trackers).toHaveLength(3);
    expect(all.trackers.find(({ url }) => url === dead)?.reason).toContain('Nothing listens');
  });

  test('with wait=true and no list checks all of them', async () => {
    await check({ urls: [tracker.udpUrl, tracker.httpUrl] }, '?wait=true');
    const { body } = await check(undefined, '?wait=true');
    expect(CheckAnswer.parse(body).trackers.map(({ successes }) => successes)).toEqual([2, 2]);
  });

  test('without it queues the check, once due', async () => {
    queued = 0;
    expect((await check({ urls: [tracker.udpUrl] })).status).toBe(202);
    expect((await check({})).status).toBe(202);
    expect(queued).toBe(2);
    const { trackers } = TrackersAnswer.parse((await api.ask('GET', '/api/trackers')).body);
    expect(trackers).toMatchObject([{ url: tracker.udpUrl, status: 'unknown' }]);
    expect(Date.parse(trackers[0]?.nextCheckAt ?? '')).toBeLessThanOrEqual(Date.now() + 1000);
  });

  test.each<[string, unknown, string]>([
    ['no URL', { urls: ['hello'] }, 'trackers.invalid'],
    ['a member’s URL', { urls: ['https://t.example/announce?passkey=1'] }, 'trackers.invalid'],
    ['another field', { url: 'udp://t.example:1' }, 'request.invalid'],
    ['too many', { urls: Array.from({ length: 501 }, () => 'udp://t.example:1') }, 'request.invalid'],
  ])('refuses %s', async (_what, body, code) => {
    const answer = await check(body, '?wait=true');
    expect([answer.status, problemIn(answer.body).code]).toEqual([400, code]);
  });
});

test('GET /api/trackers/history has a place for each half hour of the day, and all of them together', async () => {
  await check({ urls: [tracker.udpUrl] }, '?wait=true');
  await plotHealth(ground.deps.db);
  const history = TrackerHistory.parse((await api.ask('GET', '/api/trackers/history')).body);
  expect(history.checks[tracker.udpUrl]?.at(-1)).toBe(1);
  expect(history.checks[tracker.udpUrl]?.slice(0, -1).every((share) => share === null)).toBe(true);
  expect(history.health).toMatchObject([{ working: 1, failing: 0, unknown: 0 }]);
});
