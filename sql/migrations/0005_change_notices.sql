-- Up Migration
-- Tells every instance's cache that titles or streams changed, whoever changed them (a request, a job, a script beside the server).
-- The text is that of platform/notify.ts: sender, channel, payload. Counters that move with each play (watch_count, playback_count) do not count as a change. Postgres folds equal notices of one transaction into one.
CREATE FUNCTION notify_media_changed() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  PERFORM pg_notify('tributary', 'db cache {"group":"media","isRedisOwed":true}');
  RETURN NULL;
END $$;
CREATE FUNCTION notify_media_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM changed n JOIN former f ON f.id = n.id
    WHERE (to_jsonb(n) - '{watch_count,rank,updated_at,search}'::text[]) IS DISTINCT FROM (to_jsonb(f) - '{watch_count,rank,updated_at,search}'::text[])
  ) THEN
    PERFORM pg_notify('tributary', 'db cache {"group":"media","isRedisOwed":true}');
  END IF;
  RETURN NULL;
END $$;
CREATE FUNCTION notify_stream_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM changed n JOIN former f ON f.id = n.id
    WHERE (to_jsonb(n) - '{playback_count,updated_at,last_seen_at,verified_at}'::text[])
      IS DISTINCT FROM (to_jsonb(f) - '{playback_count,updated_at,last_seen_at,verified_at}'::text[])
  ) THEN
    PERFORM pg_notify('tributary', 'db cache {"group":"media","isRedisOwed":true}');
  END IF;
  RETURN NULL;
END $$;

CREATE TRIGGER media_notify_insert AFTER INSERT OR DELETE ON media FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();
CREATE TRIGGER media_notify_update AFTER UPDATE ON media REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION notify_media_updated();
CREATE TRIGGER stream_notify_update AFTER UPDATE ON stream REFERENCING OLD TABLE AS former NEW TABLE AS changed FOR EACH STATEMENT EXECUTE FUNCTION notify_stream_updated();
CREATE TRIGGER link_notify AFTER INSERT OR UPDATE OR DELETE ON stream_media_link FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();
CREATE TRIGGER translation_notify AFTER INSERT OR UPDATE OR DELETE ON media_translation FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();
CREATE TRIGGER credit_notify AFTER INSERT OR UPDATE OR DELETE ON media_credit FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();
CREATE TRIGGER certification_notify AFTER INSERT OR UPDATE OR DELETE ON media_certification FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();
CREATE TRIGGER rating_notify AFTER INSERT OR UPDATE OR DELETE ON media_rating FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();
CREATE TRIGGER season_notify AFTER INSERT OR UPDATE OR DELETE ON season FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();
CREATE TRIGGER episode_notify AFTER INSERT OR UPDATE OR DELETE ON episode FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();
CREATE TRIGGER subtitle_notify AFTER INSERT OR UPDATE OR DELETE ON stream_subtitle FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();
CREATE TRIGGER catalog_notify AFTER INSERT OR UPDATE OR DELETE ON catalog_item FOR EACH STATEMENT EXECUTE FUNCTION notify_media_changed();

-- Down Migration
DROP TRIGGER catalog_notify ON catalog_item;
DROP TRIGGER subtitle_notify ON stream_subtitle;
DROP TRIGGER episode_notify ON episode;
DROP TRIGGER season_notify ON season;
DROP TRIGGER rating_notify ON media_rating;
DROP TRIGGER certification_notify ON media_certification;
DROP TRIGGER credit_notify ON media_credit;
DROP TRIGGER translation_notify ON media_translation;
DROP TRIGGER link_notify ON stream_media_link;
DROP TRIGGER stream_notify_update ON stream;
DROP TRIGGER media_notify_update ON media;
DROP TRIGGER media_notify_insert ON media;
DROP FUNCTION notify_stream_updated(), notify_media_updated(), notify_media_changed();
