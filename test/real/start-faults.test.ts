import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { chmod, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase } from '../support/database.ts';
import { asOrdinaryUser } from '../support/embedded-postgres.ts';
import { type Ended, expectRefusalOn, startAndEnd, BAD_VALUE as VALUE } from '../support/failed-start.ts';
import { freePort, openTempDir } from '../support/processes.ts';
import { startTributary } from '../support/product.ts';
import { openSmallDisk } from '../support/small-disk.ts';
import { waitUntil } from '../support/wait-until.ts';

// A start that cannot be: one message that says what to do, an exit code, and nothing left running.

let folder: Awaited<ReturnType<typeof openTempDir>>;
let dataDir: string;

beforeAll(async () => {
  folder = await openTempDir();
  // Made once: a start that fails late has a database to leave behind.
  dataDir = join(folder.path, 'data');
  await (await startTributary({ dataDir })).stop();
});
afterAll(() => folder.remove());

const expectRefusal = (ended: Ended, words: RegExp, dir = dataDir) => expectRefusalOn(dir, ended, words);

describe('settings', () => {
  test('every bad one is named at once, and no value is shown', async () => {
    const bad = {
      PORT: VALUE,
      PUBLIC_URL: `ftp://${VALUE}@example.org`,
      DATABASE_URL: `mysql://${VALUE}@127.0.0.1/x`,
      DB_POOL_MAX: '1',
      REDIS_URL: `http://${VALUE}`,
      SECRET_KEY: VALUE,
      ADMIN_TOKEN: VALUE,
      ROLE: VALUE,
      OUTBOUND: VALUE,
      OUTBOUND_ALLOW: `${VALUE} ${VALUE}`,
      PUBLIC_CATALOG: VALUE,
      CATALOG_LANGUAGE: `${VALUE}!`,
      LOCAL_FOLDERS: `films=${VALUE}`,
      TLS_CERT: `/${VALUE}`,
      TRUST_PROXY: VALUE,
      RATE_LIMIT_ADDON: '0',
      RATE_LIMIT_API: VALUE,
      BACKUPS_KEPT: '-1',
      LOG_LEVEL: VALUE,
    };
    const ended = await startAndEnd(dataDir, { env: bad });
    await expectRefusal(ended, /^These settings are wrong:\n/);
    for (const name of [...Object.keys(bad), 'TLS_KEY']) expect(ended.output).toContain(name);
  });

  test('a certificate file that is not there is named', async () => {
    const [cert, key] = ['cert.pem', 'key.pem'].map((name) => join(folder.path, name));
    const env = { TLS_CERT: cert ?? '', TLS_KEY: key ?? '' };
    await expectRefusal(await startAndEnd(dataDir, { env }), /TLS_CERT: there is no such file/);
  });
});

describe('the port', () => {
  test('one that is taken is named, with what to do', async () => {
    const other = createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const address = other.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    try {
      const ended = await startAndEnd(dataDir, { env: { PORT: String(port) } });
      await expectRefusal(ended, new RegExp(`Port ${port} is taken by another program`));
    } finally {
      other.close();
    }
  });
});

