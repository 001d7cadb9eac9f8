import { fileURLToPath } from 'node:url';
import type { Config } from './config.ts';
import { explainDatabase } from './database-failures.ts';
import { type DbOptions, openDb, type Pool } from './db.ts';
import { startEmbeddedPostgres } from './embedded-postgres/index.ts';
import type { Log } from './log.ts';
import { migrate } from './migrate.ts';

export const MIGRATIONS_DIR = fileURLToPath(new URL('../../sql/migrations', import.meta.url));

export type Database = {
  url: string;
  db: Pool;
  /** Ports of this machine that belong to the database, for the dialer's guard. */
  ports: readonly number[];
  /** Brings a killed embedded postmaster back on its port; a no-op for a server of the owner's. */
  ensure(): Promise<void>;
  close(): Promise<void>;
};

/**
 * The database of this process: `DATABASE_URL`, or the embedded server, started or attached to (so a script works while
 * the server runs). Migrated before it is handed out; `beforeMigration` runs before an existing schema changes.
 */
export async function openDatabase(options: {
  config: Config;
  log: Log;
  onStatement?: DbOptions['onStatement'];
  beforeMigration?: (url: string) => Promise<void>;
  /** `serve` for what runs until it is told to stop, `visit` for scripts beside it. */
  role: 'serve' | 'visit';
  /** The embedded server was killed and could not be brought back. */
  onLost?: (error: unknown) => void;
  signal?: AbortSignal;
}): Promise<Database> {
  const { config, log } = options;
  const server = await reachServer(options);
  try {
    const { beforeMigration } = options;
    const ran = await migrate({
      url: server.url,
      dir: MIGRATIONS_DIR,
      log,
      ...(beforeMigration === undefined ? {} : { beforeChange: () => beforeMigration(server.url) }),
    });
    if (ran.length > 0) log.info({ migrations: ran }, 'database migrated');
    const db = await openDb({
      url: server.url,
      poolMax: config.database.poolMax,
      log,
      ...(options.onStatement === undefined ? {} : { onStatement: options.onStatement }),
    });
    return {
      url: server.url,
      db,
      ports: server.ports,
      ensure: server.ensure,
      async close() {
        await db.end();
        await server.stop();
      },
    };
  } catch (error) {
    await server.stop();
    throw config.database.url === null ? error : explainDatabase(error);
  }
}

type Server = { url: string; ports: readonly number[]; ensure(): Promise<void>; stop(): Promise<void> };

async function reachServer(options: Parameters<typeof openDatabase>[0]): Promise<Server> {
  const { config, log, role, onLost, signal } = options;
  if (config.database.url !== null) {
    const nothing = async () => {};
    const port = Number(new URL(config.database.url).port || 5432);
    return { url: config.database.url, ports: [port], ensure: nothing, stop: nothing };
  }
  const embedded = await startEmbeddedPostgres({
    dataDir: config.dataDir,
    log,
    role,
    ...(onLost === undefined ? {} : { onLost }),
    ...(signal === undefined ? {} : { signal }),
  });
  return {
    url: embedded.url,
    ports: [embedded.port],
    ensure: () => embedded.ensure(),
    stop: () => embedded.stop(),
  };
}
