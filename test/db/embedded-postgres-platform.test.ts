import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.ts';
import {
  type App,
  asOrdinaryUser,
  asRoot,
  copyOfNative,
  isRoot,
  ORDINARY_UID,
  openYard,
  query,
  quiet,
  withoutUserNamespaces,
} from '../support/embedded-postgres.ts';

const ordinaryUid = isRoot ? ORDINARY_UID : (process.getuid?.() ?? 0);

describe('as root', { timeout: 60_000 }, () => {
  test('it runs below a folder that nobody else may enter, not as root, with files that stay root’s', async () => {
    await using yard = await openYard();
    expect((await stat(yard.dir)).mode & 0o777).toBe(0o700);
    const app = yard.app({ wrap: asRoot });
    expect(await app.event('ready')).toMatchObject({ started: true, answer: 42 });
    expect((await stat(join(yard.dataDir, 'postgres'))).uid).toBe(process.getuid?.());
    const status = await readFile(`/proc/${yard.postmaster()}/status`, 'utf8');
    // Whatever root could do, the server cannot: it has none of root's capabilities outside its namespace.
    expect(status).toMatch(/^CapEff:\s+0+$/m);
    await leave(app);
    expect(yard.postmaster()).toBe(null);
  });

  test.runIf(isRoot)(
    'without user namespaces it runs as another user, in a folder that one may enter',
    async () => {
      await using yard = await openYard();
      const nativeDir = await copyOfNative(yard.dir);
      await chmod(yard.dir, 0o755);
      await mkdir(yard.dataDir, { mode: 0o755 });
      using forbidden = await withoutUserNamespaces();
      const app = yard.app({ wrap: forbidden.wrap, nativeDir });
      expect(await app.event('ready')).toMatchObject({ answer: 42 });
      const server = await stat(`/proc/${yard.postmaster()}`);
      expect(server.uid).not.toBe(0);
      expect((await stat(join(yard.dataDir, 'postgres'))).uid).toBe(server.uid);
      expect(await readFile(`/proc/${yard.postmaster()}/status`, 'utf8')).toMatch(/^CapEff:\s+0+$/m);
      await leave(app);
      expect(yard.postmaster()).toBe(null);
    },
  );

  test.runIf(isRoot)(
    'without user namespaces it runs below a 0700 folder too, and goes back to root’s files later',
    async () => {
      await using yard = await openYard();
      using forbidden = await withoutUserNamespaces();
      const contained = yard.app({ wrap: forbidden.wrap });
      const { url = '' } = await contained.event('ready');
      await query(url, 'CREATE TABLE kept AS SELECT 7 AS n');
      expect((await stat(`/proc/${yard.postmaster()}`)).uid).not.toBe(0);
      await leave(contained);
      const free = await startEmbeddedPostgres({ dataDir: yard.dataDir, log: quiet });
      expect(await query(free.url, 'SELECT n FROM kept')).toEqual([{ n: 7 }]);
      expect((await stat(join(yard.dataDir, 'postgres', 'PG_VERSION'))).uid).toBe(0);
      await free.stop();
      const again = yard.app({ wrap: forbidden.wrap });
      expect(await again.event('ready')).toMatchObject({ url, answer: 42 });
      await leave(again);
    },
  );

  test.runIf(isRoot)('in the folder of an ordinary user it runs as that user', async () => {
    await using yard = await openYard(ORDINARY_UID);
    await mkdir(yard.dataDir, { mode: 0o700 });
    await chown(yard.dataDir, ORDINARY_UID, ORDINARY_UID);
    const app = yard.app();
    expect(await app.event('ready')).toMatchObject({ answer: 42 });
    expect((await stat(`/proc/${yard.postmaster()}`)).uid).toBe(ORDINARY_UID);
    await leave(app);
    // So the user may start it without root afterwards.
    const asUser = yard.app({ wrap: asOrdinaryUser() });
    expect(await asUser.event('ready')).toMatchObject({ started: true, answer: 42 });
    await leave(asUser);
  });
});

describe('as an ordinary user', { timeout: 60_000 }, () => {
  test('it runs plainly in a folder of its own', async () => {
    await using yard = await openYard(ordinaryUid);
    const app = yard.app({ wrap: asOrdinaryUser() });
    expect(await app.event('ready')).toMatchObject({ started: true, answer: 42 });
    expect((await stat(`/proc/${yard.postmaster()}`)).uid).toBe(ordinaryUid);
    expect((await stat(join(yard.dataDir, 'postgres', 'tributary.json'))).mode & 0o777).toBe(0o600);
    await leave(app);
    expect(yard.postmaster()).toBe(null);
  });

  test.runIf(isRoot)('whose number has no name, as in a container run with --user, it runs too', async () => {
    const uid = 54_321;
    await using yard = await openYard(uid);
    const app = yard.app({ wrap: asOrdinaryUser(uid) });
    expect(await app.event('ready')).toMatchObject({ answer: 42 });
    expect((await stat(join(yard.dataDir, 'postgres'))).uid).toBe(uid);
    await leave(app);
  });

  test('a data folder it may not make, or may not write, is one clear message', async () => {
    await using yard = await openYard(0);
    await chmod(yard.dir, isRoot ? 0o755 : 0o500);
    const absent = yard.app({ mode: 'once', wrap: asOrdinaryUser() });
    expect(await absent.event('failed')).toMatchObject(UNWRITABLE);
    const readOnly = join(yard.dir, 'given');
    await chmod(yard.dir, 0o755);
    await mkdir(readOnly, { mode: 0o555 });
    const app = yard.app({ mode: 'once', wrap: asOrdinaryUser(), dataDir: readOnly });
    expect(await app.event('failed')).toMatchObject(UNWRITABLE);
  });

  test('a file in place of the data folder is one clear message', async () => {
    await using yard = await openYard();
    await writeFile(yard.dataDir, '');
    await expect(startEmbeddedPostgres({ dataDir: yard.dataDir, log: quiet })).rejects.toMatchObject(
      UNWRITABLE,
    );
  });
});

