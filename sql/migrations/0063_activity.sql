-- Up Migration
-- What a profile played: one row for each play (decision 0044). The account is that of the profile.
CREATE TABLE watch_history (
  id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY,
  public_id uuid NOT NULL DEFAULT gen_random_uuid() UNIQUE,
  profile_id bigint NOT NULL REFERENCES profile (id) ON DELETE CASCADE,
  media_id bigint NOT NULL REFERENCES media (id) ON DELETE CASCADE,
  episode_id bigint REFERENCES episode (id) ON DELETE SET NULL,
  stream_id bigint REFERENCES stream (id) ON DELETE SET NULL,
  played_at timestamptz NOT NULL DEFAULT now(),
  -- Null: nobody said how far. Shares and percents are made of these at the edge.
  progress_seconds integer CHECK (progress_seconds BETWEEN 0 AND 6000000),
  duration_seconds integer CHECK (duration_seconds BETWEEN 1 AND 6000000),
  is_completed boolean NOT NULL DEFAULT false,
  -- `play`: an app said so; `stream`: bytes were served; `track`: an app told how far; `manual`: marked by hand; `import`: from elsewhere.
  origin text NOT NULL CHECK (origin IN ('play', 'stream', 'track', 'manual', 'import')),
  -- What it was played by, and on what occasion, as the app says it.
  source text CHECK (length(source) BETWEEN 1 AND 60),
  context text CHECK (length(context) BETWEEN 1 AND 60),
  pauses integer NOT NULL DEFAULT 0 CHECK (pauses BETWEEN 0 AND 100000),
  rewinds integer NOT NULL DEFAULT 0 CHECK (rewinds BETWEEN 0 AND 100000)
);
CREATE INDEX watch_history_recent ON watch_history (profile_id, played_at DESC, id DESC);
CREATE INDEX watch_history_title ON watch_history (profile_id, media_id, played_at DESC, id DESC);
CREATE INDEX watch_history_media ON watch_history (media_id);
CREATE INDEX watch_history_episode ON watch_history (episode_id) WHERE episode_id IS NOT NULL;
CREATE INDEX watch_history_stream ON watch_history (stream_id) WHERE stream_id IS NOT NULL;

-- Plays of bytes are counted by play_count, once in four hours.
CREATE FUNCTION history_play_counted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  UPDATE media SET watch_count = watch_count + 1 WHERE id = NEW.media_id;
  RETURN NULL;
END $$;
CREATE TRIGGER watch_history_played AFTER INSERT ON watch_history FOR EACH ROW WHEN (NEW.origin = 'play') EXECUTE FUNCTION history_play_counted();

-- Titles a profile keeps: what to watch, what it likes, what is its own shelf.
CREATE TABLE user_media_mark (
  profile_id bigint NOT NULL REFERENCES profile (id) ON DELETE CASCADE,
  media_id bigint NOT NULL REFERENCES media (id) ON DELETE CASCADE,
  kind text NOT NULL CHECK (kind IN ('watchlist', 'favorite', 'library')),
  created_at timestamptz NOT NULL DEFAULT now(),
  PRIMARY KEY (profile_id, kind, media_id)
);
CREATE INDEX user_media_mark_recent ON user_media_mark (profile_id, kind, created_at DESC, media_id DESC);
CREATE INDEX user_media_mark_media ON user_media_mark (media_id);

-- Down Migration
DROP TABLE user_media_mark, watch_history;
DROP FUNCTION history_play_counted();
