import { createHash, randomBytes } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { MIGRATIONS_DIR } from '../../src/platform/database.ts';
import { type DbOptions, openDb, type Pool, sqlState } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { migrate } from '../../src/platform/migrate.ts';

export const MIGRATIONS = MIGRATIONS_DIR;
const log = createLog('silent');
/** Any number: whoever holds it makes the template, the others wait. */
const TEMPLATE_LOCK = 4_611_686;

export type TestDatabase = {
  url: string;
  db: Pool;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** A new, migrated database on the test run's server (a copy of a migrated template: 0.1 s); dropped on close. */
export async function freshDatabase(
  options: Partial<DbOptions> & { isEmpty?: boolean } = {},
): Promise<TestDatabase> {
  const server = serverUrl();
  const name = `test_${randomBytes(6).toString('hex')}`;
  const template = options.isEmpty === true ? 'template0' : await migratedTemplate(server);
  await onServer(server, (client) => client.query(`CREATE DATABASE ${name} TEMPLATE ${template}`));
  const url = urlOf(server, name);
  const db = await openDb({ url, poolMax: 4, log, ...options });
  const database: TestDatabase = {
    url,
    db,
    async close() {
      if (database.db.state().state === 'ACTIVE') await database.db.end();
      await onServer(server, (client) => dropDatabase(client, name));
    },
    [Symbol.asyncDispose]: () => database.close(),
  };
  return database;
}

/** An autovacuum worker in it is the superuser's, and may not be ended by us; a killed importer's statement takes a moment to end. */
const BUSY = new Set(['42501', '55006']);
const MOST_TRIES = 160;

/** Drops a database, whoever is in it; what cannot be ended is waited for, 40 s at most. */
export async function dropDatabase(client: Client, name: string): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.query(`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
      return;
    } catch (error) {
      if (!BUSY.has(sqlState(error) ?? '') || attempt === MOST_TRIES) throw error;
      await sleep(250);
    }
  }
}

async function migratedTemplate(server: string): Promise<string> {
  const hash = createHash('sha256');
  for (const file of (await readdir(MIGRATIONS)).sort()) hash.update(await readFile(join(MIGRATIONS, file)));
  const name = `template_${hash.digest('hex').slice(0, 12)}`;
  await onServer(server, async (client) => {
    await client.query('SELECT pg_advisory_lock($1)', [TEMPLATE_LOCK]);
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 1) return;
    await client.query(`CREATE DATABASE ${name}_new`);
    await migrate({ url: urlOf(server, `${name}_new`), dir: MIGRATIONS, log });
    await client.query(`ALTER DATABASE ${name}_new RENAME TO ${name}`);
  });
  return name;
}

function serverUrl(): string {
  const server = process.env.TEST_DATABASE_SERVER;
  if (server === undefined)
    throw new Error('TEST_DATABASE_SERVER is not set: the global set-up of vitest sets it');
  return server;
}

function urlOf(server: string, database: string): string {
  const url = new URL(server);
  url.pathname = `/${database}`;
  return url.href;
}

async function onServer(server: string, work: (client: Client) => Promise<unknown>): Promise<void> {
  const client = new Client({ connectionString: server });
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
