import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { checkDue, checkTrackers } from '../../src/features/trackers/check-trackers.ts';
import { noteAnnounce, noteTrackers } from '../../src/features/trackers/index.ts';
import {
  checksOfDay,
  claimDue,
  healthOfDay,
  makeAllDue,
  type Outcome,
  plotHealth,
  recordOutcomes,
} from '../../src/features/trackers/queries/checks.ts';
import { allTrackers } from '../../src/features/trackers/queries/trackers.ts';
import { command } from '../../src/platform/db.ts';
import { createNet, type Net } from '../../src/platform/net.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { startTracker } from '../support/trackers.ts';

// Rows, checks, pauses and lists of trackers.

const NEVER = new AbortController().signal;
const url = (name: string) => `udp://${name}.example:80/announce`;
const good = (name: string, latencyMs = 100): Outcome => ({
  url: url(name),
  ok: true,
  latencyMs,
  reason: null,
});
const bad = (name: string): Outcome => ({ url: url(name), ok: false, latencyMs: null, reason: 'Silent.' });
let database: TestDatabase;
let net: Net;
const db = () => database.db;

beforeAll(async () => {
  database = await freshDatabase();
  net = createNet({ mode: 'listed', allow: ['127.0.0.0/8', '::1'], ownPorts: () => new Set() });
});
afterAll(async () => {
  await net.close();
  await database.close();
});
beforeEach(() =>
  db().query(command('test.empty')`TRUNCATE tracker, tracker_health, tracker_list, setting, stream CASCADE`),
);

const row = async (name: string) => (await allTrackers(db(), { limit: 10, urls: [url(name)] }))[0];
const pauseS = async (name: string) => {
  const { nextCheckAt } = (await row(name)) ?? { nextCheckAt: '' };
  return Math.round((Date.parse(nextCheckAt) - Date.now()) / 1000);
};
/** As if everything so far had happened an hour earlier. */
const anHourLater = () =>
  db().query(command('test.later')`
    UPDATE tracker SET last_check_at = last_check_at - interval '1 hour', next_check_at = next_check_at - interval '1 hour'
  `);

describe('outcomes', () => {
  test('count, and the latency is a moving average', async () => {
    await noteTrackers(db(), [url('a'), url('b')]);
    await recordOutcomes(db(), [good('a', 100), bad('b')], 840);
    await recordOutcomes(db(), [good('a', 200)], 840);
    await recordOutcomes(db(), [bad('a')], 840);
    await recordOutcomes(db(), [good('a', 130)], 840);
    expect(await row('a')).toMatchObject({
      ...{ status: 'working', successes: 3, failures: 1, successRate: 0.75, latencyMs: 130, reason: null },
    });
    expect(await row('b')).toMatchObject({
      status: 'failing',
      successRate: 0,
      latencyMs: null,
      reason: 'Silent.',
    });
    expect(await pauseS('a')).toBeGreaterThan(830);
    expect(await checksOfDay(db(), 10)).toEqual(
      expect.arrayContaining([
        { url: url('a'), slot: 47, share: 0.75 },
        { url: url('b'), slot: 47, share: 0 },
      ]),
    );
  });

  test('pauses begin with 10 minutes and double up to a day; a success ends them', async () => {
    await noteTrackers(db(), [url('a')]);
    const pauses: number[] = [];
    for (let round = 0; round < 10; round += 1) {
      await recordOutcomes(db(), [bad('a')], 840);
      pauses.push(Math.round((await pauseS('a')) / 60));
      await anHourLater();
    }
    expect(pauses).toEqual([10, 20, 40, 80, 160, 320, 640, 1280, 1440, 1440]);
    await recordOutcomes(db(), [good('a')], 840);
    expect(Math.round((await pauseS('a')) / 60)).toBe(14);
    await recordOutcomes(db(), [bad('a')], 840);
    expect(Math.round((await pauseS('a')) / 60)).toBe(10);
  });

  test('ten failures within minutes are one pause', async () => {
    await noteTrackers(db(), [url('a')]);
    for (let round = 0; round < 10; round += 1) await noteAnnounce(db(), url('a'), bad('a'));
    expect(await row('a')).toMatchObject({ status: 'failing', failures: 10 });
    expect(Math.round((await pauseS('a')) / 60)).toBe(10);
  });

  test('a real announce is a check, also of a tracker without a row; a member’s URL gets none', async () => {
    await noteAnnounce(db(), 'UDP://new.example:80', { ok: true, latencyMs: 12.6, reason: null });
    expect(await row('new')).toMatchObject({ status: 'working', successes: 1, latencyMs: 13 });
    await noteAnnounce(db(), url('new'), bad('new'));
    expect(await row('new')).toMatchObject({ status: 'failing', failures: 1 });
    // Alive again: the next check comes now, not after the pause.
    await noteAnnounce(db(), url('new'), { ok: true, latencyMs: 10, reason: null });
    expect(await pauseS('new')).toBeLessThanOrEqual(0);
    await noteAnnounce(db(), 'https://t.example/announce?passkey=1', {
      ok: true,
      latencyMs: 1,
      reason: null,
    });
    expect(await allTrackers(db(), { limit: 10 })).toHaveLength(1);
  });
});

