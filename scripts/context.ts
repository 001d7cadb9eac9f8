import { SHIPPED_FOLDER } from '../src/ground.ts';
import { AppError } from '../src/kit/errors.ts';
import { ownSpaces } from '../src/platform/cache.ts';
import { BadSettings, type Config, loadConfig, readEnvironment } from '../src/platform/config.ts';
import { createCrypto, loadSecrets } from '../src/platform/crypto.ts';
import { type Database, openDatabase } from '../src/platform/database.ts';
import { explainFailure } from '../src/platform/database-failures.ts';
import { createLog, type Log } from '../src/platform/log.ts';
import { createNet } from '../src/platform/net.ts';
import { createKinds } from '../src/streams/registry.ts';

export type ScriptContext = { config: Config; log: Log; database: Database };

/** Settings as the server reads them; prints what is wrong and ends the process otherwise. */
export function scriptConfig(): Config {
  try {
    return loadConfig(readEnvironment(process.cwd(), process.env));
  } catch (error) {
    if (error instanceof BadSettings) fail(error.message);
    throw error;
  }
}

/** Runs `work` on the database, beside a running server or without one; an expected failure is one sentence. */
export async function withDatabase(work: (context: ScriptContext) => Promise<void>): Promise<void> {
  const config = scriptConfig();
  const log = createLog(config.logLevel === 'info' ? 'warn' : config.logLevel);
  try {
    const database = await openDatabase({ config, log, role: 'visit' });
    try {
      await work({ config, log, database });
    } finally {
      await database.close();
    }
  } catch (error) {
    const expected = error instanceof AppError ? error : explainFailure(error);
    if (expected === null) throw error;
    // The statement and the server's own words, for who looks for the reason.
    if (expected.cause !== undefined) log.debug({ err: expected.cause }, 'failed');
    fail(
      [
        expected.message,
        ...(expected.message.includes('\n') ? [] : expected.issues).map(
          (issue) => `  ${issue.path}: ${issue.message}`,
        ),
      ].join('\n'),
    );
  }
}

/** What an import needs beside the database: the kinds, with nothing dialled. */
export async function importDeps({ config, log, database }: ScriptContext) {
  const { secretKeys } = await loadSecrets(config);
  const { mode, allow } = config.outbound;
  const net = createNet({ mode, allow, ownPorts: () => new Set(database.ports) });
  const crypto = createCrypto(secretKeys);
  const kinds = createKinds({
    db: database.db,
    net,
    log,
    crypto,
    openSpace: ownSpaces(log),
    localFolders: config.localFolders,
    shippedFolder: SHIPPED_FOLDER,
  });
  return {
    db: database.db,
    log,
    crypto,
    kinds,
    net,
    async close() {
      await kinds.close();
      await net.close();
    },
  };
}

export function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
