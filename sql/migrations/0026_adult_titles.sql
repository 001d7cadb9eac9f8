-- Up Migration
-- Adult titles stand in no list and no search unless they are asked for; a title's own page and its streams are found by its id. They are
-- left out of the indexes that lists walk and of `is_shown`, so that a page costs what it did; those asked for are found by an index of
-- their own and by the word `#adult` of the search.
ALTER TABLE media ADD COLUMN is_adult boolean NOT NULL DEFAULT false;
CREATE INDEX media_adult ON media (kind, id) WHERE is_adult;

DROP INDEX media_popular, media_popular_open, media_new, media_new_open, media_release, media_by_rating;
CREATE INDEX media_popular ON media (kind, rank DESC, id) WHERE is_published AND is_public AND NOT is_adult;
CREATE INDEX media_popular_open ON media (kind, rank DESC, id) WHERE is_published AND is_public AND NOT is_adult AND open_streams > 0;
CREATE INDEX media_new ON media (kind, last_stream_added_at DESC NULLS LAST, id) WHERE is_published AND is_public AND NOT is_adult;
CREATE INDEX media_new_open ON media (kind, last_stream_added_at DESC NULLS LAST, id) WHERE is_published AND is_public AND NOT is_adult AND open_streams > 0;
CREATE INDEX media_release ON media (kind, release_date DESC NULLS LAST, id DESC) WHERE is_published AND is_public AND NOT is_adult;
CREATE INDEX media_by_rating ON media (kind, rating DESC NULLS LAST, id) WHERE is_published AND is_public AND NOT is_adult;

-- Six functions say what is shown. Each is made anew from its own text with these words changed in it, wherever they stand.
CREATE FUNCTION pg_temp.reword(name regprocedure, was text, becomes text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  IF strpos(pg_get_functiondef(name), was) = 0 THEN
    RAISE EXCEPTION '% does not say %', name, was;
  END IF;
  EXECUTE replace(pg_get_functiondef(name), was, becomes);
END $$;
SELECT pg_temp.reword(f, 'm.is_published AND m.is_public', 'm.is_published AND m.is_public AND NOT m.is_adult')
FROM unnest(ARRAY['refresh_genre_shelf(bigint[])', 'refresh_media_search(bigint[])', 'measure_search_tiers()', 'settle_search_tiers(integer)',
  'media_title_updated()']::regprocedure[]) f;
SELECT pg_temp.reword('refresh_media_search(bigint[])', 'search_document(m.kind, n.names, n.titles)',
  'search_document(m.kind, n.names, n.titles) || array_to_tsvector(CASE WHEN m.is_adult THEN ''{#adult}'' ELSE ''{}'' END::text[])');
SELECT pg_temp.reword('media_title_updated()', 'n.title, n.original_title, n.kind', 'n.title, n.original_title, n.kind, n.is_adult');
SELECT pg_temp.reword('media_title_updated()', 'f.title, f.original_title, f.kind', 'f.title, f.original_title, f.kind, f.is_adult');
SELECT pg_temp.reword('media_shelf_updated()', 'n.is_published, n.is_public', 'n.is_published, n.is_public, n.is_adult');
SELECT pg_temp.reword('media_shelf_updated()', 'f.is_published, f.is_public', 'f.is_published, f.is_public, f.is_adult');

-- Down Migration
CREATE FUNCTION pg_temp.reword(name regprocedure, was text, becomes text) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
  EXECUTE replace(pg_get_functiondef(name), was, becomes);
END $$;
-- They would stand in every list: hidden, as they were before this migration.
UPDATE media SET is_public = false WHERE is_adult;
SELECT pg_temp.reword('media_shelf_updated()', 'f.is_published, f.is_public, f.is_adult', 'f.is_published, f.is_public');
SELECT pg_temp.reword('media_shelf_updated()', 'n.is_published, n.is_public, n.is_adult', 'n.is_published, n.is_public');
SELECT pg_temp.reword('media_title_updated()', 'f.title, f.original_title, f.kind, f.is_adult', 'f.title, f.original_title, f.kind');
SELECT pg_temp.reword('media_title_updated()', 'n.title, n.original_title, n.kind, n.is_adult', 'n.title, n.original_title, n.kind');
SELECT pg_temp.reword('refresh_media_search(bigint[])',
  ' || array_to_tsvector(CASE WHEN m.is_adult THEN ''{#adult}'' ELSE ''{}'' END::text[])', '');
SELECT pg_temp.reword(f, 'm.is_published AND m.is_public AND NOT m.is_adult', 'm.is_published AND m.is_public')
FROM unnest(ARRAY['refresh_genre_shelf(bigint[])', 'refresh_media_search(bigint[])', 'measure_search_tiers()', 'settle_search_tiers(integer)',
  'media_title_updated()']::regprocedure[]) f;
DROP INDEX media_popular, media_popular_open, media_new, media_new_open, media_release, media_by_rating, media_adult;
ALTER TABLE media DROP COLUMN is_adult;
CREATE INDEX media_popular ON media (kind, rank DESC, id) WHERE is_published AND is_public;
CREATE INDEX media_popular_open ON media (kind, rank DESC, id) WHERE is_published AND is_public AND open_streams > 0;
CREATE INDEX media_new ON media (kind, last_stream_added_at DESC NULLS LAST, id) WHERE is_published AND is_public;
CREATE INDEX media_new_open ON media (kind, last_stream_added_at DESC NULLS LAST, id) WHERE is_published AND is_public AND open_streams > 0;
CREATE INDEX media_release ON media (kind, release_date DESC NULLS LAST, id DESC) WHERE is_published AND is_public;
CREATE INDEX media_by_rating ON media (kind, rating DESC NULLS LAST, id) WHERE is_published AND is_public;
