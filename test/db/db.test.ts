import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import {
  brokenConstraint,
  command,
  isFaultOfValues,
  openDb,
  rows,
  sql,
  sqlState,
} from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { freshDatabase, type TestDatabase } from '../support/database.ts';

let database: TestDatabase;
beforeAll(async () => {
  database = await freshDatabase();
});
afterAll(() => database.close());

describe('rows', () => {
  test('arrive in the types JSON can carry', async () => {
    const Row = z.object({
      id: z.int(),
      at: z.date(),
      day: z.string(),
      part: z.number(),
      list: z.array(z.string()),
      bytes: z.instanceof(Buffer),
    });
    const row = await database.db.one(rows('test.types', Row)`
      SELECT 9007199254740991::int8 AS id, '2026-01-02T03:04:05Z'::timestamptz AS at, '2026-01-02'::date AS day, 1.25::numeric AS part,
        ARRAY['a', 'b'] AS list, '\\x00ff'::bytea AS bytes`);
    expect(row).toEqual({
      id: 9007199254740991,
      at: new Date('2026-01-02T03:04:05Z'),
      day: '2026-01-02',
      part: 1.25,
      list: ['a', 'b'],
      bytes: Buffer.from([0, 255]),
    });
    expect(() => JSON.stringify(row)).not.toThrow();
  });

  test('are held to their schema', async () => {
    await expect(
      database.db.one(rows('test.wrong', z.object({ id: z.string() }))`SELECT 1 AS id`),
    ).rejects.toThrow(/conform with the schema/);
  });

  test('an int8 past 2^53 is an error, never a wrong number', async () => {
    await expect(
      database.db.one(rows('test.big', z.object({ id: z.number() }))`SELECT 9007199254740993::int8 AS id`),
    ).rejects.toThrow(RangeError);
  });
});

describe('statements', () => {
  test('of one name and different texts live side by side', async () => {
    const ask = (n: number) =>
      database.db.oneFirst(
        rows(
          'test.variant',
          z.object({ n: z.int() }),
        )`SELECT ${sql.fragment`${n}::integer`} AS n ${n > 1 ? sql.fragment`WHERE true` : sql.fragment``}`,
      );
    for (let round = 0; round < 8; round += 1) expect([await ask(1), await ask(2)]).toEqual([1, 2]);
  });

  test('are timed under their name, with what they answered', async () => {
    const seen: unknown[] = [];
    const db = await openDb({
      url: database.url,
      poolMax: 2,
      log: createLog('silent'),
      onStatement: (statement) => seen.push(statement),
    });
    await db.any(rows('test.two', z.object({ n: z.int() }))`SELECT generate_series(1, 2) AS n`);
    await db.query(command('test.bad')`SELECT 1 / 0`).catch(() => undefined);
    await db.end();
    expect(seen).toMatchObject([
      { name: 'test.two', rowCount: 2, isError: false, durationMs: expect.any(Number) },
      { name: 'test.bad', rowCount: 0, isError: true },
    ]);
  });
});

describe('errors', () => {
  test('name the constraint that was broken and the SQLSTATE', async () => {
    const insert = () =>
      database.db.query(
        command('test.put')`INSERT INTO setting (key, type, value) VALUES ('a', 'json', '1')`,
      );
    await insert();
    const broken = await insert().catch((error: unknown) => error);
    expect(brokenConstraint(broken)).toEqual({ kind: 'unique', constraint: 'setting_pkey' });
    expect(sqlState(broken)).toBe('23505');
    expect(brokenConstraint(new Error('x'))).toBeNull();
  });

  test('of values that are at fault are told from those of a database that is away or slow', async () => {
    const Told = z.object({ n: z.int() });
    const { db } = database;
    const faults = [
      db.one(rows('test.too_big', Told)`SELECT 9007199254740992::int8 AS n`),
      db.one(rows('test.no_number', Told)`SELECT ${'x'}::int8 AS n`),
      db.one(rows('test.no_int', Told)`SELECT 'x' AS n`),
      z.int().parseAsync('x'),
    ];
    const caught = (failing: Promise<unknown>[]) =>
      Promise.all(failing.map((one) => one.catch((error: unknown) => error)));
    expect((await caught(faults)).map(isFaultOfValues)).toEqual([true, true, true, true]);
    const slow = db.transaction(async (tx) => {
      await tx.query(command('test.hurry')`SET LOCAL statement_timeout = 20`);
      await tx.query(command('test.sleep')`SELECT pg_sleep(5)`);
    });
    const url = 'postgres://nobody@127.0.0.1:9/nothing';
    const others = await caught([slow, openDb({ url, poolMax: 1, log: createLog('silent') })]);
    expect(others.map(isFaultOfValues)).toEqual([false, false]);
  });

  test('of a row that is refused leave nothing behind in a transaction', async () => {
    await database.db
      .transaction(async (tx) => {
        await tx.query(
          command('test.put_b')`INSERT INTO setting (key, type, value) VALUES ('b', 'json', '1')`,
        );
        await tx.query(
          command('test.put_bad')`INSERT INTO setting (key, type, value) VALUES ('B!', 'json', '1')`,
        );
      })
      .catch(() => undefined);
    expect(
      await database.db.maybeOne(
        rows('test.b', z.object({ key: z.string() }))`SELECT key FROM setting WHERE key = 'b'`,
      ),
    ).toBeNull();
  });
});
