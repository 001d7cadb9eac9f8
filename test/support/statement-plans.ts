import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { z } from 'zod';
import { type Db, openDb, type Pool, rows } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';

/** Reading a table of so few rows whole is no fault. */
const SMALL_TABLE_ROWS = 1000;
/** A batch may read a table of so few rows once instead of looking up each of its own, if an index stands ready for the day it has more. */
const BATCH_TABLE_ROWS = 50_000;
const BATCH_VALUES = 20;
/** Planning waits for what the watched connection has locked (a CREATE TRIGGER, say), and that one waits for us. */
const LOCK_TIMEOUT_MS = 5000;
/** Not BEGIN, SAVEPOINT and the like, which have no plan. */
const PLANNED = /^(?:\/\*.*?\*\/)?\s*(?:SELECT|WITH|INSERT|UPDATE|DELETE)\b/;
const SRC = fileURLToPath(new URL('../../src', import.meta.url));

type PlanNode = {
  'Node Type': string;
  'Relation Name'?: string;
  'Shared Hit Blocks': number;
  'Shared Read Blocks': number;
  Plans?: PlanNode[];
};
const Explained = z.tuple([z.object({ 'QUERY PLAN': z.tuple([z.object({ Plan: z.custom<PlanNode>() })]) })]);
type Explain = { text: string; values?: unknown[] };

/** `generic`: as Postgres may plan a prepared statement from its sixth run on, without looking at the values. */
type PlanMode = 'with values' | 'generic';
type Statement = { sql: string; values: readonly unknown[]; name: string };

/** A plan that reads a large table row by row. */
export type WholeRead = {
  statement: string;
  table: string;
  how: PlanMode;
  /** A batch against a table of some size, with an index ready for when it grows: no fault. */
  isBatch: boolean;
};

export type PlanWatch = AsyncDisposable & {
  client: Client;
  db: Pool;
  /** Names of all statements sent through `db`, each planned twice before it ran. */
  seen: ReadonlySet<string>;
  /**
   * Runs `work` and undoes it. Answers what its plans read whole, and the large tables that were read row by row
   * meanwhile without any of these plans saying so: by triggers and foreign keys.
   */
  undone(work: (tx: Db) => Promise<unknown>): Promise<{ planned: WholeRead[]; hidden: string[] }>;
  /** Runs `work` and answers how many blocks of 8 KiB its most expensive statement looked at. */
  blocks(work: (db: Db) => Promise<unknown>): Promise<number>;
};

/** Opens a pool on a filled and analysed database that looks at the plan of everything sent through it. */
export async function watchPlans(url: string): Promise<PlanWatch> {
  const client = new Client({ connectionString: url, lock_timeout: LOCK_TIMEOUT_MS });
  await client.connect();
  const large = await largeTables(client);
  const seen = new Set<string>();
  let onStatement: (statement: Statement) => Promise<void> = async () => {};
  const db = await openDb({
    ...{ url, poolMax: 1, log: createLog('silent'), statementTimeoutMs: 120_000 },
    async onBeforeStatement(statement) {
      seen.add(statement.name);
      if (PLANNED.test(statement.sql)) await onStatement(statement);
    },
  });

  async function undone(work: (tx: Db) => Promise<unknown>) {
    const planned: WholeRead[] = [];
    onStatement = async (statement) => {
      if (!statement.name.startsWith('test.'))
        planned.push(...(await wholeReadsOf(client, statement, large)));
    };
    const run = await tablesRead(db, work);
    const told = new Set(planned.map(({ table }) => table));
    return { planned, hidden: run.filter((table) => large.has(table) && !told.has(table)) };
  }

  async function blocks(work: (db: Db) => Promise<unknown>) {
    let most = 0;
    onStatement = async (statement) => {
      most = Math.max(most, await blocksOf(client, statement));
    };
    await work(db);
    return most;
  }

  const dispose = async () => {
    await db.end();
    await client.end();
  };
  return { client, db, seen, undone, blocks, [Symbol.asyncDispose]: dispose };
}

