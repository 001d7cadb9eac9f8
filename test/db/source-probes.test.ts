import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { probeDue } from '../../src/features/source-health/probe-sources.ts';
import { probeDays } from '../../src/features/source-health/queries/probes.ts';
import { insertReports, ispDays } from '../../src/features/source-health/queries/reports.ts';
import { settle } from '../../src/features/source-health/settle.ts';
import { command, rows } from '../../src/platform/db.ts';
import { sourceHealthRoom } from '../support/source-health-room.ts';

// Our own probes of file servers: what they measure, when they come again, and what follows.

const room = sourceHealthRoom();
const { db, serve, addSource, addFile, probe, healthOf, streamOf } = room;

const FILM = Buffer.alloc(700_000, 7);

/** A listing at `/`, and the film at each of `paths`; all asked for is noted. */
async function fileServer(paths: readonly string[], asked: string[] = []) {
  return await serve((req, res) => {
    asked.push(`${req.method} ${req.url} ${req.headers.range ?? ''}`.trim());
    if (req.url === '/') return void res.end('<a href="film.mkv">film.mkv</a>');
    if (!paths.includes(req.url ?? '')) return void res.writeHead(404).end();
    const [, from = '0', to] = /bytes=(\d+)-(\d*)/.exec(req.headers.range ?? '') ?? [];
    const end = Math.min(FILM.length, (to ? Number(to) : FILM.length - 1) + 1);
    const part = FILM.subarray(Number(from), end);
    if (req.headers.range === undefined)
      return void res.writeHead(200, { 'Content-Length': FILM.length }).end(FILM);
    res.writeHead(206, {
      'Content-Length': part.length,
      'Content-Range': `bytes ${from}-${end - 1}/${FILM.length}`,
    });
    return void res.end(part);
  });
}

const report = (sourceId: number) => ({
  ...{ sourceId, ispName: 'Home', isReachable: false, responseMs: null, isVote: true },
});

const last = (sourceId: number) =>
  db().one(rows('test.probe', z.record(z.string(), z.unknown()))`
    SELECT is_ok AS ok, connect_ms IS NOT NULL AS connect, listing_ms IS NOT NULL AS listing, first_byte_ms IS NOT NULL AS byte,
      bytes_per_second IS NOT NULL AS speed, reason
    FROM source_probe WHERE source_id = ${sourceId} ORDER BY at DESC LIMIT 1
  `);

