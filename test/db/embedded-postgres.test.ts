import { chmod, mkdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { nativeDirOf, POSTGRES_MAJOR, thisPlatform } from '../../src/platform/embedded-postgres/binaries.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.ts';
import { isAlive } from '../../src/platform/embedded-postgres/processes.ts';
import { openYard, query, quiet, type Yard } from '../support/embedded-postgres.ts';

describe('a running embedded Postgres', { timeout: 60_000 }, () => {
  let yard: Yard;
  let server: EmbeddedPostgres;
  beforeAll(async () => {
    yard = await openYard();
    server = await startEmbeddedPostgres({ dataDir: yard.dataDir, log: quiet });
  }, 60_000);
  afterAll(async () => {
    await server.stop();
    expect(yard.postmaster()).toBe(null);
    await yard[Symbol.asyncDispose]();
  });

  test('answers at the address it names, as an ordinary role that owns its database', async () => {
    expect(server.started).toBe(true);
    expect(server.url).toMatch(
      new RegExp(`^postgresql://tributary:[\\w-]{40,}@127\\.0\\.0\\.1:${server.port}/tributary$`),
    );
    const [row] = await query(
      server.url,
      `SELECT current_database() AS db, rolsuper, pg_get_userbyid(datdba) AS owner
       FROM pg_roles, pg_database WHERE rolname = current_user AND datname = current_database()`,
    );
    expect(row).toEqual({ db: 'tributary', rolsuper: false, owner: 'tributary' });
  });

  test('runs with settings for a household and keeps every commit', async () => {
    const names = [
      'max_connections',
      'shared_buffers',
      'random_page_cost',
      'fsync',
      'synchronous_commit',
      'jit',
      'TimeZone',
      'listen_addresses',
    ];
    const rows = await query(
      server.url,
      'SELECT name, current_setting(name) AS value FROM pg_settings WHERE name = ANY($1)',
      [[...names, 'full_page_writes', 'data_checksums']],
    );
    expect(Object.fromEntries(rows.map((row) => [row.name, row.value]))).toEqual({
      max_connections: '60',
      shared_buffers: '128MB',
      random_page_cost: '1.1',
      fsync: 'on',
      synchronous_commit: 'on',
      full_page_writes: 'on',
      data_checksums: 'on',
      jit: 'off',
      TimeZone: 'UTC',
      listen_addresses: '127.0.0.1',
    });
  });

  test('is UTF-8 and finds trigrams in Japanese and accented titles', async () => {
    await query(server.url, 'CREATE EXTENSION pg_trgm');
    const [row] = await query(
      server.url,
      `SELECT pg_encoding_to_char(encoding) AS encoding, array_length(show_trgm('千と千尋の神隠し'), 1) AS japanese,
              similarity('千と千尋の神隠し', '千と千尋') AS close, similarity('千と千尋の神隠し', '天空の城ラピュタ') AS far,
              'é' = ANY(regexp_split_to_array(lower('AMÉLIE'), '')) AS "lowersAccents",
              similarity('Amélie', 'amélie') AS accents, show_trgm('été') <> show_trgm('t') AS "keepsAccents"
       FROM pg_database WHERE datname = current_database()`,
    );
    expect(row).toMatchObject({
      encoding: 'UTF8',
      japanese: 9,
      lowersAccents: true,
      accents: 1,
      keepsAccents: true,
    });
    expect(row?.close).toBeGreaterThan(row?.far);
    expect(row?.close).toBeGreaterThan(0.3);
  });

  test('turns away a wrong password, the superuser and every other role', async () => {
    const at = (user: string, password: string) =>
      `postgresql://${user}:${password}@127.0.0.1:${server.port}/tributary`;
    await expect(query(at('tributary', 'wrong'), 'SELECT 1')).rejects.toMatchObject({ code: '28P01' });
    await expect(query(at('postgres', 'postgres'), 'SELECT 1')).rejects.toMatchObject({ code: '28000' });
    await expect(query(at('nobody', ''), 'SELECT 1')).rejects.toMatchObject({ code: '28000' });
  });

  test('stores the password as scram-sha-256 and in a file only its owner reads', async () => {
    const file = join(yard.dataDir, 'postgres', 'tributary.json');
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    expect(server.url).toContain(JSON.parse(await readFile(file, 'utf8')).password);
    const [row] = await query(server.url, `SELECT current_setting('password_encryption') AS kind`);
    expect(row?.kind).toBe('scram-sha-256');
    expect(await readFile(join(yard.dataDir, 'postgres', 'pg_hba.conf'), 'utf8')).not.toMatch(/trust|local/);
  });

  test('listens on 127.0.0.1 only and opens no Unix socket', async () => {
    for (const address of ['127.0.0.2', '::1']) expect(await connectsTo(address, server.port)).toBe(false);
    expect(await connectsTo('127.0.0.1', server.port)).toBe(true);
    const pidFile = await readFile(join(yard.dataDir, 'postgres', 'postmaster.pid'), 'utf8');
    expect(pidFile.split('\n').slice(4, 6)).toEqual(['', '127.0.0.1']);
  });

  test('is attached to by a second start in far less time than a start takes, and outlives its leaving', async () => {
    const startedAt = performance.now();
    const second = await startEmbeddedPostgres({ dataDir: yard.dataDir, log: quiet, role: 'visit' });
    expect(performance.now() - startedAt).toBeLessThan(500);
    expect(second).toMatchObject({ started: false, url: server.url, port: server.port });
    await second.stop();
    await expect(second.ensure()).rejects.toMatchObject({ code: 'postgres.stopped' });
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await server.ensure();
  });

  test('makes the database again when it was dropped', async () => {
    const maintenance = server.url.replace(/tributary$/, 'postgres');
    await query(maintenance, 'DROP DATABASE tributary WITH (FORCE)');
    const second = await startEmbeddedPostgres({ dataDir: yard.dataDir, log: quiet, role: 'visit' });
    await second.stop();
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});

describe('starting', { timeout: 60_000 }, () => {
  test('keeps rows, port and password over a restart, and cuts a log that has grown', async () => {
    await using yard = await openYard();
    const first = await startEmbeddedPostgres({ dataDir: yard.dataDir, log: quiet });
    await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    await first.stop();
    await writeFile(join(yard.dataDir, 'postgres.log'), 'x'.repeat(5 * 1024 * 1024));
    // Folders come back wider from a copy or a volume, and Postgres refuses those.
    await chmod(join(yard.dataDir, 'postgres'), 0o755);
    const second = await startEmbeddedPostgres({ dataDir: yard.dataDir, log: quiet });
    expect(second).toMatchObject({ started: true, url: first.url });
    expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    await second.stop();
    await second.stop();
    expect((await stat(join(yard.dataDir, 'postgres.log'))).size).toBeLessThan(100_000);
  });

  test('finds the server of a cluster that was moved to another disk and linked, also over another path', async () => {
    await using yard = await openYard();
    const first = await startEmbeddedPostgres({ dataDir: yard.dataDir, log: quiet });
    await first.stop();
    await rename(join(yard.dataDir, 'postgres'), join(yard.dir, 'moved'));
    await symlink(join(yard.dir, 'moved'), join(yard.dataDir, 'postgres'));
    await symlink(yard.dataDir, join(yard.dir, 'elsewhere'));
    const second = await startEmbeddedPostgres({ dataDir: yard.dataDir, log: quiet });
    const third = await startEmbeddedPostgres({ dataDir: join(yard.dir, 'elsewhere'), log: quiet });
    expect([second.started, third.started]).toEqual([true, false]);
    await second.stop();
    await third.stop();
    expect(yard.postmaster()).toBe(null);
  });

  test('takes another port when a stranger has the remembered one', async () => {
    await using yard = await openYard();
    const first = await startEmbeddedPostgres({ dataDir: yard.dataDir, log: quiet });
    await first.stop();
    await using other = await openYard();
    await mkdir(other.dataDir);
    const stranger = await startEmbeddedPostgres({ dataDir: other.dataDir, log: quiet });
    const file = join(yard.dataDir, 'postgres', 'tributary.json');
    const { password } = z.object({ password: z.string() }).parse(JSON.parse(await readFile(file, 'utf8')));
    await writeFile(file, JSON.stringify({ port: stranger.port, password }));
    const second = await startEmbeddedPostgres({ dataDir: yard.dataDir, log: quiet });
    expect(second.port).not.toBe(stranger.port);
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await second.stop();
    await stranger.stop();
  });

  test('makes a new password when the file with it was lost', async () => {
    await using yard = await openYard();
    const first = await startEmbeddedPostgres({ dataDir: yard.dataDir, log: quiet });
    await query(first.url, 'CREATE TABLE kept AS SELECT 7 AS n');
    await first.stop();
    await rm(join(yard.dataDir, 'postgres', 'tributary.json'));
    const second = await startEmbeddedPostgres({ dataDir: yard.dataDir, log: quiet });
    expect(second.url).not.toBe(first.url);
    expect(await query(second.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
    await second.stop();
  });

  test('says what to do when the kept password is not the one of the running server, and that helps', async () => {
    await using yard = await openYard();
    const first = await startEmbeddedPostgres({ dataDir: yard.dataDir, log: quiet });
    const file = join(yard.dataDir, 'postgres', 'tributary.json');
    await writeFile(file, JSON.stringify({ port: first.port, password: 'another' }));
    const refused = startEmbeddedPostgres({ dataDir: yard.dataDir, log: quiet });
    await expect(refused).rejects.toMatchObject({
      code: 'postgres.credentials_refused',
      message: expect.stringContaining('remove tributary.json'),
    });
    await first.stop();
    await rm(file);
    const second = await startEmbeddedPostgres({ dataDir: yard.dataDir, log: quiet });
    expect(await query(second.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await second.stop();
  });

  test('refuses a cluster of another major version in one sentence and leaves it alone', async () => {
    await using yard = await openYard();
    await mkdir(join(yard.dataDir, 'postgres'), { recursive: true });
    await writeFile(join(yard.dataDir, 'postgres', 'PG_VERSION'), '15\n');
    const start = startEmbeddedPostgres({ dataDir: yard.dataDir, log: quiet });
    await expect(start).rejects.toMatchObject({
      code: 'postgres.wrong_version',
      message: expect.stringContaining('DATABASE_URL'),
    });
    expect(await readFile(join(yard.dataDir, 'postgres', 'PG_VERSION'), 'utf8')).toBe('15\n');
  });

  test('stops at the signal and leaves neither a server nor half a cluster', async () => {
    await using yard = await openYard();
    const giveUp = new AbortController();
    const start = startEmbeddedPostgres({ dataDir: yard.dataDir, log: quiet, signal: giveUp.signal });
    setTimeout(() => giveUp.abort(new Error('changed my mind')), 250);
    await expect(start).rejects.toThrow('changed my mind');
    expect(yard.postmaster()).toBe(null);
    const again = await startEmbeddedPostgres({ dataDir: yard.dataDir, log: quiet });
    const pid = yard.postmaster();
    await again.stop();
    expect(pid !== null && isAlive(pid)).toBe(false);
  });
});

describe('the packages', () => {
  test.each([
    { os: 'linux', arch: 'x64', isMusl: true },
    { os: 'win32', arch: 'arm64', isMusl: false },
    { os: 'freebsd', arch: 'x64', isMusl: false },
  ])('are refused on $os $arch (musl: $isMusl) with a word about DATABASE_URL', (platform) => {
    expect(() => nativeDirOf(platform)).toThrow(
      expect.objectContaining({
        code: 'postgres.unsupported_platform',
        message: expect.stringContaining('DATABASE_URL'),
      }),
    );
  });

  test('that npm did not install are asked for by name of the command', () => {
    const absent = process.platform === 'darwin' ? 'linux' : 'darwin';
    expect(() => nativeDirOf({ os: absent, arch: 'arm64', isMusl: false })).toThrow(
      expect.objectContaining({
        code: 'postgres.package_missing',
        message: expect.stringContaining('npm ci'),
      }),
    );
  });

  test('are of the major version the program expects, for every platform it names', async () => {
    const { optionalDependencies } = z
      .object({ optionalDependencies: z.record(z.string(), z.string()) })
      .parse(JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')));
    const versions = Object.entries(optionalDependencies).filter(([name]) =>
      name.startsWith('@embedded-postgres/'),
    );
    expect(versions.length).toBeGreaterThanOrEqual(6);
    for (const [, version] of versions) expect(version.split('.')[0]).toBe(POSTGRES_MAJOR);
    expect(nativeDirOf(thisPlatform())).toMatch(/native$/);
  });
});

function connectsTo(host: string, port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, timeout: 2000 });
    const end = (isConnected: boolean) => {
      socket.destroy();
      resolve(isConnected);
    };
    socket
      .on('connect', () => end(true))
      .on('error', () => end(false))
      .on('timeout', () => end(false));
  });
}