describe('claims', () => {
  test('give each due tracker to one of those who ask at the same time', async () => {
    const names = Array.from({ length: 90 }, (_, index) => `t${index}`);
    await noteTrackers(db(), names.map(url));
    const claimed = await Promise.all(Array.from({ length: 6 }, () => claimDue(db(), 20)));
    const all = claimed.flat();
    expect(new Set(all).size).toBe(all.length);
    expect([...all, ...(await claimDue(db(), 100))].toSorted()).toEqual(names.map(url).toSorted());
    expect(await claimDue(db(), 100)).toEqual([]);
  });
});

describe('a check', () => {
  const deps = (mode: 'all' | 'listed') => ({
    ...{ db: db(), net, config: { outbound: { mode }, trackerCheckIntervalMs: 900_000 } },
  });

  test('finds trackers of all three protocols working, refusing ones too', async () => {
    await using open = await startTracker();
    await using closed = await startTracker({ refuse: 'not on the list' });
    const urls = [open, closed].flatMap(({ udpUrl, httpUrl, wsUrl }) => [udpUrl, httpUrl, wsUrl]);
    await noteTrackers(db(), urls);
    expect(await checkDue(deps('all'), NEVER)).toBe(6);
    const found = await allTrackers(db(), { limit: 10 });
    expect(found.map(({ status, reason }) => [status, reason])).toEqual(urls.map(() => ['working', null]));
    expect(open.announced.toSorted()).toEqual(['http', 'udp', 'ws']);
    // Nothing is due now; by hand all are asked again.
    expect(await checkDue(deps('all'), NEVER)).toBe(0);
    await checkTrackers(deps('all'), urls, NEVER);
    expect((await allTrackers(db(), { limit: 10 })).every(({ successes }) => successes === 2)).toBe(true);
  });

  test('two instances ask each tracker once', async () => {
    const trackers = await Promise.all(Array.from({ length: 8 }, () => startTracker()));
    const urls = trackers.flatMap(({ udpUrl, httpUrl }) => [udpUrl, httpUrl]);
    await noteTrackers(db(), urls);
    const checked = await Promise.all([checkDue(deps('all'), NEVER), checkDue(deps('all'), NEVER)]);
    expect(checked.reduce((sum, count) => sum + count)).toBe(16);
    expect(trackers.map(({ announced }) => announced.toSorted())).toEqual(
      trackers.map(() => ['http', 'udp']),
    );
    for (const tracker of trackers) await tracker.stop();
  });

  test('under a list of hosts leaves the others unknown, and says why', async () => {
    await using tracker = await startTracker();
    const strange = ['udp://tracker.example:80/announce', 'https://tracker.example/announce'];
    await noteTrackers(db(), [tracker.udpUrl, ...strange]);
    await checkDue(deps('listed'), NEVER);
    const found = await allTrackers(db(), { limit: 10 });
    expect(found[0]).toMatchObject({ url: tracker.udpUrl, status: 'working' });
    for (const one of found.slice(1))
      expect(one).toMatchObject({
        status: 'unknown',
        failures: 0,
        reason: expect.stringContaining('OUTBOUND_ALLOW'),
      });
  });

  test('of a host inside counts as failing, with the reason, and dials nobody', async () => {
    await using tracker = await startTracker();
    const strict = createNet({ mode: 'all', allow: [], ownPorts: () => new Set() });
    await noteTrackers(db(), [tracker.udpUrl, tracker.httpUrl, tracker.wsUrl, 'udp://192.168.0.1:80']);
    await checkDue({ ...deps('all'), net: strict }, NEVER);
    for (const one of await allTrackers(db(), { limit: 10 }))
      expect(one).toMatchObject({
        status: 'failing',
        failures: 1,
        reason: expect.stringContaining('may not be reached'),
      });
    expect(tracker.announced).toEqual([]);
    await strict.close();
  });

  test('tells that a tracker died, and that it lives again', async () => {
    const tracker = await startTracker();
    await noteTrackers(db(), [tracker.udpUrl, tracker.httpUrl]);
    await checkDue(deps('all'), NEVER);
    await tracker.stop();
    await makeAllDue(db());
    const begun = performance.now();
    await checkDue(deps('all'), NEVER);
    expect(performance.now() - begun).toBeLessThan(7000);
    expect((await allTrackers(db(), { limit: 10 })).map(({ status }) => status)).toEqual([
      'failing',
      'failing',
    ]);
    await plotHealth(db());
    await plotHealth(db());
    expect(await healthOfDay(db())).toMatchObject([{ working: 0, failing: 2, unknown: 0 }]);
  });
});
