import { randomBytes } from 'node:crypto';
import { chmod, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { askSources } from '../../src/ask-sources.ts';
import { TitleInput, upsertTitle } from '../../src/features/media/index.ts';
import { probeDue } from '../../src/features/source-health/probe-sources.ts';
import { addSource, type SourceBody } from '../../src/features/sources/change-sources.ts';
import { StreamInput, saveStream } from '../../src/features/stream-index/index.ts';
import { segmentOf } from '../../src/kit/byte-names.ts';
import { command, rows, sql } from '../../src/platform/db.ts';
import { createLog } from '../../src/platform/log.ts';
import { createKinds, type Kinds } from '../../src/streams/registry.ts';
import { detailInput } from '../../src/streams/source-files.ts';
import { openKindDeps, type TestKindDeps } from '../support/kind-deps.ts';
import { freePort, openTempDir } from '../support/processes.ts';
import { startApache } from '../support/real/apache.ts';
import { startVsftpd } from '../support/real/ftp-servers.ts';
import { startNginx } from '../support/real/nginx.ts';

// Our own probes against servers that nobody here wrote: what they measure, and what becomes of files that move, are gone, or whose server is.

const NAME = 'Film (2001).mkv';
const PATH = `Films/${segmentOf(NAME)}`;
const BYTES = randomBytes(3_000_000);
const NEVER = new AbortController().signal;
const stack = new AsyncDisposableStack();
let ground: TestKindDeps;
let kinds: Kinds;
let root: string;
let bodies: Record<string, Partial<SourceBody>>;
const ends: Record<string, () => Promise<void>> = {};
/** By the name of the server: the source and the stream of its film. */
const known = new Map<string, { sourceId: number; streamId: number }>();

beforeAll(async () => {
  const dir = stack.use(await openTempDir());
  root = join(dir.path, 'files');
  await mkdir(join(root, 'Films'), { recursive: true });
  await writeFile(join(root, 'Films', NAME), BYTES);
  // Visitors of vsftpd and Apache are nobody.
  for (const path of [dir.path, root, join(root, 'Films')]) await chmod(path, 0o755);
  const [port, jsonPort] = [await freePort(), await freePort()];
  const nginx = stack.use(
    await startNginx({
      port,
      http: `server { listen 127.0.0.1:${port}; root ${root}; autoindex on; }
        server { listen 127.0.0.1:${jsonPort}; root ${root}; autoindex on; autoindex_format json; }`,
    }),
  );
  const apache = stack.use(await startApache(dir.path, root));
  const ftp = stack.use(await startVsftpd({ root }));
  Object.assign(ends, { nginx: nginx.stop, vsftpd: ftp.stop, apache: apache.stop });
  bodies = {
    vsftpd: { finder: 'ftp-listing', baseUrl: `ftp://127.0.0.1:${ftp.port}/` },
    'nginx, HTML': { finder: 'http-index', baseUrl: `http://127.0.0.1:${port}/` },
    'nginx, JSON': { finder: 'http-index', baseUrl: `http://127.0.0.1:${jsonPort}/` },
    'Apache, WebDAV': { finder: 'webdav', baseUrl: `${apache.baseUrl}dav/`, ...apache.login },
    'a folder': { finder: 'local-folder', baseUrl: 'local:films/' },
  };
  ground = stack.use(await openKindDeps({ films: root }));
  kinds = createKinds(ground.deps);
  stack.defer(() => kinds.close());
  const { mediaId } = await upsertTitle(ground.deps.db, TitleInput.parse({ kind: 'movie', title: 'Film' }));
  for (const [name, body] of Object.entries(bodies)) known.set(name, await added(name, body, mediaId));
});
afterAll(() => stack.disposeAsync());

/** A source as its owner adds it, and its film as a scan adds that. */
async function added(name: string, body: Partial<SourceBody>, mediaId: number) {
  const { db, crypto, localFolders } = ground.deps;
  const publicId = await addSource(
    { db, crypto, localFolders },
    {
      ...{ name, finder: 'http-index', baseUrl: '', config: {}, username: null, password: null, priority: 0 },
      ...{ allowsPrivate: true, offers: 'proxied', scanEveryMinutes: 0 },
      ...body,
    },
  );
  const Source = z.object({ id: z.int(), baseUrl: z.string() });
  const source = await db.one(rows('test.activate', Source)`
    UPDATE source SET is_active = true WHERE public_id = ${publicId}::uuid RETURNING id, base_url AS "baseUrl"
  `);
  const kind = body.finder === 'ftp-listing' ? 'ftp' : body.finder === 'local-folder' ? 'local' : 'http';
  const input = { kind, name: NAME, sizeBytes: BYTES.length, ...detailInput(source, PATH) };
  const { streamId } = await saveStream(
    { db, kinds },
    StreamInput.parse(input),
    { mediaId },
    { isSeen: true },
  );
  const table = sql.identifier([`stream_${kind}`]);
  await db.query(command('test.place')`
    UPDATE ${table} SET source_id = ${source.id}, file_path = ${PATH} WHERE stream_id = ${streamId}
  `);
  return { sourceId: source.id, streamId };
}

const Seen = z.object({
  ok: z.boolean(),
  ...{ connectMs: z.int().nullable(), listingMs: z.int().nullable() },
  ...{ firstByteMs: z.int().nullable(), bytesPerSecond: z.int().nullable(), reason: z.string().nullable() },
  ...{ state: z.string(), streamState: z.string(), path: z.string(), isVerified: z.boolean() },
});

/** Probes everything now; how it went, by server. */
async function probe(): Promise<Record<string, z.infer<typeof Seen>>> {
  const { db } = ground.deps;
  await db.query(command('test.due')`UPDATE source_health SET next_probe_at = now()`);
  await db.query(command('test.unread')`UPDATE stream SET verified_at = NULL`);
  const asked = askSources({ ...ground.deps, config: ground.deps });
  const settings = { get: () => ({ sourceDisableBelow: 20 }) };
  const log = createLog('silent');
  expect(await probeDue({ db, kinds, log, settings, ...asked }, NEVER)).toBe(known.size);
  const seen: Record<string, z.infer<typeof Seen>> = {};
  for (const [name, { sourceId, streamId }] of known)
    seen[name] = await db.one(rows('test.seen', Seen)`
      SELECT p.is_ok AS ok, p.connect_ms AS "connectMs", p.listing_ms AS "listingMs", p.first_byte_ms AS "firstByteMs",
        p.bytes_per_second AS "bytesPerSecond", p.reason, h.state, s.state AS "streamState", s.verified_at IS NOT NULL AS "isVerified",
        coalesce((SELECT file_path FROM stream_http WHERE stream_id = s.id), (SELECT file_path FROM stream_ftp WHERE stream_id = s.id),
          (SELECT file_path FROM stream_local WHERE stream_id = s.id)) AS path
      FROM source_probe p JOIN source_health h ON h.source_id = p.source_id JOIN stream s ON s.id = ${streamId}
      WHERE p.source_id = ${sourceId} ORDER BY p.at DESC LIMIT 1
    `);
  return seen;
}

const each = <T>(value: (name: string) => T) =>
  Object.fromEntries(Object.keys(bodies).map((name) => [name, value(name)]));

test('each is connected to, listed, and its film read from the first byte on, at a speed', async () => {
  const seen = await probe();
  const ms = expect.any(Number);
  expect(seen).toEqual(
    each((name) => ({
      ...{ ok: true, reason: null, state: 'online', streamState: 'active', path: PATH, isVerified: true },
      ...{ connectMs: name === 'a folder' ? null : ms, listingMs: ms, firstByteMs: ms, bytesPerSecond: ms },
    })),
  );
  for (const { listingMs, firstByteMs, bytesPerSecond } of Object.values(seen)) {
    expect(listingMs ?? 0).toBeLessThan(10_000);
    expect(firstByteMs ?? 0).toBeLessThan(10_000);
    expect(bytesPerSecond ?? 0).toBeGreaterThan(100_000);
  }
});

test('a film that lies in another folder now is found there, and read there by the next probe', async () => {
  await mkdir(join(root, 'Sorted', 'By year'), { recursive: true });
  await rename(join(root, 'Films', NAME), join(root, 'Sorted', 'By year', NAME));
  const path = `Sorted/By%20year/${segmentOf(NAME)}`;
  expect(await probe()).toMatchObject(
    each(() => ({ ok: true, path, streamState: 'active', isVerified: false })),
  );
  expect(await probe()).toMatchObject(each(() => ({ ok: true, path, isVerified: true })));
});

test('one that is nowhere is hidden, which says nothing of its server, and comes back where it is back', async () => {
  await rm(join(root, 'Sorted'), { recursive: true });
  expect(await probe()).toMatchObject(each(() => ({ ok: true, state: 'online', streamState: 'broken' })));
  await mkdir(join(root, 'Sorted', 'By year'), { recursive: true });
  await writeFile(join(root, 'Sorted', 'By year', NAME), BYTES);
  await ground.deps.db.query(command('test.facts')`TRUNCATE file_facts`);
  expect(await probe()).toMatchObject(each(() => ({ ok: true, streamState: 'active', isVerified: true })));
});

test('a server that is away is offline after the second look, and its files are where they were', async () => {
  for (const stop of Object.values(ends)) await stop();
  const isAway = (name: string) => name !== 'a folder';
  expect(await probe()).toMatchObject(each((name) => ({ ok: !isAway(name), streamState: 'active' })));
  const seen = await probe();
  expect(seen).toMatchObject(
    each((name) => ({ state: isAway(name) ? 'globally_offline' : 'online', streamState: 'active' })),
  );
  expect(seen.vsftpd?.reason).toBe('The server could not be reached or broke off.');
  expect([seen.vsftpd?.connectMs, seen.vsftpd?.listingMs]).toEqual([null, null]);
});
