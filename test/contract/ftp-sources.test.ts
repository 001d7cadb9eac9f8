import { expect, test } from 'vitest';
import { z } from 'zod';
import { command, rows, sql } from '../../src/platform/db.ts';
import { urlHash } from '../../src/streams/ftp/detail.ts';
import { ftpKind } from '../../src/streams/ftp/index.ts';
import { asReadable, type ByteSource } from '../../src/streams/kind.ts';
import { SOURCE_PASSWORD } from '../../src/streams/source-access.ts';
import { filmOf, NEVER } from '../support/ftp-room.ts';
import { startFtpServer } from '../support/ftp-server.ts';
import { addStream, openKindDeps } from '../support/kind-deps.ts';

test('a file of a source is asked for with what its owner gave that, and one beside its base without', async () => {
  // Nothing at home may be reached but what a source permits.
  await using held = await openKindDeps({}, '/nonexistent', { mode: 'all', allow: [] });
  const { db, crypto } = held.deps;
  const server = await startFtpServer(new Map([['/films/a.mkv', Buffer.alloc(99)]]));
  const base = `ftp://127.0.0.1:${server.port}/films/`;
  const password = crypto.seal(SOURCE_PASSWORD, 'secret');
  const sourceId = await db.oneFirst(rows('test.source', z.object({ id: z.int() }))`
    INSERT INTO source (name, base_url, finder, username, password_sealed, allows_private)
    VALUES ('NAS', ${base}, 'ftp-listing', 'viewer', ${sql.binary(password)}, true) RETURNING id`);
  const kind = ftpKind(held.deps);
  const openOf = async (url: string) => {
    const streamId = await addStream(db, 'ftp');
    await db.query(command('test.ftp')`
      INSERT INTO stream_ftp (stream_id, source_id, file_path, url, url_hash)
      VALUES (${streamId}, ${sourceId}, ${url}, ${url}, ${sql.binary(urlHash(url))})`);
    return await kind.open?.({ streamId, fileIndex: null }, NEVER);
  };
  const source = await openOf(`${base}a.mkv`).catch((error: unknown) => error);
  expect(source).toMatchObject({ size: 99 });
  expect(server.commands.slice(0, 2)).toEqual(['USER viewer', 'PASS secret']);
  const said = server.commands.length;
  await expect(openOf(`ftp://127.0.0.1:${server.port}/other/a.mkv`)).rejects.toMatchObject({
    code: 'net.refused',
  });
  expect(server.commands.length).toBe(said);
  await kind.close?.();
  await server.stop();
});

async function textOf(source: ByteSource): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of asReadable(source, { start: 0, end: source.size ?? 0 }, NEVER))
    pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}

test('a stored file of a source is opened in a private network only where the owner allows that server', async () => {
  const film = filmOf(5000);
  const files = new Map([
    ['/film.mkv', film],
    ['/film.srt', Buffer.from('1')],
  ]);
  const server = await startFtpServer(files);
  await using held = await openKindDeps({}, '/nonexistent', { mode: 'all', allow: [] });
  const { db, crypto } = held.deps;
  const kind = ftpKind(held.deps);
  const base = `ftp://127.0.0.1:${server.port}/`;
  const sealed = crypto.seal(SOURCE_PASSWORD, 'word');
  const sourceId = await db.oneFirst(rows('test.source', z.object({ id: z.int() }))`
    INSERT INTO source (name, base_url, finder, is_active, allows_private, username, password_sealed)
    VALUES ('NAS', ${base}, 'ftp-listing', true, true, 'me', decode(${sealed.toString('hex')}, 'hex')) RETURNING id`);
  const streamId = await addStream(db, 'ftp');
  await kind.save(db, streamId, kind.parse({ url: `${base}film.mkv` }), { sourceId, filePath: 'film.mkv' });
  const open = async () => {
    const source = await kind.open?.({ streamId, fileIndex: null }, NEVER);
    if (source === undefined) throw new Error('ftp opens');
    return source;
  };
  try {
    expect((await textOf(await open())).equals(film)).toBe(true);
    const beside = await kind.beside?.(streamId, `${base}film.srt`, NEVER);
    expect(beside == null ? null : (await textOf(beside)).toString()).toBe('1');
    expect(await kind.beside?.(streamId, 'ftp://127.0.0.1:1/film.srt', NEVER)).toBeNull();
    expect(server.commands.slice(0, 2)).toEqual(['USER me', 'PASS word']);
    await db.query(rows('test.forbid', z.object({}))`UPDATE source SET allows_private = false`);
    await expect(open()).rejects.toMatchObject({ code: 'net.refused' });
    await db.query(rows('test.drop', z.object({}))`DELETE FROM source`);
    await expect(open()).rejects.toMatchObject({ code: 'stream.not_found' });
  } finally {
    await kind.close?.();
    await server.stop();
  }
});
