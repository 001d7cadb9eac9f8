import { afterAll, beforeAll, beforeEach } from 'vitest';
import { z } from 'zod';
import { runScan } from '../../src/features/sources/run-scan.ts';
import type { ScanDeps, ScanResult } from '../../src/features/sources/scan.ts';
import { openListers } from '../../src/listers.ts';
import { command, rows } from '../../src/platform/db.ts';
import { createKinds, type Kinds } from '../../src/streams/registry.ts';
import { type FileTreeServer, startFileTreeServer } from './file-tree-server.ts';
import { connect } from './full-database.ts';
import { openKindDeps, type TestKindDeps } from './kind-deps.ts';

const Item = z.object({ path: z.string(), state: z.string() });
const Log = z.looseObject({ status: z.string(), batchId: z.string(), failure: z.string().nullable() });

/** A file server, a source of it, and a database that is emptied before each test. Registers the hooks. */
export function sourceRoom() {
  let ground: TestKindDeps;
  let kinds: Kinds;
  let server: FileTreeServer;
  let sourceId = 0;
  const db = () => ground.deps.db;

  beforeAll(async () => {
    ground = await openKindDeps();
    kinds = createKinds(ground.deps);
    server = await startFileTreeServer();
  });
  beforeEach(async () => {
    server.files.clear();
    server.listed.length = 0;
    server.onList = () => {};
    await db().query(
      command('test.empty')`TRUNCATE source, stream, media, scan_log RESTART IDENTITY CASCADE`,
    );
    sourceId = await addSource('NAS', server.baseUrl);
  });
  afterAll(async () => {
    await server.stop();
    await kinds.close();
    await ground.close();
  });

  function addSource(name: string, baseUrl: string): Promise<number> {
    return db().oneFirst(rows('test.add_source', z.object({ id: z.int() }))`
      INSERT INTO source (name, base_url, is_active) VALUES (${name}, ${baseUrl}, true) RETURNING id
    `);
  }

  function deps(more: Partial<ScanDeps> = {}): ScanDeps {
    return { ...ground.deps, kinds, openLister: openListers(new Map()), restsMs: [5], ...more };
  }

  return {
    db,
    deps,
    addSource,
    server: () => server,
    kinds: () => kinds,
    sourceId: () => sourceId,
    scan: (more: Partial<ScanDeps> = {}, signal = new AbortController().signal): Promise<ScanResult> =>
      runScan(deps(more), sourceId, signal),
    items: () =>
      db().any(
        rows(
          'test.items',
          Item,
        )`SELECT file_path AS path, state FROM scan_item ORDER BY file_path COLLATE "C"`,
      ),
    logs: () =>
      db().any(rows('test.logs', Log)`
        SELECT status, batch_id AS "batchId", failure, folders, files, inserted, skipped, invalid, extras, subtitles, moved, gone
        FROM scan_log WHERE phase = 'collector' ORDER BY id
      `),
    /** A connection of its own, for two that hold locks. */
    connect: () => connect(ground.url),
    /** Runs a statement as it stands. */
    run: async (statement: string) => {
      await using client = await connect(ground.url);
      await client.query(statement);
    },
    count: async (table: string, where = 'true'): Promise<number> => {
      await using client = await connect(ground.url);
      const answer = await client.query<{ count: number }>(
        `SELECT count(*)::integer AS count FROM ${table} WHERE ${where}`,
      );
      return answer.rows[0]?.count ?? 0;
    },
  };
}
