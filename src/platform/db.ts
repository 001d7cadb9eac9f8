import {
  CheckIntegrityConstraintViolationError,
  type CommonQueryMethods,
  createPool,
  createTypeParserPreset,
  type DatabasePool,
  ForeignKeyIntegrityConstraintViolationError,
  type Interceptor,
  InvalidInputError,
  type QueryContext,
  type QueryResultRow,
  type QuerySqlToken,
  SchemaValidationError,
  SlonikError,
  sql as slonikSql,
  UniqueIntegrityConstraintViolationError,
  type ValueExpression,
} from 'slonik';
import { z } from 'zod';
import type { Log } from './log.ts';
import { letGoOfResults } from './pg-results.ts';

/** What a query takes: the pool, one connection or a transaction. */
export type Db = CommonQueryMethods;
/** The pool itself; `transaction` and `end` live here. */
export type Pool = DatabasePool;
/** A named statement with its values and the schema its rows are held to. */
export type Statement<T extends z.ZodType = z.ZodType> = QuerySqlToken<T>;

/** Fragments, arrays and unnest for building one whole statement. `sql.type` is not offered: use `rows` or `command`. */
export const sql = {
  fragment: slonikSql.fragment,
  array: slonikSql.array,
  unnest: slonikSql.unnest,
  join: slonikSql.join,
  json: slonikSql.json,
  jsonb: slonikSql.jsonb,
  binary: slonikSql.binary,
  identifier: slonikSql.identifier,
} as const;

/** A part of a statement. */
export type Fragment = ReturnType<typeof slonikSql.fragment>;

/** A timestamptz column (`table` is its name or alias in the statement) as the text of ISO 8601 in UTC that answers have; null stays null. */
export function isoTime(table: string, column: string): Fragment {
  return slonikSql.fragment`to_char(${slonikSql.identifier([table, column])} AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`;
}

const VOID = z.looseObject({});
/** Texts seen under one name: a prepared statement's name must stand for one text only, so variants get `name#2`, `name#3`, … */
const namesByText = new Map<string, string>();
const variants = new Map<string, number>();
/** Past this many texts under one name the statement is sent unprepared: a server keeps every prepared plan of a session in memory. */
const MAX_VARIANTS = 32;

/**
 * A named statement that answers rows of `schema`. The name (`room.verb`) is the prepared statement's name
 * (a named primary-key select runs at 2× the unnamed one here: 9,787 against 4,891 a second), the label in
 * `/metrics` and in the log of slow statements.
 */
export function rows<T extends z.ZodType>(name: string, schema: T) {
  return (template: TemplateStringsArray, ...values: ValueExpression[]): Statement<T> =>
    named(name, slonikSql.type(schema)(template, ...values));
}

/** A named statement whose answer is not read. */
export function command(name: string) {
  return rows(name, VOID);
}

function named<T extends z.ZodType>(name: string, token: QuerySqlToken<T>): Statement<T> {
  const known = namesByText.get(token.sql);
  if (known !== undefined) return { ...token, name: known };
  const count = (variants.get(name) ?? 0) + 1;
  if (count > MAX_VARIANTS) return { ...token };
  variants.set(name, count);
  const unique = count === 1 ? name : `${name}#${count}`;
  namesByText.set(token.sql, unique);
  return { ...token, name: unique };
}

/** What the pool tells about each statement; `metrics.ts` counts it. */
export type StatementObserver = (statement: {
  name: string;
  durationMs: number;
  rowCount: number;
  isError: boolean;
}) => void;

export type DbOptions = {
  url: string;
  poolMax: number;
  log: Log;
  onStatement?: StatementObserver;
  /** Runs before each statement; the EXPLAIN test uses it. */
  onBeforeStatement?: (query: { sql: string; values: readonly unknown[]; name: string }) => Promise<void>;
  statementTimeoutMs?: number;
};

const SLOW_STATEMENT_MS = 1000;

/**
 * Opens the pool. Rows are checked against their schema; int8 arrives as a number (throws past 2^53 instead of
 * losing digits, and `JSON.stringify` takes it); timestamptz arrives as `Date`, date as `YYYY-MM-DD`.
 * No DISCARD ALL on release (1.6× more statements a second): nothing here does SET without LOCAL or LISTEN on a pooled connection.
 */
