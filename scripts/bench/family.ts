/**
 * A kid's page of 100 among 1,000,000 titles, 10,000 rules and three blocked content tags beside the same page of everybody: statement and
 * driver, in turns, medians of pairs; goal: ≤ 1.5 times.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { CatalogQuery } from '../../src/catalogs/catalog.ts';
import { popularPage, recentPage } from '../../src/catalogs/queries.ts';
import type { Viewer } from '../../src/catalogs/viewer.ts';
import { viewerOf, watcherOf } from '../../src/features/family/index.ts';
import { MIGRATIONS_DIR } from '../../src/platform/database.ts';
import { type Db, openDb } from '../../src/platform/db.ts';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.ts';
import { createLog } from '../../src/platform/log.ts';
import { migrate } from '../../src/platform/migrate.ts';
import type { Bench, BenchRow } from '../bench.ts';
import { fillWithFamilyTitles } from './family-titles.ts';
import { median } from './measure.ts';

const TITLES = 1_000_000;
const ROUNDS = 60;
const GOAL = 1.5;
/** By their numbers in the filled database. */
const PROFILES = { 'allow-list': 1, 'by age': 2, 'by age, unrated too': 3, 'blocks tags': 4 } as const;

export const benchFamily: Bench = async ({ quick }) => {
  const dataDir = await mkdtemp(join(tmpdir(), 'tributary-bench-'));
  const log = createLog('silent');
  const postgres = await startEmbeddedPostgres({ dataDir, log });
  try {
    await migrate({ url: postgres.url, dir: MIGRATIONS_DIR, log });
    await fillWithFamilyTitles(postgres.url, quick ? TITLES / 50 : TITLES);
    return await pageRows(postgres.url, quick ? 5 : ROUNDS);
  } finally {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  }
};

/** Of a filled database. */
async function pageRows(url: string, rounds: number): Promise<BenchRow[]> {
  const db = await openDb({ url, poolMax: 1, log: createLog('silent') });
  try {
    const viewers = await Promise.all(Object.values(PROFILES).map((id) => viewerBy(db, id)));
    const rows: BenchRow[] = [];
    for (const page of PAGES) rows.push(await compared(db, page, viewers, rounds));
    return rows;
  } finally {
    await db.end();
  }
}

async function viewerBy(db: Db, profileId: number): Promise<Viewer> {
  const watcher = await watcherOf(db, profileId);
  if (watcher === null) throw new Error(`there is no profile ${profileId}`);
  return viewerOf(watcher);
}

type Page = Pick<CatalogQuery, 'genre' | 'skip'> & { order: 'popular' | 'new' };

const PAGES: readonly Page[] = (['popular', 'new'] as const).flatMap((order) => [
  ...[undefined, 'Drama', 'Family', 'Western'].map((genre) => ({ order, genre, skip: 0 })),
  ...[undefined, 'Drama'].map((genre) => ({ order, genre, skip: 500 })),
]);

async function compared(db: Db, page: Page, viewers: readonly Viewer[], rounds: number): Promise<BenchRow> {
  const times: number[][] = [null, ...viewers].map(() => []);
  // The first ten are not counted: by then the plans are prepared.
  for (let round = -10; round < rounds; round += 1)
    for (const [index, viewer] of [null, ...viewers].entries()) {
      const ms = await timed(db, page, viewer);
      if (round >= 0) times[index]?.push(ms);
    }
  const [everybody = [], ...theirs] = times;
  const ratios = theirs.map((own) => ratioOf(own, everybody));
  return {
    page: nameOf(page),
    'everybody, ms': Number(median(everybody).toFixed(2)),
    ...Object.fromEntries(Object.keys(PROFILES).map((name, index) => [name, ratios[index] ?? 0])),
    met: ratios.every((ratio) => ratio <= GOAL) ? 'yes' : 'no',
  };
}

const ratioOf = (own: readonly number[], everybody: readonly number[]) =>
  Number(median(own.map((ms, pair) => ms / (everybody[pair] ?? 0))).toFixed(2));

async function timed(db: Db, { order, genre, skip }: Page, viewer: Viewer | null): Promise<number> {
  const ask = order === 'popular' ? popularPage : recentPage;
  const startedAt = performance.now();
  const cards = await ask(db, { kind: 'movie', visibility: 'all', language: 'en', genre, skip, viewer });
  if (viewer === null && cards.length < 100) throw new Error('a page of everybody was not whole');
  return performance.now() - startedAt;
}

function nameOf({ order, genre, skip }: Page): string {
  const of = genre === undefined ? '' : ` of ${genre}`;
  return `${order}${of}${skip === 0 ? '' : ` from ${skip} on`}`;
}
