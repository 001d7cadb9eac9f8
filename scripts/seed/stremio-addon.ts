import { importAddon } from '../../src/features/imports/index.ts';
import { importDeps } from '../context.ts';
import type { Importer } from './importer.ts';
import { importSummary } from './summary.ts';
import { titlesDone } from './titles-done.ts';
import { onlyArgument } from './usage.ts';

/** What another Stremio add-on offers. */
export const stremioAddon: Importer = {
  name: 'stremio-addon',
  usage: [
    'URL  titles of all catalogues of an add-on (https://…/manifest.json), 100,000 at most',
    'URL --streams  with the streams it offers now',
  ],
  async run(args, { context, signal, progress }) {
    const address = onlyArgument(
      args.filter((arg) => arg !== '--streams'),
      'the address of an add-on',
    );
    const deps = await importDeps(context);
    try {
      const result = await importAddon(deps, address, {
        ...{ signal, withStreams: args.includes('--streams'), batchSize: 50 },
        onProgress: titlesDone(progress),
      });
      return importSummary(result);
    } finally {
      await deps.close();
    }
  },
};
