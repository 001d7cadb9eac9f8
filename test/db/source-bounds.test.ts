import { expect, test } from 'vitest';
import { z } from 'zod';
import { rows } from '../../src/platform/db.ts';
import { detailInput } from '../../src/streams/source-files.ts';
import { addStream } from '../support/kind-deps.ts';
import { sourceRoom } from '../support/source-room.ts';

const room = sourceRoom();
const state = () =>
  room.db().oneFirst(rows('test.state', z.object({ state: z.string() }))`SELECT state FROM stream`);

async function store(path: string): Promise<void> {
  const http = room.kinds().get('http');
  const detail = http?.parse(detailInput({ baseUrl: room.server().baseUrl }, path));
  await http?.save(room.db(), await addStream(room.db(), 'http'), detail, {
    sourceId: room.sourceId(),
    filePath: path,
  });
}

test('a source of more files than a scan may see: the scan ends, says so, and takes nothing for gone', async () => {
  await store('elsewhere/Known.2001.mkv');
  for (let n = 0; n < 40; n += 1) room.server().files.set(`${n % 4}/Film.${n}.2001.mkv`, 5);
  // The second begins anew.
  for (const scans of [1, 2]) {
    expect(await room.scan({ mostWalked: { files: 25, folders: 100 } })).toBe('completed');
    const logs = await room.logs();
    expect(logs).toHaveLength(scans);
    expect(logs.at(-1)).toMatchObject({
      ...{ status: 'completed', files: 30, gone: 0, moved: 0 },
      failure: expect.stringContaining('more than 25 files'),
    });
    expect(await state()).toBe('active');
    expect(await room.count('scan_folder')).toBe(0);
    expect(await room.count('scan_item', `state = 'pending'`)).toBeGreaterThanOrEqual(30);
    expect(await room.count('source', 'last_error IS NULL AND next_scan_at > now()')).toBe(1);
  }
  expect(await room.scan()).toBe('completed');
  expect(await state()).toBe('broken');
});

test('folders are bounded too, and files of other kinds count, also of a scan that is gone on with', async () => {
  for (let n = 0; n < 30; n += 1) room.server().files.set(`${n}/poster.jpg`, 5);
  expect(await room.scan({ mostWalked: { files: 1000, folders: 20 } })).toBe('completed');
  expect(await room.logs()).toMatchObject([{ failure: expect.stringContaining('more than 20 folders') }]);
  let left = 15;
  room.server().onList = () => {
    left -= 1;
    if (left < 0) throw new Error('gone');
  };
  expect(await room.scan({ mostWalked: { files: 20, folders: 100 } })).toBe('failed');
  room.server().onList = () => {};
  expect(await room.scan({ mostWalked: { files: 20, folders: 100 } })).toBe('completed');
  expect((await room.logs()).at(-1)).toMatchObject({
    failure: expect.stringContaining('more than 20 files'),
    invalid: 21,
  });
});

test('a folder that cannot be listed is named in the log, and what is known of it stays', async () => {
  await store('Films%201/Known.2001.mkv');
  room.server().files.set('Films 1/Known.2001.mkv', 5).set('Other/Film.2001.mkv', 5);
  room.server().onList = (folder) => {
    if (folder !== '') room.server().files.delete('Films 1/Known.2001.mkv');
  };
  expect(await room.scan()).toBe('completed');
  expect(await room.logs()).toMatchObject([
    {
      ...{ status: 'completed', gone: 0 },
      failure:
        'One folder could not be read; what is known of them stays. It is “Films 1”. There is no such folder (status 404).',
    },
  ]);
  expect(await state()).toBe('active');
});