describe('a package installed without scripts', { timeout: 60_000 }, () => {
  test('gets its library links from us', async () => {
    await using yard = await openYard();
    const nativeDir = await copyOfNative(yard.dir);
    expect(existsSync(join(nativeDir, 'lib', 'libicui18n.so.60'))).toBe(false);
    const server = await startEmbeddedPostgres({ dataDir: yard.dataDir, log: quiet, nativeDir });
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(existsSync(join(nativeDir, 'lib', 'libicui18n.so.60'))).toBe(true);
    await server.stop();
  });

  test.runIf(isRoot)(
    'where it may not be written to either, the links are made in the data folder',
    async () => {
      await using yard = await openYard(ORDINARY_UID);
      const nativeDir = await copyOfNative(yard.dir);
      const app = yard.app({ wrap: asOrdinaryUser(), nativeDir });
      expect(await app.event('ready')).toMatchObject({ answer: 42 });
      expect(existsSync(join(nativeDir, 'lib', 'libicui18n.so.60'))).toBe(false);
      expect(await readdir(join(yard.dataDir, 'postgres.lib'))).toContain('libicui18n.so.60');
      await leave(app);
    },
  );
});

describe('a full disk', { timeout: 60_000 }, () => {
  test('at the first start is one clear message and leaves nothing that keeps the next start from working', async () => {
    await using yard = await openYard();
    await mkdir(yard.dataDir);
    // A file system of its own, seen by these processes only, with 20 MiB free until the first start has failed.
    const script = `mount -t tmpfs -o size=140m none "$0" && fallocate -l 120m "$0/ballast" && "$@"
      [ "$(ls -A "$0")" = ballast ] || exit 9
      rm "$0/ballast" && exec "$@"`;
    const namespaces = isRoot ? ['unshare', '--mount'] : ['unshare', '--map-root-user', '--mount'];
    const app = yard.app({ mode: 'once', wrap: [...namespaces, 'sh', '-c', script, yard.dataDir] });
    expect(await app.event('failed')).toMatchObject({
      code: 'postgres.disk_full',
      message: expect.stringContaining('full'),
    });
    expect(await app.event('ready')).toMatchObject({ started: true, answer: 42 });
    expect(await app.exited).toBe(0);
  });
});

describe('another container on the same volume', { timeout: 60_000 }, () => {
  test('is refused, since its Postgres would ruin the data of ours, and ours goes on', async () => {
    await using yard = await openYard();
    const server = await startEmbeddedPostgres({ dataDir: yard.dataDir, log: quiet });
    const pidFile = join(yard.dataDir, 'postgres', 'postmaster.pid');
    const before = await readFile(pidFile, 'utf8');
    // Its own processes, network and shared memory, as a container has: no pid of ours means anything in there.
    const container = [
      'unshare',
      ...(isRoot ? [] : ['--map-root-user']),
      '--pid',
      '--fork',
      '--mount-proc',
      '--net',
      '--ipc',
    ];
    const other = yard.app({ mode: 'once', wrap: container });
    expect(await other.event('failed')).toMatchObject({
      code: 'postgres.in_use',
      message: expect.stringContaining('another container'),
    });
    expect(await readFile(pidFile, 'utf8')).toBe(before);
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    await server.stop();
    const next = await startEmbeddedPostgres({ dataDir: yard.dataDir, log: quiet });
    expect(next.started).toBe(true);
    await next.stop();
  });
});

describe('what Postgres gets of us', { timeout: 60_000 }, () => {
  test('is no secret of our environment, and PG variables of the user do not lead us astray', async () => {
    await using yard = await openYard();
    const env = {
      SECRET_KEY: 'do-not-tell-anybody',
      PGPORT: '1',
      PGHOST: '/nowhere',
      PGDATA: '/nowhere',
      PGUSER: 'nobody',
      LANG: 'fr_FR',
    };
    const app = yard.app({ env });
    expect(await app.event('ready')).toMatchObject({ answer: 42 });
    const seen = await readFile(`/proc/${yard.postmaster()}/environ`, 'utf8');
    expect(seen).toContain('LC_ALL=C');
    expect(seen).not.toMatch(/do-not-tell|nowhere|fr_FR/);
    const { stdout } = await promisify(execFile)('ps', ['-o', 'args=', '-p', String(yard.postmaster())]);
    const { password } = JSON.parse(await readFile(join(yard.dataDir, 'postgres', 'tributary.json'), 'utf8'));
    expect(stdout).toContain('listen_addresses=127.0.0.1');
    expect(stdout).not.toContain(password);
    await leave(app);
  });
});

const UNWRITABLE = { code: 'postgres.data_dir_unwritable', message: expect.stringContaining('DATA_DIR') };

async function leave(app: App) {
  app.kill('SIGTERM');
  expect((await app.event('leaving')).answer).toBe(42);
  expect(await app.exited).toBe(0);
}