describe('a server that does', () => {
  test('is connected to, listed, and one file of it read from its beginning; then it rests a quarter of an hour', async () => {
    const asked: string[] = [];
    const server = await fileServer(['/film.mkv'], asked);
    const sourceId = await addSource(server.url);
    const streamId = await addFile(sourceId, server.url, 'film.mkv', FILM.length);
    expect(await probe()).toBe(1);
    expect(await last(sourceId)).toEqual({
      ...{ ok: true, connect: true, listing: true, byte: true, speed: true, reason: null },
    });
    expect(await healthOf(sourceId)).toEqual({
      ...{ state: 'online', score: 100, failures: 0, reason: null, againS: 900 },
    });
    expect(await streamOf(streamId)).toMatchObject({ isVerified: true, state: 'active' });
    expect(asked.filter((line) => line.startsWith('GET /film.mkv'))).toHaveLength(1);
    expect(await probeDue(room.deps(), room.NEVER)).toBe(0);
    expect(await probeDays(db(), sourceId)).toMatchObject([{ probes: 1, successes: 1 }]);
  });

  test('has its files looked at one after the other, one a probe', async () => {
    const server = await fileServer(['/a.mkv', '/b.mkv', '/c.mkv']);
    const sourceId = await addSource(server.url);
    const ids: number[] = [];
    for (const path of ['c.mkv', 'a.mkv', 'b.mkv']) ids.push(await addFile(sourceId, server.url, path));
    const verified = async () => {
      const found = await Promise.all(ids.map(streamOf));
      return found.map(({ isVerified }) => isVerified);
    };
    await probe();
    expect(await verified()).toEqual([false, true, false]);
    await probe();
    expect(await verified()).toEqual([false, true, true]);
    await probe();
    expect(await verified()).toEqual([true, true, true]);
  });

  test('is asked once, however many instances look at the same time', async () => {
    const asked: string[] = [];
    const server = await fileServer([], asked);
    await addSource(server.url);
    const counts = await Promise.all([1, 2, 3].map(() => probeDue(room.deps(), room.NEVER)));
    expect(counts.reduce((sum, count) => sum + count, 0)).toBe(1);
    expect(asked).toEqual(['GET /']);
  });

  test('does so although it lists nothing, as long as its files are there', async () => {
    const server = await serve((req, res) => void res.writeHead(req.url === '/' ? 403 : 200).end('film'));
    const sourceId = await addSource(server.url);
    await probe();
    expect(await last(sourceId)).toMatchObject({ ok: false, reason: 'The server answered with status 403.' });
    await addFile(sourceId, server.url, 'film.mkv');
    await probe();
    expect(await last(sourceId)).toMatchObject({ ok: true, reason: null });
  });

  test('may send a listing without end: what is read of it is bounded', async () => {
    let sent = 0;
    const server = await serve((_req, res) => {
      const more = () => {
        sent += 65_536;
        if (!res.destroyed) res.write(Buffer.alloc(65_536, 'x'), more);
      };
      more();
    });
    const sourceId = await addSource(server.url);
    await probe();
    expect(await healthOf(sourceId)).toMatchObject({ state: 'online' });
    expect(sent).toBeLessThan(64 * 1024 * 1024);
  });
});

describe('a server that is away', () => {
  test('is asked again after a minute, then two; the second failure makes it offline, and one good probe undoes that', async () => {
    const server = await fileServer([]);
    const sourceId = await addSource(server.url);
    await server.close();
    await probe();
    expect(await healthOf(sourceId)).toMatchObject({ state: 'unknown', score: 0, failures: 1, againS: 60 });
    await probe();
    const { reason, ...offline } = await healthOf(sourceId);
    expect(offline).toEqual({ state: 'globally_offline', score: 0, failures: 2, againS: 120 });
    expect(reason).toBe('The server could not be reached or broke off.');
    await serve((_req, res) => void res.end('here'), server.port);
    await probe();
    expect(await healthOf(sourceId)).toMatchObject({
      state: 'online',
      failures: 0,
      reason: null,
      againS: 900,
    });
    expect(await probeDays(db(), sourceId)).toMatchObject([{ probes: 3, successes: 1 }]);
  });

  test('rests after a score below 20, and wakes with a good probe although its score is bad', async () => {
    const server = await fileServer([]);
    const sourceId = await addSource(server.url);
    await server.close();
    const rests = () =>
      db().oneFirst(rows('test.rests', z.object({ rests: z.boolean() }))`
        SELECT NOT is_reachable AS rests FROM source WHERE id = ${sourceId}
      `);
    for (let failed = 0; failed < 6; failed += 1) await probe();
    await db().query(command('test.scans')`UPDATE source_health SET scan_failures = 4`);
    expect([await rests(), (await healthOf(sourceId)).againS]).toEqual([true, 1920]);
    await serve((_req, res) => void res.end('here'), server.port);
    await probe();
    expect(await healthOf(sourceId)).toMatchObject({ state: 'online', score: 14.29 });
    expect(await rests()).toBe(false);
  });

  test('begins anew where it lies elsewhere, or is asked otherwise', async () => {
    const settled = (sourceId: number) => settle(room.deps(), [sourceId]);
    const sourceId = await addSource('http://127.0.0.1:1/');
    await probe();
    await probe();
    await db().query(command('test.direct')`UPDATE source SET offers = 'direct'`);
    await db().query(command('test.rest')`UPDATE source_health SET scan_failures = 4, disabled_at = now()`);
    await db().query(command('test.name')`UPDATE source SET name = 'other'`);
    expect(await healthOf(sourceId)).toMatchObject({ state: 'globally_offline', failures: 2 });
    await insertReports(db(), [report(sourceId), report(sourceId)]);
    await db().query(command('test.login')`UPDATE source SET username = 'viewer'`);
    await settled(sourceId);
    // It is the same server, which failed twice; what viewers said of it does not count any more.
    expect(await healthOf(sourceId)).toMatchObject({ state: 'unknown', score: 0, failures: 0, againS: 0 });
    expect(await ispDays(db(), sourceId, 7)).toEqual([]);
    await insertReports(db(), [report(sourceId), report(sourceId)]);
    const server = await fileServer([]);
    await db().query(command('test.move')`UPDATE source SET base_url = ${server.url}`);
    await settled(sourceId);
    expect(await healthOf(sourceId)).toEqual({
      ...{ state: 'unknown', score: 100, failures: 0, reason: null, againS: 0 },
    });
    expect([await probeDays(db(), sourceId), await ispDays(db(), sourceId, 7)]).toEqual([[], []]);
    const Rest = z.object({ isReachable: z.boolean(), scanFailures: z.int() });
    const rest = await db().one(rows('test.rest_of', Rest)`
      SELECT s.is_reachable AS "isReachable", h.scan_failures AS "scanFailures"
      FROM source s JOIN source_health h ON h.source_id = s.id`);
    expect(rest).toEqual({ isReachable: true, scanFailures: 0 });
  });

  test('is never asked less often than every six hours', async () => {
    const sourceId = await addSource('http://127.0.0.1:1/');
    await db().query(command('test.long')`UPDATE source_health SET probe_failures = 900`);
    await probe();
    expect(await healthOf(sourceId)).toMatchObject({ failures: 901, againS: 21_600 });
  });
});

