/**
 * `npm run seed -- IMPORTER [options]`: fills the catalogue; works while the server runs.
 *   starter         the openly licensed films that come with Tributary
 *   file FILE.json  titles in the format of docs/import-format.md
 */
import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { parseArgs } from 'node:util';
import { importTitles, STARTER_FILE } from '../src/features/imports/index.ts';
import { fail, importDeps, type ScriptContext, withDatabase } from './context.ts';

const USAGE =
  'npm run seed -- starter            the films that come with Tributary\nnpm run seed -- file FILE.json     titles of a file (docs/import-format.md)';

const { positionals } = parseArgs({ allowPositionals: true });
const [importer, file] = positionals;
const path = importer === 'starter' ? STARTER_FILE : importer === 'file' ? file : undefined;
if (path === undefined) fail(`Say what to import:\n${USAGE}`);

const stop = new AbortController();
process.once('SIGINT', () => stop.abort(new Error('stopped')));
await withDatabase((context) => seed(context, path));

async function seed({ config, log, database }: ScriptContext, path: string): Promise<void> {
  const text = await readFile(path, 'utf8').catch(() => fail(`There is no readable file ${path}.`));
  const deps = await importDeps({ config, log, database });
  try {
    const result = await importTitles(deps, parseJson(text), {
      name: importer === 'starter' ? 'starter' : basename(path),
      signal: stop.signal,
      onProgress: ({ done, total }: { done: number; total: number }) =>
        process.stderr.write(`\r${done} of ${total} titles`),
    });
    process.stderr.write('\n');
    console.log(JSON.stringify(result));
  } finally {
    await deps.close();
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    return fail(`The file is not valid JSON: ${error instanceof Error ? error.message : ''}`);
  }
}