describe('the data folder', () => {
  test('one that this user may not write is named as such', async () => {
    await using foreign = await openTempDir();
    const closed = join(foreign.path, 'closed');
    await mkdir(closed);
    await chmod(foreign.path, 0o755);
    await chmod(closed, 0o555);
    const ended = await startAndEnd(closed, { wrap: asOrdinaryUser() });
    await expectRefusal(ended, /data folder .*cannot be (written|used)/, closed);
  });

  test('a file in its place is named as such', async () => {
    const file = join(folder.path, 'file');
    await writeFile(file, '');
    await expectRefusal(await startAndEnd(file), /data folder .*cannot be (written|used)/, file);
  });

  test('a damaged key file is named, and the database that was started meanwhile is stopped', async () => {
    const key = join(dataDir, 'secret-key');
    const good = await readFile(key, 'utf8');
    await writeFile(key, 'short');
    try {
      await expectRefusal(await startAndEnd(dataDir), /secret-key is damaged/);
      expect((await readdir(dataDir)).filter((name) => name.includes('lock'))).toEqual([]);
    } finally {
      await writeFile(key, good);
    }
  });

  test('a full disk at the first start is named, and nothing half-made stays in the way of the next', async () => {
    await using disk = await openSmallDisk(12);
    await expectRefusal(await startAndEnd(disk.path), /disk .* is full/, disk.path);
    expect(
      (await readdir(disk.path)).filter((name) => name.startsWith('postgres') && name !== 'postgres.log'),
    ).toEqual([]);
  });

  test('a disk that fills up while it runs refuses what must be written, keeps what was, and goes on once there is space', async () => {
    await using disk = await openSmallDisk(400);
    await using product = await startTributary({ dataDir: disk.path });
    await waitUntil(() => product.output().includes('starter catalogue added'), {
      what: 'the starter',
      timeoutMs: 60_000,
    });
    const add = (number: number) =>
      product.asAdmin('/api/media', {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({
          kind: 'movie',
          title: `Film ${number}`,
          // Nothing to be compressed: each needs pages that are not there.
          overview: randomBytes(14_000).toString('base64'),
          ids: { imdb: `tt${8_000_000 + number}` },
        }),
      });
    expect((await add(0)).status).toBe(201);
    await disk.fill();
    const stored: number[] = [0];
    let refused: Response | undefined;
    for (let number = 1; refused === undefined && number < 500; number += 1) {
      const response = await add(number);
      if (response.status === 201) stored.push(number);
      else refused = response;
    }
    expect(refused?.status).toBe(507);
    expect(await refused?.json()).toMatchObject({ code: 'database.disk_full' });
    // Reading goes on, from the database too.
    expect((await fetch(`${product.baseUrl}/catalog/movie/popular.json`)).status).toBe(200);
    expect((await product.asAdmin('/api/media?q=film')).status).toBe(200);
    await disk.free();
    const recovered = await waitUntil(async () => (await add(1000)).status === 201, {
      what: 'writing works again',
      timeoutMs: 30_000,
      everyMs: 250,
    });
    expect(recovered).toBe(true);
    for (const number of stored)
      expect((await product.asAdmin(`/api/media/tt${8_000_000 + number}`)).status, String(number)).toBe(200);
    expect(product.output()).not.toContain('nobody handled');
    expect(await product.stop()).toMatchObject({ wasKilled: false });
  });
});

describe('the database', () => {
  const at = (port: number, more = '') => ({
    DATABASE_URL: `postgresql://tributary:${VALUE}@127.0.0.1:${port}/films${more}`,
  });

  test('one that refuses connections is named without its address', async () => {
    await expectRefusal(await startAndEnd(dataDir, { env: at(await freePort()) }), /DATABASE_URL/);
  });

  test('one that takes connections and says nothing is given up on', async () => {
    const silent = createServer((socket) => void socket.on('error', () => {})).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    try {
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      await expectRefusal(await startAndEnd(dataDir, { env: at(port) }), /DATABASE_URL/);
    } finally {
      silent.close();
    }
  });

  test('a wrong password, and a database that is not there, are told apart', async () => {
    await using database = await freshDatabase();
    const wrong = new URL(database.url);
    wrong.password = VALUE;
    await expectRefusal(
      await startAndEnd(dataDir, { env: { DATABASE_URL: wrong.href } }),
      /DATABASE_URL.* password/,
    );
    const absent = new URL(database.url);
    absent.pathname = '/no_such_database';
    await expectRefusal(
      await startAndEnd(dataDir, { env: { DATABASE_URL: absent.href } }),
      /DATABASE_URL.* no database of that name/,
    );
  });

  test('one that is newer than the program is left alone', async () => {
    await using database = await freshDatabase();
    const client = new Client({ connectionString: database.url });
    await client.connect();
    await client.query(`INSERT INTO schema_migration (name, run_on) VALUES ('9999_from_the_future', now())`);
    await client.end();
    const ended = await startAndEnd(dataDir, { env: { DATABASE_URL: database.url } });
    await expectRefusal(ended, /newer than this program .*9999_from_the_future/);
  });
});

test('after all that the data folder still starts', async () => {
  await rm(join(folder.path, 'rubbish.pem'), { force: true });
  await using product = await startTributary({ dataDir });
  expect((await fetch(product.manifestUrl)).status).toBe(200);
});
