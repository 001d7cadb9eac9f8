import { createHash } from 'node:crypto';
import { resolve } from 'node:path';
import { importChannels } from '../../src/features/imports/index.ts';
import { m3uEntries } from '../../src/kit/m3u-read.ts';
import { importDeps } from '../context.ts';
import type { Importer, Progress } from './importer.ts';
import { linesOf } from './source-text.ts';
import { importSummary } from './summary.ts';
import { titlesDone } from './titles-done.ts';
import { onlyArgument } from './usage.ts';

/** An IPTV list. Its name in the catalogue is a hash: its address often holds a password. */
export const m3u: Importer = {
  name: 'm3u',
  usage: [
    'PATH-OR-URL  channels of an IPTV list as live TV, its films and series too; run again it hides what is gone',
  ],
  async run(args, { context, signal, progress }) {
    const source = onlyArgument(args, 'the path or the web address of a list');
    const deps = await importDeps(context);
    try {
      const name = `m3u.${createHash('sha256').update(identityOf(source)).digest('hex').slice(0, 12)}`;
      progress.begin('read', 'entries', null);
      const result = await importChannels(
        deps,
        counted(m3uEntries(linesOf(deps.net, source, signal)), progress),
        {
          ...{ name, signal },
          onProgress: titlesDone(progress),
        },
      );
      return importSummary(result);
    } finally {
      await deps.close();
    }
  },
};

async function* counted<T>(entries: AsyncIterable<T>, progress: Progress): AsyncGenerator<T> {
  for await (const entry of entries) {
    progress.add(1);
    yield entry;
  }
}

function identityOf(source: string): string {
  return /^https?:\/\//i.test(source) ? source : resolve(source);
}
