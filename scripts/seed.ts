/**
 * `npm run seed -- NAME …`: fills the catalogue; works while the server runs. Without a name: what there is.
 * Ends with 0 (done), 1 (failed), 2 (not asked rightly) or 130 (stopped by Ctrl+C; the same command goes on).
 */
import { AppError } from '../src/kit/errors.ts';
import { explainFailure } from '../src/platform/database-failures.ts';
import { type ScriptContext, withDatabase } from './context.ts';
import type { Importer, Summary } from './seed/importer.ts';
import { IMPORTERS } from './seed/importers.ts';
import { openProgress } from './seed/progress.ts';
import { summaryLines } from './seed/summary.ts';
import { isBadUsage, readCommand, usageOf } from './seed/usage.ts';

const BAD_USAGE = 2;
/** 128 + SIGINT, as shells say it. */
const STOPPED = 130;
const KEPT = 'What was imported stays; the same command goes on from there.';

const command = readCommand(process.argv.slice(2), IMPORTERS);
if ('say' in command) {
  (command.exitCode === 0 ? console.log : console.error)(command.say);
  process.exit(command.exitCode);
}
const { importer, args, isJson } = command;

const stop = new AbortController();
process.once('SIGINT', onStop).once('SIGTERM', onStop);
await withDatabase(seed);

/** The second one ends at once: it is not caught any more. */
function onStop(): void {
  console.error('\nStopping; what is being written is finished first.');
  stop.abort(new Error('stopped'));
}

async function seed(context: ScriptContext): Promise<void> {
  const summary = await imported(importer, context);
  if (summary === null) return;
  console.log(isJson ? JSON.stringify(summary) : summaryLines(summary).join('\n'));
}

async function imported(chosen: Importer, context: ScriptContext): Promise<Summary | null> {
  const progress = openProgress(process.stderr);
  try {
    return await chosen.run(args, { context, signal: stop.signal, progress });
  } catch (error) {
    progress.end();
    if (isBadUsage(error)) return ended(BAD_USAGE, `${error.message}\n\n${usageOf([chosen])}`);
    if (error instanceof AppError) throw error;
    if (stop.signal.aborted) return ended(STOPPED, `Stopped. ${KEPT}`);
    throw explainFailure(error, KEPT) ?? error;
  } finally {
    progress.end();
  }
}

function ended(exitCode: number, message: string): null {
  console.error(message);
  process.exitCode = exitCode;
  return null;
}
