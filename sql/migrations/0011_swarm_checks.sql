-- Up Migration
-- How the swarm of a torrent is watched: trackers are asked when next_check_at has come (NULL: never), by whoever claims the row first.
ALTER TABLE stream_torrent
  ADD COLUMN completed integer CHECK (completed >= 0),
  -- When it was made or put up, as far as anyone said: a torrent counts less with age.
  ADD COLUMN published_at timestamptz,
  -- The last time a tracker answered; NULL: the numbers are somebody's word, or there are none.
  ADD COLUMN checked_at timestamptz,
  ADD COLUMN check_interval_s integer NOT NULL DEFAULT 21600 CHECK (check_interval_s BETWEEN 21600 AND 259200),
  ALTER COLUMN next_check_at SET DEFAULT now();
-- Those of today are not asked for all at once.
UPDATE stream_torrent SET next_check_at = now() + random() * interval '6 hours' WHERE next_check_at IS NULL;

-- A score moves with the swarm every few hours and orders the offers of one title; it is no reason to forget every page of the
-- catalogue each minute. Offers live 15 minutes: their order is that old at most, as their number of seeders is.
CREATE OR REPLACE FUNCTION notify_stream_updated() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF EXISTS (
    SELECT 1 FROM changed n JOIN former f ON f.id = n.id
    WHERE (to_jsonb(n) - '{playback_count,updated_at,last_seen_at,verified_at,score}'::text[])
      IS DISTINCT FROM (to_jsonb(f) - '{playback_count,updated_at,last_seen_at,verified_at,score}'::text[])
  ) THEN
    PERFORM pg_notify('tributary', 'db cache {"group":"media","isRedisOwed":true}');
  END IF;
  RETURN NULL;
END $$;

-- Down Migration
CREATE OR REPLACE FUNCTION notify_stream_updated() RETURNS trigger LANGUAGE plpgsql AS $$
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
ALTER TABLE stream_torrent ALTER COLUMN next_check_at DROP DEFAULT;
ALTER TABLE stream_torrent DROP COLUMN check_interval_s, DROP COLUMN checked_at, DROP COLUMN published_at, DROP COLUMN completed;
