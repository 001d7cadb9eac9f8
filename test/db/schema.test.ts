import { describe, expect, test } from 'vitest';
import { schemaRoom } from '../support/schema-room.ts';
import { BROKEN_ROWS } from './broken-rows.ts';

const room = schemaRoom();
const { undone, errorOf, run, answerTo } = room;

describe('what the database refuses', () => {
  test.each(BROKEN_ROWS)('%s', async (constraint, statement) => {
    const error = await errorOf(statement);
    expect({ constraint: error.constraint, message: error.message }).toMatchObject({ constraint });
  });

  test('every check and every unique rule of the schema is tried above', async () => {
    const { rows } = await room.client.query<{ name: string }>(`
      SELECT conname AS name FROM pg_constraint
      WHERE connamespace = 'public'::regnamespace AND contype IN ('c', 'u') AND conrelid <> 0
        AND conrelid::regclass::text <> 'schema_migration'
      UNION
      SELECT indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid
      WHERE i.indisunique AND c.relnamespace = 'public'::regnamespace
        AND NOT EXISTS (SELECT 1 FROM pg_constraint p WHERE p.conindid = i.indexrelid)`);
    // Only there so that a foreign key can name both columns; the primary key refuses first.
    const structural = ['season_id_media_id_key', 'episode_id_media_id_key'];
    const tried = new Set([...BROKEN_ROWS.map(([constraint]) => constraint), ...structural]);
    expect(rows.length).toBeGreaterThan(100);
    expect(rows.map((row) => row.name).filter((name) => !tried.has(name))).toEqual([]);
  });

  test('every table has a primary key and at least one row in this test', async () => {
    const { rows } = await room.client.query<{ name: string; has_key: boolean }>(`
      SELECT c.relname AS name, EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisprimary) AS has_key
      FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p')`);
    expect(rows.length).toBeGreaterThan(40);
    for (const { name, has_key } of rows) {
      expect(has_key, `${name} has a primary key`).toBe(true);
      expect(await answerTo(`SELECT count(*)::integer FROM ${name}`), name).toBeGreaterThan(0);
    }
  });
});

