import { cp, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createLog } from '../../src/platform/log.ts';
import { migrate } from '../../src/platform/migrate.ts';
import { freshDatabase, MIGRATIONS } from '../support/database.ts';
import { connect } from '../support/full-database.ts';

const log = createLog('silent');

test('titles in doubt that an importer of releases made are hidden by migration 0032, those that somebody named are not', async () => {
  const database = await freshDatabase({ isEmpty: true });
  const client = await connect(database.url);
  const dir = await mkdtemp(join(tmpdir(), 'tributary-names-'));
  try {
    for (const name of await readdir(MIGRATIONS))
      if (name < '0032') await cp(join(MIGRATIONS, name), join(dir, name));
    await migrate({ url: database.url, dir, log });
    // What it is, its standing, how sure, where its stream came from.
    const titles = [
      ['a magnet of whom nobody knew', 'flagged', 0, 'magnets'],
      ['a film of an IPTV list, unlike what was found', 'flagged', 0.6, 'm3u.1234567890ab'],
      ['a post that is surely this', 'flagged', 0.9, 'nzbs'],
      ['a feed, corrected by a person', 'pending', 1, 'rss'],
      ['named by an owner, unlike what was found', 'flagged', 0.6, 'api'],
      ['a magnet that was approved', 'approved', 1, 'magnets'],
      ['made by a magnet and named by a file', 'flagged', 0.6, 'magnets', 'my-file'],
    ] as const;
    for (const [title, status, confidence, ...origins] of titles) {
      await client.query(
        `INSERT INTO media (kind, title, enrichment_status, match_confidence) VALUES ('movie', $1, $2, $3)`,
        [title, status, confidence],
      );
      for (const origin of origins)
        await client.query(
          `WITH s AS (INSERT INTO stream (kind, name, origin) VALUES ('http', 'x', $2) RETURNING id)
           INSERT INTO stream_media_link (stream_id, media_id) SELECT s.id, m.id FROM s, media m WHERE m.title = $1`,
          [title, origin],
        );
    }
    await cp(join(MIGRATIONS, '0032_titles_from_names.sql'), join(dir, '0032_titles_from_names.sql'));
    await migrate({ url: database.url, dir, log });
    const { rows } = await client.query<{ made: boolean; shown: boolean }>(
      'SELECT is_from_name AS made, is_published AS shown FROM media ORDER BY id',
    );
    expect(rows.map(({ made, shown }) => [made, shown])).toEqual([
      [true, false],
      [true, false],
      [true, true],
      [true, true],
      [false, true],
      [false, true],
      [false, true],
    ]);
  } finally {
    await client.end();
    await database.close();
    await rm(dir, { recursive: true, force: true });
  }
});
