import { readdir } from 'node:fs/promises';
import { Client } from 'pg';
import { AppError } from '../kit/errors.ts';
import type { Log } from './log.ts';

/** Own key of the advisory lock, so that another program on the same server cannot block us. */
const LOCK = 7_241_865_325_823_965;

/** Names of the migrations in `dir`, in order, without `.sql`. */
export async function migrationNames(dir: string): Promise<string[]> {
  const files = await readdir(dir);
  return files
    .filter((file) => /^\d{4}_[a-z0-9_]+\.sql$/.test(file))
    .map((file) => file.slice(0, -4))
    .sort();
}

/**
 * Brings the database to the newest migration; one transaction for all pending ones, so a failed one changes nothing.
 * Several processes may call it at once: the advisory lock makes the others wait. Returns the names that ran.
 * `beforeChange` runs once before an existing schema is changed (the backup); a database newer than this program is refused.
 */
export async function migrate(options: {
  url: string;
  dir: string;
  log: Log;
  beforeChange?: () => Promise<void>;
}): Promise<string[]> {
  const known = await migrationNames(options.dir);
  const applied = await appliedMigrations(options.url);
  const ahead = applied.filter((name) => !known.includes(name));
  if (ahead.length > 0) {
    throw new AppError(
      'database.newer',
      `The database is newer than this program (it has ${ahead.join(', ')}). Start the newer version, or restore the backup made before it.`,
      { status: 503 },
    );
  }
  // The usual start has nothing to do, and loading the runner costs 60 ms.
  if (applied.length === known.length) return [];
  if (applied.length > 0) await options.beforeChange?.();
  const { runner } = await import('node-pg-migrate');
  const ran = await runner({
    databaseUrl: options.url,
    dir: options.dir,
    direction: 'up',
    migrationsTable: 'schema_migration',
    singleTransaction: true,
    advisoryLockMode: 'wait',
    lockValue: LOCK,
    logger: quiet(options.log),
  });
  return ran.map((migration) => migration.name);
}

/** Undoes the last `count` migrations; for tests and for going back by hand. */
export async function migrateDown(options: {
  url: string;
  dir: string;
  log: Log;
  count: number;
}): Promise<string[]> {
  const { runner } = await import('node-pg-migrate');
  const ran = await runner({
    databaseUrl: options.url,
    dir: options.dir,
    direction: 'down',
    count: options.count,
    migrationsTable: 'schema_migration',
    singleTransaction: true,
    advisoryLockMode: 'wait',
    lockValue: LOCK,
    logger: quiet(options.log),
  });
  return ran.map((migration) => migration.name);
}

async function appliedMigrations(url: string): Promise<string[]> {
  const client = new Client({
    connectionString: url,
    connectionTimeoutMillis: 5000,
  });
  await client.connect();
  try {
    const { rows } = await client.query<{ exists: boolean }>(
      `SELECT to_regclass('schema_migration') IS NOT NULL AS exists`,
    );
    if (!rows[0]?.exists) return [];
    const names = await client.query<{ name: string }>(
      'SELECT name FROM schema_migration ORDER BY run_on, id',
    );
    return names.rows.map((row) => row.name);
  } finally {
    await client.end();
  }
}

function quiet(log: Log) {
  return {
    debug: (message: string) => log.trace(message),
    info: (message: string) => log.debug(message),
    warn: (message: string) => log.warn(message),
    error: (message: string) => log.error(message),
  };
}
