import type { Client } from 'pg';
import { afterAll, beforeAll } from 'vitest';
import { freshDatabase, type TestDatabase } from './database.ts';
import { connect, fillEveryTable, type Ids, withIds } from './full-database.ts';

/** A database with a little of everything, and statements that leave no trace in it. Registers the hooks. */
export function schemaRoom() {
  let database: TestDatabase;
  let client: Client;
  let ids: Ids;

  beforeAll(async () => {
    database = await freshDatabase();
    client = await connect(database.url);
    ids = await fillEveryTable(client);
  });
  afterAll(async () => {
    await client.end();
    await database.close();
  });

  /** Runs statements in a transaction that is always undone. */
  async function undone<T>(work: () => Promise<T>): Promise<T> {
    await client.query('BEGIN');
    try {
      return await work();
    } finally {
      await client.query('ROLLBACK');
    }
  }

  async function errorOf(
    statement: string,
  ): Promise<{ code?: string; constraint?: string; message?: string }> {
    return undone(() =>
      client.query(withIds(statement, ids)).then(
        () => ({ message: 'nothing was refused' }),
        (error: { code?: string; constraint?: string; message: string }) => error,
      ),
    );
  }

  async function run(statement: string): Promise<void> {
    await client.query(withIds(statement, ids));
  }

  async function answerTo(statement: string): Promise<unknown> {
    const { rows } = await client.query<Record<string, unknown>>(withIds(statement, ids));
    return Object.values(rows[0] ?? {})[0];
  }
  return {
    get database() {
      return database;
    },
    get client() {
      return client;
    },
    get ids() {
      return ids;
    },
    undone,
    errorOf,
    run,
    answerTo,
  };
}
