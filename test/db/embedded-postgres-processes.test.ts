import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { command, openDb, rows } from '../../src/platform/db.ts';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.ts';
import { isAlive } from '../../src/platform/embedded-postgres/processes.ts';
import { createLog } from '../../src/platform/log.ts';
import {
  type App,
  containerWithoutInit,
  isRoot,
  openYard,
  query,
  quiet,
  until,
} from '../support/embedded-postgres.ts';

const serve = { log: quiet, role: 'serve' } as const;
const visit = { log: quiet, role: 'visit' } as const;

describe('several processes on one data folder', { timeout: 90_000 }, () => {
  test('five that race on an empty folder get one server, and the last to leave stops it', async () => {
    await using yard = await openYard();
    const apps = Array.from({ length: 5 }, () => yard.app());
    const ready = await Promise.all(apps.map((app) => app.event('ready')));
    expect(ready.filter(({ started }) => started)).toHaveLength(1);
    expect(new Set(ready.map(({ url }) => url)).size).toBe(1);
    expect(ready.map(({ answer }) => answer)).toEqual([42, 42, 42, 42, 42]);
    const postmaster = yard.postmaster();
    const [last, ...others] = apps;
    for (const app of others) expect(await leave(app)).toEqual({ answer: 42, exitCode: 0 });
    expect(yard.postmaster()).toBe(postmaster);
    expect(last && (await leave(last))).toEqual({ answer: 42, exitCode: 0 });
    expect(postmaster !== null && isAlive(postmaster)).toBe(false);
  });

  test('a script that runs while the server is up attaches and leaves it running', async () => {
    await using yard = await openYard();
    const server = await startEmbeddedPostgres({ dataDir: yard.dataDir, ...serve });
    const script = yard.app({ mode: 'once' });
    expect(await script.event('ready')).toMatchObject({ started: false, answer: 42 });
    expect(await script.exited).toBe(0);
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await server.stop();
    expect(yard.postmaster()).toBe(null);
  });

  test('a script alone stops what it started; one that a server joined leaves it to the server', async () => {
    await using yard = await openYard();
    const alone = yard.app({ mode: 'once' });
    expect(await alone.event('ready')).toMatchObject({ started: true });
    await alone.exited;
    expect(yard.postmaster()).toBe(null);

    const script = await startEmbeddedPostgres({ dataDir: yard.dataDir, ...visit });
    const server = await startEmbeddedPostgres({ dataDir: yard.dataDir, ...serve });
    expect([script.started, server.started]).toEqual([true, false]);
    await script.stop();
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await server.stop();
    expect(yard.postmaster()).toBe(null);
  });

  test('of two scripts the last to leave stops what the first started', async () => {
    await using yard = await openYard();
    const first = await startEmbeddedPostgres({ dataDir: yard.dataDir, ...visit });
    const last = await startEmbeddedPostgres({ dataDir: yard.dataDir, ...visit });
    await first.stop();
    expect(await query(last.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await last.stop();
    expect(yard.postmaster()).toBe(null);
  });

  test('the server stops Postgres under a script that is still attached, and does not get it started again', async () => {
    await using yard = await openYard();
    const server = await startEmbeddedPostgres({ dataDir: yard.dataDir, ...serve });
    const script = await startEmbeddedPostgres({ dataDir: yard.dataDir, ...visit });
    await server.stop();
    expect(yard.postmaster()).toBe(null);
    await expect(query(script.url, 'SELECT 1')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    // Longer than the 0.25 s after which a server brings a killed Postgres back.
    await sleep(800);
    expect(yard.postmaster()).toBe(null);
    await script.stop();
  });

  test('all that leave at once leave nothing behind', async () => {
    await using yard = await openYard();
    for (const roles of [
      [serve, serve, serve],
      [visit, visit, visit],
      [visit, serve, visit],
    ]) {
      const servers = await Promise.all(
        roles.map((role) => startEmbeddedPostgres({ dataDir: yard.dataDir, ...role })),
      );
      await Promise.all(servers.map((server) => server.stop()));
      expect(yard.postmaster()).toBe(null);
    }
  });

  test('one that starts while another stops gets a server, whichever comes first', async () => {
    await using yard = await openYard();
    let old = await startEmbeddedPostgres({ dataDir: yard.dataDir, ...serve });
    for (const headStartMs of [0, 2, 5, 10, 20, 40]) {
      const stopping = old.stop();
      await new Promise((resolve) => setTimeout(resolve, headStartMs));
      const young = await startEmbeddedPostgres({ dataDir: yard.dataDir, ...serve });
      await stopping;
      expect(await query(young.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
      old = young;
    }
    await old.stop();
  });
});

describe('death', { timeout: 60_000 }, () => {
  test('SIGTERM stops the program and Postgres within ten seconds', async () => {
    await using yard = await openYard();
    const app = yard.app();
    await app.event('ready');
    const postmaster = yard.postmaster();
    const startedAt = performance.now();
    expect(await leave(app)).toEqual({ answer: 42, exitCode: 0 });
    expect(performance.now() - startedAt).toBeLessThan(10_000);
    expect(postmaster !== null && isAlive(postmaster)).toBe(false);
    expect(await readFile(join(yard.dataDir, 'postgres.log'), 'utf8')).toContain(
      'database system is shut down',
    );
  });

  test('Ctrl-C in the terminal leaves Postgres alive until the program is done with it', async () => {
    await using yard = await openYard();
    const app = yard.app();
    await app.event('ready');
    // What a terminal does: the whole foreground process group gets it, at once and twice by an impatient hand.
    process.kill(-app.pid, 'SIGINT');
    process.kill(-app.pid, 'SIGINT');
    expect((await app.event('leaving')).answer).toBe(42);
    expect(await app.exited).toBe(0);
    expect(yard.postmaster()).toBe(null);
  });

  test('a program killed with -9 leaves an orphan, which the next one adopts with every row and stops', async () => {
    await using yard = await openYard();
    const app = yard.app();
    const { url = '' } = await app.event('ready');
    await query(url, 'CREATE TABLE kept AS SELECT 7 AS n');
    app.kill('SIGKILL');
    await app.exited;
    const orphan = yard.postmaster();
    expect(orphan).not.toBe(null);
    const next = await startEmbeddedPostgres({ dataDir: yard.dataDir, ...serve });
    expect(next).toMatchObject({ started: false, url });
    expect(await query(next.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    await next.stop();
    expect(orphan !== null && isAlive(orphan)).toBe(false);
  });

  test('Postgres killed with -9 comes back on its port, the pool recovers and committed rows are there', async () => {
    await using yard = await openYard();
    const server = await startEmbeddedPostgres({ dataDir: yard.dataDir, ...serve });
    const db = await openDb({ url: server.url, poolMax: 4, log: createLog('silent') });
    await db.query(command('test.create')`CREATE TABLE kept (n int4)`);
    for (let n = 0; n < 20; n += 1) await db.query(command('test.insert')`INSERT INTO kept VALUES (${n})`);
    for (let round = 0; round < 2; round += 1) {
      const killed = yard.postmaster() ?? 0;
      process.kill(killed, 'SIGKILL');
      await until(() => ![null, killed].includes(yard.postmaster()));
      const count = rows(
        'test.count',
        z.object({ count: z.int() }),
      )`SELECT count(*)::int4 AS count FROM kept`;
      await until(async () => (await db.one(count).catch(() => null))?.count === 20);
      await server.ensure();
    }
    await db.end();
    await server.stop();
    expect(yard.postmaster()).toBe(null);
  });

  test('ensure waits until a killed Postgres answers again, for a script too', async () => {
    await using yard = await openYard();
    const server = await startEmbeddedPostgres({ dataDir: yard.dataDir, ...visit });
    const killed = yard.postmaster() ?? 0;
    process.kill(killed, 'SIGKILL');
    await until(() => !isAlive(killed));
    await Promise.all([server.ensure(), server.ensure()]);
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await server.stop();
    expect(yard.postmaster()).toBe(null);
  });

  test('three servers of one folder whose Postgres is killed agree on one new one', async () => {
    await using yard = await openYard();
    const apps = [yard.app(), yard.app(), yard.app()];
    await Promise.all(apps.map((app) => app.event('ready')));
    process.kill(yard.postmaster() ?? 0, 'SIGKILL');
    await Promise.all(apps.map((app) => app.event('restored')));
    for (const app of apps) expect(await leave(app)).toEqual({ answer: 42, exitCode: 0 });
    expect(yard.postmaster()).toBe(null);
  });

  test('program and Postgres killed together under writes lose no committed row, three times over', async () => {
    await using yard = await openYard();
    let acknowledged = 0;
    for (let round = 0; round < 3; round += 1) {
      const app = yard.app();
      const { url = '' } = await app.event('ready');
      if (round === 0) await query(url, 'CREATE TABLE kept (n int4)');
      const [row] = await query(url, 'SELECT count(*)::int4 AS n FROM kept');
      // The statement in flight at the kill may be there although nobody heard of it.
      expect(row?.n - acknowledged).toBeOneOf([0, 1]);
      acknowledged = row?.n;
      setTimeout(() => {
        app.kill('SIGKILL');
        process.kill(yard.postmaster() ?? 0, 'SIGKILL');
      }, 150);
      while (
        await query(url, 'INSERT INTO kept VALUES (1)').then(
          () => true,
          () => false,
        )
      )
        acknowledged += 1;
    }
    expect(acknowledged).toBeGreaterThan(3);
    const server = await startEmbeddedPostgres({ dataDir: yard.dataDir, ...visit });
    const [row] = await query(server.url, 'SELECT count(*)::int4 AS n FROM kept');
    expect(row?.n - acknowledged).toBeOneOf([0, 1]);
    await server.stop();
  });

  test('a start killed with -9 at any point leaves a folder the next start can use', async () => {
    await using yard = await openYard();
    for (const afterMs of [150, 350, 550, 750, 950]) {
      const app = yard.app();
      await new Promise((resolve) => setTimeout(resolve, afterMs));
      app.kill('SIGKILL');
      await app.exited;
    }
    const app = yard.app();
    expect(await app.event('ready')).toMatchObject({ answer: 42 });
    expect(await leave(app)).toEqual({ answer: 42, exitCode: 0 });
    // An initdb that outlived its starter may have been writing until now; a later start clears up after it.
    await until(async () => {
      await (await startEmbeddedPostgres({ dataDir: yard.dataDir, ...visit })).stop();
      return (await readdir(yard.dataDir)).sort().join() === 'postgres,postgres.log';
    });
  });

  test.runIf(isRoot)(
    'an orphan is stopped at once where PID 1 reaps nobody, as in a container without an init',
    async () => {
      await using yard = await openYard();
      using container = await containerWithoutInit();
      const app = yard.app({ wrap: container.wrap });
      await app.event('ready');
      // The whole group: the program itself is a child of what enters the container.
      process.kill(-app.pid, 'SIGKILL');
      await app.exited;
      const next = yard.app({ wrap: container.wrap, mode: 'once' });
      expect(await next.event('ready')).toMatchObject({ started: false, answer: 42 });
      await next.event('leaving');
      const startedAt = performance.now();
      await next.event('stopped');
      // What never goes away would be waited for until the fast shutdown's time is over, 6 s.
      expect(performance.now() - startedAt).toBeLessThan(5000);
      const last = yard.app({ wrap: container.wrap, mode: 'once' });
      expect(await last.event('ready')).toMatchObject({ started: true, answer: 42 });
      expect(await last.exited).toBe(0);
    },
  );
});

async function leave(app: App) {
  app.kill('SIGTERM');
  const { answer } = await app.event('leaving');
  return { answer, exitCode: await app.exited };
}
