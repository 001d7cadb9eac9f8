import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { findMoved } from '../../src/features/source-health/find-moved.ts';
import { LINK_JOB, sourceHealthJobs } from '../../src/features/source-health/index.ts';
import { keepLinks } from '../../src/features/source-health/keep-links.ts';
import { noteFailing } from '../../src/features/source-health/queries/links.ts';
import type { ListedEntry } from '../../src/finders/lister.ts';
import { command, rows } from '../../src/platform/db.ts';
import { sourceHealthRoom } from '../support/source-health-room.ts';

// Files of file servers that are gone, moved or out of reach.

const room = sourceHealthRoom();
const { db, serve, addSource, addFile, probe, streamOf, NEVER } = room;

/** Folders and files of a server by their paths; a folder ends in `/`. */
type Tree = Readonly<Record<string, number>>;

function listerOf(tree: Tree, listed: string[] = []) {
  return {
    close: async () => {},
    async *list(path: string) {
      listed.push(path);
      if (path === 'locked') throw new Error('no permission');
      const prefix = path === '' ? '' : `${path}/`;
      const entries = new Map<string, ListedEntry>();
      for (const [file, sizeBytes] of Object.entries(tree)) {
        if (!file.startsWith(prefix)) continue;
        const [segment = '', ...rest] = file.slice(prefix.length).split('/');
        const kind = rest.length > 0 ? 'folder' : 'file';
        entries.set(segment, { kind, segment, name: segment, sizeBytes, modifiedAt: null });
      }
      yield [...entries.values()];
    },
  };
}

/** A server with the files of `tree`; 404 for all else. */
const serveTree = (tree: Record<string, number>) =>
  serve((req, res) => {
    const size = tree[(req.url ?? '').slice(1)];
    if (req.url === '/') return void res.end('listing');
    if (size === undefined) return void res.writeHead(404).end();
    return void res.writeHead(200, { 'Content-Length': size }).end(Buffer.alloc(size));
  });

const checks = () =>
  db().any(rows('test.checks', z.object({ id: z.int(), broken: z.boolean() }))`
    SELECT stream_id AS id, broken_at IS NOT NULL AS broken FROM source_link_check ORDER BY 1
  `);

describe('a file that is gone', () => {
  test('is looked for by name and size, and its path updated where it lies now', async () => {
    const tree: Record<string, number> = { 'old/film.mkv': 5000 };
    const server = await serveTree(tree);
    const sourceId = await addSource(server.url);
    const streamId = await addFile(sourceId, server.url, 'old/film.mkv', 5000);
    delete tree['old/film.mkv'];
    Object.assign(tree, { 'other/film.mkv': 4000, 'new/2008/film.mkv': 5000 });
    await probe({ listerOf: async () => listerOf(tree) });
    expect(await streamOf(streamId)).toMatchObject({
      state: 'active',
      url: `${server.url}new/2008/film.mkv`,
    });
    await probe();
    expect(await streamOf(streamId)).toMatchObject({ isVerified: true });
    expect(await checks()).toEqual([]);
  });

  test('is hidden as broken and kept where it is nowhere, and shown when it is back', async () => {
    const tree: Record<string, number> = { 'film.mkv': 5000 };
    const server = await serveTree(tree);
    const sourceId = await addSource(server.url);
    const streamId = await addFile(sourceId, server.url, 'film.mkv', 5000);
    delete tree['film.mkv'];
    await probe({ listerOf: async () => listerOf(tree) });
    expect(await streamOf(streamId)).toMatchObject({ state: 'broken' });
    expect(await checks()).toEqual([{ id: streamId, broken: true }]);
    tree['film.mkv'] = 5000;
    await db().query(command('test.facts')`TRUNCATE file_facts`);
    await probe();
    expect(await streamOf(streamId)).toMatchObject({ state: 'active', isVerified: true });
    expect(await checks()).toEqual([]);
  });

  /** A lister as above that takes `ms` for each folder. */
  const slowListerOf = (tree: Tree, ms: number) => ({
    close: async () => {},
    async *list(path: string, signal: AbortSignal) {
      await sleep(ms, undefined, { signal });
      yield* listerOf(tree).list(path);
    },
  });

  test.each([
    ['is found however long that takes', 8000, { state: 'active', path: 'new/film.mkv' }],
    [
      'is gone as far as was looked where the search takes too long',
      200,
      { state: 'broken', path: 'old/film.mkv' },
    ],
  ])('%s, and its server is not called away for it', async (_what, search, found) => {
    const tree: Record<string, number> = { 'new/film.mkv': 5000 };
    const server = await serveTree(tree);
    const sourceId = await addSource(server.url);
    const streamId = await addFile(sourceId, server.url, 'old/film.mkv', 5000);
    // Three folders, 1,050 ms; reading may take less than that.
    const lister = slowListerOf(tree, 350);
    await probe({ listerOf: async () => lister, limitsMs: { read: 1000, search } });
    expect(await streamOf(streamId)).toMatchObject({ state: found.state, url: `${server.url}${found.path}` });
    expect(await room.healthOf(sourceId)).toMatchObject({ state: 'online', score: 100, failures: 0 });
  });

  test('leaves the address alone that another stream has', async () => {
    const tree: Record<string, number> = { 'a/film.mkv': 5000, 'b/film.mkv': 5000 };
    const server = await serveTree(tree);
    const sourceId = await addSource(server.url);
    const [first, second] = [
      await addFile(sourceId, server.url, 'a/film.mkv', 5000),
      await addFile(sourceId, server.url, 'b/film.mkv', 5000),
    ];
    delete tree['a/film.mkv'];
    await probe({ listerOf: async () => listerOf(tree) });
    expect(await streamOf(first)).toMatchObject({ state: 'broken', url: `${server.url}a/film.mkv` });
    expect(await streamOf(second)).toMatchObject({ state: 'active', url: `${server.url}b/film.mkv` });
  });

  test('says nothing of its server', async () => {
    const server = await serveTree({});
    const sourceId = await addSource(server.url);
    await addFile(sourceId, server.url, 'film.mkv');
    await probe();
    await probe();
    expect(await room.healthOf(sourceId)).toMatchObject({ state: 'online', score: 100 });
  });
});