describe('a fault of ours', () => {
  test('at one source takes nothing from the others', async () => {
    const server = await fileServer([]);
    for (const name of ['a', 'b', 'c']) await addSource(`${server.url}${name}/`, name);
    const failing = `${server.url}a/`;
    const { probeOf } = room.deps();
    const probed = await probe({
      probeOf: (source) => {
        if (source.baseUrl === failing) throw new TypeError('no such thing');
        return probeOf(source);
      },
    });
    expect(probed).toBe(3);
    const settled = await db().any(rows('test.probed', z.object({ name: z.string() }))`
      SELECT s.name FROM source_probe p JOIN source s ON s.id = p.source_id ORDER BY 1`);
    expect(settled.map(({ name }) => name)).toEqual(['b', 'c']);
  });

  test('a program that stops writes nothing of a probe it did not end', async () => {
    const sourceId = await addSource('http://127.0.0.1:1/');
    const stopping = new AbortController();
    const probing = probeDue(
      room.deps({
        probeOf: () => {
          stopping.abort(new Error('the program stops'));
          return null;
        },
      }),
      stopping.signal,
    );
    await expect(probing).rejects.toThrow('the program stops');
    expect(await healthOf(sourceId)).toMatchObject({ state: 'unknown', reason: null });
  });
});

describe('a server that may not or cannot be asked', () => {
  test.each([
    ['not on the list of hosts', 'http://192.0.2.1/', /OUTBOUND_ALLOW/],
    ['of a kind nobody here asks', 'ftp://127.0.0.1/', /nobody here knows/],
  ])('%s: that counts for nothing', async (_what, baseUrl, words) => {
    const sourceId = await addSource(baseUrl);
    await probe();
    expect(await healthOf(sourceId)).toEqual({
      ...{ state: 'unknown', score: 100, failures: 0, againS: 3600, reason: expect.stringMatching(words) },
    });
    expect(await probeDays(db(), sourceId)).toEqual([]);
  });

  test('one that is switched off is left in peace', async () => {
    await addSource('http://127.0.0.1:1/');
    await db().query(command('test.off')`UPDATE source SET is_active = false`);
    expect(await probe()).toBe(0);
  });
});
