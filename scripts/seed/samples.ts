import { importSamples } from '../../src/features/imports/index.ts';
import { importDeps } from '../context.ts';
import type { Importer } from './importer.ts';
import { importSummary } from './summary.ts';
import { titlesDone } from './titles-done.ts';

/** The genre tree and some well-known titles over all of it. */
export const samples: Importer = {
  name: 'samples',
  usage: ['  65 well-known titles over every genre and sub-genre, metadata only: to try things out'],
  async run(_args, { context, signal, progress }) {
    const deps = await importDeps(context);
    try {
      return importSummary(await importSamples(deps, { signal, onProgress: titlesDone(progress) }));
    } finally {
      await deps.close();
    }
  },
};
