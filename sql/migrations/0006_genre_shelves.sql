-- Up Migration
-- The shown titles of each genre in the orders of the catalogues. Walking all titles for those of one genre cost up to 2.5 ms for page 10 of a
-- genre that one title in 15 has, and a plan for each call; from here every genre's page is one short walk, and one prepared plan serves all.
CREATE TABLE genre_shelf (
  genre_id bigint NOT NULL REFERENCES genre ON DELETE CASCADE,
  media_id bigint NOT NULL REFERENCES media ON DELETE CASCADE,
  kind text NOT NULL,
  rank real NOT NULL,
  last_stream_added_at timestamptz,
  is_open boolean NOT NULL,
  PRIMARY KEY (media_id, genre_id)
);
CREATE INDEX genre_shelf_popular ON genre_shelf (genre_id, kind, rank DESC, media_id);
CREATE INDEX genre_shelf_popular_open ON genre_shelf (genre_id, kind, rank DESC, media_id) WHERE is_open;
CREATE INDEX genre_shelf_new ON genre_shelf (genre_id, kind, last_stream_added_at DESC NULLS LAST, media_id);
CREATE INDEX genre_shelf_new_open ON genre_shelf (genre_id, kind, last_stream_added_at DESC NULLS LAST, media_id) WHERE is_open;

-- Callers hold the titles' locks (an UPDATE of media, or refresh_media_card before), so that two writers cannot pass each other.
CREATE FUNCTION refresh_genre_shelf(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  DELETE FROM genre_shelf s
  WHERE s.media_id = ANY (ids) AND NOT EXISTS (
    SELECT FROM media_genre mg JOIN media m ON m.id = mg.media_id
    WHERE mg.media_id = s.media_id AND mg.genre_id = s.genre_id AND m.is_published AND m.is_public);
  INSERT INTO genre_shelf AS s (genre_id, media_id, kind, rank, last_stream_added_at, is_open)
  SELECT mg.genre_id, m.id, m.kind, m.rank, m.last_stream_added_at, m.open_streams > 0
  -- OFFSET 0: titles are looked up by their key; merged with the rest, all of media would be read for a large batch.
  FROM (SELECT DISTINCT t.id FROM unnest(ids) AS t(id) ORDER BY t.id OFFSET 0) t
  JOIN media m ON m.id = t.id AND m.is_published AND m.is_public
  JOIN media_genre mg ON mg.media_id = m.id
  ON CONFLICT (media_id, genre_id) DO UPDATE SET
    kind = excluded.kind, rank = excluded.rank, last_stream_added_at = excluded.last_stream_added_at, is_open = excluded.is_open
  WHERE (s.kind, s.rank, s.last_stream_added_at, s.is_open)
    IS DISTINCT FROM (excluded.kind, excluded.rank, excluded.last_stream_added_at, excluded.is_open);
END $$;

CREATE FUNCTION genre_shelf_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_genre_shelf(ARRAY(SELECT DISTINCT media_id FROM changed));
  RETURN NULL;
END $$;
CREATE FUNCTION genre_shelf_moved() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM refresh_genre_shelf(ARRAY(SELECT media_id FROM changed UNION SELECT media_id FROM former));
  RETURN NULL;
END $$;
CREATE FUNCTION media_shelf_updated() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  ids bigint[] := ARRAY(
    SELECT n.id FROM changed n JOIN former f ON f.id = n.id
    WHERE (n.kind, n.rank, n.last_stream_added_at, n.is_published, n.is_public, n.open_streams > 0)
      IS DISTINCT FROM (f.kind, f.rank, f.last_stream_added_at, f.is_published, f.is_public, f.open_streams > 0));
BEGIN
  IF cardinality(ids) > 0 THEN
    PERFORM refresh_genre_shelf(ids);
  END IF;
  RETURN NULL;
END $$;
-- Their names sort after those of 0002: refresh_media_card has locked the titles by then.
CREATE TRIGGER media_genre_shelf_insert AFTER INSERT ON media_genre REFERENCING NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION genre_shelf_changed();
CREATE TRIGGER media_genre_shelf_update AFTER UPDATE ON media_genre REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION genre_shelf_moved();
CREATE TRIGGER media_genre_shelf_delete AFTER DELETE ON media_genre REFERENCING OLD TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION genre_shelf_changed();
CREATE TRIGGER media_shelf_update AFTER UPDATE ON media REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION media_shelf_updated();

INSERT INTO genre_shelf (genre_id, media_id, kind, rank, last_stream_added_at, is_open)
SELECT mg.genre_id, m.id, m.kind, m.rank, m.last_stream_added_at, m.open_streams > 0
FROM media m JOIN media_genre mg ON mg.media_id = m.id WHERE m.is_published AND m.is_public;

-- The orders of all titles no longer carry the genres along: half the size.
DROP INDEX media_popular, media_popular_open, media_new, media_new_open;
CREATE INDEX media_popular ON media (kind, rank DESC, id) WHERE is_published AND is_public;
CREATE INDEX media_popular_open ON media (kind, rank DESC, id) WHERE is_published AND is_public AND open_streams > 0;
CREATE INDEX media_new ON media (kind, last_stream_added_at DESC NULLS LAST, id) WHERE is_published AND is_public;
CREATE INDEX media_new_open ON media (kind, last_stream_added_at DESC NULLS LAST, id) WHERE is_published AND is_public AND open_streams > 0;

-- Down Migration
DROP INDEX media_popular, media_popular_open, media_new, media_new_open;
CREATE INDEX media_popular ON media (kind, rank DESC, id) INCLUDE (genres) WHERE is_published AND is_public;
CREATE INDEX media_popular_open ON media (kind, rank DESC, id) INCLUDE (genres) WHERE is_published AND is_public AND open_streams > 0;
CREATE INDEX media_new ON media (kind, last_stream_added_at DESC NULLS LAST, id) INCLUDE (genres) WHERE is_published AND is_public;
CREATE INDEX media_new_open ON media (kind, last_stream_added_at DESC NULLS LAST, id) INCLUDE (genres) WHERE is_published AND is_public AND open_streams > 0;
DROP TRIGGER media_shelf_update ON media;
DROP TRIGGER media_genre_shelf_delete ON media_genre;
DROP TRIGGER media_genre_shelf_update ON media_genre;
DROP TRIGGER media_genre_shelf_insert ON media_genre;
DROP TABLE genre_shelf;
DROP FUNCTION media_shelf_updated(), genre_shelf_moved(), genre_shelf_changed(), refresh_genre_shelf(bigint[]);
