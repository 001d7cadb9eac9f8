import { readFile } from 'node:fs/promises';
import { importTitles, STARTER_FILE } from '../../src/features/imports/index.ts';
import { importDeps } from '../context.ts';
import type { Importer } from './importer.ts';
import { importSummary } from './summary.ts';

/** The openly licensed films that come with Tributary, into their own catalogue. */
export const starter: Importer = {
  name: 'starter',
  usage: ['  the openly licensed films that come with Tributary'],
  async run(_args, { context, signal, progress }) {
    const deps = await importDeps(context);
    try {
      progress.begin('starter films', 'titles', null);
      let before = 0;
      const result = await importTitles(deps, JSON.parse(await readFile(STARTER_FILE, 'utf8')), {
        ...{ name: 'starter', signal },
        onProgress: ({ done }) => {
          progress.add(done - before);
          before = done;
        },
      });
      return importSummary(result);
    } finally {
      await deps.close();
    }
  },
};