describe('what goes when its parent goes', () => {
  /** Foreign keys by what deleting the parent does; `deleteParent` proves it for each. */
  async function keysWith(action: 'a' | 'c' | 'd' | 'n' | 'r') {
    const { rows } = await room.client.query<{ child: string; columns: string[]; parent: string }>(`
      SELECT conrelid::regclass::text AS child, confrelid::regclass::text AS parent,
        ARRAY(SELECT a.attname::text FROM unnest(conkey) WITH ORDINALITY k(n, o)
          JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = k.n ORDER BY k.o) AS columns
      FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND confdeltype = '${action}'
      ORDER BY 1, 3`);
    return rows;
  }

  /** A parent row that has children by this key; keys name `id`, `code`, `name` or `stream_id` of the parent. */
  function parentsOf(parent: string, child: string, column: string): string {
    if (parent === 'profile_policy')
      return `(profile_id, media_id) IN (SELECT profile_id, media_id FROM ${child})`;
    const key =
      { language: 'code', licence: 'code', stream_torrent: 'stream_id' }[parent] ??
      (child === 'media_external_id' && column === 'provider' ? 'name' : 'id');
    return `${key} IN (SELECT ${column} FROM ${child} WHERE ${column} IS NOT NULL)`;
  }

  test('rows that mean nothing without their parent go with it', async () => {
    const keys = await keysWith('c');
    expect(keys.length).toBe(109);
    // No rule is left to chance: nothing is NO ACTION or SET DEFAULT.
    expect([...(await keysWith('a')), ...(await keysWith('d'))]).toEqual([]);
    for (const { child, parent, columns } of keys) {
      await undone(async () => {
        await run(`SET LOCAL app.force_delete = 'on'`);
        const [column = ''] = columns;
        const parents = parentsOf(parent, child, column);
        const childCount = await answerTo(
          `SELECT count(*)::integer FROM ${child} WHERE ${column} IS NOT NULL`,
        );
        expect(childCount, `${child} has rows`).toBeGreaterThan(0);
        await run(`DELETE FROM ${parent} WHERE ${parents}`);
        expect(
          await answerTo(`SELECT count(*)::integer FROM ${child} WHERE ${column} IS NOT NULL`),
          `${child}.${column} after its ${parent}`,
        ).toBe(0);
      });
    }
  });

  test('what belongs to somebody stays and belongs to nobody', async () => {
    const keys = await keysWith('n');
    expect(keys.map(({ child, columns }) => `${child}.${columns}`)).toEqual([
      'audit_log.user_id',
      'content_report.reviewer_id',
      'device.install_id',
      'device.profile_id',
      'finder_pattern.catalog_id',
      'genre.parent_id',
      'media.owner_id',
      'profile_request.decided_by',
      'stream.owner_id',
      'stream_media_link.linked_by',
      'torrent_storage.stream_id',
      'watch_history.episode_id',
      'watch_history.stream_id',
    ]);
    for (const { child, parent, columns } of keys) {
      await undone(async () => {
        const [column = ''] = columns;
        const before = await answerTo(`SELECT count(*)::integer FROM ${child} WHERE ${column} IS NOT NULL`);
        const rowsBefore = await answerTo(`SELECT count(*)::integer FROM ${child}`);
        expect(before).toBeGreaterThan(0);
        await run(`DELETE FROM ${parent} WHERE ${parentsOf(parent, child, column)}`);
        expect(await answerTo(`SELECT count(*)::integer FROM ${child} WHERE ${column} IS NOT NULL`)).toBe(0);
        const gone = child === 'genre' ? 1 : 0;
        expect(await answerTo(`SELECT count(*)::integer FROM ${child}`)).toBe(Number(rowsBefore) - gone);
      });
    }
  });

  test('a provider, language or licence in use cannot go', async () => {
    const keys = await keysWith('r');
    expect(keys.length).toBe(13);
    for (const { child, parent, columns } of keys) {
      const error = await errorOf(
        `DELETE FROM ${parent} WHERE ${parentsOf(parent, child, columns[0] ?? '')}`,
      );
      // 23503 up to Postgres 17, 23001 from 18 on.
      expect(['23001', '23503'], `${parent} of ${child}`).toContain(error.code);
    }
  });
});

describe('C1 outside ids', () => {
  test('film 550 and series 550 of TMDB are two titles, each found by its namespace', async () => {
    await undone(async () => {
      await run(`INSERT INTO media_external_id VALUES ($series, 'tmdb', 'tv', '550')`);
      expect(
        await answerTo(
          `SELECT count(DISTINCT media_id)::integer FROM media_external_id WHERE provider = 'tmdb' AND external_id = '550'`,
        ),
      ).toBe(2);
    });
  });

  test('the canonical id is the IMDb id, else the TMDB id, else our own', async () => {
    await undone(async () => {
      const canonical = () => answerTo(`SELECT canonical_id FROM media WHERE id = $film`);
      expect(await canonical()).toBe('tt0133093');
      expect(await answerTo('SELECT imdb_id FROM media WHERE id = $film')).toBe('tt0133093');
      await run(`DELETE FROM media_external_id WHERE media_id = $film AND provider = 'imdb'`);
      expect(await canonical()).toBe('tmdb:550');
      await run('DELETE FROM media_external_id WHERE media_id = $film');
      expect(await canonical()).toBe(
        await answerTo(`SELECT 'trib:' || public_id FROM media WHERE id = $film`),
      );
      expect(await answerTo('SELECT imdb_id FROM media WHERE id = $film')).toBeNull();
    });
  });

  test('an id that moves to another title changes both', async () => {
    await undone(async () => {
      await run(`UPDATE media_external_id SET media_id = $other WHERE provider = 'imdb'`);
      expect(await answerTo('SELECT canonical_id FROM media WHERE id = $other')).toBe('tt0133093');
      expect(await answerTo('SELECT canonical_id FROM media WHERE id = $film')).toBe('tmdb:550');
    });
  });
});
