import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { migrate } from '../../src/platform/migrate.ts';
import { freshDatabase, MIGRATIONS } from '../support/database.ts';
import { connect } from '../support/full-database.ts';

const log = createLog('silent');
const OWN = '0056_files_found_again.sql';

test('files of sources that older scans hid by two marks are hidden by one after migration 0056, and nothing else is touched', async () => {
  const database = await freshDatabase({ isEmpty: true });
  const client = await connect(database.url);
  const dir = await mkdtemp(join(tmpdir(), 'tributary-found-'));
  try {
    for (const name of await readdir(MIGRATIONS))
      if (name < OWN) await cp(join(MIGRATIONS, name), join(dir, name));
    await migrate({ url: database.url, dir, log });
    await client.query(`INSERT INTO source (name, base_url) VALUES ('nas', 'http://nas.example/')`);
    for (const [name, state, isOn, isOfSource] of [
      ['gone', 'broken', false, true],
      ['off', 'active', false, true],
      ['gone, by its state alone', 'broken', true, true],
      ['of no source', 'broken', false, false],
    ] as const)
      await client.query(
        `WITH s AS (INSERT INTO stream (kind, name, state, is_active) VALUES ('http', $1, $2, $3) RETURNING id)
         INSERT INTO stream_http (stream_id, url, url_hash, format, source_id, file_path)
         SELECT s.id, 'http://nas.example/' || s.id, sha256(s.id::text::bytea), 'progressive', c.id, CASE WHEN c.id IS NOT NULL THEN s.id::text END
         FROM s LEFT JOIN source c ON $4::boolean`,
        [name, state, isOn, isOfSource],
      );
    await cp(join(MIGRATIONS, OWN), join(dir, OWN));
    await migrate({ url: database.url, dir, log });
    const { rows } = await client.query<{ name: string; on: boolean }>(
      'SELECT name, is_active AS on FROM stream ORDER BY id',
    );
    expect(rows.map(({ name, on }) => [name, on])).toEqual([
      ['gone', true],
      ['off', false],
      ['gone, by its state alone', true],
      ['of no source', false],
    ]);
  } finally {
    await client.end();
    await rm(dir, { recursive: true, force: true });
    await database.close();
  }
});
