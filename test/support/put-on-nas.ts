import { command, type Db } from '../../src/platform/db.ts';

/** A file of a file server called NAS, of which a title was made. */
export async function putOnNas(db: Db, mediaId: number, name: string): Promise<void> {
  await db.query(command('test.put_on_nas')`
    WITH nas AS (
      INSERT INTO source (name, base_url) VALUES ('NAS', 'http://nas.example/films/')
      ON CONFLICT (name) DO UPDATE SET base_url = excluded.base_url RETURNING id
    ), file AS (
      INSERT INTO stream (kind, name) VALUES ('http', ${name}) RETURNING id
    ), place AS (
      INSERT INTO stream_http (stream_id, source_id, file_path, url, url_hash)
      SELECT file.id, nas.id, ${name}, 'http://nas.example/films/' || ${name}, sha256(convert_to(${name}, 'UTF8')) FROM file, nas
    )
    INSERT INTO stream_media_link (stream_id, media_id) SELECT id, ${mediaId} FROM file`);
}
