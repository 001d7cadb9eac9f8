import type { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { freshDatabase, type TestDatabase } from '../support/database.ts';
import { connect, fillEveryTable, type Ids, withIds } from '../support/full-database.ts';
import { BROKEN_ROWS } from './broken-rows.ts';

let database: TestDatabase;
let client: Client;
let ids: Ids;

beforeAll(async () => {
  database = await freshDatabase();
  client = await connect(database.url);
  ids = await fillEveryTable(client);
});
afterAll(async () => {
  await client.end();
  await database.close();
});

/** Runs statements in a transaction that is always undone. */
async function undone<T>(work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  try {
    return await work();
  } finally {
    await client.query('ROLLBACK');
  }
}

async function errorOf(statement: string): Promise<{ code?: string; constraint?: string; message?: string }> {
  return undone(() =>
    client.query(withIds(statement, ids)).then(
      () => ({ message: 'nothing was refused' }),
      (error: { code?: string; constraint?: string; message: string }) => error,
    ),
  );
}

async function run(statement: string): Promise<void> {
  await client.query(withIds(statement, ids));
}

async function answerTo(statement: string): Promise<unknown> {
  const { rows } = await client.query<Record<string, unknown>>(withIds(statement, ids));
  return Object.values(rows[0] ?? {})[0];
}

describe('what the database refuses', () => {
  test.each(BROKEN_ROWS)('%s', async (constraint, statement) => {
    const error = await errorOf(statement);
    expect({ constraint: error.constraint, message: error.message }).toMatchObject({ constraint });
  });

  test('every check and every unique rule of the schema is tried above', async () => {
    const { rows } = await client.query<{ name: string }>(`
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
    const { rows } = await client.query<{ name: string; has_key: boolean }>(`
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
    const { rows } = await client.query<{ child: string; columns: string[]; parent: string }>(`
      SELECT conrelid::regclass::text AS child, confrelid::regclass::text AS parent,
        ARRAY(SELECT a.attname::text FROM unnest(conkey) WITH ORDINALITY k(n, o)
          JOIN pg_attribute a ON a.attrelid = conrelid AND a.attnum = k.n ORDER BY k.o) AS columns
      FROM pg_constraint WHERE contype = 'f' AND connamespace = 'public'::regnamespace AND confdeltype = '${action}'
      ORDER BY 1, 3`);
    return rows;
  }

  /** A parent row that has children by this key; keys name `id`, `code`, `name` or `stream_id` of the parent. */
  function parentsOf(parent: string, child: string, column: string): string {
    const key =
      { language: 'code', licence: 'code', stream_torrent: 'stream_id' }[parent] ??
      (child === 'media_external_id' && column === 'provider' ? 'name' : 'id');
    return `${key} IN (SELECT ${column} FROM ${child} WHERE ${column} IS NOT NULL)`;
  }

  test('rows that mean nothing without their parent go with it', async () => {
    const keys = await keysWith('c');
    expect(keys.length).toBe(41);
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
      'genre.parent_id',
      'media.owner_id',
      'stream.owner_id',
      'stream_media_link.linked_by',
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
    expect(keys.length).toBe(9);
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

describe('C5 and C6 one stream, many titles', () => {
  test('one info hash is one stream that several titles share', async () => {
    await undone(async () => {
      await run(
        'INSERT INTO stream_media_link (stream_id, media_id, file_index) VALUES ($torrent, $film, 1)',
      );
      await run(
        'INSERT INTO stream_media_link (stream_id, media_id, file_index) VALUES ($torrent, $other, 2)',
      );
      expect(
        await answerTo('SELECT count(*)::integer FROM stream_media_link WHERE stream_id = $torrent'),
      ).toBe(3);
      await run('DELETE FROM media WHERE id = $other');
      expect(await answerTo('SELECT count(*)::integer FROM stream WHERE id = $torrent')).toBe(1);
    });
  });

  test('deleting a title is refused while a torrent hangs on it alone', async () => {
    const error = await errorOf('DELETE FROM media WHERE id = $series');
    expect(error).toMatchObject({ code: '23001' });
    expect(await answerTo('SELECT count(*)::integer FROM media WHERE id = $series')).toBe(1);
  });

  test('with app.force_delete the torrent goes too, in this transaction only', async () => {
    await undone(async () => {
      await run(`SELECT set_config('app.force_delete', 'on', true)`);
      await run('DELETE FROM media WHERE id = $series');
      expect(await answerTo('SELECT count(*)::integer FROM stream WHERE id = $torrent')).toBe(0);
      expect(await answerTo('SELECT count(*)::integer FROM stream_torrent')).toBe(0);
    });
    expect(await errorOf('DELETE FROM media WHERE id = $series')).toMatchObject({ code: '23001' });
  });

  test('a title whose streams are no torrents goes freely, and takes them along', async () => {
    await undone(async () => {
      await run('DELETE FROM media WHERE id = $film');
      expect(
        await answerTo('SELECT count(*)::integer FROM stream WHERE id IN ($http, $youtube, $external)'),
      ).toBe(0);
      expect(await answerTo('SELECT count(*)::integer FROM stream WHERE id = $torrent')).toBe(1);
    });
  });

  test('a stream goes with its last link, and with its source', async () => {
    await undone(async () => {
      await run('DELETE FROM stream_media_link WHERE stream_id = $youtube');
      expect(await answerTo('SELECT count(*)::integer FROM stream WHERE id = $youtube')).toBe(0);
      await run('DELETE FROM source');
      expect(await answerTo('SELECT count(*)::integer FROM stream WHERE id = $http')).toBe(0);
    });
  });

  test('deleting an episode takes its links, and the streams that were only its', async () => {
    await undone(async () => {
      await run('DELETE FROM episode WHERE id = $episode');
      expect(await answerTo('SELECT count(*)::integer FROM stream_media_link WHERE media_id = $series')).toBe(
        0,
      );
      expect(await answerTo('SELECT count(*)::integer FROM stream WHERE id = $torrent')).toBe(0);
    });
  });

  test("an episode's link names that episode's own title", async () => {
    const error = await errorOf(
      'INSERT INTO stream_media_link (stream_id, media_id, episode_id) VALUES ($http, $film, $episode)',
    );
    expect(error).toMatchObject({ code: '23503', constraint: 'stream_media_link_episode_id_media_id_fkey' });
  });

  test("an episode's title is its season's title", async () => {
    const error = await errorOf(
      'INSERT INTO episode (season_id, media_id, number) VALUES ($season, $film, 9)',
    );
    expect(error).toMatchObject({ code: '23503', constraint: 'episode_season_id_media_id_fkey' });
  });
});

describe('C7, C22, C23, C32', () => {
  test('hdr is true exactly when a format is named, and nobody can say otherwise', async () => {
    await undone(async () => {
      expect(await answerTo('SELECT hdr FROM stream WHERE id = $http')).toBe(false);
      await run(`UPDATE stream SET hdr_formats = '{DV,HDR10}' WHERE id = $http`);
      expect(await answerTo('SELECT hdr FROM stream WHERE id = $http')).toBe(true);
    });
    expect(await errorOf('UPDATE stream SET hdr = true WHERE id = $http')).toMatchObject({ code: '428C9' });
  });

  test('one language may be both spoken and written', async () => {
    await undone(async () => {
      await run(`INSERT INTO stream_language VALUES ($torrent, 'en', 'subtitle')`);
      expect(await answerTo('SELECT count(*)::integer FROM stream_language WHERE stream_id = $torrent')).toBe(
        2,
      );
    });
  });

  test('one person may have two jobs and two characters in a title', async () => {
    await undone(async () => {
      await run(
        `INSERT INTO media_credit (media_id, person_id, credit_type, job) VALUES ($film, $person, 'crew', 'Writer')`,
      );
      await run(
        `INSERT INTO media_credit (media_id, person_id, credit_type, character) VALUES ($film, $person, 'cast', 'A'), ($film, $person, 'cast', 'B')`,
      );
      expect(await answerTo('SELECT count(*)::integer FROM media_credit WHERE media_id = $film')).toBe(4);
    });
  });

  test("an age rating is a country's word and may say no age", async () => {
    await undone(async () => {
      await run(
        `INSERT INTO media_certification VALUES ($film, 'GB', '15', 15), ($film, 'DE', 'unrated', NULL)`,
      );
      expect(await answerTo('SELECT count(*)::integer FROM media_certification WHERE media_id = $film')).toBe(
        3,
      );
    });
  });
});

describe('counters and documents kept by triggers', () => {
  const counts = async (media: string) => {
    const { rows } = await client.query<{ total: number; open: number }>(
      withIds(`SELECT total_streams AS total, open_streams AS open FROM media WHERE id = ${media}`, ids),
    );
    return rows[0];
  };

  test('a title counts its streams, and those everyone may have', async () => {
    expect(await counts('$film')).toEqual({ total: 6, open: 0 });
    expect(await counts('$series')).toEqual({ total: 1, open: 1 });
    expect(await answerTo('SELECT last_stream_added_at IS NOT NULL FROM media WHERE id = $film')).toBe(true);
  });

  test.each([
    ['switched off', 'is_active = false'],
    ['blocked', 'is_blocked = true'],
    ['broken', `state = 'broken'`],
    ['private', 'is_public = false'],
  ])('a stream that is %s is not counted, and is again afterwards', async (_name, change) => {
    await undone(async () => {
      await run(`UPDATE stream SET ${change} WHERE id = $torrent`);
      expect(await counts('$series')).toEqual({ total: 0, open: 0 });
      await run(
        `UPDATE stream SET is_active = true, is_blocked = false, state = 'active', is_public = true WHERE id = $torrent`,
      );
      expect(await counts('$series')).toEqual({ total: 1, open: 1 });
    });
  });

  test('a link that moves to another title changes both counts, two links of one stream count once', async () => {
    await undone(async () => {
      await run(
        'INSERT INTO stream_media_link (stream_id, media_id, file_index) VALUES ($torrent, $other, 1), ($torrent, $other, 2)',
      );
      expect(await counts('$other')).toEqual({ total: 1, open: 1 });
      await run('UPDATE stream_media_link SET media_id = $film WHERE media_id = $other');
      expect(await counts('$other')).toEqual({ total: 0, open: 0 });
      expect(await counts('$film')).toEqual({ total: 7, open: 1 });
    });
  });

  test('a licence that turns out not to be open closes its streams at once', async () => {
    await undone(async () => {
      await run(`UPDATE licence SET is_open = false WHERE code = 'CC-BY-3.0'`);
      expect(await counts('$series')).toEqual({ total: 1, open: 0 });
      await run(`UPDATE stream SET licence_code = 'PD' WHERE id = $torrent`);
      expect(await counts('$series')).toEqual({ total: 1, open: 1 });
    });
  });

  test("an open licence does not open a private torrent, a source's file, an owner's folder or Usenet", async () => {
    await undone(async () => {
      await run(`UPDATE stream_torrent SET visibility = 'private'`);
      expect(await counts('$series')).toEqual({ total: 1, open: 0 });
      await run(
        `UPDATE stream SET licence_code = 'PD' WHERE id IN ($http, $usenet, $local, $youtube, $external, $telegram)`,
      );
      // The shipped clip, YouTube, Telegram and the page.
      expect(await counts('$film')).toEqual({ total: 6, open: 4 });
    });
    await undone(async () => {
      await run(`UPDATE stream_local SET folder = 'films'`);
      await run(`UPDATE stream SET licence_code = 'PD' WHERE id = $local`);
      expect(await counts('$film')).toEqual({ total: 6, open: 0 });
    });
  });

  test('a play counts for its title and its stream, and raises the rank', async () => {
    await undone(async () => {
      const rank = await answerTo('SELECT rank FROM media WHERE id = $film');
      expect(await answerTo('SELECT watch_count FROM media WHERE id = $film')).toBe('1');
      await run(
        `INSERT INTO play_count (subject_hash, media_id, stream_id) VALUES (sha256('second'), $film, $http)`,
      );
      expect(await answerTo('SELECT watch_count FROM media WHERE id = $film')).toBe('2');
      expect(await answerTo('SELECT playback_count FROM stream WHERE id = $http')).toBe('2');
      expect(await answerTo('SELECT rank FROM media WHERE id = $film')).toBeGreaterThan(Number(rank));
    });
  });

  test('a card shows the first image of each type and the names of its genres', async () => {
    await undone(async () => {
      const card = async () => {
        const { rows } = await client.query(
          withIds('SELECT poster_url, genres FROM media WHERE id = $film', ids),
        );
        return rows[0];
      };
      expect(await card()).toEqual({ poster_url: 'https://img.example/1.jpg', genres: ['Drama'] });
      await run(
        `INSERT INTO media_image (media_id, type, url, position) VALUES ($film, 'poster', 'https://img.example/0.jpg', -1)`,
      );
      await run(`UPDATE genre SET name = 'Serious' WHERE id = $genre`);
      expect(await card()).toEqual({ poster_url: 'https://img.example/0.jpg', genres: ['Serious'] });
      await run('DELETE FROM media_image WHERE media_id = $film');
      await run('DELETE FROM genre WHERE id = $genre');
      expect(await card()).toEqual({ poster_url: null, genres: [] });
    });
  });

  test('the search document follows title, original title, aliases and translations, accents forgiven', async () => {
    const finds = (words: string) =>
      answerTo(`SELECT search @@ to_tsquery('simple', fold('${words}')) FROM media WHERE id = $film`);
    await undone(async () => {
      expect(await finds('Película')).toBe(true);
      expect(await finds('pelicula')).toBe(true);
      expect(await finds('alias')).toBe(true);
      await run(`UPDATE media SET title = 'Amélie', original_title = 'Le Fabuleux Destin' WHERE id = $film`);
      expect(await finds('amelie & fabuleux')).toBe(true);
      expect(await finds('film')).toBe(false);
      await run(`UPDATE media_alias SET title = 'Cognomen' WHERE media_id = $film`);
      expect(await finds('alias')).toBe(false);
      expect(await finds('cognomen')).toBe(true);
      await run('DELETE FROM media_translation WHERE media_id = $film');
      expect(await finds('pelicula')).toBe(false);
    });
  });

  test('a catalogue counts its titles', async () => {
    await undone(async () => {
      const count = () => answerTo('SELECT item_count FROM catalog WHERE id = $catalog');
      expect(await count()).toBe(1);
      await run(
        'INSERT INTO catalog_item (catalog_id, media_id) VALUES ($catalog, $other), ($catalog, $series)',
      );
      expect(await count()).toBe(3);
      await run('DELETE FROM media WHERE id = $other');
      expect(await count()).toBe(2);
    });
  });

  test("a tracker's success rate is its successes of all checks", async () => {
    await undone(async () => {
      expect(await answerTo('SELECT success_rate FROM tracker')).toBeNull();
      await run('UPDATE tracker SET successes = 3, failures = 1');
      expect(await answerTo('SELECT success_rate FROM tracker')).toBe(0.75);
    });
  });

  test('updated_at moves with every change and is never before created_at', async () => {
    await undone(async () => {
      await run(`UPDATE stream SET created_at = '2020-01-01', updated_at = '2020-01-01' WHERE id = $http`);
      expect(await answerTo('SELECT updated_at > created_at FROM stream WHERE id = $http')).toBe(true);
      await run(`UPDATE media SET overview = 'new' WHERE id = $film`);
      expect(await answerTo('SELECT updated_at = now() FROM media WHERE id = $film')).toBe(true);
    });
  });
});
