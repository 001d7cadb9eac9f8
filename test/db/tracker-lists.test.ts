import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { noteTrackers } from '../../src/features/trackers/index.ts';
import { keepLists, trackersIn } from '../../src/features/trackers/keep-lists.ts';
import { type Outcome, recordOutcomes } from '../../src/features/trackers/queries/checks.ts';
import { allTrackers, remoteList } from '../../src/features/trackers/queries/trackers.ts';
import { command, rows, sql } from '../../src/platform/db.ts';
import { createNet, type Net } from '../../src/platform/net.ts';
import { offeredTorrents } from '../../src/streams/torrent/queries.ts';
import { trackersFor } from '../../src/streams/torrent/trackers/queries.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { connect } from '../support/full-database.ts';

// Which trackers a torrent goes to: its own, and those of the lists.

const NEVER = new AbortController().signal;
const url = (name: string) => `udp://${name}.example:80/announce`;
const good = (name: string, latencyMs = 100): Outcome => ({
  ...{ url: url(name), ok: true, latencyMs, reason: null },
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
beforeEach(() => db().query(command('test.empty')`TRUNCATE tracker, tracker_list, setting, stream CASCADE`));

const setSetting = (key: string, value: unknown) =>
  db().query(command('test.set')`
    INSERT INTO setting (key, type, value) VALUES (${key}, 'json', ${sql.jsonb(z.json().parse(value))})
    ON CONFLICT (key) DO UPDATE SET value = excluded.value
  `);

describe('lists', () => {
  const settings = (trackerListUrl = '') => ({ settings: { get: () => ({ trackerListUrl }) } });

  test('give their trackers rows, each list its own', async () => {
    await keepLists({ db: db(), net, ...settings() }, NEVER);
    await keepLists({ db: db(), net, ...settings() }, NEVER);
    await setSetting('trackerList', [url('mine')]);
    const found = await allTrackers(db(), { limit: 50 });
    expect(found.filter(({ lists }) => lists.includes('builtin')).length).toBeGreaterThan(4);
    expect(found.filter(({ lists }) => lists.length === 0).map((tracker) => tracker.url)).toEqual([
      url('mine'),
    ]);
  });

  test('the owner’s settings of trackers empty the caches of offers, others do not', async () => {
    await using client = await connect(database.url);
    const heard: (string | undefined)[] = [];
    client.on('notification', ({ payload }) => heard.push(payload));
    await client.query('LISTEN tributary');
    await setSetting('trackerList', [url('mine')]);
    await setSetting('trackerMode', 'none');
    await setSetting('addonName', 'Films');
    await db().query(command('test.back')`DELETE FROM setting WHERE key = 'trackerMode'`);
    await client.query('SELECT 1');
    expect(heard).toEqual(Array.from({ length: 3 }, () => expect.stringContaining('"group":"media"')));
  });

  test('the one from elsewhere is fetched when it is another or its time has come, and kept when it fails', async () => {
    let body = `# best\n${url('one')}\r\n\n  ${url('two')}\nnonsense\n${url('one')}\n`;
    let fetched = 0;
    const server: Server = createServer((_req, res) => {
      fetched += 1;
      res.end(body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    const listUrl = `http://127.0.0.1:${typeof address === 'object' ? address?.port : 0}/best.txt`;
    const remote = async () =>
      (await allTrackers(db(), { limit: 50 })).flatMap((one) =>
        one.lists.includes('remote') ? [one.url] : [],
      );
    const keep = () => keepLists({ db: db(), net, ...settings(listUrl) }, NEVER);
    await Promise.all([keep(), keep()]);
    await keep();
    expect(fetched).toBe(1);
    expect((await remote()).toSorted()).toEqual([url('one'), url('two')]);
    expect(await remoteList(db())).toMatchObject({ url: listUrl, trackerCount: 2, reason: null });
    const again = () => db().query(command('test.again')`UPDATE tracker_list SET next_fetch_at = now()`);
    for (const wrong of ['', 'x'.repeat(2_000_000), '<html>']) {
      await again();
      body = wrong;
      await keep();
      expect((await remoteList(db()))?.reason).toMatch(/\.$/);
      expect(await remote()).toHaveLength(2);
    }
    body = url('three');
    await again();
    await keep();
    expect(await remote()).toEqual([url('three')]);
    await keepLists({ db: db(), net, ...settings() }, NEVER);
    expect([await remote(), await remoteList(db())]).toEqual([[], null]);
    server.close();
  });

  test('a list on a host that is not listed is off, and says so', async () => {
    await keepLists({ db: db(), net, ...settings('https://lists.example/best.txt') }, NEVER);
    expect(await remoteList(db())).toMatchObject({
      fetchedAt: null,
      reason: expect.stringContaining('OUTBOUND_ALLOW'),
    });
  });

  test('have 500 lines at most', () => {
    const lines = Array.from({ length: 1000 }, (_, index) => url(`t${index}`));
    expect(trackersIn(lines.join('\n'))).toEqual(lines.slice(0, 500));
  });
});

describe('the trackers of a torrent', () => {
  beforeEach(async () => {
    const names = ['own', 'dead', 'fresh', 'fast', 'slow', 'broken', 'mine'];
    await noteTrackers(db(), names.map(url));
    await recordOutcomes(
      db(),
      [good('own', 300), bad('dead'), good('fast', 10), good('slow', 500), bad('broken')],
      1,
    );
    await db().query(command('test.list')`
      UPDATE tracker SET lists = '{builtin}' WHERE url = ANY (${sql.array(['fast', 'slow', 'broken'].map(url), 'text')})
    `);
    await setSetting('trackerList', [url('mine')]);
  });
  const own = [url('dead'), url('fresh'), 'udp://OWN.example:80'];

  test.each([
    [null, ['fast', 'OWN', 'slow', 'fresh', 'mine', 'dead']],
    ['add', ['fast', 'OWN', 'slow', 'fresh', 'mine', 'dead']],
    ['none', ['OWN', 'fresh', 'dead']],
    ['replace', ['fast', 'slow', 'mine']],
  ])('with the mode %s are these, the best first', async (mode, names) => {
    if (mode !== null) await setSetting('trackerMode', mode);
    const found = await trackersFor(db(), { own, isPrivate: false });
    expect(found.map((tracker) => new URL(tracker).hostname.split('.')[0])).toEqual(names);
    expect(await trackersFor(db(), { own, isPrivate: true })).toEqual(own);
  });

  test('replaced by nothing stay', async () => {
    await setSetting('trackerMode', 'replace');
    await setSetting('trackerList', []);
    await db().query(command('test.fail')`UPDATE tracker SET status = 'failing'`);
    expect(await trackersFor(db(), { own, isPrivate: false })).toHaveLength(3);
    expect(await trackersFor(db(), { own: [], isPrivate: false })).toEqual([]);
  });

  test('are not crowded out by those of lists, dead ones are', async () => {
    const names = Array.from({ length: 25 }, (_, index) => `listed${index}`);
    await noteTrackers(db(), names.map(url));
    await recordOutcomes(
      db(),
      names.map((name) => good(name, 1)),
      1,
    );
    await db().query(command('test.more')`
      UPDATE tracker SET lists = '{builtin}' WHERE url = ANY (${sql.array(names.map(url), 'text')})
    `);
    const found = await trackersFor(db(), { own: [url('fresh')], isPrivate: false });
    expect([found.length, found.indexOf(url('fresh')), found[0]]).toEqual([20, 19, url('listed0')]);
    const dead = Array.from({ length: 30 }, (_, index) => url(`dead${index}`));
    await noteTrackers(db(), dead);
    await db().query(command('test.dead')`UPDATE tracker SET status = 'failing' WHERE url LIKE '%dead%'`);
    expect(await trackersFor(db(), { own: dead, isPrivate: false })).not.toContain(dead[0]);
  });

  test('stand so in its offers; a private one’s stay its own', async () => {
    const { id } = await db().one(rows('test.stream', z.object({ id: z.int() }))`
      INSERT INTO stream (kind, name) VALUES ('torrent', 'Film') RETURNING id
    `);
    await db().query(command('test.torrent')`
      INSERT INTO stream_torrent (stream_id, info_hash) VALUES (${id}, ${'a'.repeat(40)})
    `);
    await noteTrackers(db(), [url('dead'), url('fresh'), url('own')], id);
    const offered = async () =>
      (await offeredTorrents(db(), [id]))[0]?.trackers.map((one) => new URL(one).hostname.split('.')[0]);
    expect(await offered()).toEqual(['fast', 'own', 'slow', 'fresh', 'mine', 'dead']);
    await setSetting('trackerMode', 'none');
    expect(await offered()).toEqual(['own', 'fresh', 'dead']);
    await setSetting('trackerMode', 'replace');
    expect(await offered()).toEqual(['fast', 'slow', 'mine']);
    await db().query(command('test.private')`UPDATE stream_torrent SET visibility = 'private'`);
    expect(await offered()).toEqual(['own', 'fresh', 'dead']);
  });
});
