import { expect, test } from 'vitest';
import { z } from 'zod';
import { changeSource } from '../../src/features/sources/change-sources.ts';
import { deleteSource, dropDeleted } from '../../src/features/sources/delete-sources.ts';
import { sealedPasswords } from '../../src/features/sources/queries/sources.ts';
import { createCrypto } from '../../src/platform/crypto.ts';
import { rows } from '../../src/platform/db.ts';
import { sourceRoom } from '../support/source-room.ts';
import { waitUntil } from '../support/wait-until.ts';

// Verdicts hold the health of a source and then its row; so does whoever changes, reseals or deletes it, or both would wait for ever.

const room = sourceRoom();
const crypto = createCrypto(['a secret that is long enough for tests']);
const [OLD, NEW] = [Buffer.alloc(40, 1), Buffer.alloc(40, 2)];

test.each<[what: string, left: string, work: (publicId: string) => Promise<unknown>]>([
  [
    'changes',
    `username <> 'viewer'`,
    (publicId) =>
      changeSource({ ...room.deps(), crypto, localFolders: new Map() }, publicId, { username: 'viewer' }),
  ],
  [
    'reseals',
    `get_byte(password_sealed, 0) = 1`,
    () => sealedPasswords.replace(room.db(), { streamId: room.sourceId(), sealed: OLD }, NEW),
  ],
  ['deletes', 'deleted_at IS NULL', (publicId) => deleteSource(room.db(), publicId)],
  ['takes away', 'true', () => dropDeleted(room.db(), new AbortController().signal)],
])('who %s a source leaves it free until a verdict on it is written', async (_what, left, work) => {
  const publicId = await room.db().oneFirst(rows('test.public_id', z.object({ id: z.uuid() }))`
    SELECT public_id AS id FROM source`);
  await room.run(`UPDATE source SET username = 'me', password_sealed = decode(repeat('01', 40), 'hex')`);
  if (left === 'true') await room.run('UPDATE source SET is_active = false, deleted_at = now()');
  await using verdict = await room.connect();
  await verdict.query(`BEGIN; UPDATE source_health SET settled_at = now()`);
  const working = work(publicId);
  const isWaiting = async () =>
    (await room.count('pg_stat_activity', `datname = current_database() AND wait_event_type = 'Lock'`)) > 0;
  await waitUntil(isWaiting, { what: 'it waits for the verdict', timeoutMs: 5000 });
  await verdict.query(`SELECT 1 FROM source FOR UPDATE NOWAIT`);
  await verdict.query('COMMIT');
  await working;
  expect(await room.count('source', left)).toBe(0);
});