describe('a file nobody found who wanted to see it', () => {
  const job = sourceHealthJobs.find(({ name }) => name === LINK_JOB);
  const look = (streamId: number, tree: Tree) =>
    job?.run(
      { streamId },
      { ...room.deps({ listerOf: async () => listerOf(tree) }), signal: NEVER, attempt: 1 },
    );

  test('is looked for at once, and hidden where it is nowhere', async () => {
    const tree: Record<string, number> = { 'new/film.mkv': 5000 };
    const server = await serveTree(tree);
    const sourceId = await addSource(server.url);
    const streamId = await addFile(sourceId, server.url, 'old/film.mkv', 5000);
    await look(streamId, tree);
    expect(await streamOf(streamId)).toMatchObject({ state: 'active', url: `${server.url}new/film.mkv` });
    delete tree['new/film.mkv'];
    await look(streamId, tree);
    expect(await streamOf(streamId)).toMatchObject({ state: 'broken' });
    expect(await room.healthOf(sourceId)).toMatchObject({ score: 100, failures: 0 });
  });

  test('is left alone where its source is switched off, or it was looked for just now', async () => {
    const tree: Record<string, number> = { 'new/film.mkv': 5000 };
    const server = await serveTree(tree);
    const sourceId = await addSource(server.url);
    const streamId = await addFile(sourceId, server.url, 'old/film.mkv', 5000);
    await noteFailing(db(), streamId, { isBroken: false, reason: 'It was away.' });
    await look(streamId, tree);
    await db().query(
      command('test.later')`UPDATE source_link_check SET checked_at = now() - interval '6 minutes'`,
    );
    await db().query(command('test.off')`UPDATE source SET is_active = false`);
    await look(streamId, tree);
    expect(await streamOf(streamId)).toMatchObject({ url: `${server.url}old/film.mkv` });
    await db().query(command('test.on')`UPDATE source SET is_active = true`);
    await look(streamId, tree);
    expect(await streamOf(streamId)).toMatchObject({ url: `${server.url}new/film.mkv` });
  });
});