export function openDb(options: DbOptions): Promise<Pool> {
  letGoOfResults();
  return createPool(options.url, {
    maxPoolSize: options.poolMax,
    captureStackTrace: false,
    connectionTimeout: 5000,
    idleTimeout: 60_000,
    idleInTransactionSessionTimeout: 60_000,
    statementTimeout: options.statementTimeoutMs ?? 30_000,
    // A lost connection is retried by the caller's next request, not here: 5 tries against a dead server is 25 s of silence.
    connectionRetryLimit: 1,
    resetConnection: async () => {},
    typeParsers: [
      ...createTypeParserPreset().filter(
        (parser) => !['int8', 'timestamptz', 'timestamp'].includes(parser.name),
      ),
      { name: 'int8', parse: parseInt8 },
      { name: 'timestamptz', parse: (value: string) => new Date(value) },
    ],
    interceptors: [observe(options), checkRows()],
  });
}

function parseInt8(value: string): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw new RangeError('int8 beyond 2^53 cannot be a JavaScript number');
  return number;
}

/** Slonik 49 checks nothing by itself: `sql.type` alone would let `{id: string}` pass for 1. */
function checkRows(): Interceptor {
  return {
    name: 'check-rows',
    transformRow(context, query, row) {
      const parser = context.resultParser;
      if (parser === undefined) return row;
      const result = parser['~standard'].validate(row);
      if (result instanceof Promise) throw new Error('a row schema must not be async');
      if (result.issues) throw new SchemaValidationError(query, row, result.issues);
      return isRow(result.value) ? result.value : row;
    },
  };
}

function isRow(value: unknown): value is QueryResultRow {
  return typeof value === 'object' && value !== null;
}

function observe({ log, onStatement, onBeforeStatement }: DbOptions): Interceptor {
  const finish = (context: QueryContext, name: string, rowCount: number, isError: boolean) => {
    const startedAt = context.sandbox.startedAt;
    const durationMs = typeof startedAt === 'number' ? performance.now() - startedAt : 0;
    onStatement?.({ name, durationMs, rowCount, isError });
    if (durationMs > SLOW_STATEMENT_MS)
      log.warn({ statement: name, durationMs: Math.round(durationMs) }, 'slow statement');
  };
  return {
    name: 'observe',
    async beforeQueryExecution(context, query) {
      if (onBeforeStatement)
        await onBeforeStatement({
          sql: query.sql,
          values: query.values,
          name: labelOf(context),
        });
      context.sandbox.startedAt = performance.now();
      return null;
    },
    afterQueryExecution(context, _query, result) {
      finish(context, labelOf(context), result.rows.length, false);
      return null;
    },
    queryExecutionError(context) {
      finish(context, labelOf(context), 0, true);
      return null;
    },
  };
}

/** The statement's name without its variant number; Slonik's own BEGIN/COMMIT have none. */
function labelOf(context: QueryContext): string {
  const { name, sql } = context.originalQuery;
  return name?.replace(/#\d+$/, '') ?? /^\/\* (\S+) \*\//.exec(sql)?.[1] ?? 'unnamed';
}

/** The SQLSTATE of a database error (also of its cause), or null. */
export function sqlState(error: unknown): string | null {
  for (
    let current = error, depth = 0;
    current instanceof Error && depth < 5;
    current = current.cause, depth += 1
  ) {
    if ('code' in current && typeof current.code === 'string' && /^[0-9A-Z]{5}$/.test(current.code))
      return current.code;
  }
  return null;
}

/** SQLSTATE classes of values: too many rows, data, constraints, limits of the program, and what a trigger refuses. */
const OF_VALUES = /^(?:2[123]|54|P0)/;

/** Whether what was asked is at fault, so that the same fails again: no database that is away, busy or slow just now. */
export function isFaultOfValues(error: unknown): boolean {
  const state = sqlState(error);
  if (state !== null) return OF_VALUES.test(state);
  // Slonik keeps no SQLSTATE of the first (22P02).
  if (error instanceof InvalidInputError || error instanceof SchemaValidationError) return true;
  return error instanceof Error && !(error instanceof SlonikError) && !('syscall' in error);
}

/** The constraint a write broke, or null when the error is another. */
export function brokenConstraint(
  error: unknown,
): { kind: 'unique' | 'foreign-key' | 'check'; constraint: string } | null {
  if (error instanceof UniqueIntegrityConstraintViolationError)
    return { kind: 'unique', constraint: error.constraint ?? '' };
  if (error instanceof ForeignKeyIntegrityConstraintViolationError)
    return { kind: 'foreign-key', constraint: error.constraint ?? '' };
  if (error instanceof CheckIntegrityConstraintViolationError)
    return { kind: 'check', constraint: error.constraint ?? '' };
  return null;
}
