import { basename } from 'node:path';
import { importFile } from '../../src/features/imports/index.ts';
import { importDeps } from '../context.ts';
import type { Importer, ImportWork, Summary } from './importer.ts';
import { importSummary } from './summary.ts';
import { titlesDone } from './titles-done.ts';
import { onlyArgument } from './usage.ts';

/** Titles in our own format (docs/import-format.md). */
export const json: Importer = {
  name: 'json',
  usage: ['FILE.json  titles in the format of docs/import-format.md'],
  run,
};

/** What `json` was called at first. */
export const file: Importer = {
  name: 'file',
  usage: ['FILE.json  the same as json, by its first name'],
  run,
};

async function run(args: readonly string[], { context, signal, progress }: ImportWork): Promise<Summary> {
  const path = onlyArgument(args, 'the path of a file');
  const deps = await importDeps(context);
  let checked = 0;
  try {
    progress.begin('check', 'titles', null);
    const result = await importFile(deps, path, {
      ...{ name: basename(path), signal },
      onChecked(share, titles) {
        progress.at(share);
        progress.add(titles - checked);
        checked = titles;
      },
      onProgress: titlesDone(progress),
    });
    return importSummary(result);
  } finally {
    await deps.close();
  }
}
