import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { type DbOptions, openDb, type Pool } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { migrate } from '../../src/platform/migrate.ts';

export const MIGRATIONS = new URL('../../sql/migrations', import.meta.url).pathname;
const log = createLog('silent');

export type TestDatabase = {
  url: string;
  db: Pool;
  close(): Promise<void>;
  [Symbol.asyncDispose](): Promise<void>;
};

/** A new, migrated database on the test run's server; dropped on close. */
export async function freshDatabase(
  options: Partial<DbOptions> & { isEmpty?: boolean } = {},
): Promise<TestDatabase> {
  const server = process.env.TEST_DATABASE_SERVER;
  if (server === undefined) throw new Error('TEST_DATABASE_SERVER is not set: run the tests through npm');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await onServer(server, `CREATE DATABASE ${name}`);
  const url = new URL(server);
  url.pathname = `/${name}`;
  if (options.isEmpty !== true) await migrate({ url: url.href, dir: MIGRATIONS, log });
  const db = await openDb({ url: url.href, poolMax: 4, log, ...options });
  const close = async () => {
    await db.end();
    await onServer(server, `DROP DATABASE IF EXISTS ${name} WITH (FORCE)`);
  };
  return { url: url.href, db, close, [Symbol.asyncDispose]: close };
}

async function onServer(server: string, statement: string): Promise<void> {
  const client = new Client({ connectionString: server });
  await client.connect();
  try {
    await client.query(statement);
  } finally {
    await client.end();
  }
}
