/** `npm run seed -- imdb …` with nothing drawn: a process that tests kill. Its last line is the summary. */

import { withDatabase } from '../../scripts/context.ts';
import { imdb } from '../../scripts/seed/imdb.ts';
import { peakRssMb } from './peak-memory.ts';

const progress = { begin: () => {}, add: () => {}, at: () => {}, end: () => {} };
await withDatabase(async (context) => {
  const startedAt = performance.now();
  const summary = await imdb.run(process.argv.slice(2), {
    context,
    signal: new AbortController().signal,
    progress,
  });
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(JSON.stringify({ ...summary, seconds, maxRssMb: peakRssMb() }));
});
