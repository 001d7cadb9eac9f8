import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEmbeddedPostgres } from '../../src/platform/embedded-postgres/index.ts';
import { createLog } from '../../src/platform/log.ts';

/** One embedded server for the whole run, thrown away after it; `freshDatabase` makes a database in it for each test that asks. */
export async function setup(): Promise<() => Promise<void>> {
  if (process.env.TEST_DATABASE_SERVER !== undefined) return async () => {};
  const dataDir = await mkdtemp(join(tmpdir(), 'tributary-test-'));
  const postgres = await startEmbeddedPostgres({ dataDir, log: createLog('silent') });
  process.env.TEST_DATABASE_SERVER = postgres.url;
  return async () => {
    await postgres.stop();
    await rm(dataDir, { recursive: true, force: true });
  };
}
