import { describe, expect, test } from 'vitest';
import { withIds } from '../support/full-database.ts';
import { schemaRoom } from '../support/schema-room.ts';

const room = schemaRoom();
const { undone, errorOf, run, answerTo } = room;

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
    const { rows } = await room.client.query<{ total: number; open: number }>(
      withIds(`SELECT total_streams AS total, open_streams AS open FROM media WHERE id = ${media}`, room.ids),
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
        const { rows } = await room.client.query(
          withIds('SELECT poster_url, genres FROM media WHERE id = $film', room.ids),
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
      answerTo(
        `SELECT document @@ search_query(search_name('${words}')) FROM media_search WHERE media_id = $film`,
      );
    await undone(async () => {
      expect(await finds('Película')).toBe(true);
      expect(await finds('pelicula')).toBe(true);
      expect(await finds('alias')).toBe(true);
      await run(`UPDATE media SET title = 'Amélie', original_title = 'Le Fabuleux Destin' WHERE id = $film`);
      expect(await finds('amelie fabuleux')).toBe(true);
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
