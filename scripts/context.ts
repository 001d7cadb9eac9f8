import { AppError } from '../src/kit/errors.ts';
import { BadSettings, type Config, loadConfig, readEnvironment } from '../src/platform/config.ts';
import { type Database, openDatabase } from '../src/platform/database.ts';
import { createLog, type Log } from '../src/platform/log.ts';

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
    if (error instanceof AppError)
      fail([error.message, ...error.issues.map((issue) => `  ${issue.path}: ${issue.message}`)].join('\n'));
    throw error;
  }
}

export function fail(message: string): never {
  console.error(message);
  process.exit(1);
}
