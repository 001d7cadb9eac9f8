import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { importTitles } from '../../src/features/imports/index.ts';
import { BadInput } from '../../src/kit/errors.ts';
import { importDeps } from '../context.ts';
import type { Importer, ImportWork, Summary } from './importer.ts';
import { onlyArgument } from './usage.ts';

/** Titles in our own format (docs/import-format.md). */
export const json: Importer = {
  name: 'json',
  usage: ['FILE.json                 titles in the format of docs/import-format.md'],
  run: importFile,
};

/** What `json` was called at first. */
export const file: Importer = { name: 'file', usage: [], run: importFile };

async function importFile(
  args: readonly string[],
  { context, signal, progress }: ImportWork,
): Promise<Summary> {
  const path = onlyArgument(args, 'the path of a file');
  const text = await readFile(path, 'utf8').catch(() => {
    throw new BadInput('seed.no_file', `There is no readable file ${path}.`);
  });
  const deps = await importDeps(context);
  try {
    progress.begin('import', 'titles', null);
    let before = 0;
    const { conflicts, ...counts } = await importTitles(deps, parsed(text), {
      ...{ name: basename(path), signal },
      onProgress: ({ done }) => {
        progress.add(done - before);
        before = done;
      },
    });
    return { ...counts, conflicts: conflicts.map(({ title, reason }) => `${title}: ${reason}`) };
  } finally {
    await deps.close();
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new BadInput(
      'imports.not_json',
      `The file is not valid JSON: ${error instanceof Error ? error.message : ''}`,
    );
  }
}
