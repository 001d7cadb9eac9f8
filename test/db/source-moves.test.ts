import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';
import { openListers } from '../../src/listers.ts';
import { rows } from '../../src/platform/db.ts';
import type { Kinds } from '../../src/streams/registry.ts';
import { detailInput } from '../../src/streams/source-files.ts';
import { addStream } from '../support/kind-deps.ts';
import { openTempDir } from '../support/processes.ts';
import { sourceRoom } from '../support/source-room.ts';

const room = sourceRoom();

/** The kinds as they are, each counting its calls. */
function counting(kinds: Kinds) {
  const calls = { move: 0, save: 0 };
  const get: Kinds['get'] = (name) => {
    const kind = kinds.get(name);
    const move = kind?.move;
    if (kind === undefined || move === undefined) return kind;
    return {
      ...kind,
      move: (...args) => {
        calls.move += 1;
        return move(...args);
      },
      save: (...args) => {
        calls.save += 1;
        return kind.save(...args);
      },
    };
  };
  return { calls, kinds: { get } };
}

test('2,500 files that moved keep their streams, in a few statements', async () => {
  const { baseUrl } = room.server();
  await room.run(`
    WITH s AS (INSERT INTO stream (kind, name, size_bytes) SELECT 'http', n || '.mkv', 1000 + n FROM generate_series(1, 2500) n
      RETURNING id, name)
    INSERT INTO stream_http (stream_id, url, url_hash, format, source_id, file_path)
    SELECT id, '${baseUrl}Old/' || name, sha256(convert_to('${baseUrl}Old/' || name, 'UTF8')), 'progressive', ${room.sourceId()}, 'Old/' || name
    FROM s`);
  for (let n = 1; n <= 2500; n += 1) room.server().files.set(`New/${n % 7}/${n}.mkv`, 1000 + n);
  const { calls, kinds } = counting(room.kinds());
  expect(await room.scan({ kinds })).toBe('completed');
  expect(await room.logs()).toMatchObject([{ moved: 2500, gone: 0, inserted: 2500 }]);
  expect(calls).toEqual({ move: 3, save: 0 });
  const isWell = `h.file_path = 'New/' || (s.size_bytes - 1000) % 7 || '/' || s.name AND h.url = '${baseUrl}' || h.file_path
    AND h.url_hash = sha256(convert_to(h.url, 'UTF8')) AND s.state = 'active'`;
  expect(await room.count('stream_http h JOIN stream s ON s.id = h.stream_id', isWell)).toBe(2500);
  expect(await room.count('scan_item')).toBe(0);
});

test('an address another stream has is left to that, and the scan comes to its end', async () => {
  const { baseUrl } = room.server();
  const http = room.kinds().get('http');
  const [ours, other] = [await addStream(room.db(), 'http'), await addStream(room.db(), 'http')];
  await room.run(`UPDATE stream SET size_bytes = 5`);
  const at = (path: string) => http?.parse(detailInput({ baseUrl }, path));
  await http?.save(room.db(), ours, at('Old/Film.2001.mkv'), {
    sourceId: room.sourceId(),
    filePath: 'Old/Film.2001.mkv',
  });
  // Somebody added it by hand.
  await http?.save(room.db(), other, at('New/Film.2001.mkv'));
  room.server().files.set('New/Film.2001.mkv', 5);
  expect(await room.scan()).toBe('completed');
  expect(await room.logs()).toMatchObject([{ moved: 0, gone: 1 }]);
  const State = z.object({ id: z.int(), state: z.string(), path: z.string().nullable() });
  const states = await room.db().any(rows('test.states', State)`
    SELECT s.id, s.state, h.file_path AS path FROM stream s JOIN stream_http h ON h.stream_id = s.id ORDER BY s.id`);
  expect(states).toEqual([
    { id: ours, state: 'broken', path: 'Old/Film.2001.mkv' },
    { id: other, state: 'active', path: null },
  ]);
  expect(await room.items()).toEqual([{ path: 'New/Film.2001.mkv', state: 'pending' }]);
});

test('a file that moved to where its kind does not follow is gone there, and the scan comes to its end', async () => {
  await using dir = await openTempDir();
  await mkdir(join(dir.path, 'a\\b'));
  await writeFile(join(dir.path, 'a\\b', 'Film.2001.mkv'), 'films');
  await room.run(`UPDATE source SET finder = 'local-folder', base_url = 'local:films/'`);
  const local = room.kinds().get('local');
  const streamId = await addStream(room.db(), 'local');
  await room.run(`UPDATE stream SET size_bytes = 5`);
  const detail = local?.parse(detailInput({ baseUrl: 'local:films/' }, 'Film.2001.mkv'));
  await local?.save(room.db(), streamId, detail, { sourceId: room.sourceId(), filePath: 'Film.2001.mkv' });
  expect(await room.scan({ openLister: openListers(new Map([['films', dir.path]])) })).toBe('completed');
  expect(await room.logs()).toMatchObject([{ moved: 0, gone: 1, inserted: 1 }]);
});
