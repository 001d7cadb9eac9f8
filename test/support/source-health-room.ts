import { once } from 'node:events';
import { createServer, type RequestListener } from 'node:http';
import { afterAll, beforeAll, beforeEach } from 'vitest';
import { z } from 'zod';
import { TitleInput, upsertTitle } from '../../src/features/media/index.ts';
import { httpProbe, type SourceHealthJobsDeps } from '../../src/features/source-health/index.ts';
import { probeDue } from '../../src/features/source-health/probe-sources.ts';
import { StreamInput, saveStream } from '../../src/features/stream-index/index.ts';
import { command, rows } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { createKinds, type Kinds } from '../../src/streams/registry.ts';
import { openKindDeps, type TestKindDeps } from './kind-deps.ts';

const NEVER = new AbortController().signal;

/** A database with a film, and file servers on loopback whose files are its streams. Registers the hooks. */
export function sourceHealthRoom() {
  let ground: TestKindDeps;
  let kinds: Kinds;
  let film = 0;
  const servers: { close(): Promise<void> }[] = [];
  const db = () => ground.deps.db;

  beforeAll(async () => {
    ground = await openKindDeps();
    kinds = createKinds(ground.deps);
  });
  beforeEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
    await db().query(command('test.empty')`TRUNCATE media, stream, source RESTART IDENTITY CASCADE`);
    film = (await upsertTitle(db(), TitleInput.parse({ kind: 'movie', title: 'Film' }))).mediaId;
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.close()));
    await kinds.close();
    await ground.close();
  });

  const deps = (more: Partial<SourceHealthJobsDeps> = {}): SourceHealthJobsDeps => ({
    ...{ db: db(), kinds, log: createLog('silent') },
    settings: { get: () => ({ sourceDisableBelow: 20, brokenLinks: 'keep' }) },
    probeOf: ({ baseUrl }) =>
      baseUrl.startsWith('http')
        ? httpProbe(ground.deps.net, { baseUrl, username: null, password: null })
        : null,
    listerOf: async () => null,
    ...more,
  });

  /** A server on a free port of 127.0.0.1 that ends with its test, or by hand. */
  async function serve(listener: RequestListener, port = 0) {
    const server = createServer(listener).listen(port, '127.0.0.1');
    await once(server, 'listening');
    const address = server.address();
    if (address === null || typeof address === 'string') throw new Error('no TCP port');
    const close = async () => {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    };
    servers.push({ close });
    return { url: `http://127.0.0.1:${address.port}/`, port: address.port, close };
  }

  async function addSource(baseUrl: string, name = 'nas'): Promise<number> {
    return await db().oneFirst(rows('test.add_source', z.object({ id: z.int() }))`
      INSERT INTO source (name, base_url, is_active) VALUES (${name}, ${baseUrl}, true) RETURNING id
    `);
  }

  /** A stream of the film that lies at `path` below the base. */
  async function addFile(
    sourceId: number,
    baseUrl: string,
    path: string,
    sizeBytes?: number,
  ): Promise<number> {
    const url = new URL(path, baseUrl).href;
    const input = StreamInput.parse({ kind: 'http', url, name: path.split('/').at(-1), sizeBytes });
    const { streamId } = await saveStream({ db: db(), kinds }, input, { mediaId: film }, { isSeen: true });
    await db().query(command('test.place')`
      UPDATE stream_http SET source_id = ${sourceId}, file_path = ${path} WHERE stream_id = ${streamId}
    `);
    return streamId;
  }

  /** Probes all sources now, due or not. */
  async function probe(more: Partial<SourceHealthJobsDeps> = {}): Promise<number> {
    await db().query(command('test.due')`UPDATE source_health SET next_probe_at = now()`);
    return await probeDue(deps(more), NEVER);
  }

  const Health = z.object({
    state: z.string(),
    score: z.number(),
    failures: z.int(),
    reason: z.string().nullable(),
    againS: z.number(),
  });
  const healthOf = (sourceId: number) =>
    db().one(rows('test.health', Health)`
      SELECT state, score::float8 AS score, probe_failures AS failures, reason,
        round(extract(epoch FROM next_probe_at - now()))::float8 AS "againS"
      FROM source_health WHERE source_id = ${sourceId}
    `);

  /** State of a stream, its address, and whether it was read. */
  const streamOf = (streamId: number) =>
    db().one(
      rows('test.stream', z.object({ state: z.string(), url: z.string(), isVerified: z.boolean() }))`
        SELECT s.state, h.url, s.verified_at IS NOT NULL AS "isVerified"
        FROM stream s JOIN stream_http h ON h.stream_id = s.id WHERE s.id = ${streamId}
      `,
    );
  return { db, deps, serve, addSource, addFile, probe, healthOf, streamOf, NEVER };
}