describe('findMoved', () => {
  const find = (tree: Tree, path: string, sizeBytes: number | null, listed: string[] = []) =>
    findMoved(listerOf(tree, listed), { path, sizeBytes }, NEVER);

  test('looks where it lay first, then upwards, then below', async () => {
    const listed: string[] = [];
    const tree = { 'a/b/x.mkv': 1, 'a/c/film.mkv': 5, 'd/film.mkv': 5 };
    expect(await find(tree, 'a/b/film.mkv', 5, listed)).toBe('a/c/film.mkv');
    expect(listed).toEqual(['a/b', 'a', '', 'a/c']);
  });

  test.each<[what: string, tree: Tree, size: number | null, found: string | null]>([
    ['another size is another film', { 'b/film.mkv': 6 }, 5, null],
    ['an unknown size is no reason against it', { 'b/film.mkv': 6 }, null, 'b/film.mkv'],
    ['a folder of that name is none', { 'film.mkv/extra.mkv': 5 }, 5, null],
    [
      'a folder that cannot be listed is passed over',
      { 'locked/x.mkv': 1, 'z/film.mkv': 5 },
      5,
      'z/film.mkv',
    ],
  ])('%s', async (_what, tree, size, found) => {
    expect(await find(tree, 'film.mkv', size)).toBe(found);
  });

  test('lists at most 2,000 folders', async () => {
    const listed: string[] = [];
    const tree = Object.fromEntries(Array.from({ length: 5000 }, (_, index) => [`f${index}/x.mkv`, 1]));
    expect(await find(tree, 'film.mkv', 5, listed)).toBeNull();
    expect(listed).toHaveLength(2000);
  });
});

describe('out of reach for 30 days', () => {
  const longAgo = (days: number, streamId: number) =>
    db().query(command('test.failing')`
      INSERT INTO source_link_check (stream_id, failing_since, reason)
      VALUES (${streamId}, now() - make_interval(days => ${days}), 'It was away.')
    `);
  const keep = (brokenLinks: 'keep' | 'delete' = 'keep') => keepLinks(db(), brokenLinks, NEVER);
  const states = async (ids: readonly number[]) =>
    (await Promise.all(ids.map(streamOf))).map(({ state }) => state);

  test('hides a link by itself after 31 days, not after 29, and keeps it', async () => {
    const sourceId = await addSource('http://127.0.0.1:1/');
    const ids = [
      await addFile(sourceId, 'http://127.0.0.1:1/', 'a.mkv'),
      await addFile(sourceId, 'http://127.0.0.1:1/', 'b.mkv'),
    ];
    await longAgo(31, ids[0] ?? 0);
    await longAgo(29, ids[1] ?? 0);
    expect(await keep()).toEqual({ hidden: 1, deleted: 0 });
    expect(await states(ids)).toEqual(['broken', 'active']);
    expect(await keep('delete')).toEqual({ hidden: 0, deleted: 0 });
  });

  test('hides all files with their server, which bring themselves back with it', async () => {
    const server = await serveTree({ 'a.mkv': 10, 'b.mkv': 10 });
    const sourceId = await addSource(server.url);
    const ids = [await addFile(sourceId, server.url, 'a.mkv'), await addFile(sourceId, server.url, 'b.mkv')];
    await db().query(command('test.away')`
      UPDATE source_health SET unreachable_since = now() - interval '31 days', state = 'globally_offline'
    `);
    expect(await keep()).toEqual({ hidden: 2, deleted: 0 });
    expect(await states(ids)).toEqual(['broken', 'broken']);
    expect(await keep()).toEqual({ hidden: 0, deleted: 0 });
    await probe();
    expect(await states(ids)).toEqual(['active', 'active']);
    expect(await checks()).toEqual([]);
  });

  test('is deleted 30 days after it was hidden, only where the owner says so', async () => {
    const sourceId = await addSource('http://127.0.0.1:1/');
    const streamId = await addFile(sourceId, 'http://127.0.0.1:1/', 'a.mkv');
    await longAgo(61, streamId);
    await keep();
    await db().query(
      command('test.hidden')`UPDATE source_link_check SET broken_at = now() - interval '31 days'`,
    );
    expect(await keep()).toEqual({ hidden: 0, deleted: 0 });
    expect(await keep('delete')).toEqual({ hidden: 0, deleted: 1 });
    expect(await checks()).toEqual([]);
  });

  test('is not deleted once it is shown again, whoever shows it', async () => {
    const sourceId = await addSource('http://127.0.0.1:1/');
    const streamId = await addFile(sourceId, 'http://127.0.0.1:1/', 'a.mkv');
    await longAgo(61, streamId);
    await keep();
    await db().query(command('test.owner')`UPDATE stream SET state = 'active'`);
    expect(await checks()).toEqual([]);
    await db().query(command('test.left_over')`
      INSERT INTO source_link_check (stream_id, failing_since, broken_at, reason)
      VALUES (${streamId}, now() - interval '61 days', now() - interval '31 days', 'It was away.')
    `);
    expect(await keep('delete')).toEqual({ hidden: 0, deleted: 0 });
  });
});