async function wholeReadsOf(
  client: Client,
  { sql, values, name }: Statement,
  large: ReadonlyMap<string, number>,
): Promise<WholeRead[]> {
  const explains: [PlanMode, Explain][] = [
    ['with values', { text: `EXPLAIN (FORMAT JSON) ${sql}`, values: [...values] }],
    ['generic', { text: `EXPLAIN (GENERIC_PLAN, FORMAT JSON) ${sql}` }],
  ];
  const found: WholeRead[] = [];
  for (const [how, explain] of explains) {
    const tables = [...scanned(await planOf(client, explain))].filter((table) => large.has(table));
    if (tables.length === 0) continue;
    const stuck = values.some(isBatchValue) ? await scannedAnyway(client, explain) : new Set(tables);
    for (const table of tables) {
      const isBatch = !stuck.has(table) && (large.get(table) ?? 0) <= BATCH_TABLE_ROWS;
      found.push({ statement: name, table, how, isBatch });
    }
  }
  return found;
}

/** An array of rows' values, or rows as JSON. */
function isBatchValue(value: unknown): boolean {
  return Array.isArray(value)
    ? value.length >= BATCH_VALUES
    : typeof value === 'string' && value.length > 2000;
}

/** Tables that no index would serve, whatever the plan costs. */
async function scannedAnyway(client: Client, explain: Explain): Promise<Set<string>> {
  await client.query('SET enable_seqscan = off');
  const tables = scanned(await planOf(client, explain));
  await client.query('RESET enable_seqscan');
  return tables;
}

function scanned(node: PlanNode): Set<string> {
  const own = node['Node Type'] === 'Seq Scan' ? [node['Relation Name'] ?? ''] : [];
  return new Set([...own, ...(node.Plans ?? []).flatMap((child) => [...scanned(child)])]);
}

async function planOf(client: Client, explain: Explain): Promise<PlanNode> {
  return Explained.parse((await client.query(explain)).rows)[0]['QUERY PLAN'][0].Plan;
}

async function blocksOf(client: Client, { sql, values }: Statement): Promise<number> {
  const text = `EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON) ${sql}`;
  const plan = await planOf(client, { text, values: [...values] });
  return plan['Shared Hit Blocks'] + plan['Shared Read Blocks'];
}

/** Rows of each table that is not small, by its name. */
async function largeTables(client: Client): Promise<Map<string, number>> {
  const tables = await client.query<{ name: string; rows: number }>(
    `SELECT relname AS name, reltuples AS rows FROM pg_class
     WHERE relkind = 'r' AND relnamespace = 'public'::regnamespace AND reltuples > ${SMALL_TABLE_ROWS}`,
  );
  return new Map(tables.rows.map(({ name, rows }) => [name, rows]));
}

class Undo extends Error {}

/** Tables of which sequential scans read more than a few rows while `work` ran; what it wrote is undone. */
async function tablesRead(db: Pool, work: (tx: Db) => Promise<unknown>): Promise<string[]> {
  let read: string[] = [];
  try {
    await db.transaction(async (tx) => {
      const before = await rowsRead(tx);
      await work(tx);
      const after = [...(await rowsRead(tx))];
      read = after.flatMap(([table, count]) =>
        count - (before.get(table) ?? 0) > SMALL_TABLE_ROWS ? [table] : [],
      );
      throw new Undo();
    });
  } catch (error) {
    if (!(error instanceof Undo)) throw error;
  }
  return read;
}

/** Rows that sequential scans of this session have read and not yet reported. */
async function rowsRead(tx: Db): Promise<Map<string, number>> {
  const Read = z.object({ table: z.string(), count: z.int() });
  const found = await tx.any(rows('test.rows_read', Read)`
    SELECT relname AS table, seq_tup_read AS count FROM pg_stat_xact_user_tables WHERE schemaname = 'public'
  `);
  return new Map(found.map(({ table, count }) => [table, count]));
}

/** Names given to `rows` and `command` anywhere in the sources. */
export async function statementNames(): Promise<Set<string>> {
  const names = new Set<string>();
  for (const file of await readdir(SRC, { recursive: true })) {
    if (!/(^|\/)queries(\.ts|\/.*\.ts)$/.test(file)) continue;
    const text = await readFile(join(SRC, file), 'utf8');
    for (const [, name = ''] of text.matchAll(/\b(?:rows|command)\(\s*'([^']+)'/g)) names.add(name);
  }
  return names;
}
