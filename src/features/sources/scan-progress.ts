import { z } from 'zod';
import { NotFound } from '../../kit/errors.ts';
import type { Db } from '../../platform/db.ts';
import { lastScan, Matching, matchingOf, runningScans, SourceScan } from './queries/scan-answers.ts';
import { type StoredSource, sourceAnswers, storedSource } from './queries/sources.ts';

export const SourcesProgress = z.object({
  /** False: the owner paused it (setting `enrichment`). */
  isMatching: z.boolean(),
  matching: Matching,
  scans: z.array(SourceScan),
});
export type SourcesProgress = z.infer<typeof SourcesProgress>;

const MAX_SCANS = 100;
const MOST_COUNTED = 100_000;

/** How far scans and matching are just now. */
export async function sourcesProgress(db: Db, enricher: { isOn(): boolean }): Promise<SourcesProgress> {
  const [matching, scans] = await Promise.all([
    matchingOf(db, null, MOST_COUNTED),
    runningScans(db, { limit: MAX_SCANS, mostCounted: MOST_COUNTED }),
  ]);
  return { isMatching: enricher.isOn(), matching, scans: [...scans] };
}

export type SourceProgress = { scan: SourceScan | null; matching: Matching };

/** The same of one source: its scan that runs, or was the last one, and the matching of its files. */
export async function sourceProgress(db: Db, sourceId: number): Promise<SourceProgress> {
  const [scan, matching] = await Promise.all([
    lastScan(db, sourceId, MOST_COUNTED),
    matchingOf(db, sourceId, MOST_COUNTED),
  ]);
  return { scan, matching };
}

/** The source of a name or id, as an owner writes it. Throws NotFound, which tells those there are. */
export async function sourceNamed(db: Db, nameOrId: string): Promise<StoredSource> {
  const all = await sourceAnswers(db, null, { limit: MAX_NAMED, mostCounted: 1 });
  const wanted = nameOrId.toLowerCase();
  const found =
    all.find(({ name }) => name === nameOrId) ??
    all.find(({ name, sourceId }) => sourceId === wanted || name.toLowerCase() === wanted);
  const stored = found === undefined ? null : await storedSource(db, found.sourceId);
  if (stored !== null) return stored;
  const names = all.map(({ name }) => JSON.stringify(name)).join(', ');
  throw new NotFound(
    'sources.not_found',
    all.length === 0
      ? 'There is no source yet: the page Sources adds one.'
      : `There is no such source. There are: ${names}.`,
  );
}

const MAX_NAMED = 500;
