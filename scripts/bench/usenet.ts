/**
 * Films posted to a real news server (INN), read by this program's play links and, in the same run and turned each round, by a raw
 * puller in a process of its own that has two BODYs on their way on as many connections, decodes nothing and keeps nothing. Each
 * reading is of articles that nobody has asked for (the same film posted again), and is compared by SHA-256. Timed from the request
 * of a link just made; what the making took is told beside it. Rates of the puller are bytes on the wire, ours bytes of the film.
 * Ratios are medians of the rounds' pairs. Distances are a relay's: this kernel's loopback has none.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startInn } from '../../test/support/real/inn.ts';
import type { Bench } from '../bench.ts';
import { ARCHIVED, besidePlain } from './usenet-archives.ts';
import { besideTen, memory } from './usenet-load.ts';
import { besideRaw, besideStalls } from './usenet-rates.ts';
import { countArticles, PLAIN, timeSeeks } from './usenet-seeks.ts';

export const benchUsenet: Bench = async ({ quick }) => {
  const folder = await mkdtemp(join(tmpdir(), 'tributary-bench-'));
  try {
    await using inn = await startInn();
    const ground = { folder, inn, quick, rounds: quick ? 1 : 5 };
    return [
      ...(await besideRaw(ground)),
      await besidePlain(ground),
      ...(await countArticles(ground, [...PLAIN, ...ARCHIVED])),
      ...(await timeSeeks(ground)),
      ...(await besideStalls(ground)),
      await besideTen(ground),
      await memory(ground),
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
