import { expect, test } from 'vitest';
import { z } from 'zod';
import { command, rows, sql } from '../../src/platform/db.ts';
import { urlHash } from '../../src/streams/ftp/detail.ts';
import { ftpKind } from '../../src/streams/ftp/index.ts';
import { SOURCE_PASSWORD } from '../../src/streams/source-access.ts';
import { startFtpServer } from '../support/ftp-server.ts';
import { addStream, openKindDeps } from '../support/kind-deps.ts';

const NEVER = new AbortController().signal;

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
